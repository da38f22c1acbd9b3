/** The kernels of trainer/ops/attention.ts. The threads share the key heads of all rows. */
import type * as tf from '../../../tensors';
import type { KernelCall } from '../kernel-call';

/** Multiplications a thread must have. */
const WORK_GRAIN = 100_000;

interface AttentionShape {
  heads: number;
  keyHeads: number;
  size: number;
  causal: 0 | 1;
  queryStarts: readonly number[];
  keyStarts: readonly number[];
  split: { total: number; grain: number };
  /** Bytes of attention weights that one thread keeps. */
  weightBytes: number;
}

export function attentionKernel(call: KernelCall): tf.TensorInfo {
  const { backend } = call;
  const shape = readShape(call);
  const operands = ['query', 'key', 'value'].map((name) => call.address(name));
  return withScratch(call, shape, 1, (starts, weights) => {
    const out = backend.output(call.matrixShape('query'));
    const context = backend.address(out);
    backend.pool.parallel('attention', shape.split, (from, to, thread) => [
      ...describe(shape, from, to),
      ...starts,
      ...operands,
      context,
      weights(thread),
      backend.workspace(thread),
    ]);
    return out;
  });
}

/** Returns the gradients of query, key and value. */
export function attentionGradKernel(call: KernelCall): tf.TensorInfo[] {
  const { backend } = call;
  const shape = readShape(call);
  const operands = ['query', 'key', 'value', 'dy'].map((name) => call.address(name));
  return withScratch(call, shape, 2, (starts, weights) => {
    const out = backend.outputs(['query', 'key', 'value'].map((name) => call.matrixShape(name)));
    const gradients = out.map((tensor) => backend.address(tensor));
    backend.pool.parallel('attentionGrad', shape.split, (from, to, thread) => [
      ...describe(shape, from, to),
      ...starts,
      ...operands,
      ...gradients,
      weights(thread),
      weights(thread) + shape.weightBytes,
      backend.workspace(thread),
    ]);
    return out;
  });
}

function describe({ heads, keyHeads, size, causal }: AttentionShape, from: number, to: number): number[] {
  return [from, to, heads, keyHeads, size, causal];
}

/** Lends `use` both starts on the heap and, per thread, `blocks` blocks of attention weights. */
function withScratch<T>(
  { backend }: KernelCall,
  { queryStarts, keyStarts, weightBytes }: AttentionShape,
  blocks: number,
  use: (starts: readonly number[], weights: (thread: number) => number) => T,
): T {
  const startBytes = queryStarts.length * 4;
  return backend.withScratch(2 * startBytes + blocks * weightBytes * backend.pool.threads, (scratch) => {
    const starts = new Int32Array(backend.heap.memory.buffer, scratch, 2 * queryStarts.length);
    starts.set(queryStarts);
    starts.set(keyStarts, queryStarts.length);
    return use([scratch, scratch + startBytes], (thread) => scratch + 2 * startBytes + blocks * thread * weightBytes);
  });
}

function readShape(call: KernelCall): AttentionShape {
  const [heads, keyHeads] = [call.number('heads'), call.number('keyHeads')];
  const [queryTokens, width] = call.matrixShape('query');
  const queryStarts = call.numbers('queryStarts');
  const keyStarts = call.numbers('keyStarts');
  const longest = keyStarts.reduce((most, start, row) => Math.max(most, start - (keyStarts[row - 1] ?? start)), 0);
  const units = (keyStarts.length - 1) * keyHeads;
  const multiplications = queryTokens * width * longest;
  return {
    heads,
    keyHeads,
    size: width / heads,
    causal: call.attribute('causal') === true ? 1 : 0,
    queryStarts,
    keyStarts,
    split: { total: units, grain: Math.max(1, Math.ceil((WORK_GRAIN * units) / (multiplications + 1))) },
    weightBytes: call.backend.pool.call('attentionScratchFloats', longest) * 4,
  };
}
