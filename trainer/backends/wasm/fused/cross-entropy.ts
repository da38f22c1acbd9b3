/** The kernels of trainer/ops/cross-entropy.ts. */
import type * as tf from '../../../tensors';
import { rowsGrain } from '../kernel-call';
import type { KernelCall } from '../kernel-call';
import { requireIdsBelow } from '../rows-by-id';

/** Floats per row that the kernel `softmaxStatistics` writes. */
const STATISTICS = 3;

export function crossEntropyKernel(call: KernelCall): tf.TensorInfo {
  const { backend } = call;
  const [rows, classes] = call.matrixShape('logits');
  const labels = call.input('labels');
  requireIdsBelow(backend, labels, classes, 'Label');
  const logits = call.address('logits');
  const loss = backend.withScratch(rows * STATISTICS * 4, (statistics) => {
    backend.pool.parallel('softmaxStatistics', { total: rows, grain: rowsGrain(classes) }, (from, to) => [
      to - from,
      classes,
      logits + from * classes * 4,
      statistics + from * STATISTICS * 4,
    ]);
    const perRow = new Float32Array(backend.heap.memory.buffer, statistics, rows * STATISTICS);
    return meanLoss(call, perRow, classes);
  });
  return backend.makeTensorInfo([], 'float32', Float32Array.of(loss));
}

/**
 * With M the maximum, S = Σ exp(x - M), y the logit of the label: -log softmax(y) = log S + M - y, and the mean over
 * all classes of -log softmax is log S + M - mean(x).
 */
function meanLoss(call: KernelCall, statistics: Float32Array, classes: number): number {
  const smoothing = call.number('labelSmoothing');
  const logits = call.backend.valuesOf(call.input('logits'));
  const labels = call.backend.valuesOf(call.input('labels'));
  let total = 0;
  labels.forEach((label, row) => {
    const [highest = NaN, sum = NaN, mean = NaN] = statistics.subarray(row * STATISTICS, (row + 1) * STATISTICS);
    const hot = highest - (logits[row * classes + label] ?? NaN);
    const cold = smoothing === 0 ? 0 : smoothing * (highest - mean);
    total += Math.log(sum) + (1 - smoothing) * hot + cold;
  });
  return total / labels.length;
}

export function crossEntropyGradKernel(call: KernelCall): tf.TensorInfo {
  const { backend } = call;
  const [rows, classes] = call.matrixShape('logits');
  const smoothing = call.number('labelSmoothing');
  const scale = (backend.valuesOf(call.input('dy'))[0] ?? NaN) / rows;
  const [logits, labels] = [call.address('logits'), call.address('labels')];
  const out = backend.output([rows, classes]);
  const dLogits = backend.address(out);
  backend.pool.parallel('crossEntropyGrad', { total: rows, grain: rowsGrain(classes) }, (from, to) => {
    const offset = from * classes * 4;
    return [to - from, classes, logits + offset, labels + from * 4, 1 - smoothing, smoothing / classes, scale, dLogits + offset];
  });
  return out;
}
