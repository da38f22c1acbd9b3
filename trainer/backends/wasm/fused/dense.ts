/** The kernel of trainer/ops/dense.ts. */
import type * as tf from '../../../tensors';
import { gemm } from '../gemm';
import type { KernelCall } from '../kernel-call';

export function denseKernel(call: KernelCall): tf.TensorInfo {
  const [rows, width] = call.matrixShape('x');
  const [columns] = call.matrixShape('weight');
  const a = { address: call.address('x'), next: width };
  const b = { address: call.address('weight'), next: width, transposed: true };
  const bias = call.optionalAddress('bias');
  const out = call.backend.output([rows, columns]);
  gemm(call.backend, { m: rows, n: columns, depth: width, a, b, c: { address: call.backend.address(out), next: columns }, bias });
  return out;
}
