/** RMS normalisation over the last axis (Zhang and Sennrich 2019), with the residual addition in front of it folded in. */
import * as tf from '../tensors';
import { formatShapes } from './format-shapes';
import { FUSED_KERNELS, hasKernel, registerFusedGradient } from './fused';

/** s = x + residual; y = s / √(mean(s²) + epsilon) · gamma, each row by itself. x, residual [rows, hidden]; gamma [hidden]. */
export function rmsNorm(x: tf.Tensor2D, gamma: tf.Tensor1D, epsilon: number, residual?: tf.Tensor2D): tf.Tensor2D {
  requireNormShapes(x, gamma, residual);
  if (!hasKernel(FUSED_KERNELS.rmsNorm)) return rmsNormComposite(x, gamma, epsilon, residual);
  return residual
    ? tf.engine().runKernel(FUSED_KERNELS.addRmsNorm, { x, residual, gamma }, { epsilon })
    : tf.engine().runKernel(FUSED_KERNELS.rmsNorm, { x, gamma }, { epsilon });
}

/** The reference, out of plain operations. */
export function rmsNormComposite(x: tf.Tensor2D, gamma: tf.Tensor1D, epsilon: number, residual?: tf.Tensor2D): tf.Tensor2D {
  const sum: tf.Tensor2D = residual ? tf.add(x, residual) : x;
  const meanSquare = tf.mean(tf.square(sum), 1, true); // [rows, 1]
  return tf.mul(tf.mul(sum, tf.rsqrt(tf.add(meanSquare, epsilon))), gamma);
}

// The backward pass recomputes the mean square from the saved inputs, which is cheaper than saving them normalised.
registerFusedGradient(FUSED_KERNELS.rmsNorm, ['x', 'gamma'], (dy, { x, gamma }, attributes) => ({
  x: () => tf.engine().runKernel(FUSED_KERNELS.rmsNormGrad, { dy, x, gamma }, attributes),
  gamma: () => tf.engine().runKernel(FUSED_KERNELS.rmsNormGammaGrad, { dy, x }, attributes),
}));

registerFusedGradient(FUSED_KERNELS.addRmsNorm, ['x', 'residual', 'gamma'], (dy, { x, residual, gamma }, attributes) => {
  // One kernel serves both summands, and the engine wants a tensor of its own for each.
  const dSum: tf.Tensor = tf.engine().runKernel(FUSED_KERNELS.rmsNormGrad, { dy, x, residual, gamma }, attributes);
  return {
    x: () => dSum,
    residual: () => tf.clone(dSum),
    gamma: () => tf.engine().runKernel(FUSED_KERNELS.rmsNormGammaGrad, { dy, x, residual }, attributes),
  };
});

function requireNormShapes(x: tf.Tensor2D, gamma: tf.Tensor1D, residual?: tf.Tensor2D): void {
  const [rows, hidden] = x.shape;
  const residualFits = !residual || (residual.shape[0] === rows && residual.shape[1] === hidden);
  if (residualFits && gamma.shape[0] === hidden) return;
  throw new Error(
    `rmsNorm: ${formatShapes({ x, gamma, residual })} do not fit; expected [rows, hidden], [hidden], [rows, hidden].`,
  );
}
