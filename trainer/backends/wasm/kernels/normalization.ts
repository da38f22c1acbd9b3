/** Layer norm over rows, with an optional residual added first, and its gradients. The backward pass recomputes. */
import { Vector, loadPart, storePart } from './vector-math';

/** Writes x + residual (or x, where residual is 0) to `out` and returns its mean. */
function sumInto(hidden: i32, x: usize, residual: usize, out: usize): f32 {
  let total = f32x4.splat(0);
  let j = hidden;
  for (; j >= 4; j -= 4) {
    let s = v128.load(x);
    if (residual) s = f32x4.add(s, v128.load(residual));
    v128.store(out, s);
    total = f32x4.add(total, s);
    x += 16;
    out += 16;
    if (residual) residual += 16;
  }
  if (j > 0) {
    let s = loadPart(x, j);
    if (residual) s = f32x4.add(s, loadPart(residual, j));
    storePart(out, s, j);
    total = f32x4.add(total, s);
  }
  return Vector.sumLanes(total) / (hidden as f32);
}

/** 1 / √(variance + epsilon). */
function inverseDeviation(hidden: i32, s: usize, mean: f32, epsilon: f32): f32 {
  const center = f32x4.splat(mean);
  let squares = f32x4.splat(0);
  let j = hidden;
  for (; j >= 4; j -= 4) {
    const d = f32x4.sub(v128.load(s), center);
    squares = Vector.madd(d, d, squares);
    s += 16;
  }
  let total = Vector.sumLanes(squares);
  for (; j > 0; j--) {
    const d = load<f32>(s) - mean;
    total += d * d;
    s += 4;
  }
  return (1 as f32) / sqrt<f32>(total / (hidden as f32) + epsilon);
}

/** One row of x + residual, normalised in place to mean 0 and variance 1 at `out`; returns the inverse deviation. */
function normalizeRow(hidden: i32, x: usize, residual: usize, epsilon: f32, out: usize): f32 {
  const mean = sumInto(hidden, x, residual, out);
  const inverse = inverseDeviation(hidden, out, mean, epsilon);
  const center = f32x4.splat(mean);
  const scale = f32x4.splat(inverse);
  let j = hidden;
  for (; j >= 4; j -= 4) {
    v128.store(out, f32x4.mul(f32x4.sub(v128.load(out), center), scale));
    out += 16;
  }
  if (j > 0) storePart(out, f32x4.mul(f32x4.sub(loadPart(out, j), center), scale), j);
  return inverse;
}

/** y = normalised(x + residual) · gamma + beta, for `rows` rows of `hidden`; residual may be 0. */
export function layerNorm(
  rows: i32,
  hidden: i32,
  x: usize,
  residual: usize,
  gamma: usize,
  beta: usize,
  epsilon: f32,
  y: usize,
): void {
  const next = (hidden as usize) << 2;
  for (let i = 0; i < rows; i++) {
    normalizeRow(hidden, x, residual, epsilon, y);
    scaleAndShift(hidden, y, gamma, beta);
    x += next;
    if (residual) residual += next;
    y += next;
  }
}

function scaleAndShift(hidden: i32, y: usize, gamma: usize, beta: usize): void {
  let j = hidden;
  for (; j >= 4; j -= 4) {
    v128.store(y, Vector.madd(v128.load(y), v128.load(gamma), v128.load(beta)));
    y += 16;
    gamma += 16;
    beta += 16;
  }
  if (j > 0) storePart(y, Vector.madd(loadPart(y, j), loadPart(gamma, j), loadPart(beta, j)), j);
}

/** dx = (g - mean(g) - n · mean(g · n)) / deviation, with g = dy · gamma and n the normalised row. */
export function layerNormGrad(
  rows: i32,
  hidden: i32,
  dy: usize,
  x: usize,
  residual: usize,
  gamma: usize,
  epsilon: f32,
  dx: usize,
): void {
  const next = (hidden as usize) << 2;
  for (let i = 0; i < rows; i++) {
    const inverse = normalizeRow(hidden, x, residual, epsilon, dx);
    gradRow(hidden, dy, gamma, inverse, dx);
    dy += next;
    x += next;
    if (residual) residual += next;
    dx += next;
  }
}

/** Turns the normalised row at `dx` into the gradient. */
function gradRow(hidden: i32, dy: usize, gamma: usize, inverse: f32, dx: usize): void {
  let sum = f32x4.splat(0);
  let product = f32x4.splat(0);
  let at: usize = 0;
  const whole = ((hidden & ~3) as usize) << 2;
  const rest = hidden & 3;
  for (; at < whole; at += 16) {
    const g = f32x4.mul(v128.load(dy + at), v128.load(gamma + at));
    sum = f32x4.add(sum, g);
    product = Vector.madd(g, v128.load(dx + at), product);
  }
  if (rest > 0) {
    const g = f32x4.mul(loadPart(dy + at, rest), loadPart(gamma + at, rest));
    sum = f32x4.add(sum, g);
    product = Vector.madd(g, loadPart(dx + at, rest), product);
  }
  const mean = f32x4.splat(Vector.sumLanes(sum) / (hidden as f32));
  const slope = f32x4.splat(Vector.sumLanes(product) / (hidden as f32));
  const scale = f32x4.splat(inverse);
  for (at = 0; at < whole; at += 16) {
    const g = f32x4.mul(v128.load(dy + at), v128.load(gamma + at));
    v128.store(dx + at, f32x4.mul(f32x4.sub(f32x4.sub(g, mean), f32x4.mul(v128.load(dx + at), slope)), scale));
  }
  if (rest > 0) {
    const g = f32x4.mul(loadPart(dy + at, rest), loadPart(gamma + at, rest));
    storePart(dx + at, f32x4.mul(f32x4.sub(f32x4.sub(g, mean), f32x4.mul(loadPart(dx + at, rest), slope)), scale), rest);
  }
}

/**
 * Σ dy · normalised(x + residual) over the rows of each chunk `from` to `to`, to partials [chunks, hidden]. The chunks
 * do not depend on the number of threads, so neither does their sum. `row` is scratch for `hidden` floats.
 */
export function layerNormGammaGrad(
  from: i32,
  to: i32,
  chunkRows: i32,
  rows: i32,
  hidden: i32,
  dy: usize,
  x: usize,
  residual: usize,
  epsilon: f32,
  partials: usize,
  row: usize,
): void {
  const next = (hidden as usize) << 2;
  for (let chunk = from; chunk < to; chunk++) {
    const partial = partials + (chunk as usize) * next;
    memory.fill(partial, 0, next);
    const last = min(rows, (chunk + 1) * chunkRows);
    for (let i = chunk * chunkRows; i < last; i++) {
      const offset = (i as usize) * next;
      normalizeRow(hidden, x + offset, residual ? residual + offset : 0, epsilon, row);
      addProduct(hidden, dy + offset, row, partial);
    }
  }
}

function addProduct(hidden: i32, a: usize, b: usize, sum: usize): void {
  let j = hidden;
  for (; j >= 4; j -= 4) {
    v128.store(sum, Vector.madd(v128.load(a), v128.load(b), v128.load(sum)));
    a += 16;
    b += 16;
    sum += 16;
  }
  if (j > 0) storePart(sum, Vector.madd(loadPart(a, j), loadPart(b, j), loadPart(sum, j)), j);
}
