/** The kernels of trainer/ops/cross-entropy.ts, by TensorFlow's own operations, which give loss and gradient at once. */
import type * as tf from '../../../tensors';
import type { Eager } from '../eager';
import type { NativeCall } from '../kernel-call';
import type { Handle } from '../native';

export function crossEntropyKernel(call: NativeCall): tf.Tensor {
  return call.eager((eager) => {
    const { losses } = perRow(call, eager);
    const attributes = [eager.type('T'), eager.type('Tidx', 'int32'), eager.flag('keep_dims', false)];
    return eager.op('Mean', [losses, eager.integers([1], Int32Array.of(0))], attributes);
  });
}

export function crossEntropyGradKernel(call: NativeCall): tf.Tensor {
  const rows = call.input('logits').shape[0] ?? 0;
  return call.eager((eager) => {
    const { gradients } = perRow(call, eager);
    const share = eager.op('Mul', [call.handle('dy'), eager.scalar(1 / rows)]);
    return eager.op('Mul', [gradients, share.id]);
  });
}

/** The loss of each row [rows], and its gradient by the logits [rows, classes]. */
function perRow(call: NativeCall, eager: Eager): { losses: Handle; gradients: Handle } {
  const smoothing = call.number('labelSmoothing');
  const [logits, labels] = [call.handle('logits'), call.handle('labels')];
  const [losses, gradients] =
    smoothing === 0
      ? eager.ops('SparseSoftmaxCrossEntropyWithLogits', [logits, labels], [eager.type('T'), eager.type('Tlabels', 'int32')], 2)
      : eager.ops('SoftmaxCrossEntropyWithLogits', [logits, smoothedTargets(call, eager, smoothing)], [eager.type('T')], 2);
  if (!losses || !gradients) throw new Error("TensorFlow's cross entropy must return losses and gradients.");
  return { losses: losses.id, gradients: gradients.id };
}

/** (1 - s) · onehot(label) + s / classes: [rows, classes]. */
function smoothedTargets(call: NativeCall, eager: Eager, smoothing: number): Handle {
  const classes = call.input('logits').shape[1] ?? 0;
  const [on, off] = [1 - smoothing + smoothing / classes, smoothing / classes].map((value) => eager.scalar(value));
  const depth = eager.integers([], Int32Array.of(classes));
  const attributes = [eager.type('T'), eager.type('TI', 'int32')];
  return eager.op('OneHot', [call.handle('labels'), depth, on ?? 0, off ?? 0], attributes).id;
}
