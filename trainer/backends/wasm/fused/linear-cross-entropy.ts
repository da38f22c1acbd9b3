/** The kernels of trainer/ops/linear-cross-entropy.ts: the logits of one chunk of the vocabulary at a time. */
import type * as tf from '../../../tensors';
import { gemm } from '../gemm';
import { filledOutput, rowsGrain } from '../kernel-call';
import type { KernelCall } from '../kernel-call';
import type { WasmBackend } from '../wasm-backend';

/** Classes whose logits lie in memory at a time. */
const CHUNK_CLASSES = 2048;
/** Doubles per row that `addSoftmaxStatistics` keeps: maximum, sum of exponentials, sum, logit of the label. */
const RUNNING = 4;
/** Floats per row that the backward pass needs: maximum, sum of exponentials. */
const SAVED = 2;

interface Problem {
  rows: number;
  width: number;
  vocabulary: number;
  x: number;
  weight: number;
  labels: number;
}

/** Some classes, and their logits [rows, columns] in scratch. */
interface Chunk {
  first: number;
  columns: number;
  /** Address of the first class's weights. */
  weight: number;
  logits: number;
}

/** Returns the loss, and [rows, SAVED] for the backward pass. */
export function linearCrossEntropyKernel(call: KernelCall): tf.TensorInfo[] {
  const { backend } = call;
  const problem = readProblem(call);
  const { rows, vocabulary } = problem;
  const runningBytes = rows * RUNNING * 8;
  return backend.withScratch(runningBytes + chunkBytes(problem), (address) => {
    const running = new Float64Array(backend.heap.memory.buffer, address, rows * RUNNING);
    for (let row = 0; row < rows; row++) running.set([-Infinity, 0, 0, NaN], row * RUNNING);
    overChunks(backend, problem, address + runningBytes, (chunk) => {
      addStatistics(backend, problem, chunk, address);
    });
    const statistics = backend.output([rows, SAVED]);
    backend.valuesOf(statistics).set(running.filter((_, i) => i % RUNNING < SAVED));
    const loss = meanLoss(running, vocabulary, call.number('labelSmoothing'));
    return [backend.makeTensorInfo([], 'float32', Float32Array.of(loss)), statistics];
  });
}

function addStatistics(
  backend: WasmBackend,
  { rows, labels }: Problem,
  { first, columns, logits }: Chunk,
  running: number,
): void {
  backend.pool.parallel('addSoftmaxStatistics', { total: rows, grain: rowsGrain(columns) }, (from, to) => {
    const addresses = [logits + from * columns * 4, labels + from * 4, running + from * RUNNING * 8];
    return [to - from, columns, first, ...addresses];
  });
}

/** As `meanLoss` in cross-entropy.ts: log S + M - y, and log S + M - mean(x) for the smoothed part. No rows give NaN. */
function meanLoss(running: Float64Array, vocabulary: number, smoothing: number): number {
  const rows = running.length / RUNNING;
  let total = 0;
  for (let row = 0; row < rows; row++) {
    const [highest = NaN, sum = NaN, all = NaN, label = NaN] = running.subarray(row * RUNNING, (row + 1) * RUNNING);
    const cold = smoothing === 0 ? 0 : smoothing * (highest - all / vocabulary);
    total += Math.log(sum) + (1 - smoothing) * (highest - label) + cold;
  }
  return total / rows;
}

/** dx = Σ over chunks of dLogits · W. */
export function linearCrossEntropyGradKernel(call: KernelCall): tf.TensorInfo {
  const problem = readProblem(call);
  const { rows, width } = problem;
  return overGradientChunks(call, problem, [rows, width], ({ first, columns, weight, logits }, dx) => {
    gemm(call.backend, {
      m: rows,
      n: width,
      depth: columns,
      a: { address: logits, next: columns },
      b: { address: weight, next: width },
      c: { address: dx, next: width },
      accumulate: first > 0,
    });
  });
}

/** dW = dLogitsᵀ · x; each chunk has rows of its own. */
export function linearCrossEntropyWeightGradKernel(call: KernelCall): tf.TensorInfo {
  const problem = readProblem(call);
  const { rows, width, vocabulary, x } = problem;
  return overGradientChunks(call, problem, [vocabulary, width], ({ first, columns, logits }, dWeight) => {
    gemm(call.backend, {
      m: columns,
      n: width,
      depth: rows,
      a: { address: logits, next: columns, transposed: true },
      b: { address: x, next: width },
      c: { address: dWeight + first * width * 4, next: width },
    });
  });
}

function readProblem(call: KernelCall): Problem {
  const [rows, width] = call.matrixShape('x');
  const [vocabulary] = call.matrixShape('weight');
  return { rows, width, vocabulary, x: call.address('x'), weight: call.address('weight'), labels: call.address('labels') };
}

function chunkBytes({ rows, vocabulary }: Problem): number {
  return rows * Math.min(CHUNK_CLASSES, vocabulary) * 4;
}

/** Calls `use` with each chunk's logits x Wᵀ, which lie at `logits` and which it may change. */
function overChunks(backend: WasmBackend, problem: Problem, logits: number, use: (chunk: Chunk) => void): void {
  const { rows, width, vocabulary, x } = problem;
  if (rows === 0) return;
  for (let first = 0; first < vocabulary; first += CHUNK_CLASSES) {
    const columns = Math.min(CHUNK_CLASSES, vocabulary - first);
    const weight = problem.weight + first * width * 4;
    gemm(backend, {
      m: rows,
      n: columns,
      depth: width,
      a: { address: x, next: width },
      b: { address: weight, next: width, transposed: true },
      c: { address: logits, next: columns },
    });
    use({ first, columns, weight, logits });
  }
}

/** Makes an output and calls `add` with its address and with each chunk, whose logits have become their gradient. */
function overGradientChunks(
  call: KernelCall,
  problem: Problem,
  shape: [number, number],
  add: (chunk: Chunk, out: number) => void,
): tf.TensorInfo {
  const { backend } = call;
  const statistics = call.address('statistics');
  return backend.withScratch(chunkBytes(problem), (logits) =>
    filledOutput(backend, shape, (out) => {
      if (problem.rows === 0) new Float32Array(backend.heap.memory.buffer, out, shape[0] * shape[1]).fill(0);
      overChunks(backend, problem, logits, (chunk) => {
        differentiate(call, problem, chunk, statistics);
        add(chunk, out);
      });
    }),
  );
}

/** Turns a chunk's logits into the gradient of the loss with respect to them. */
function differentiate(call: KernelCall, { rows, vocabulary, labels }: Problem, chunk: Chunk, statistics: number): void {
  const { first, columns, logits } = chunk;
  const smoothing = call.number('labelSmoothing');
  const scale = (call.backend.valuesOf(call.input('dy'))[0] ?? NaN) / rows;
  call.backend.pool.parallel('linearCrossEntropyGrad', { total: rows, grain: rowsGrain(columns) }, (from, to) => {
    const addresses = [logits + from * columns * 4, labels + from * 4, statistics + from * SAVED * 4];
    return [to - from, columns, first, ...addresses, 1 - smoothing, smoothing / vocabulary, scale];
  });
}
