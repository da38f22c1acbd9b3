/** The kernels of trainer/ops/adamw.ts and trainer/ops/sum-of-squares.ts. */
import * as tf from '../../../tensors';
import { overElements } from '../kernel-call';
import type { KernelCall } from '../kernel-call';

/** Elements whose squares are added up in one go; fixed, so that the sum does not depend on the threads. */
const CHUNK_SIZE = 65536;

/** Writes in place and returns nothing. */
export function adamWKernel(call: KernelCall): tf.TensorInfo[] {
  const count = tf.util.sizeFromShape(call.input('parameter').shape);
  const written = ['parameter', 'gradient', 'firstMoment', 'secondMoment'].map((name) => call.address(name));
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
  overElements(call.backend, 'adamW', count, (first, part) => [
    part,
    ...written.map((address) => address + first * 4),
    ...factors,
  ]);
  return [];
}

export function sumOfSquaresKernel(call: KernelCall): tf.TensorInfo {
  const { backend } = call;
  const count = tf.util.sizeFromShape(call.input('x').shape);
  const x = call.address('x');
  const chunks = Math.ceil(count / CHUNK_SIZE);
  const total = backend.withScratch(chunks * 8, (partials) => {
    backend.pool.parallel('sumOfSquares', { total: chunks, grain: 1 }, (from, to) => [from, to, CHUNK_SIZE, count, x, partials]);
    return new Float64Array(backend.heap.memory.buffer, partials, chunks).reduce((sum, partial) => sum + partial, 0);
  });
  return backend.makeTensorInfo([], 'float32', Float32Array.of(total));
}
