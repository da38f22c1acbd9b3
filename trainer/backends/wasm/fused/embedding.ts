/** The kernels of trainer/ops/embedding.ts and trainer/ops/pool.ts: rows picked, and put back. */
import type * as tf from '../../../tensors';
import type { KernelCall } from '../kernel-call';
import { addRowsById, copyRowsById, requireIdsBelow } from '../rows-by-id';

export function embeddingKernel(call: KernelCall): tf.TensorInfo {
  const [vocabulary, hidden] = call.matrixShape('table');
  const ids = call.input('ids');
  requireIdsBelow(call.backend, ids, vocabulary, 'Token id');
  return copyRowsById(call.backend, call.input('table'), ids, [ids.shape[0] ?? 0, hidden]);
}

export function embeddingGradKernel(call: KernelCall): tf.TensorInfo {
  const [, hidden] = call.matrixShape('dy');
  return addRowsById(call.backend, call.input('dy'), call.input('ids'), [call.number('vocabulary'), hidden]);
}

export function firstTokenKernel(call: KernelCall): tf.TensorInfo {
  const [, hidden] = call.matrixShape('x');
  const step = call.number('length') * hidden;
  const batch = call.number('batch');
  const x = call.backend.valuesOf(call.input('x'));
  const out = call.backend.output([batch, hidden]);
  const y = call.backend.valuesOf(out);
  for (let i = 0; i < batch; i++) y.set(x.subarray(i * step, i * step + hidden), i * hidden);
  return out;
}

export function firstTokenGradKernel(call: KernelCall): tf.TensorInfo {
  const [batch, hidden] = call.matrixShape('dy');
  const step = call.number('length') * hidden;
  const dy = call.backend.valuesOf(call.input('dy'));
  const out = call.backend.output([batch * call.number('length'), hidden]);
  const dx = call.backend.valuesOf(out).fill(0);
  for (let i = 0; i < batch; i++) dx.set(dy.subarray(i * hidden, (i + 1) * hidden), i * step);
  return out;
}
