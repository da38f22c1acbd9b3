/** The gated product of Llama's feed-forward block, silu(gate) · up, and its gradients; one pass each way. */
import { Activation } from './activation';
import { Vector, loadUpTo, storeUpTo } from './vector-math';

class Gate {
  @inline static forward(gate: v128, up: v128): v128 {
    return f32x4.mul(f32x4.mul(gate, Activation.sigmoid(gate)), up);
  }

  /** dy · up · σ (1 + gate (1 - σ)). */
  @inline static gateGrad(dy: v128, gate: v128, up: v128, sigmoid: v128): v128 {
    const slope = f32x4.mul(sigmoid, Vector.madd(gate, f32x4.sub(Vector.one(), sigmoid), Vector.one()));
    return f32x4.mul(f32x4.mul(dy, up), slope);
  }

  @inline static upGrad(dy: v128, gate: v128, sigmoid: v128): v128 {
    return f32x4.mul(dy, f32x4.mul(gate, sigmoid));
  }
}

/** y = silu(gate) · up, element by element. */
export function swiglu(count: i32, gate: usize, up: usize, y: usize): void {
  for (; count >= 8; count -= 8) {
    const a = Gate.forward(v128.load(gate), v128.load(up));
    const b = Gate.forward(v128.load(gate, 16), v128.load(up, 16));
    v128.store(y, a);
    v128.store(y, b, 16);
    gate += 32;
    up += 32;
    y += 32;
  }
  for (; count > 0; count -= 4) {
    storeUpTo(y, Gate.forward(loadUpTo(gate, count), loadUpTo(up, count)), count);
    gate += 16;
    up += 16;
    y += 16;
  }
}

/** The gradients of both factors from the inputs of the forward pass. */
export function swigluGrad(count: i32, dy: usize, gate: usize, up: usize, dGate: usize, dUp: usize): void {
  for (; count >= 8; count -= 8) {
    const dy0 = v128.load(dy);
    const dy1 = v128.load(dy, 16);
    const gate0 = v128.load(gate);
    const gate1 = v128.load(gate, 16);
    const up0 = v128.load(up);
    const up1 = v128.load(up, 16);
    const sigmoid0 = Activation.sigmoid(gate0);
    const sigmoid1 = Activation.sigmoid(gate1);
    v128.store(dGate, Gate.gateGrad(dy0, gate0, up0, sigmoid0));
    v128.store(dGate, Gate.gateGrad(dy1, gate1, up1, sigmoid1), 16);
    v128.store(dUp, Gate.upGrad(dy0, gate0, sigmoid0));
    v128.store(dUp, Gate.upGrad(dy1, gate1, sigmoid1), 16);
    dy += 32;
    gate += 32;
    up += 32;
    dGate += 32;
    dUp += 32;
  }
  for (; count > 0; count -= 4) {
    const dy0 = loadUpTo(dy, count);
    const gate0 = loadUpTo(gate, count);
    const sigmoid = Activation.sigmoid(gate0);
    storeUpTo(dGate, Gate.gateGrad(dy0, gate0, loadUpTo(up, count), sigmoid), count);
    storeUpTo(dUp, Gate.upGrad(dy0, gate0, sigmoid), count);
    dy += 16;
    gate += 16;
    up += 16;
    dGate += 16;
    dUp += 16;
  }
}
