/** The kernels of trainer/ops/attention.ts. The threads share the key heads of all rows. */
import type * as tf from '../../../tensors';
import type { KernelCall } from '../kernel-call';

/** Multiplications a thread must have. */
const WORK_GRAIN = 100_000;
/** What the kernels take for no window. */
const NO_WINDOW = -1;
/** As wide as any row; the kernels add places to it in 32 bits. */
const WIDEST_WINDOW = 2 ** 28;

interface AttentionShape {
  heads: number;
  keyHeads: number;
  size: number;
  causal: 0 | 1;
  window: number;
  /** Of the bias, or 0. */
  reach: number;
  /** The layout of the rows, as numbers. */
  rows: readonly number[];
  split: { total: number; grain: number };
  /** Bytes of attention weights that one thread keeps. */
  weightBytes: number;
}

export function attentionKernel(call: KernelCall): tf.TensorInfo {
  const { backend } = call;
  const shape = readShape(call);
  const operands = [...['query', 'key', 'value'].map((name) => call.address(name)), call.optionalAddress('bias')];
  return withScratch(call, shape, 1, (layout, weights) => {
    const out = backend.output(call.matrixShape('query'));
    const context = backend.address(out);
    backend.pool.parallel('attention', shape.split, (from, to, thread) => [
      ...describe(shape, from, to),
      layout,
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
  const inputs = ['query', 'key', 'value'];
  return differentiate(
    call,
    inputs.map((name) => call.matrixShape(name)),
  );
}

/** As attentionGradKernel, and the gradient of the bias for each row by itself: [rows, heads, 2 · reach + 1]. */
export function biasedAttentionGradKernel(call: KernelCall): tf.TensorInfo[] {
  const inputs = ['query', 'key', 'value'];
  const rows = call.numbers('queryStarts').length - 1;
  return differentiate(call, [...inputs.map((name) => call.matrixShape(name)), [rows, ...call.matrixShape('bias')]]);
}

function differentiate(call: KernelCall, shapes: readonly (readonly number[])[]): tf.TensorInfo[] {
  const { backend } = call;
  const shape = readShape(call);
  const operands = [...['query', 'key', 'value'].map((name) => call.address(name)), call.optionalAddress('bias')];
  const dy = call.address('dy');
  return withScratch(call, shape, 2, (layout, weights) => {
    const out = backend.outputs(shapes);
    const [dQuery = 0, dKey = 0, dValue = 0, dBias = 0] = out.map((tensor) => backend.address(tensor));
    backend.pool.parallel('attentionGrad', shape.split, (from, to, thread) => [
      ...describe(shape, from, to),
      layout,
      ...operands,
      dy,
      ...[dQuery, dKey, dValue, dBias],
      weights(thread),
      weights(thread) + shape.weightBytes,
      backend.workspace(thread),
    ]);
    return out;
  });
}

function describe({ heads, keyHeads, size, causal, window, reach }: AttentionShape, from: number, to: number): number[] {
  return [from, to, heads, keyHeads, size, causal, window, reach];
}

/** Lends `use` the layout of the rows on the heap and, per thread, `blocks` blocks of attention weights. */
function withScratch<T>(
  { backend }: KernelCall,
  { rows, weightBytes }: AttentionShape,
  blocks: number,
  use: (layout: number, weights: (thread: number) => number) => T,
): T {
  const layoutBytes = Math.ceil(rows.length / 16) * 64; // the weights start with a cache line
  return backend.withScratch(layoutBytes + blocks * weightBytes * backend.pool.threads, (scratch) => {
    new Int32Array(backend.heap.memory.buffer, scratch, rows.length).set(rows);
    return use(scratch, (thread) => scratch + layoutBytes + blocks * thread * weightBytes);
  });
}

/** For each row the numbers of the kernels' `Row`. */
function layOutRows(queryStarts: readonly number[], keyStarts: readonly number[], firstPlaces: readonly number[]): number[] {
  return firstPlaces.flatMap((firstPlace, row) => {
    const [query = 0, queryEnd = 0] = queryStarts.slice(row, row + 2);
    const [key = 0, keyEnd = 0] = keyStarts.slice(row, row + 2);
    return [query, queryEnd - query, key, keyEnd - key, firstPlace];
  });
}

function readShape(call: KernelCall): AttentionShape {
  const [heads, keyHeads] = [call.number('heads'), call.number('keyHeads')];
  const [queryTokens, width] = call.matrixShape('query');
  const keyStarts = call.numbers('keyStarts');
  const longest = keyStarts.reduce((most, start, row) => Math.max(most, start - (keyStarts[row - 1] ?? start)), 0);
  const window = call.attribute('window') === undefined ? NO_WINDOW : Math.min(call.number('window'), WIDEST_WINDOW);
  const { pool } = call.backend;
  const seen = window === NO_WINDOW ? longest : Math.min(longest, pool.call('attentionWindowKeys', window));
  const units = (keyStarts.length - 1) * keyHeads;
  const multiplications = queryTokens * width * seen;
  return {
    heads,
    keyHeads,
    size: width / heads,
    causal: call.attribute('causal') === true ? 1 : 0,
    window,
    reach: call.optionalAddress('bias') === 0 ? 0 : (call.matrixShape('bias')[1] - 1) / 2,
    rows: layOutRows(call.numbers('queryStarts'), keyStarts, call.numbers('firstPlaces')),
    split: { total: units, grain: Math.max(1, Math.ceil((WORK_GRAIN * units) / (multiplications + 1))) },
    weightBytes: pool.call('attentionScratchFloats', seen) * 4,
  };
}
