/** Layer normalisation over the last axis, with the residual addition in front of it folded in. */
import * as tf from '../tensors';
import { formatShapes } from './format-shapes';
import { FUSED_KERNELS, hasKernel, registerFusedGradient } from './fused';

/**
 * s = x + residual; y = (s - mean(s)) / √(var(s) + epsilon) · gamma + beta, each row by itself, var without Bessel's
 * correction. x, residual [rows, hidden]; gamma, beta [hidden].
 */
export function layerNorm(
  x: tf.Tensor2D,
  gamma: tf.Tensor1D,
  beta: tf.Tensor1D,
  epsilon: number,
  residual?: tf.Tensor2D,
): tf.Tensor2D {
  requireNormShapes(x, gamma, beta, residual);
  if (!hasKernel(FUSED_KERNELS.layerNorm)) return layerNormComposite(x, gamma, beta, epsilon, residual);
  return residual
    ? tf.engine().runKernel(FUSED_KERNELS.addLayerNorm, { x, residual, gamma, beta }, { epsilon })
    : tf.engine().runKernel(FUSED_KERNELS.layerNorm, { x, gamma, beta }, { epsilon });
}

/** The reference, out of plain operations. */
export function layerNormComposite(
  x: tf.Tensor2D,
  gamma: tf.Tensor1D,
  beta: tf.Tensor1D,
  epsilon: number,
  residual?: tf.Tensor2D,
): tf.Tensor2D {
  const sum: tf.Tensor2D = residual ? tf.add(x, residual) : x;
  const centered = tf.sub(sum, tf.mean(sum, 1, true)); // [rows, hidden]
  const variance = tf.mean(tf.square(centered), 1, true); // [rows, 1]
  const normalized = tf.mul(centered, tf.rsqrt(tf.add(variance, epsilon)));
  return tf.add(tf.mul(normalized, gamma), beta);
}

// The backward pass recomputes mean and variance from the saved inputs, which is cheaper than saving them normalised.
registerFusedGradient(FUSED_KERNELS.layerNorm, ['x', 'gamma'], (dy, { x, gamma }, attributes) => ({
  x: () => tf.engine().runKernel(FUSED_KERNELS.layerNormGrad, { dy, x, gamma }, attributes),
  gamma: () => tf.engine().runKernel(FUSED_KERNELS.layerNormGammaGrad, { dy, x }, attributes),
  beta: () => tf.sum(dy, 0),
}));

registerFusedGradient(FUSED_KERNELS.addLayerNorm, ['x', 'residual', 'gamma'], (dy, { x, residual, gamma }, attributes) => {
  // One kernel serves both summands, and the engine wants a tensor of its own for each.
  const dSum: tf.Tensor = tf.engine().runKernel(FUSED_KERNELS.layerNormGrad, { dy, x, residual, gamma }, attributes);
  return {
    x: () => dSum,
    residual: () => tf.clone(dSum),
    gamma: () => tf.engine().runKernel(FUSED_KERNELS.layerNormGammaGrad, { dy, x, residual }, attributes),
    beta: () => tf.sum(dy, 0),
  };
});

function requireNormShapes(x: tf.Tensor2D, gamma: tf.Tensor1D, beta: tf.Tensor1D, residual?: tf.Tensor2D): void {
  const [rows, hidden] = x.shape;
  const residualFits = !residual || (residual.shape[0] === rows && residual.shape[1] === hidden);
  if (residualFits && gamma.shape[0] === hidden && beta.shape[0] === hidden) return;
  throw new Error(
    `layerNorm: ${formatShapes({ x, gamma, beta, residual })} do not fit; expected [rows, hidden], [hidden] twice, [rows, hidden].`,
  );
}
