/** The kernel of trainer/ops/dropout.ts; its own gradient. */
import * as tf from '../../../tensors';
import { dropThreshold } from '../../../ops/dropout';
import { overElements } from '../kernel-call';
import type { KernelCall } from '../kernel-call';

export function dropoutKernel(call: KernelCall): tf.TensorInfo {
  const { shape } = call.input('x');
  const rate = call.number('rate');
  const seed = call.number('seed');
  const x = call.address('x');
  const out = call.backend.output(shape);
  const y = call.backend.address(out);
  overElements(call.backend, 'dropout', tf.util.sizeFromShape(shape), (first, count) => [
    count,
    first,
    seed,
    dropThreshold(rate),
    1 / (1 - rate),
    x + first * 4,
    y + first * 4,
  ]);
  return out;
}
