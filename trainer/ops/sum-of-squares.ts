/** Σ x² over all elements of several tensors: its root is the global gradient norm. */
import * as tf from '../tensors';
import { FUSED_KERNELS, hasKernel } from './fused';

/** Reads the values, so it waits for the backend. No tensors give 0; NaN and infinity propagate. */
export function sumOfSquares(tensors: readonly tf.Tensor[]): number {
  const one = hasKernel(FUSED_KERNELS.sumOfSquares) ? sumOfSquaresFused : sumOfSquaresComposite;
  return tensors.reduce((total, tensor) => total + one(tensor), 0);
}

/** The reference, for one tensor. */
export function sumOfSquaresComposite(tensor: tf.Tensor): number {
  return readScalar(() => tf.sum(tf.square(tensor)));
}

function sumOfSquaresFused(tensor: tf.Tensor): number {
  return readScalar(() => tf.engine().runKernel(FUSED_KERNELS.sumOfSquares, { x: tensor }));
}

function readScalar(compute: () => tf.Scalar): number {
  return tf.tidy(() => compute().dataSync<'float32'>()[0] ?? 0);
}
