/** BatchMatMul: every transpose, and one batch against many. */
import * as tf from '../../../tensors';
import { gemm } from '../gemm';
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
  const out = call.backend.output([...shape, m, n]);
  const addressC = call.backend.address(out);
  for (let i = 0; i < Math.max(a.batches, b.batches); i++) {
    gemm(call.backend, {
      m,
      n,
      depth,
      a: { address: addressA + (a.batches === 1 ? 0 : i * m * depth * 4), next: a.columns, transposed: transposeA },
      b: { address: addressB + (b.batches === 1 ? 0 : i * depth * n * 4), next: b.columns, transposed: transposeB },
      c: { address: addressC + i * m * n * 4, next: n },
    });
  }
  return out;
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
