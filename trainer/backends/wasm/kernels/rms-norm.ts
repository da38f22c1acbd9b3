/** RMS norm over rows, with an optional residual added first, and its gradients. The backward pass recomputes. */
import { Vector, loadUpTo, storeUpTo } from './vector-math';

class Rms {
  /** Four floats of x + residual. */
  @inline static sum(withResidual: bool, x: usize, residual: usize): v128 {
    if (withResidual) return f32x4.add(v128.load(x), v128.load(residual));
    return v128.load(x);
  }

  /** The four floats behind those. */
  @inline static nextSum(withResidual: bool, x: usize, residual: usize): v128 {
    if (withResidual) return f32x4.add(v128.load(x, 16), v128.load(residual, 16));
    return v128.load(x, 16);
  }

  /** The last one to four floats of x + residual. */
  @inline static sumUpTo(withResidual: bool, x: usize, residual: usize, count: i32): v128 {
    if (withResidual) return f32x4.add(loadUpTo(x, count), loadUpTo(residual, count));
    return loadUpTo(x, count);
  }

  /** 1 / √(mean of squares + epsilon) of one row. */
  @inline static inverse(withResidual: bool, hidden: i32, x: usize, residual: usize, epsilon: f32): f32 {
    let low = f32x4.splat(0);
    let high = low;
    let j = hidden;
    for (; j >= 8; j -= 8) {
      const a = Rms.sum(withResidual, x, residual);
      const b = Rms.nextSum(withResidual, x, residual);
      low = Vector.madd(a, a, low);
      high = Vector.madd(b, b, high);
      x += 32;
      residual += 32;
    }
    for (; j > 0; j -= 4) {
      const a = Rms.sumUpTo(withResidual, x, residual, j);
      low = Vector.madd(a, a, low);
      x += 16;
      residual += 16;
    }
    return (1 as f32) / sqrt<f32>(Vector.sumLanes(f32x4.add(low, high)) / (hidden as f32) + epsilon);
  }

  /** One row of y = (x + residual) · inverse · gamma. */
  @inline static scale(withResidual: bool, hidden: i32, x: usize, residual: usize, inverse: f32, gamma: usize, y: usize): void {
    const f = f32x4.splat(inverse);
    let j = hidden;
    for (; j >= 8; j -= 8) {
      const a = f32x4.mul(f32x4.mul(Rms.sum(withResidual, x, residual), f), v128.load(gamma));
      const b = f32x4.mul(f32x4.mul(Rms.nextSum(withResidual, x, residual), f), v128.load(gamma, 16));
      v128.store(y, a);
      v128.store(y, b, 16);
      x += 32;
      residual += 32;
      gamma += 32;
      y += 32;
    }
    for (; j > 0; j -= 4) {
      storeUpTo(y, f32x4.mul(f32x4.mul(Rms.sumUpTo(withResidual, x, residual, j), f), loadUpTo(gamma, j)), j);
      x += 16;
      residual += 16;
      gamma += 16;
      y += 16;
    }
  }

  /** Σ dy · gamma · (x + residual) over one row. */
  @inline static product(withResidual: bool, hidden: i32, dy: usize, gamma: usize, x: usize, residual: usize): f32 {
    let low = f32x4.splat(0);
    let high = low;
    let j = hidden;
    for (; j >= 8; j -= 8) {
      low = Vector.madd(f32x4.mul(v128.load(dy), v128.load(gamma)), Rms.sum(withResidual, x, residual), low);
      high = Vector.madd(f32x4.mul(v128.load(dy, 16), v128.load(gamma, 16)), Rms.nextSum(withResidual, x, residual), high);
      dy += 32;
      gamma += 32;
      x += 32;
      residual += 32;
    }
    for (; j > 0; j -= 4) {
      low = Vector.madd(f32x4.mul(loadUpTo(dy, j), loadUpTo(gamma, j)), Rms.sumUpTo(withResidual, x, residual, j), low);
      dy += 16;
      gamma += 16;
      x += 16;
      residual += 16;
    }
    return Vector.sumLanes(f32x4.add(low, high));
  }

  /** One row of dx = dy · gamma · inverse - (x + residual) · slope. */
  @inline static gradient(
    withResidual: bool,
    hidden: i32,
    dy: usize,
    gamma: usize,
    x: usize,
    residual: usize,
    inverse: f32,
    slope: f32,
    dx: usize,
  ): void {
    const f = f32x4.splat(inverse);
    const s = f32x4.splat(slope);
    let j = hidden;
    for (; j >= 8; j -= 8) {
      const a = f32x4.mul(f32x4.mul(v128.load(dy), v128.load(gamma)), f);
      const b = f32x4.mul(f32x4.mul(v128.load(dy, 16), v128.load(gamma, 16)), f);
      const backA = f32x4.mul(Rms.sum(withResidual, x, residual), s);
      const backB = f32x4.mul(Rms.nextSum(withResidual, x, residual), s);
      v128.store(dx, f32x4.sub(a, backA));
      v128.store(dx, f32x4.sub(b, backB), 16);
      dy += 32;
      gamma += 32;
      x += 32;
      residual += 32;
      dx += 32;
    }
    for (; j > 0; j -= 4) {
      const a = f32x4.mul(f32x4.mul(loadUpTo(dy, j), loadUpTo(gamma, j)), f);
      storeUpTo(dx, f32x4.sub(a, f32x4.mul(Rms.sumUpTo(withResidual, x, residual, j), s)), j);
      dy += 16;
      gamma += 16;
      x += 16;
      residual += 16;
      dx += 16;
    }
  }

  /** partial += dy · (x + residual) · inverse, one row. */
  @inline static addProduct(
    withResidual: bool,
    hidden: i32,
    dy: usize,
    x: usize,
    residual: usize,
    inverse: f32,
    partial: usize,
  ): void {
    const f = f32x4.splat(inverse);
    let j = hidden;
    for (; j >= 8; j -= 8) {
      const a = f32x4.mul(Rms.sum(withResidual, x, residual), f);
      const b = f32x4.mul(Rms.nextSum(withResidual, x, residual), f);
      const sumA = Vector.madd(v128.load(dy), a, v128.load(partial));
      const sumB = Vector.madd(v128.load(dy, 16), b, v128.load(partial, 16));
      v128.store(partial, sumA);
      v128.store(partial, sumB, 16);
      dy += 32;
      x += 32;
      residual += 32;
      partial += 32;
    }
    for (; j > 0; j -= 4) {
      const a = f32x4.mul(Rms.sumUpTo(withResidual, x, residual, j), f);
      storeUpTo(partial, Vector.madd(loadUpTo(dy, j), a, loadUpTo(partial, j)), j);
      dy += 16;
      x += 16;
      residual += 16;
      partial += 16;
    }
  }
}

/** y = (x + residual) / √(mean of squares + epsilon) · gamma, for `rows` rows of `hidden`; residual may be 0. */
export function rmsNorm(rows: i32, hidden: i32, x: usize, residual: usize, gamma: usize, epsilon: f32, y: usize): void {
  const next = (hidden as usize) << 2;
  for (let i = 0; i < rows; i++) {
    if (residual) {
      Rms.scale(true, hidden, x, residual, Rms.inverse(true, hidden, x, residual, epsilon), gamma, y);
      residual += next;
    } else {
      Rms.scale(false, hidden, x, 0, Rms.inverse(false, hidden, x, 0, epsilon), gamma, y);
    }
    x += next;
    y += next;
  }
}

/** dx = (g - n · mean(g · n)) · inverse, with s = x + residual, inverse = 1 / rms, n = s · inverse and g = dy · gamma. */
export function rmsNormGrad(
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
    if (residual) {
      const inverse = Rms.inverse(true, hidden, x, residual, epsilon);
      const mean = Rms.product(true, hidden, dy, gamma, x, residual) / (hidden as f32);
      Rms.gradient(true, hidden, dy, gamma, x, residual, inverse, mean * inverse * inverse * inverse, dx);
      residual += next;
    } else {
      const inverse = Rms.inverse(false, hidden, x, 0, epsilon);
      const mean = Rms.product(false, hidden, dy, gamma, x, 0) / (hidden as f32);
      Rms.gradient(false, hidden, dy, gamma, x, 0, inverse, mean * inverse * inverse * inverse, dx);
    }
    dy += next;
    x += next;
    dx += next;
  }
}

/**
 * Σ dy · (x + residual) / rms over the rows of each chunk `from` to `to`, to partials [chunks, hidden]. The chunks do not
 * depend on the number of threads, so neither does their sum.
 */
export function rmsNormGammaGrad(
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
): void {
  const next = (hidden as usize) << 2;
  for (let chunk = from; chunk < to; chunk++) {
    const partial = partials + (chunk as usize) * next;
    memory.fill(partial, 0, next);
    const last = min(rows, (chunk + 1) * chunkRows);
    for (let i = chunk * chunkRows; i < last; i++) {
      const offset = (i as usize) * next;
      addRow(hidden, dy + offset, x + offset, residual ? residual + offset : 0, epsilon, partial);
    }
  }
}

function addRow(hidden: i32, dy: usize, x: usize, residual: usize, epsilon: f32, partial: usize): void {
  if (residual) Rms.addProduct(true, hidden, dy, x, residual, Rms.inverse(true, hidden, x, residual, epsilon), partial);
  else Rms.addProduct(false, hidden, dy, x, 0, Rms.inverse(false, hidden, x, 0, epsilon), partial);
}
