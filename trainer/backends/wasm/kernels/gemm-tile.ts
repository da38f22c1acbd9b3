/**
 * The innermost product: one tile of C from a packed panel of A and a packed panel of B, all of it in registers.
 * 6 x 8 with fused multiply-add; without it 5 x 8, since the products then need registers too.
 */
import { Vector } from './vector-math';

export const TILE_ROWS: i32 = ASC_FEATURE_RELAXED_SIMD ? 6 : 5;
export const TILE_COLUMNS: i32 = 8;

class Row {
  /** Adds to what lies at c, or replaces it. */
  @inline static write(c: usize, left: v128, right: v128, accumulate: bool): void {
    v128.store(c, accumulate ? f32x4.add(v128.load(c), left) : left);
    v128.store(c, accumulate ? f32x4.add(v128.load(c, 16), right) : right, 16);
  }
}

/**
 * C (TILE_ROWS x 8, rows `next` bytes apart) = or += a · b over `depth` steps, starting from `bias` (8 floats, 0 for
 * none). The first step reads TILE_ROWS floats of a and 8 of b, and so on.
 */
export function multiplyTile(depth: i32, a: usize, b: usize, c: usize, next: usize, bias: usize, accumulate: bool): void {
  const left = bias ? v128.load(bias) : f32x4.splat(0);
  const right = bias ? v128.load(bias, 16) : f32x4.splat(0);
  let c00 = left,
    c01 = right;
  let c10 = left,
    c11 = right;
  let c20 = left,
    c21 = right;
  let c30 = left,
    c31 = right;
  let c40 = left,
    c41 = right;
  let c50 = left,
    c51 = right;
  for (let k = 0; k < depth; k++) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let x = v128.load32_splat(a, 0);
    c00 = Vector.madd(x, b0, c00);
    c01 = Vector.madd(x, b1, c01);
    x = v128.load32_splat(a, 4);
    c10 = Vector.madd(x, b0, c10);
    c11 = Vector.madd(x, b1, c11);
    x = v128.load32_splat(a, 8);
    c20 = Vector.madd(x, b0, c20);
    c21 = Vector.madd(x, b1, c21);
    x = v128.load32_splat(a, 12);
    c30 = Vector.madd(x, b0, c30);
    c31 = Vector.madd(x, b1, c31);
    x = v128.load32_splat(a, 16);
    c40 = Vector.madd(x, b0, c40);
    c41 = Vector.madd(x, b1, c41);
    if (TILE_ROWS == 6) {
      x = v128.load32_splat(a, 20);
      c50 = Vector.madd(x, b0, c50);
      c51 = Vector.madd(x, b1, c51);
    }
    a += TILE_ROWS << 2;
    b += TILE_COLUMNS << 2;
  }
  Row.write(c, c00, c01, accumulate);
  Row.write(c + next, c10, c11, accumulate);
  Row.write(c + next * 2, c20, c21, accumulate);
  Row.write(c + next * 3, c30, c31, accumulate);
  Row.write(c + next * 4, c40, c41, accumulate);
  if (TILE_ROWS == 6) Row.write(c + next * 5, c50, c51, accumulate);
}
