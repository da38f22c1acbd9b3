/** The kernels of trainer/ops/prepend-to-rows.ts: whole stretches of memory are copied, so JavaScript does it as fast. */
import type * as tf from '../../../tensors';
import type { KernelCall } from '../kernel-call';

export function prependToRowsKernel(call: KernelCall): tf.TensorInfo {
  const { backend } = call;
  const [virtual, width] = call.matrixShape('front');
  const [tokens] = call.matrixShape('x');
  const starts = call.numbers('starts');
  const out = backend.output([tokens + (starts.length - 1) * virtual, width]);
  const [front, x, joined] = [call.input('front'), call.input('x'), out].map((tensor) => backend.valuesOf(tensor));
  for (let row = 0; row + 1 < starts.length; row++) {
    const [from = 0, end = 0] = starts.slice(row, row + 2);
    const to = (from + row * virtual) * width;
    joined?.set(front ?? [], to);
    joined?.set(x?.subarray(from * width, end * width) ?? [], to + virtual * width);
  }
  return out;
}

export function withoutFirstKernel(call: KernelCall): tf.TensorInfo {
  const { backend } = call;
  const [tokens, width] = call.matrixShape('x');
  const [virtual, starts] = [call.number('virtual'), call.numbers('starts')];
  const out = backend.output([tokens - (starts.length - 1) * virtual, width]);
  const [x, kept] = [call.input('x'), out].map((tensor) => backend.valuesOf(tensor));
  for (let row = 0; row + 1 < starts.length; row++) {
    const [from = 0, end = 0] = starts.slice(row, row + 2);
    kept?.set(x?.subarray((from + virtual) * width, end * width) ?? [], (from - row * virtual) * width);
  }
  return out;
}
