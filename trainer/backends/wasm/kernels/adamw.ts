/** AdamW in place. */
import { Vector, loadPart, storePart } from './vector-math';

/**
 * g ← gradient · gradientScale; m ← m · beta1 + g · (1 - beta1); v ← v · beta2 + g² · (1 - beta2);
 * p ← p · shrink - m · stepSize / (√v · secondScale + epsilon). The caller computes in double precision:
 * shrink = 1 - learningRate · weightDecay, stepSize = learningRate / (1 - beta1ᵗ), secondScale = 1 / √(1 - beta2ᵗ).
 */
export function adamW(
  count: i32,
  parameter: usize,
  gradient: usize,
  first: usize,
  second: usize,
  gradientScale: f32,
  beta1: f32,
  beta1Rest: f32,
  beta2: f32,
  beta2Rest: f32,
  shrink: f32,
  stepSize: f32,
  secondScale: f32,
  epsilon: f32,
): void {
  while (count > 0) {
    const part = count < 4;
    let p = part ? loadPart(parameter, count) : v128.load(parameter);
    const g = f32x4.mul(part ? loadPart(gradient, count) : v128.load(gradient), f32x4.splat(gradientScale));
    let m = part ? loadPart(first, count) : v128.load(first);
    let v = part ? loadPart(second, count) : v128.load(second);
    m = Vector.madd(m, f32x4.splat(beta1), f32x4.mul(g, f32x4.splat(beta1Rest)));
    v = Vector.madd(v, f32x4.splat(beta2), f32x4.mul(f32x4.mul(g, g), f32x4.splat(beta2Rest)));
    const denominator = Vector.madd(f32x4.sqrt(v), f32x4.splat(secondScale), f32x4.splat(epsilon));
    const change = f32x4.div(f32x4.mul(m, f32x4.splat(stepSize)), denominator);
    p = f32x4.sub(f32x4.mul(p, f32x4.splat(shrink)), change);
    if (part) {
      storePart(parameter, p, count);
      storePart(first, m, count);
      storePart(second, v, count);
    } else {
      v128.store(parameter, p);
      v128.store(first, m);
      v128.store(second, v);
    }
    count -= 4;
    parameter += 16;
    gradient += 16;
    first += 16;
    second += 16;
  }
}

/**
 * adamW on the rows `from` to `to` of a table, `width` wide, with a gradient of `count` rows: `rows` says which, rising,
 * `values` holds them one behind the other. The gradient of the other rows is `zeros`, one row.
 */
export function adamWRows(
  from: i32,
  to: i32,
  width: i32,
  rows: usize,
  count: i32,
  values: usize,
  zeros: usize,
  parameter: usize,
  first: usize,
  second: usize,
  gradientScale: f32,
  beta1: f32,
  beta1Rest: f32,
  beta2: f32,
  beta2Rest: f32,
  shrink: f32,
  stepSize: f32,
  secondScale: f32,
  epsilon: f32,
): void {
  const bytes = (width as usize) << 2;
  let next = 0;
  while (next < count && load<i32>(rows + (next << 2)) < from) next++;
  for (let row = from; row < to; row++) {
    const touched = next < count && load<i32>(rows + (next << 2)) == row;
    const gradient = touched ? values + (next as usize) * bytes : zeros;
    const at = (row as usize) * bytes;
    adamW(
      width,
      parameter + at,
      gradient,
      first + at,
      second + at,
      gradientScale,
      beta1,
      beta1Rest,
      beta2,
      beta2Rest,
      shrink,
      stepSize,
      secondScale,
      epsilon,
    );
    if (touched) next++;
  }
}
