/** Σ x² over all elements of a tensor: the sum over all gradients is the square of their global norm. */
import * as tf from '../tensors';
import { FUSED_KERNELS, hasKernel } from './fused';

/** Stays on the backend, so that nothing waits for it. NaN and infinity propagate. */
export function sumOfSquares(x: tf.Tensor): tf.Scalar {
  if (!hasKernel(FUSED_KERNELS.sumOfSquares)) return sumOfSquaresComposite(x);
  return tf.engine().runKernel(FUSED_KERNELS.sumOfSquares, { x });
}

/** The reference, out of plain operations. */
export function sumOfSquaresComposite(x: tf.Tensor): tf.Scalar {
  return tf.tidy(() => tf.sum(tf.square(x)));
}
