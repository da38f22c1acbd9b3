/** Softmax over rows of attention scores and its gradient; all in place. */
import { Vector, loadPart, storePart } from './vector-math';

/** Each row x [length] ← softmax(x · scale). */
export function softmax(rows: i32, length: i32, x: usize, scale: f32): void {
  for (let i = 0; i < rows; i++) {
    softmaxRow(length, x, scale);
    x += (length as usize) << 2;
  }
}

/** As softmax, but the first row sees the elements `from` to `end`, the next one those a place on; what is not seen becomes 0. */
export function bandSoftmax(rows: i32, length: i32, from: i32, end: i32, x: usize, scale: f32): void {
  for (let i = 0; i < rows; i++) {
    const first = max(0, min(length, from + i));
    const last = max(first, min(length, end + i));
    memory.fill(x, 0, (first as usize) << 2);
    softmaxRow(last - first, x + ((first as usize) << 2), scale);
    memory.fill(x + ((last as usize) << 2), 0, ((length - last) as usize) << 2);
    x += (length as usize) << 2;
  }
}

function softmaxRow(length: i32, x: usize, scale: f32): void {
  const sum = expRow(length, x, scale, rowMaximum(length, x) * scale);
  scaleRow(length, x, (1 as f32) / sum);
}

/** NaN if an element is; minus infinity without an element. */
export function rowMaximum(length: i32, x: usize): f32 {
  let high = f32x4.splat(-Infinity as f32);
  let low = high;
  let j = length;
  for (; j >= 8; j -= 8) {
    low = f32x4.max(low, v128.load(x));
    high = f32x4.max(high, v128.load(x, 16));
    x += 32;
  }
  let result = Vector.maxLane(f32x4.max(low, high));
  for (; j > 0; j--) {
    result = max(result, load<f32>(x));
    x += 4;
  }
  return result;
}

class Shifted {
  /** exp(x · scale - highest) */
  @inline static exp(x: v128, scale: v128, highest: v128): v128 {
    return Vector.exp(f32x4.sub(f32x4.mul(x, scale), highest));
  }
}

/** x ← exp(x · scale - highest); returns the sum. */
function expRow(length: i32, x: usize, scale: f32, highest: f32): f32 {
  const s = f32x4.splat(scale);
  const top = f32x4.splat(highest);
  let sum = f32x4.splat(0);
  let j = length;
  for (; j >= 8; j -= 8) {
    const low = Shifted.exp(v128.load(x), s, top);
    const high = Shifted.exp(v128.load(x, 16), s, top);
    v128.store(x, low);
    v128.store(x, high, 16);
    sum = f32x4.add(sum, f32x4.add(low, high));
    x += 32;
  }
  if (j >= 4) {
    const e = Shifted.exp(v128.load(x), s, top);
    v128.store(x, e);
    sum = f32x4.add(sum, e);
    x += 16;
    j -= 4;
  }
  let total = Vector.sumLanes(sum);
  if (j > 0) {
    const e = Shifted.exp(loadPart(x, j), s, top);
    storePart(x, e, j);
    for (let lane = 0; lane < j; lane++) total += load<f32>(x + (lane << 2));
  }
  return total;
}

function scaleRow(length: i32, x: usize, factor: f32): void {
  const f = f32x4.splat(factor);
  let j = length;
  for (; j >= 8; j -= 8) {
    const low = f32x4.mul(v128.load(x), f);
    const high = f32x4.mul(v128.load(x, 16), f);
    v128.store(x, low);
    v128.store(x, high, 16);
    x += 32;
  }
  for (; j > 0; j--) {
    store<f32>(x, load<f32>(x) * factor);
    x += 4;
  }
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
  let low = f32x4.splat(0);
  let high = low;
  let j = length;
  for (; j >= 8; j -= 8) {
    low = Vector.madd(v128.load(a), v128.load(b), low);
    high = Vector.madd(v128.load(a, 16), v128.load(b, 16), high);
    a += 32;
    b += 32;
  }
  let sum = Vector.sumLanes(f32x4.add(low, high));
  for (; j > 0; j--) {
    sum += load<f32>(a) * load<f32>(b);
    a += 4;
    b += 4;
  }
  return sum;
}

class Slope {
  @inline static of(dw: v128, w: v128, product: v128, scale: v128): v128 {
    return f32x4.mul(f32x4.mul(f32x4.sub(dw, product), w), scale);
  }
}

function softmaxGradRow(length: i32, w: usize, scale: f32, product: f32, dw: usize): void {
  const s = f32x4.splat(scale);
  const p = f32x4.splat(product);
  let j = length;
  for (; j >= 8; j -= 8) {
    const low = Slope.of(v128.load(dw), v128.load(w), p, s);
    const high = Slope.of(v128.load(dw, 16), v128.load(w, 16), p, s);
    v128.store(dw, low);
    v128.store(dw, high, 16);
    w += 32;
    dw += 32;
  }
  for (; j >= 4; j -= 4) {
    v128.store(dw, Slope.of(v128.load(dw), v128.load(w), p, s));
    w += 16;
    dw += 16;
  }
  if (j > 0) storePart(dw, Slope.of(loadPart(dw, j), loadPart(w, j), p, s), j);
}
