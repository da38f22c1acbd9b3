/** BatchMatMul: every transpose, and one batch against many. */
import * as tf from '../../../tensors';
import { gemmBatch } from '../gemm';
import { filledOutput } from '../kernel-call';
import type { KernelCall } from '../kernel-call';

interface Operand {
  batchShape: number[];
  batches: number;
  rows: number;
  columns: number;
}

/** a [..., m, k], b [..., k, n] in float32; batch shapes alike, or one of a single batch. */
export function batchMatMul(call: KernelCall): tf.TensorInfo | undefined {
  const transposeA = call.attribute('transposeA') === true;
  const transposeB = call.attribute('transposeB') === true;
  const a = describe(call.input('a'));
  const b = describe(call.input('b'));
  const m = transposeA ? a.columns : a.rows;
  const depth = transposeA ? a.rows : a.columns;
  const n = transposeB ? b.rows : b.columns;
  const fits = (transposeB ? b.columns : b.rows) === depth && m > 0 && n > 0 && depth > 0;
  if (!fits || !isFloat(call) || !batchesMatch(a, b)) return undefined;
  const addressA = call.address('a');
  const addressB = call.address('b');
  const shape = tf.broadcast_util.assertAndGetBroadcastShape(a.batchShape, b.batchShape);
  return filledOutput(call.backend, [...shape, m, n], (addressC) => {
    gemmBatch(call.backend, {
      ...{ m, n, depth, batches: Math.max(a.batches, b.batches) },
      a: { address: addressA, next: a.columns, transposed: transposeA },
      b: {
        address: addressB,
        next: b.columns,
        transposed: transposeB,
        ...(b.batches === 1 && { dataId: call.input('b').dataId }),
      },
      c: { address: addressC, next: n },
      aStep: a.batches === 1 ? 0 : m * depth,
      bStep: b.batches === 1 ? 0 : depth * n,
      cStep: m * n,
    });
  });
}

function describe({ shape }: tf.TensorInfo): Operand {
  const batchShape = shape.slice(0, -2);
  return { batchShape, batches: tf.util.sizeFromShape(batchShape), rows: shape.at(-2) ?? 0, columns: shape.at(-1) ?? 0 };
}

function isFloat(call: KernelCall): boolean {
  return call.input('a').dtype === 'float32' && call.input('b').dtype === 'float32';
}

function batchesMatch(a: Operand, b: Operand): boolean {
  return a.batches === 1 || b.batches === 1 || tf.util.arraysEqual(a.batchShape, b.batchShape);
}
