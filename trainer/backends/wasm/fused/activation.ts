/** The kernels of trainer/ops/activate.ts. */
import * as tf from '../../../tensors';
import type { Activation } from '../../../ops/activate';
import { overElements } from '../kernel-call';
import type { KernelCall } from '../kernel-call';

/** As kernels/activation.ts numbers them. */
const KINDS: Record<Activation, number> = {
  gelu: 0,
  gelu_new: 1,
  gelu_pytorch_tanh: 1,
  relu: 2,
  silu: 3,
  tanh: 4,
  quick_gelu: 5,
};

export function activateKernel(call: KernelCall): tf.TensorInfo {
  const { shape } = call.input('x');
  const kind = readKind(call);
  const x = call.address('x');
  const out = call.backend.output(shape);
  const y = call.backend.address(out);
  overElements(call.backend, 'activate', tf.util.sizeFromShape(shape), (first, count) => [
    kind,
    count,
    x + first * 4,
    y + first * 4,
  ]);
  return out;
}

export function activateGradKernel(call: KernelCall): tf.TensorInfo {
  const { shape } = call.input('x');
  const kind = readKind(call);
  const x = call.address('x');
  const dy = call.address('dy');
  const out = call.backend.output(shape);
  const dx = call.backend.address(out);
  overElements(call.backend, 'activateGrad', tf.util.sizeFromShape(shape), (first, count) => [
    kind,
    count,
    dy + first * 4,
    x + first * 4,
    dx + first * 4,
  ]);
  return out;
}

function readKind(call: KernelCall): number {
  const name = String(call.attribute('kind'));
  const kind = Object.entries(KINDS).find(([known]) => known === name);
  if (!kind) throw new Error(`There is no activation "${name}".`);
  return kind[1];
}
