/** Rotary position embedding in the half-split layout of Llama and NeoX. Turning back by the same angles is its gradient. */
import { loadUpTo, storeUpTo } from './vector-math';

/**
 * Per token and head of x [tokens, heads · size]: element j of the first `half` and element j + half are turned by the
 * angle of (position, j), whose cosine and sine stand in tables [positions, half]; the rest of the head is copied.
 * `sign` is 1, or -1 to turn back. Positions are checked by the caller.
 */
export function rotary(
  tokens: i32,
  heads: i32,
  size: i32,
  half: i32,
  x: usize,
  cos: usize,
  sin: usize,
  positions: usize,
  sign: f32,
  y: usize,
): void {
  const halfBytes = (half as usize) << 2;
  const sizeBytes = (size as usize) << 2;
  for (let i = 0; i < tokens; i++) {
    const row = (load<u32>(positions) as usize) * halfBytes;
    for (let head = 0; head < heads; head++) {
      turn(half, halfBytes, x, cos + row, sin + row, sign, y);
      memory.copy(y + 2 * halfBytes, x + 2 * halfBytes, sizeBytes - 2 * halfBytes);
      x += sizeBytes;
      y += sizeBytes;
    }
    positions += 4;
  }
}

/** low' = low · cos - high · sin, high' = high · cos + low · sin; high lies `far` bytes behind low. */
function turn(half: i32, far: usize, x: usize, cos: usize, sin: usize, sign: f32, y: usize): void {
  const direction = f32x4.splat(sign);
  let j = half;
  for (; j >= 8; j -= 8) {
    const low0 = v128.load(x);
    const low1 = v128.load(x, 16);
    const high0 = v128.load(x + far);
    const high1 = v128.load(x + far, 16);
    const cos0 = v128.load(cos);
    const cos1 = v128.load(cos, 16);
    const sin0 = f32x4.mul(v128.load(sin), direction);
    const sin1 = f32x4.mul(v128.load(sin, 16), direction);
    v128.store(y, f32x4.sub(f32x4.mul(low0, cos0), f32x4.mul(high0, sin0)));
    v128.store(y, f32x4.sub(f32x4.mul(low1, cos1), f32x4.mul(high1, sin1)), 16);
    v128.store(y + far, f32x4.add(f32x4.mul(high0, cos0), f32x4.mul(low0, sin0)));
    v128.store(y + far, f32x4.add(f32x4.mul(high1, cos1), f32x4.mul(low1, sin1)), 16);
    x += 32;
    cos += 32;
    sin += 32;
    y += 32;
  }
  for (; j > 0; j -= 4) {
    const low = loadUpTo(x, j);
    const high = loadUpTo(x + far, j);
    const c = loadUpTo(cos, j);
    const s = f32x4.mul(loadUpTo(sin, j), direction);
    storeUpTo(y, f32x4.sub(f32x4.mul(low, c), f32x4.mul(high, s)), j);
    storeUpTo(y + far, f32x4.add(f32x4.mul(high, c), f32x4.mul(low, s)), j);
    x += 16;
    cos += 16;
    sin += 16;
    y += 16;
  }
}
