/** Cross entropy of logits against class labels, with PyTorch's definition of label smoothing. */
import * as tf from '../tensors';
import { FUSED_KERNELS, hasKernel, registerFusedGradient } from './fused';

/**
 * Mean over rows of -Σ_k t_k log softmax(logits)_k, where t = (1 - s) · onehot(label) + s / classes and s is the label
 * smoothing. logits [rows, classes], labels [rows] int32. No rows give NaN, as in PyTorch. Throws for a label outside
 * the classes where the backend can see it.
 */
export function crossEntropy(logits: tf.Tensor2D, labels: tf.Tensor1D, labelSmoothing: number): tf.Scalar {
  requireLabels(logits, labels, labelSmoothing);
  if (!hasKernel(FUSED_KERNELS.crossEntropy)) return crossEntropyComposite(logits, labels, labelSmoothing);
  return tf.engine().runKernel(FUSED_KERNELS.crossEntropy, { logits, labels }, { labelSmoothing });
}

/** The reference, out of plain operations. */
export function crossEntropyComposite(logits: tf.Tensor2D, labels: tf.Tensor1D, labelSmoothing: number): tf.Scalar {
  const [rows, classes] = logits.shape;
  const oneHot = tf.cast(tf.oneHot(labels, classes), 'float32');
  const target = tf.add(tf.mul(oneHot, 1 - labelSmoothing), labelSmoothing / classes); // [rows, classes]
  const logLikelihood = tf.sum(tf.mul(target, tf.logSoftmax(logits)));
  return tf.div(logLikelihood, -rows); // by hand, as the mean of nothing is 0 on some backends
}

registerFusedGradient(FUSED_KERNELS.crossEntropy, ['logits', 'labels'], (dy, { logits, labels }, attributes) => ({
  logits: () => tf.engine().runKernel(FUSED_KERNELS.crossEntropyGrad, { dy, logits, labels }, attributes),
}));

function requireLabels(logits: tf.Tensor2D, labels: tf.Tensor1D, labelSmoothing: number): void {
  if (labels.dtype !== 'int32') throw new Error(`crossEntropy: labels must be int32, not ${labels.dtype}.`);
  if (labels.shape[0] !== logits.shape[0]) {
    throw new Error(`crossEntropy: ${logits.shape[0]} rows of logits but ${labels.shape[0]} labels.`);
  }
  if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
    throw new Error(`crossEntropy: label smoothing must lie between 0 and 1, not at ${labelSmoothing}.`);
  }
}
