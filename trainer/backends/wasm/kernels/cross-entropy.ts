/** Softmax statistics and the gradient of cross entropy. Logarithms are left to the caller, in double precision. */
import { rowMaximum } from './softmax';
import { Vector, loadPart, storePart } from './vector-math';

/** Per row of logits three floats at `out`: maximum, Σ exp(x - maximum), mean(x). */
export function softmaxStatistics(rows: i32, classes: i32, logits: usize, out: usize): void {
  for (let i = 0; i < rows; i++) {
    const highest = rowMaximum(classes, logits);
    store<f32>(out, highest);
    store<f32>(out, sumOfExp(classes, logits, highest), 4);
    store<f32>(out, rowSum(classes, logits) / (classes as f32), 8);
    logits += (classes as usize) << 2;
    out += 12;
  }
}

export function sumOfExp(classes: i32, x: usize, highest: f32): f32 {
  const top = f32x4.splat(highest);
  let sum = f32x4.splat(0);
  let j = classes;
  for (; j >= 4; j -= 4) {
    sum = f32x4.add(sum, Vector.exp(f32x4.sub(v128.load(x), top)));
    x += 16;
  }
  let result = Vector.sumLanes(sum);
  for (; j > 0; j--) {
    result += f32x4.extract_lane(Vector.exp(f32x4.splat(load<f32>(x) - highest)), 0);
    x += 4;
  }
  return result;
}

export function rowSum(classes: i32, x: usize): f32 {
  let sum = f32x4.splat(0);
  let j = classes;
  for (; j >= 4; j -= 4) {
    sum = f32x4.add(sum, v128.load(x));
    x += 16;
  }
  if (j > 0) sum = f32x4.add(sum, loadPart(x, j));
  return Vector.sumLanes(sum);
}

/**
 * dlogits = (softmax(logits) - target) · scale, where target = hot at the label plus cold everywhere. Labels are checked
 * by the caller.
 */
export function crossEntropyGrad(
  rows: i32,
  classes: i32,
  logits: usize,
  labels: usize,
  hot: f32,
  cold: f32,
  scale: f32,
  dlogits: usize,
): void {
  for (let i = 0; i < rows; i++) {
    const highest = rowMaximum(classes, logits);
    gradRow(classes, logits, highest, scale / sumOfExp(classes, logits, highest), cold * scale, dlogits);
    const label = dlogits + ((load<u32>(labels) as usize) << 2);
    store<f32>(label, load<f32>(label) - hot * scale);
    labels += 4;
    logits += (classes as usize) << 2;
    dlogits += (classes as usize) << 2;
  }
}

/** exp(x - highest) · factor - shift. */
export function gradRow(classes: i32, x: usize, highest: f32, factor: f32, shift: f32, out: usize): void {
  const top = f32x4.splat(highest);
  const f = f32x4.splat(factor);
  const s = f32x4.splat(shift);
  let j = classes;
  for (; j >= 4; j -= 4) {
    v128.store(out, f32x4.sub(f32x4.mul(Vector.exp(f32x4.sub(v128.load(x), top)), f), s));
    x += 16;
    out += 16;
  }
  if (j > 0) storePart(out, f32x4.sub(f32x4.mul(Vector.exp(f32x4.sub(loadPart(x, j), top)), f), s), j);
}
