/** Addition, subtraction, multiplication and division with broadcasting, and dropout. */
import { Vector, loadPart, storePart } from './vector-math';

const ADD: i32 = 0;
const SUBTRACT: i32 = 1;
const MULTIPLY: i32 = 2;
const DIVIDE: i32 = 3;

class Binary {
  @inline static combine(operation: i32, a: v128, b: v128): v128 {
    if (operation == ADD) return f32x4.add(a, b);
    if (operation == SUBTRACT) return f32x4.sub(a, b);
    if (operation == MULTIPLY) return f32x4.mul(a, b);
    return f32x4.div(a, b);
  }

  /** One row; an operand that is not `wide` is one number, used for all columns. */
  @inline static row(operation: i32, columns: i32, a: usize, aWide: bool, b: usize, bWide: bool, out: usize): void {
    const aOne = v128.load32_splat(a);
    const bOne = v128.load32_splat(b);
    let j = columns;
    for (; j >= 4; j -= 4) {
      v128.store(out, Binary.combine(operation, aWide ? v128.load(a) : aOne, bWide ? v128.load(b) : bOne));
      a += 16;
      b += 16;
      out += 16;
    }
    if (j > 0) storePart(out, Binary.combine(operation, aWide ? loadPart(a, j) : aOne, bWide ? loadPart(b, j) : bOne), j);
  }
}

/**
 * out [rows, columns] = a ∘ b; operation 0 +, 1 -, 2 ·, 3 /. `aNext` and `bNext` are the distances from row to row in
 * floats (0: the same row again); an operand that is not wide has one number per row.
 */
export function binary(
  operation: i32,
  rows: i32,
  columns: i32,
  a: usize,
  aNext: i32,
  aWide: bool,
  b: usize,
  bNext: i32,
  bWide: bool,
  out: usize,
): void {
  if (columns == 0) return;
  for (let i = 0; i < rows; i++) {
    if (operation == ADD) Binary.row(ADD, columns, a, aWide, b, bWide, out);
    else if (operation == SUBTRACT) Binary.row(SUBTRACT, columns, a, aWide, b, bWide, out);
    else if (operation == MULTIPLY) Binary.row(MULTIPLY, columns, a, aWide, b, bWide, out);
    else Binary.row(DIVIDE, columns, a, aWide, b, bWide, out);
    a += aNext << 2;
    b += bNext << 2;
    out += columns << 2;
  }
}

class Hash {
  /** lowbias32 on four lanes; `elementHash` in trainer/ops/dropout.ts is the same function. */
  @inline static mixBits(value: v128): v128 {
    let bits = v128.xor(value, i32x4.shr_u(value, 16));
    bits = i32x4.mul(bits, i32x4.splat(0x7feb352d));
    bits = v128.xor(bits, i32x4.shr_u(bits, 15));
    bits = i32x4.mul(bits, i32x4.splat(0x846ca68b));
    return v128.xor(bits, i32x4.shr_u(bits, 16));
  }

  /** `scale` in the lanes that are kept, zero in those whose hash lies below the threshold. */
  @inline static factors(index: i32, seed: i32, threshold: u32, scale: f32): v128 {
    const lanes = i32x4.add(i32x4.splat(index), i32x4(0, 1, 2, 3));
    const bits = Hash.mixBits(v128.xor(Hash.mixBits(lanes), i32x4.splat(seed)));
    return v128.and(f32x4.splat(scale), i32x4.ge_u(bits, i32x4.splat(threshold)));
  }
}

/** out = x · factor(first + i): an element's factor depends on its index and the seed only. */
export function dropout(count: i32, first: i32, seed: i32, threshold: u32, scale: f32, x: usize, out: usize): void {
  let index = first;
  for (; count >= 4; count -= 4) {
    v128.store(out, f32x4.mul(v128.load(x), Hash.factors(index, seed, threshold, scale)));
    index += 4;
    x += 16;
    out += 16;
  }
  if (count > 0) storePart(out, f32x4.mul(loadPart(x, count), Hash.factors(index, seed, threshold, scale)), count);
}
