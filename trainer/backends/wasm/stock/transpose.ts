/** Transpose of a float32 matrix; a permutation that changes nothing is an alias. */
import type * as tf from '../../../tensors';
import { rowsGrain } from '../kernel-call';
import type { KernelCall } from '../kernel-call';

export function transpose(call: KernelCall): tf.TensorInfo | undefined {
  const x = call.input('x');
  const permutation = call.attribute('perm');
  if (!Array.isArray(permutation)) return undefined;
  if (permutation.every((axis, i) => axis === i)) {
    call.backend.incRef(x.dataId);
    return { dataId: x.dataId, shape: x.shape, dtype: x.dtype };
  }
  const [rows, columns] = x.shape;
  if (x.shape.length !== 2 || x.dtype !== 'float32' || rows === undefined || columns === undefined) return undefined;
  const address = call.address('x');
  const out = call.backend.output([columns, rows]);
  const addressOut = call.backend.address(out);
  const split = { total: rows, grain: rowsGrain(columns) };
  call.backend.pool.parallel('transpose', split, (from, to) => [from, to, rows, columns, address, addressOut]);
  return out;
}
