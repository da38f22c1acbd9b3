/**
 * Vector helpers every kernel is made of: partial loads and stores for the last 1 to 3 elements, and exp, erf and tanh
 * on four lanes. NaN propagates through all of them. Inlined, as a call per four elements would cost more than the work.
 */
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

  /** exp to about 1e-7 relative (Cephes expf). Above 88.72 infinity; below -87.33, where floats turn subnormal, zero. */
  @inline static exp(x: v128): v128 {
    const clamped = f32x4.pmin(f32x4.pmax(x, f32x4.splat(-88)), f32x4.splat(89));
    // Adding 1.5 · 2^23 rounds to an integer n, which then stands in the low bits.
    const shifted = Vector.madd(clamped, f32x4.splat(1.44269504), f32x4.splat(12582912));
    const n = f32x4.sub(shifted, f32x4.splat(12582912));
    let r = Vector.madd(n, f32x4.splat(-0.693359375), clamped);
    r = Vector.madd(n, f32x4.splat(2.1219444e-4), r);
    const scaled = Vector.timesPowerOfTwo(Vector.expPolynomial(r), i32x4.sub(shifted, i32x4.splat(0x4b400000)));
    return v128.andnot(scaled, f32x4.lt(x, f32x4.splat(-87.336544)));
  }

  /** exp on |r| ≤ ln 2 / 2. */
  @inline static expPolynomial(r: v128): v128 {
    let y = f32x4.splat(1.98756915e-4);
    y = Vector.madd(y, r, f32x4.splat(1.3981999507e-3));
    y = Vector.madd(y, r, f32x4.splat(8.3334519073e-3));
    y = Vector.madd(y, r, f32x4.splat(4.1665795894e-2));
    y = Vector.madd(y, r, f32x4.splat(1.6666665459e-1));
    y = Vector.madd(y, r, f32x4.splat(5.0000001201e-1));
    return f32x4.add(Vector.madd(y, f32x4.mul(r, r), r), f32x4.splat(1));
  }

  /** x · 2^n in two factors, since 2^128 alone is no float. */
  @inline static timesPowerOfTwo(x: v128, n: v128): v128 {
    const half = i32x4.shr_s(n, 1);
    const first = i32x4.shl(i32x4.add(half, i32x4.splat(127)), 23);
    const second = i32x4.shl(i32x4.add(i32x4.sub(n, half), i32x4.splat(127)), 23);
    return f32x4.mul(f32x4.mul(x, first), second);
  }

  /** erf to about 3e-7 absolute: the rational approximation of Eigen and XLA on [-4, 4]. */
  @inline static erf(x: v128): v128 {
    const t = f32x4.pmin(f32x4.pmax(x, f32x4.splat(-4)), f32x4.splat(4));
    const z = f32x4.mul(t, t);
    let p = f32x4.splat(-2.72614225801306e-10);
    p = Vector.madd(p, z, f32x4.splat(2.77068142495902e-8));
    p = Vector.madd(p, z, f32x4.splat(-2.10102402082508e-6));
    p = Vector.madd(p, z, f32x4.splat(-5.69250639462346e-5));
    p = Vector.madd(p, z, f32x4.splat(-7.34990630326855e-4));
    p = Vector.madd(p, z, f32x4.splat(-2.95459980854025e-3));
    p = Vector.madd(p, z, f32x4.splat(-1.60960333262415e-2));
    let q = f32x4.splat(-1.45660718464996e-5);
    q = Vector.madd(q, z, f32x4.splat(-2.13374055278905e-4));
    q = Vector.madd(q, z, f32x4.splat(-1.68282697438203e-3));
    q = Vector.madd(q, z, f32x4.splat(-7.37332916720468e-3));
    q = Vector.madd(q, z, f32x4.splat(-1.42647390514189e-2));
    return Vector.clampToOne(f32x4.div(f32x4.mul(t, p), q));
  }

  /** tanh to about 3e-7: Eigen's rational approximation, saturated beyond ±7.9. */
  @inline static tanh(x: v128): v128 {
    const t = f32x4.pmin(f32x4.pmax(x, f32x4.splat(-7.90531110763549805)), f32x4.splat(7.90531110763549805));
    const z = f32x4.mul(t, t);
    let p = f32x4.splat(-2.76076847742355e-16);
    p = Vector.madd(p, z, f32x4.splat(2.00018790482477e-13));
    p = Vector.madd(p, z, f32x4.splat(-8.60467152213735e-11));
    p = Vector.madd(p, z, f32x4.splat(5.12229709037114e-8));
    p = Vector.madd(p, z, f32x4.splat(1.48572235717979e-5));
    p = Vector.madd(p, z, f32x4.splat(6.37261928875436e-4));
    p = Vector.madd(p, z, f32x4.splat(4.89352455891786e-3));
    let q = f32x4.splat(1.19825839466702e-6);
    q = Vector.madd(q, z, f32x4.splat(1.18534705686654e-4));
    q = Vector.madd(q, z, f32x4.splat(2.268434632439e-3));
    q = Vector.madd(q, z, f32x4.splat(4.89352518554385e-3));
    const saturated = f32x4.ge(f32x4.abs(x), f32x4.splat(7.905));
    return v128.bitselect(Vector.withSign(f32x4.splat(1), x), f32x4.div(f32x4.mul(t, p), q), saturated);
  }

  /** |magnitude| with the signs of `sign`. */
  @inline static withSign(magnitude: v128, sign: v128): v128 {
    return v128.bitselect(sign, magnitude, i32x4.splat(0x80000000));
  }

  @inline static clampToOne(x: v128): v128 {
    return f32x4.pmin(f32x4.pmax(x, f32x4.splat(-1)), f32x4.splat(1));
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
