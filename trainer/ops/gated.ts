/** The gated product of Llama's feed-forward block (Shazeer 2020, SwiGLU). */
import * as tf from '../tensors';
import { formatShapes } from './format-shapes';
import { FUSED_KERNELS, hasKernel, registerFusedGradient } from './fused';

/** silu(gate) · up, element by element, silu(g) = g σ(g); both [rows, width]. */
export function swiglu(gate: tf.Tensor2D, up: tf.Tensor2D): tf.Tensor2D {
  if (!tf.util.arraysEqual(gate.shape, up.shape)) throw new Error(`swiglu: ${formatShapes({ gate, up })} must have one shape.`);
  if (!hasKernel(FUSED_KERNELS.swiglu)) return swigluComposite(gate, up);
  return tf.engine().runKernel(FUSED_KERNELS.swiglu, { gate, up });
}

/** The reference, out of plain operations. */
export function swigluComposite(gate: tf.Tensor2D, up: tf.Tensor2D): tf.Tensor2D {
  return tf.mul(tf.mul(gate, tf.sigmoid(gate)), up);
}

registerFusedGradient(FUSED_KERNELS.swiglu, ['gate', 'up'], (dy, { gate, up }) => {
  const [dGate, dUp] = tf.engine().runKernel<tf.Tensor[]>(FUSED_KERNELS.swigluGrad, { dy, gate, up });
  if (!dGate || !dUp) throw new Error('swiglu: its gradient kernel must return two tensors.');
  return { gate: () => dGate, up: () => dUp };
});
