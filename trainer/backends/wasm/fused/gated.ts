/** The kernels of trainer/ops/gated.ts. */
import * as tf from '../../../tensors';
import { overElements } from '../kernel-call';
import type { KernelCall } from '../kernel-call';

export function swigluKernel(call: KernelCall): tf.TensorInfo {
  const { shape } = call.input('gate');
  const [gate, up] = [call.address('gate'), call.address('up')];
  const out = call.backend.output(shape);
  const y = call.backend.address(out);
  overElements(call.backend, 'swiglu', tf.util.sizeFromShape(shape), (first, count) => [
    count,
    gate + first * 4,
    up + first * 4,
    y + first * 4,
  ]);
  return out;
}

/** Returns the gradients of gate and up. */
export function swigluGradKernel(call: KernelCall): tf.TensorInfo[] {
  const { shape } = call.input('gate');
  const inputs = [call.address('dy'), call.address('gate'), call.address('up')];
  const out = call.backend.outputs([shape, shape]);
  const addresses = [...inputs, ...out.map((tensor) => call.backend.address(tensor))];
  overElements(call.backend, 'swigluGrad', tf.util.sizeFromShape(shape), (first, count) => [
    count,
    ...addresses.map((address) => address + first * 4),
  ]);
  return out;
}
