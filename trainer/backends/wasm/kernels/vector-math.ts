/**
 * Vector helpers every kernel is made of: partial loads and stores for the last 1 to 3 elements, and exp, erf and tanh
 * on four lanes. NaN propagates through all of them. Inlined, as a call per four elements would cost more than the work.
 *
 * Constants stand in memory and are loaded where they are used: V8 would build each vector literal anew, in four
 * instructions, every time round a loop, which made exp and erf twice as slow.
 */
const ONE = memory.data<f32>([1]);
const HALF = memory.data<f32>([0.5]);

/** Bounds of the argument, log2 e, 1.5 · 2^23, ln 2 in two parts, the lowest argument with a normal result. */
const EXP = memory.data<f32>([-88, 89, 1.44269504, 12582912, -0.693359375, 2.1219444e-4, -87.336544]);
/** The bits of 1.5 · 2^23, and the exponent of 1. */
const EXP_BITS = memory.data<i32>([0x4b400000, 127]);
/** From the highest power to the second. */
const EXP_POLYNOMIAL = memory.data<f32>([
  1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1,
]);

const ERF_BOUND = memory.data<f32>([4]);
const ERF_NUMERATOR = memory.data<f32>([
  -2.72614225801306e-10, 2.77068142495902e-8, -2.10102402082508e-6, -5.69250639462346e-5, -7.34990630326855e-4,
  -2.95459980854025e-3, -1.60960333262415e-2,
]);
const ERF_DENOMINATOR = memory.data<f32>([
  -1.45660718464996e-5, -2.13374055278905e-4, -1.68282697438203e-3, -7.37332916720468e-3, -1.42647390514189e-2,
]);

/** The bound of the argument, and where tanh is 1 in single precision. */
const TANH = memory.data<f32>([7.90531110763549805, 7.905]);
const TANH_NUMERATOR = memory.data<f32>([
  -2.76076847742355e-16, 2.00018790482477e-13, -8.60467152213735e-11, 5.12229709037114e-8, 1.48572235717979e-5,
  6.37261928875436e-4, 4.89352455891786e-3,
]);
const TANH_DENOMINATOR = memory.data<f32>([1.19825839466702e-6, 1.18534705686654e-4, 2.268434632439e-3, 4.89352518554385e-3]);

export class Vector {
  /** a · b + c; rounded once in the relaxed build where the processor can, twice in the plain one. */
  @inline static madd(a: v128, b: v128, c: v128): v128 {
    if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
    return f32x4.add(f32x4.mul(a, b), c);
  }

  @inline static sumLanes(x: v128): f32 {
    return f32x4.extract_lane(x, 0) + f32x4.extract_lane(x, 1) + (f32x4.extract_lane(x, 2) + f32x4.extract_lane(x, 3));
  }

  /** The largest lane; NaN if a lane is. */
  @inline static maxLane(x: v128): f32 {
    const low = max(f32x4.extract_lane(x, 0), f32x4.extract_lane(x, 1));
    return max(low, max(f32x4.extract_lane(x, 2), f32x4.extract_lane(x, 3)));
  }

  /** All four lanes are the number that stands in a table of constants. */
  @inline static constant(table: usize, index: i32 = 0): v128 {
    return v128.load32_splat(table + (index << 2));
  }

  /** exp to about 1e-7 relative (Cephes expf). Above 88.72 infinity; below -87.33, where floats turn subnormal, zero. */
  @inline static exp(x: v128): v128 {
    const clamped = f32x4.pmin(f32x4.pmax(x, Vector.constant(EXP, 0)), Vector.constant(EXP, 1));
    // Adding 1.5 · 2^23 rounds to an integer n, which then stands in the low bits.
    const shifted = Vector.madd(clamped, Vector.constant(EXP, 2), Vector.constant(EXP, 3));
    const n = f32x4.sub(shifted, Vector.constant(EXP, 3));
    let r = Vector.madd(n, Vector.constant(EXP, 4), clamped);
    r = Vector.madd(n, Vector.constant(EXP, 5), r);
    const scaled = Vector.timesPowerOfTwo(Vector.expPolynomial(r), i32x4.sub(shifted, Vector.constant(EXP_BITS, 0)));
    return v128.andnot(scaled, f32x4.lt(x, Vector.constant(EXP, 6)));
  }

  /** exp on |r| ≤ ln 2 / 2. */
  @inline static expPolynomial(r: v128): v128 {
    let y = Vector.constant(EXP_POLYNOMIAL, 0);
    y = Vector.madd(y, r, Vector.constant(EXP_POLYNOMIAL, 1));
    y = Vector.madd(y, r, Vector.constant(EXP_POLYNOMIAL, 2));
    y = Vector.madd(y, r, Vector.constant(EXP_POLYNOMIAL, 3));
    y = Vector.madd(y, r, Vector.constant(EXP_POLYNOMIAL, 4));
    y = Vector.madd(y, r, Vector.constant(EXP_POLYNOMIAL, 5));
    return f32x4.add(Vector.madd(y, f32x4.mul(r, r), r), Vector.constant(ONE));
  }

  /** x · 2^n in two factors, since 2^128 alone is no float. */
  @inline static timesPowerOfTwo(x: v128, n: v128): v128 {
    const half = i32x4.shr_s(n, 1);
    const first = i32x4.shl(i32x4.add(half, Vector.constant(EXP_BITS, 1)), 23);
    const second = i32x4.shl(i32x4.add(i32x4.sub(n, half), Vector.constant(EXP_BITS, 1)), 23);
    return f32x4.mul(f32x4.mul(x, first), second);
  }

  /** erf to about 3e-7 absolute: the rational approximation of Eigen and XLA on [-4, 4]. */
  @inline static erf(x: v128): v128 {
    const t = Vector.clamp(x, Vector.constant(ERF_BOUND));
    const z = f32x4.mul(t, t);
    let p = Vector.constant(ERF_NUMERATOR, 0);
    p = Vector.madd(p, z, Vector.constant(ERF_NUMERATOR, 1));
    p = Vector.madd(p, z, Vector.constant(ERF_NUMERATOR, 2));
    p = Vector.madd(p, z, Vector.constant(ERF_NUMERATOR, 3));
    p = Vector.madd(p, z, Vector.constant(ERF_NUMERATOR, 4));
    p = Vector.madd(p, z, Vector.constant(ERF_NUMERATOR, 5));
    p = Vector.madd(p, z, Vector.constant(ERF_NUMERATOR, 6));
    let q = Vector.constant(ERF_DENOMINATOR, 0);
    q = Vector.madd(q, z, Vector.constant(ERF_DENOMINATOR, 1));
    q = Vector.madd(q, z, Vector.constant(ERF_DENOMINATOR, 2));
    q = Vector.madd(q, z, Vector.constant(ERF_DENOMINATOR, 3));
    q = Vector.madd(q, z, Vector.constant(ERF_DENOMINATOR, 4));
    return Vector.clamp(f32x4.div(f32x4.mul(t, p), q), Vector.constant(ONE));
  }

  /** tanh to about 3e-7: Eigen's rational approximation, saturated beyond ±7.9. */
  @inline static tanh(x: v128): v128 {
    const t = Vector.clamp(x, Vector.constant(TANH, 0));
    const z = f32x4.mul(t, t);
    let p = Vector.constant(TANH_NUMERATOR, 0);
    p = Vector.madd(p, z, Vector.constant(TANH_NUMERATOR, 1));
    p = Vector.madd(p, z, Vector.constant(TANH_NUMERATOR, 2));
    p = Vector.madd(p, z, Vector.constant(TANH_NUMERATOR, 3));
    p = Vector.madd(p, z, Vector.constant(TANH_NUMERATOR, 4));
    p = Vector.madd(p, z, Vector.constant(TANH_NUMERATOR, 5));
    p = Vector.madd(p, z, Vector.constant(TANH_NUMERATOR, 6));
    let q = Vector.constant(TANH_DENOMINATOR, 0);
    q = Vector.madd(q, z, Vector.constant(TANH_DENOMINATOR, 1));
    q = Vector.madd(q, z, Vector.constant(TANH_DENOMINATOR, 2));
    q = Vector.madd(q, z, Vector.constant(TANH_DENOMINATOR, 3));
    const saturated = f32x4.ge(f32x4.abs(x), Vector.constant(TANH, 1));
    return v128.bitselect(Vector.withSign(Vector.constant(ONE), x), f32x4.div(f32x4.mul(t, p), q), saturated);
  }

  /** |magnitude| with the signs of `sign`. */
  @inline static withSign(magnitude: v128, sign: v128): v128 {
    return v128.bitselect(sign, magnitude, i32x4.splat(0x80000000));
  }

  /** Between -bound and bound. */
  @inline static clamp(x: v128, bound: v128): v128 {
    return f32x4.pmin(f32x4.pmax(x, f32x4.neg(bound)), bound);
  }

  @inline static one(): v128 {
    return Vector.constant(ONE);
  }

  @inline static half(): v128 {
    return Vector.constant(HALF);
  }
}

/** The first `count` (1 to 3) floats at an address; the other lanes are zero. Reads nothing beyond them. */
export function loadPart(address: usize, count: i32): v128 {
  let x = v128.load32_zero(address);
  if (count > 1) x = f32x4.replace_lane(x, 1, load<f32>(address, 4));
  if (count > 2) x = f32x4.replace_lane(x, 2, load<f32>(address, 8));
  return x;
}

/** Writes the first `count` (1 to 3) lanes and nothing beyond them. */
export function storePart(address: usize, x: v128, count: i32): void {
  store<f32>(address, f32x4.extract_lane(x, 0));
  if (count > 1) store<f32>(address, f32x4.extract_lane(x, 1), 4);
  if (count > 2) store<f32>(address, f32x4.extract_lane(x, 2), 8);
}

/** The first `count` floats at an address, four at most. */
export function loadUpTo(address: usize, count: i32): v128 {
  return count >= 4 ? v128.load(address) : loadPart(address, count);
}

/** Writes the first `count` lanes, four at most. */
export function storeUpTo(address: usize, x: v128, count: i32): void {
  if (count >= 4) v128.store(address, x);
  else storePart(address, x, count);
}
