/**
 * Cross entropy of the logits x Wᵀ, which are never all there at once: the vocabulary is walked in chunks, forwards and
 * again backwards, and rows without a label are not computed at all.
 */
import * as tf from '../tensors';
import { crossEntropyComposite } from './cross-entropy';
import { formatShapes } from './format-shapes';
import { FUSED_KERNELS, hasKernel } from './fused';
import { NO_LABEL, selectLabelled } from './labelled';

/**
 * The mean over the rows that have a label of `crossEntropy(x Wᵀ, labels, labelSmoothing)`. x [rows, hidden], weight
 * [vocabulary, hidden], labels [rows], a class or NO_LABEL each. Without a labelled row the loss is NaN, as in PyTorch,
 * and the gradients are zero.
 */
export function linearCrossEntropy(x: tf.Tensor2D, weight: tf.Tensor2D, labels: Int32Array, labelSmoothing: number): tf.Scalar {
  requireFit(x, weight, labels, labelSmoothing);
  if (!hasKernel(FUSED_KERNELS.linearCrossEntropy)) return linearCrossEntropyComposite(x, weight, labels, labelSmoothing);
  return tf.tidy(() => {
    const labelled = selectLabelled(x, labels);
    const inputs = { weight, x: labelled.x, labels: tf.tensor1d(labelled.labels, 'int32') };
    const [loss] = tf.engine().runKernel<tf.Scalar[]>(FUSED_KERNELS.linearCrossEntropy, inputs, { labelSmoothing });
    if (!loss) throw new Error('linearCrossEntropy: its kernel must return the loss first.');
    return loss;
  });
}

/** The reference: all logits of the labelled rows. */
export function linearCrossEntropyComposite(
  x: tf.Tensor2D,
  weight: tf.Tensor2D,
  labels: Int32Array,
  labelSmoothing: number,
): tf.Scalar {
  return tf.tidy(() => {
    const labelled = selectLabelled(x, labels);
    return crossEntropyComposite(
      tf.matMul(labelled.x, weight, false, true),
      tf.tensor1d(labelled.labels, 'int32'),
      labelSmoothing,
    );
  });
}

// Beside the loss the kernel returns each row's maximum and sum of exponentials, which spares the backward pass one of
// its walks. With a trained weight the chunks of logits are computed for each of the two gradients.
tf.registerGradient({
  kernelName: FUSED_KERNELS.linearCrossEntropy,
  inputsToSave: ['x', 'weight', 'labels'],
  outputsToSave: [false, true],
  gradFunc: (dy, [x, weight, labels, statistics], attributes) => {
    const dLoss = Array.isArray(dy) ? dy[0] : dy;
    if (!dLoss || !x || !weight || !labels || !statistics) {
      throw new Error('linearCrossEntropy: its gradient needs what the forward pass saved.');
    }
    const inputs = { dy: dLoss, x, weight, labels, statistics };
    return {
      x: () => tf.engine().runKernel(FUSED_KERNELS.linearCrossEntropyGrad, inputs, attributes),
      weight: () => tf.engine().runKernel(FUSED_KERNELS.linearCrossEntropyWeightGrad, inputs, attributes),
    };
  },
});

function requireFit(x: tf.Tensor2D, weight: tf.Tensor2D, labels: Int32Array, labelSmoothing: number): void {
  if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
    throw new Error(`linearCrossEntropy: label smoothing must lie between 0 and 1, not at ${labelSmoothing}.`);
  }
  if (x.shape[1] !== weight.shape[1] || x.shape[0] !== labels.length) {
    throw new Error(
      `linearCrossEntropy: ${formatShapes({ x, weight })} and ${labels.length} labels do not fit; expected [rows, hidden], [vocabulary, hidden] and a label a row.`,
    );
  }
  const vocabulary = weight.shape[0];
  const wrong = labels.find((label) => label !== NO_LABEL && !(label >= 0 && label < vocabulary));
  if (wrong === undefined) return;
  throw new RangeError(`linearCrossEntropy: label ${wrong} is not from 0 to ${vocabulary - 1}, nor ${NO_LABEL}.`);
}
