/** The kernels of trainer/ops/embedding.ts. TensorFlow refuses an id outside the table. */
import type * as tf from '../../../tensors';
import type { NativeCall } from '../kernel-call';

export function embeddingKernel(call: NativeCall): tf.Tensor {
  return call.eager((eager) => {
    const attributes = [eager.type('Tparams'), eager.type('Tindices', 'int32'), eager.type('Taxis', 'int32')];
    return eager.op('GatherV2', [call.handle('table'), call.handle('ids'), eager.integers([], Int32Array.of(0))], attributes);
  });
}

export function embeddingGradKernel(call: NativeCall): tf.Tensor {
  return call.eager((eager) => {
    const attributes = [eager.type('T'), eager.type('Tindices', 'int32'), eager.type('Tnumsegments', 'int32')];
    const vocabulary = eager.integers([], Int32Array.of(call.number('vocabulary')));
    return eager.op('UnsortedSegmentSum', [call.handle('dy'), call.handle('ids'), vocabulary], attributes);
  });
}
