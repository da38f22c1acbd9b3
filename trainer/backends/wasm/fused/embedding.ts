/** The kernels of trainer/ops/embedding.ts: rows picked, and added up again. */
import type * as tf from '../../../tensors';
import type { KernelCall } from '../kernel-call';
import { addRowsById, copyRowsById, requireIdsBelow } from '../rows-by-id';

export function embeddingKernel(call: KernelCall): tf.TensorInfo {
  const [vocabulary, hidden] = call.matrixShape('table');
  const ids = call.input('ids');
  requireIdsBelow(call.backend, ids, vocabulary, 'Token id');
  return copyRowsById(call.backend, call.input('table'), ids, [ids.shape[0] ?? 0, hidden]);
}

/** Sparse: a batch looks up few rows of a vocabulary. */
export function embeddingGradKernel(call: KernelCall): tf.TensorInfo {
  const { backend } = call;
  const [, hidden] = call.matrixShape('dy');
  const { rows, places } = findRows(backend.valuesOf(call.input('ids')));
  const found = backend.makeTensorInfo([rows.length], 'int32', rows);
  const position = backend.makeTensorInfo([places.length], 'int32', places);
  try {
    const values = addRowsById(backend, call.input('dy'), position, [rows.length, hidden]);
    return backend.sparseOutput([call.number('vocabulary'), hidden], { rows: found, values });
  } catch (error) {
    backend.disposeData(found.dataId);
    throw error;
  } finally {
    backend.disposeData(position.dataId);
  }
}

/** The ids without repetition, rising, and where in them each id stands. */
function findRows(ids: ArrayLike<number>): { rows: Int32Array; places: Int32Array } {
  const rows = Int32Array.from(new Set(Array.from(ids))).sort();
  const placeOf = new Map([...rows].map((row, place) => [row, place]));
  return { rows, places: Int32Array.from(Array.from(ids), (id) => placeOf.get(id) ?? 0) };
}
