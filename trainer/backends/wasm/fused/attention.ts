/** The kernels of trainer/ops/attention.ts. The threads share the heads of all sequences. */
import type * as tf from '../../../tensors';
import type { KernelCall } from '../kernel-call';

/** Multiplications a thread must have. */
const WORK_GRAIN = 100_000;

interface AttentionShape {
  length: number;
  heads: number;
  size: number;
  tensor: [number, number];
  split: { total: number; grain: number };
  /** Bytes of attention weights that one thread keeps. */
  weightBytes: number;
}

export function attentionKernel(call: KernelCall): tf.TensorInfo {
  const { backend } = call;
  const shape = readShape(call);
  const { length, heads, size, weightBytes } = shape;
  const [query, key, value, mask] = addresses(call);
  return backend.withScratch(weightBytes * backend.pool.threads, (scratch) => {
    const out = backend.output(shape.tensor);
    const context = backend.address(out);
    backend.pool.parallel('attention', shape.split, (from, to, thread) => [
      from,
      to,
      length,
      heads,
      size,
      query,
      key,
      value,
      mask,
      context,
      scratch + thread * weightBytes,
      backend.workspace(thread),
    ]);
    return out;
  });
}

/** Returns the gradients of query, key and value. */
export function attentionGradKernel(call: KernelCall): tf.TensorInfo[] {
  const { backend } = call;
  const shape = readShape(call);
  const { length, heads, size, weightBytes } = shape;
  const [query, key, value, mask] = addresses(call);
  const dOut = call.address('dy');
  return backend.withScratch(2 * weightBytes * backend.pool.threads, (scratch) => {
    const out = backend.outputs([shape.tensor, shape.tensor, shape.tensor]);
    const gradients = out.map((tensor) => backend.address(tensor));
    backend.pool.parallel('attentionGrad', shape.split, (from, to, thread) => {
      const weights = scratch + 2 * thread * weightBytes;
      return [
        from,
        to,
        length,
        heads,
        size,
        query,
        key,
        value,
        mask,
        dOut,
        ...gradients,
        weights,
        weights + weightBytes,
        backend.workspace(thread),
      ];
    });
    return out;
  });
}

function addresses(call: KernelCall): [number, number, number, number] {
  return [call.address('query'), call.address('key'), call.address('value'), call.address('mask')];
}

function readShape(call: KernelCall): AttentionShape {
  const [batch, length] = call.matrixShape('mask');
  const tensor = call.matrixShape('query');
  const heads = call.number('heads');
  const size = tensor[1] / heads;
  const grain = Math.max(1, Math.ceil(WORK_GRAIN / (length * length * size + 1)));
  const weightBytes = call.backend.pool.call('attentionScratchFloats', length) * 4;
  return { length, heads, size, tensor, split: { total: batch * heads, grain }, weightBytes };
}
