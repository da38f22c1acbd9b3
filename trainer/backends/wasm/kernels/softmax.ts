/** Softmax over rows of attention scores, with padding, and its gradient; both in place. */
import { Vector, loadPart, storePart } from './vector-math';

/** Each row x [length] ← softmax(x · scale) over the keys whose mask is not 0; the others get 0, as does a row without any. */
export function maskedSoftmax(rows: i32, length: i32, x: usize, scale: f32, mask: usize): void {
  for (let i = 0; i < rows; i++) {
    const highest = maskedMaximum(length, x, scale, mask);
    const sum = maskedExp(length, x, scale, mask, highest);
    scaleRow(length, x, sum == 0 ? 0 : (1 as f32) / sum);
    x += (length as usize) << 2;
  }
}

class Masked {
  @inline static isReal(mask: v128): v128 {
    return f32x4.ne(mask, f32x4.splat(0));
  }
}

/** NaN if a real key's score is; minus infinity without a real key. */
function maskedMaximum(length: i32, x: usize, scale: f32, mask: usize): f32 {
  const s = f32x4.splat(scale);
  const lowest = f32x4.splat(-Infinity as f32);
  let highest = lowest;
  let j = length;
  for (; j >= 4; j -= 4) {
    const real = Masked.isReal(v128.load(mask));
    highest = f32x4.max(highest, v128.bitselect(f32x4.mul(v128.load(x), s), lowest, real));
    x += 16;
    mask += 16;
  }
  if (j > 0) {
    const real = Masked.isReal(loadPart(mask, j)); // false in the lanes beyond the row
    highest = f32x4.max(highest, v128.bitselect(f32x4.mul(loadPart(x, j), s), lowest, real));
  }
  return Vector.maxLane(highest);
}

/** x ← exp(x · scale - highest) at real keys, 0 elsewhere; returns the sum. */
function maskedExp(length: i32, x: usize, scale: f32, mask: usize, highest: f32): f32 {
  const s = f32x4.splat(scale);
  const top = f32x4.splat(highest);
  let sum = f32x4.splat(0);
  let j = length;
  for (; j >= 4; j -= 4) {
    const e = Vector.exp(f32x4.sub(f32x4.mul(v128.load(x), s), top));
    const kept = v128.and(e, Masked.isReal(v128.load(mask)));
    v128.store(x, kept);
    sum = f32x4.add(sum, kept);
    x += 16;
    mask += 16;
  }
  if (j > 0) {
    const e = Vector.exp(f32x4.sub(f32x4.mul(loadPart(x, j), s), top));
    const kept = v128.and(e, Masked.isReal(loadPart(mask, j)));
    storePart(x, kept, j);
    sum = f32x4.add(sum, kept);
  }
  return Vector.sumLanes(sum);
}

function scaleRow(length: i32, x: usize, factor: f32): void {
  const f = f32x4.splat(factor);
  let j = length;
  for (; j >= 4; j -= 4) {
    v128.store(x, f32x4.mul(v128.load(x), f));
    x += 16;
  }
  if (j > 0) storePart(x, f32x4.mul(loadPart(x, j), f), j);
}

/** dw ← (dw - Σ dw · w) · w · scale, row by row, with w the weights that the softmax gave. */
export function softmaxGrad(rows: i32, length: i32, w: usize, scale: f32, dw: usize): void {
  for (let i = 0; i < rows; i++) {
    softmaxGradRow(length, w, scale, dotProduct(length, dw, w), dw);
    w += (length as usize) << 2;
    dw += (length as usize) << 2;
  }
}

function dotProduct(length: i32, a: usize, b: usize): f32 {
  let sum = f32x4.splat(0);
  let j = length;
  for (; j >= 4; j -= 4) {
    sum = Vector.madd(v128.load(a), v128.load(b), sum);
    a += 16;
    b += 16;
  }
  if (j > 0) sum = Vector.madd(loadPart(a, j), loadPart(b, j), sum);
  return Vector.sumLanes(sum);
}

function softmaxGradRow(length: i32, w: usize, scale: f32, product: f32, dw: usize): void {
  const s = f32x4.splat(scale);
  const p = f32x4.splat(product);
  let j = length;
  for (; j >= 4; j -= 4) {
    v128.store(dw, f32x4.mul(f32x4.mul(f32x4.sub(v128.load(dw), p), v128.load(w)), s));
    w += 16;
    dw += 16;
  }
  if (j > 0) storePart(dw, f32x4.mul(f32x4.mul(f32x4.sub(loadPart(dw, j), p), loadPart(w, j)), s), j);
}
