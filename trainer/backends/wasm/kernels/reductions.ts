/** Sums over columns, rows and squares. */
import { loadPart, storePart } from './vector-math';

class Columns {
  /** Adds up one strip of four columns from top to bottom. */
  @inline static strip(rows: i32, next: usize, x: usize): v128 {
    let sum = f32x4.splat(0);
    for (let i = 0; i < rows; i++) {
      sum = f32x4.add(sum, v128.load(x));
      x += next;
    }
    return sum;
  }
}

/** y [columns] = Σ over rows of x, whose rows lie `next` floats apart. */
export function columnSums(rows: i32, columns: i32, next: i32, x: usize, y: usize): void {
  const step = (next as usize) << 2;
  let j = columns;
  // Four strips at a time, so that a cache line is used whole.
  for (; j >= 16; j -= 16) {
    sumFourStrips(rows, step, x, y);
    x += 64;
    y += 64;
  }
  for (; j >= 4; j -= 4) {
    v128.store(y, Columns.strip(rows, step, x));
    x += 16;
    y += 16;
  }
  if (j > 0) storePart(y, sumPartialStrip(rows, step, x, j), j);
}

function sumFourStrips(rows: i32, next: usize, x: usize, y: usize): void {
  let a = f32x4.splat(0);
  let b = a;
  let c = a;
  let d = a;
  for (let i = 0; i < rows; i++) {
    a = f32x4.add(a, v128.load(x));
    b = f32x4.add(b, v128.load(x, 16));
    c = f32x4.add(c, v128.load(x, 32));
    d = f32x4.add(d, v128.load(x, 48));
    x += next;
  }
  v128.store(y, a);
  v128.store(y, b, 16);
  v128.store(y, c, 32);
  v128.store(y, d, 48);
}

function sumPartialStrip(rows: i32, next: usize, x: usize, columns: i32): v128 {
  let sum = f32x4.splat(0);
  for (let i = 0; i < rows; i++) {
    sum = f32x4.add(sum, loadPart(x, columns));
    x += next;
  }
  return sum;
}

class Double {
  @inline static low(x: v128): v128 {
    return f64x2.promote_low_f32x4(x);
  }

  @inline static high(x: v128): v128 {
    return f64x2.promote_low_f32x4(v128.shuffle<f64>(x, x, 1, 1));
  }

  @inline static sumLanes(x: v128): f64 {
    return f64x2.extract_lane(x, 0) + f64x2.extract_lane(x, 1);
  }
}

/** y [rows] = Σ over columns of x, summed in double precision. */
export function rowSums(rows: i32, columns: i32, x: usize, y: usize): void {
  for (let i = 0; i < rows; i++) {
    let sum = f64x2.splat(0);
    let j = columns;
    for (; j >= 4; j -= 4) {
      const v = v128.load(x);
      sum = f64x2.add(sum, f64x2.add(Double.low(v), Double.high(v)));
      x += 16;
    }
    let total = Double.sumLanes(sum);
    for (; j > 0; j--) {
      total += load<f32>(x) as f64;
      x += 4;
    }
    store<f32>(y, total as f32);
    y += 4;
  }
}

/** Σ x² of each chunk `from` to `to`, in double precision, as f64 to out [chunks]. */
export function sumOfSquares(from: i32, to: i32, chunkSize: i32, count: i32, x: usize, out: usize): void {
  for (let chunk = from; chunk < to; chunk++) {
    const first = chunk * chunkSize;
    store<f64>(out + (chunk << 3), squaresOf(min(chunkSize, count - first), x + (first << 2)));
  }
}

function squaresOf(count: i32, x: usize): f64 {
  let sum = f64x2.splat(0);
  for (; count >= 4; count -= 4) {
    const v = v128.load(x);
    const low = Double.low(v);
    const high = Double.high(v);
    sum = f64x2.add(sum, f64x2.add(f64x2.mul(low, low), f64x2.mul(high, high)));
    x += 16;
  }
  let total = Double.sumLanes(sum);
  for (; count > 0; count--) {
    const v = load<f32>(x) as f64;
    total += v * v;
    x += 4;
  }
  return total;
}
