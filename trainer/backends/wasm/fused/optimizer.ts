/** The kernels of trainer/ops/adamw.ts and trainer/ops/sum-of-squares.ts. */
import * as tf from '../../../tensors';
import { overElements, rowsGrain } from '../kernel-call';
import type { KernelCall } from '../kernel-call';
import type { SparseRows } from '../wasm-backend';

/** Elements whose squares are added up in one go; fixed, so that the sum does not depend on the threads. */
const CHUNK_SIZE = 65536;

/** Writes in place and returns nothing. */
export function adamWKernel(call: KernelCall): tf.TensorInfo[] {
  const count = tf.util.sizeFromShape(call.input('parameter').shape);
  call.backend.packed.forget(call.input('parameter').dataId);
  const [step, beta1, beta2] = [call.number('step'), call.number('beta1'), call.number('beta2')];
  const shrink = 1 - call.number('learningRate') * call.number('weightDecay');
  const stepSize = call.number('learningRate') / (1 - beta1 ** step);
  const secondScale = 1 / Math.sqrt(1 - beta2 ** step);
  const factors = [
    call.number('gradientScale'),
    beta1,
    1 - beta1,
    beta2,
    1 - beta2,
    shrink,
    stepSize,
    secondScale,
    call.number('epsilon'),
  ];
  const sparse = call.backend.sparseRowsOf(call.input('gradient'));
  if (sparse) updateSparse(call, sparse, factors);
  else updateDense(call, count, factors);
  return [];
}

function updateDense(call: KernelCall, count: number, factors: readonly number[]): void {
  const [parameter = 0, first = 0, second = 0] = writtenAddresses(call);
  const gradient = call.address('gradient');
  overElements(call.backend, 'adamW', count, (from, part) => [
    part,
    ...[parameter, gradient, first, second].map((address) => address + from * 4),
    ...factors,
  ]);
}

/** Rows without a gradient move as well, since their moments decay. */
function updateSparse(call: KernelCall, { rows, values }: SparseRows, factors: readonly number[]): void {
  const { backend } = call;
  const [total, width] = call.matrixShape('parameter');
  const written = writtenAddresses(call);
  const operands = [backend.address(rows), rows.shape[0] ?? 0, backend.address(values)];
  backend.withScratch(width * 4, (zeros) => {
    new Float32Array(backend.heap.memory.buffer, zeros, width).fill(0);
    const split = { total, grain: rowsGrain(width) };
    backend.pool.parallel('adamWRows', split, (from, to) => [from, to, width, ...operands, zeros, ...written, ...factors]);
  });
}

function writtenAddresses(call: KernelCall): number[] {
  return ['parameter', 'firstMoment', 'secondMoment'].map((name) => call.address(name));
}

export function sumOfSquaresKernel(call: KernelCall): tf.TensorInfo {
  const { backend } = call;
  const x = backend.sparseRowsOf(call.input('x'))?.values ?? call.input('x'); // zeros add nothing
  const count = tf.util.sizeFromShape(x.shape);
  const address = backend.address(x);
  const chunks = Math.ceil(count / CHUNK_SIZE);
  const total = backend.withScratch(chunks * 8, (partials) => {
    backend.pool.parallel('sumOfSquares', { total: chunks, grain: 1 }, (from, to) => [
      from,
      to,
      CHUNK_SIZE,
      count,
      address,
      partials,
    ]);
    return new Float64Array(backend.heap.memory.buffer, partials, chunks).reduce((sum, partial) => sum + partial, 0);
  });
  return backend.makeTensorInfo([], 'float32', Float32Array.of(total));
}
