/** Activations and their gradients. Kinds: 0 gelu (erf), 1 gelu (tanh), 2 relu, 3 silu, 4 tanh, 5 quick gelu. */
import { Vector, loadPart, storePart } from './vector-math';

const GELU_ERF: i32 = 0;
const GELU_TANH: i32 = 1;
const RELU: i32 = 2;
const SILU: i32 = 3;
const TANH: i32 = 4;
const QUICK_GELU: i32 = 5;

/** Of quick gelu's sigmoid. */
const QUICK_SLOPE = memory.data<f32>([1.702]);
const SQRT_HALF = memory.data<f32>([0.70710678]);
const MINUS_HALF = memory.data<f32>([-0.5]);
/** 1 / √(2π) */
const NORMAL_PEAK = memory.data<f32>([0.39894228]);
const GELU_CUBE = memory.data<f32>([0.044715]);
/** 2 √(2/π) */
const GELU_SLOPE = memory.data<f32>([1.59576912]);
/** 3 · 0.044715 */
const GELU_CUBE_SLOPE = memory.data<f32>([0.134145]);

export class Activation {
  @inline static value(kind: i32, x: v128): v128 {
    if (kind == GELU_ERF) return f32x4.mul(x, Activation.normalCdf(x));
    if (kind == GELU_TANH) return f32x4.mul(x, Activation.sigmoid(Activation.geluArgument(x)));
    if (kind == RELU) return f32x4.max(x, f32x4.splat(0));
    if (kind == SILU) return f32x4.mul(x, Activation.sigmoid(x));
    if (kind == QUICK_GELU) return f32x4.mul(x, Activation.sigmoid(f32x4.mul(x, Vector.constant(QUICK_SLOPE))));
    return Vector.tanh(x);
  }

  @inline static slope(kind: i32, x: v128): v128 {
    if (kind == GELU_ERF) return Vector.madd(x, Activation.normalDensity(x), Activation.normalCdf(x));
    if (kind == GELU_TANH) return Activation.geluTanhSlope(x);
    if (kind == RELU) return v128.andnot(Vector.one(), f32x4.le(x, f32x4.splat(0)));
    if (kind == SILU) return Activation.siluSlope(x);
    if (kind == QUICK_GELU) return Activation.siluSlope(f32x4.mul(x, Vector.constant(QUICK_SLOPE)));
    const y = Vector.tanh(x);
    return f32x4.sub(Vector.one(), f32x4.mul(y, y));
  }

  @inline static normalCdf(x: v128): v128 {
    return Activation.halfOnePlus(Vector.erf(f32x4.mul(x, Vector.constant(SQRT_HALF))));
  }

  @inline static normalDensity(x: v128): v128 {
    return f32x4.mul(Vector.exp(f32x4.mul(f32x4.mul(x, x), Vector.constant(MINUS_HALF))), Vector.constant(NORMAL_PEAK));
  }

  /** (1 + y) / 2. */
  @inline static halfOnePlus(y: v128): v128 {
    return Vector.madd(y, Vector.half(), Vector.half());
  }

  /** 2 √(2/π) (x + 0.044715 x³): (1 + tanh(u)) / 2 is σ(2u), which stays exact where tanh nears -1. */
  @inline static geluArgument(x: v128): v128 {
    const inner = Vector.madd(f32x4.mul(x, x), Vector.constant(GELU_CUBE), Vector.one());
    return f32x4.mul(f32x4.mul(x, Vector.constant(GELU_SLOPE)), inner);
  }

  /** σ + x σ (1 - σ) · 2 √(2/π) (1 + 3 · 0.044715 x²), with σ that of the argument. */
  @inline static geluTanhSlope(x: v128): v128 {
    const s = Activation.sigmoid(Activation.geluArgument(x));
    const inner = Vector.madd(f32x4.mul(x, x), Vector.constant(GELU_CUBE_SLOPE), Vector.one());
    const steep = f32x4.mul(f32x4.mul(s, f32x4.sub(Vector.one(), s)), Vector.constant(GELU_SLOPE));
    return Vector.madd(f32x4.mul(x, inner), steep, s);
  }

  /** 1 / (1 + e⁻ˣ). */
  @inline static sigmoid(x: v128): v128 {
    return f32x4.div(Vector.one(), f32x4.add(Vector.one(), Vector.exp(f32x4.neg(x))));
  }

  /** σ (1 + x (1 - σ)). */
  @inline static siluSlope(x: v128): v128 {
    const s = Activation.sigmoid(x);
    return f32x4.mul(s, Vector.madd(x, f32x4.sub(Vector.one(), s), Vector.one()));
  }

  @inline static forward(kind: i32, count: i32, x: usize, y: usize): void {
    for (; count >= 4; count -= 4) {
      v128.store(y, Activation.value(kind, v128.load(x)));
      x += 16;
      y += 16;
    }
    if (count > 0) storePart(y, Activation.value(kind, loadPart(x, count)), count);
  }

  @inline static backward(kind: i32, count: i32, dy: usize, x: usize, dx: usize): void {
    for (; count >= 4; count -= 4) {
      v128.store(dx, f32x4.mul(v128.load(dy), Activation.slope(kind, v128.load(x))));
      dy += 16;
      x += 16;
      dx += 16;
    }
    if (count > 0) storePart(dx, f32x4.mul(loadPart(dy, count), Activation.slope(kind, loadPart(x, count))), count);
  }
}

/** y = activation(x), element by element. */
export function activate(kind: i32, count: i32, x: usize, y: usize): void {
  if (kind == GELU_ERF) Activation.forward(GELU_ERF, count, x, y);
  else if (kind == GELU_TANH) Activation.forward(GELU_TANH, count, x, y);
  else if (kind == RELU) Activation.forward(RELU, count, x, y);
  else if (kind == SILU) Activation.forward(SILU, count, x, y);
  else if (kind == QUICK_GELU) Activation.forward(QUICK_GELU, count, x, y);
  else Activation.forward(TANH, count, x, y);
}

/** dx = dy · activation'(x); x is the input of the forward pass. */
export function activateGrad(kind: i32, count: i32, dy: usize, x: usize, dx: usize): void {
  if (kind == GELU_ERF) Activation.backward(GELU_ERF, count, dy, x, dx);
  else if (kind == GELU_TANH) Activation.backward(GELU_TANH, count, dy, x, dx);
  else if (kind == RELU) Activation.backward(RELU, count, dy, x, dx);
  else if (kind == SILU) Activation.backward(SILU, count, dy, x, dx);
  else if (kind == QUICK_GELU) Activation.backward(QUICK_GELU, count, dy, x, dx);
  else Activation.backward(TANH, count, dy, x, dx);
}
