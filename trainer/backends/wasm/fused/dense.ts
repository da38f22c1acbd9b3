/** The kernels of trainer/ops/dense.ts and trainer/ops/low-rank-dense.ts. */
import type * as tf from '../../../tensors';
import { gemm } from '../gemm';
import type { HeapMatrix } from '../gemm';
import { filledOutput } from '../kernel-call';
import type { KernelCall } from '../kernel-call';

export function denseKernel(call: KernelCall): tf.TensorInfo {
  const [rows] = call.matrixShape('x');
  const [columns] = call.matrixShape('weight');
  const [x, weight, bias] = [matrix(call, 'x'), transposed(call, 'weight'), call.optionalAddress('bias')];
  return filledOutput(call.backend, [rows, columns], (address) => {
    gemm(call.backend, { m: rows, n: columns, depth: x.next, a: x, b: weight, c: { address, next: columns }, bias });
  });
}

/** The update is added to the product, its small factor x Aᵀ scaled beforehand. */
export function lowRankDenseKernel(call: KernelCall): tf.TensorInfo {
  const { backend } = call;
  const [rows] = call.matrixShape('x');
  const [columns, r] = call.matrixShape('b');
  const [x, weight, bias] = [matrix(call, 'x'), transposed(call, 'weight'), call.optionalAddress('bias')];
  const [a, b] = [transposed(call, 'a'), transposed(call, 'b')];
  return filledOutput(backend, [rows, columns], (address) => {
    const c = { address, next: columns };
    gemm(backend, { m: rows, n: columns, depth: x.next, a: x, b: weight, c, bias });
    backend.withScratch(rows * r * 4, (low) => {
      gemm(backend, { m: rows, n: r, depth: x.next, a: x, b: a, c: { address: low, next: r } });
      scaleInPlace(new Float32Array(backend.heap.memory.buffer, low, rows * r), call.number('scale'));
      gemm(backend, { m: rows, n: columns, depth: r, a: { address: low, next: r }, b, c, accumulate: true });
    });
  });
}

/** dy W + dLow A. */
export function lowRankDenseGradKernel(call: KernelCall): tf.TensorInfo {
  const [rows, columns] = call.matrixShape('dy');
  const [, width] = call.matrixShape('weight');
  const [, r] = call.matrixShape('dLow');
  const [dy, weight] = [matrix(call, 'dy'), matrix(call, 'weight')];
  const [dLow, a] = [matrix(call, 'dLow'), matrix(call, 'a')];
  return filledOutput(call.backend, [rows, width], (address) => {
    const c = { address, next: width };
    gemm(call.backend, { m: rows, n: width, depth: columns, a: dy, b: weight, c });
    gemm(call.backend, { m: rows, n: width, depth: r, a: dLow, b: a, c, accumulate: true });
  });
}

function scaleInPlace(values: Float32Array, factor: number): void {
  for (let i = 0; i < values.length; i++) values[i] = (values[i] ?? 0) * factor;
}

function matrix(call: KernelCall, name: string): HeapMatrix {
  return { address: call.address(name), next: call.matrixShape(name)[1], dataId: call.input(name).dataId };
}

/** A weight [out, in] as the right factor [in, out]. */
function transposed(call: KernelCall, name: string): HeapMatrix {
  return { ...matrix(call, name), transposed: true };
}
