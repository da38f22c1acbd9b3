/** Looking up rows by id, and adding rows up by id: embeddings, gathers and their gradients. */
import * as tf from '../../tensors';
import { rowsGrain } from './kernel-call';
import type { WasmBackend } from './wasm-backend';

/** Columns a thread's share is a multiple of: a cache line. */
const COLUMN_UNIT = 16;

/** Whether every id is from 0 to limit - 1. */
export function areIdsBelow(backend: WasmBackend, ids: tf.TensorInfo, limit: number): boolean {
  return backend.valuesOf(ids).every((id) => id >= 0 && id < limit);
}

/** Throws RangeError with the first id that is not from 0 to limit - 1. */
export function requireIdsBelow(backend: WasmBackend, ids: tf.TensorInfo, limit: number, what: string): void {
  const wrong = backend.valuesOf(ids).find((id) => !(id >= 0 && id < limit));
  if (wrong !== undefined) throw new RangeError(`${what} ${wrong} is not from 0 to ${limit - 1}.`);
}

/** table [rows, ...], checked ids [n] → [n, ...] in the given shape. */
export function copyRowsById(backend: WasmBackend, table: tf.TensorInfo, ids: tf.TensorInfo, shape: number[]): tf.TensorInfo {
  const count = tf.util.sizeFromShape(ids.shape);
  const width = tf.util.sizeFromShape(table.shape.slice(1));
  const from = backend.address(table);
  const addressIds = backend.address(ids);
  const out = backend.output(shape);
  const to = backend.address(out);
  backend.pool.parallel('gatherRows', { total: count, grain: rowsGrain(width) }, (first, last) => [
    last - first,
    width,
    from,
    addressIds + first * 4,
    to + first * width * 4,
  ]);
  return out;
}

/** out[ids[i]] += x[i] over zeros; x [n, ...], checked ids [n], out in the given shape. */
export function addRowsById(backend: WasmBackend, x: tf.TensorInfo, ids: tf.TensorInfo, shape: number[]): tf.TensorInfo {
  const count = tf.util.sizeFromShape(ids.shape);
  const width = tf.util.sizeFromShape(shape.slice(1));
  const from = backend.address(x);
  const addressIds = backend.address(ids);
  const out = backend.output(shape);
  backend.valuesOf(out).fill(0);
  const to = backend.address(out);
  const split = { total: Math.ceil(width / COLUMN_UNIT), grain: rowsGrain(count * COLUMN_UNIT) };
  backend.pool.parallel('scatterAddRows', split, (first, last) => {
    const column = first * COLUMN_UNIT;
    return [count, width, column, Math.min(width, last * COLUMN_UNIT) - column, from, addressIds, to];
  });
  return out;
}
