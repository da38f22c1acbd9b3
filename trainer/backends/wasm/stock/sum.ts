/** Sum in float32 over the first axes, the last axes, or all of them. */
import * as tf from '../../../tensors';
import { rowsGrain } from '../kernel-call';
import type { KernelCall } from '../kernel-call';
import type { WasmBackend } from '../wasm-backend';

/** Columns a thread's share is a multiple of: a cache line. */
const COLUMN_UNIT = 16;

export function sum(call: KernelCall): tf.TensorInfo | undefined {
  const x = call.input('x');
  const size = tf.util.sizeFromShape(x.shape);
  if (x.dtype !== 'float32' || size === 0 || x.shape.length === 0) return undefined;
  const axes = readAxes(call.attribute('axis'), x.shape);
  const kept = x.shape.filter((_, axis) => !axes.includes(axis));
  const outSize = tf.util.sizeFromShape(kept);
  const shape = call.attribute('keepDims') === true ? x.shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent)) : kept;
  const leading = axes.every((axis, i) => axis === i);
  const trailing = axes.every((axis, i) => axis === x.shape.length - axes.length + i);
  if (!leading && !trailing) return undefined;
  const address = call.address('x');
  const out = call.backend.output(shape);
  if (trailing) sumRows(call.backend, outSize, size / outSize, address, call.backend.address(out));
  else sumColumns(call.backend, size / outSize, outSize, address, call.backend.address(out));
  return out;
}

/** y [columns] = Σ over the rows of x [rows, columns]. */
export function sumColumns(backend: WasmBackend, rows: number, columns: number, x: number, y: number): void {
  const split = { total: Math.ceil(columns / COLUMN_UNIT), grain: rowsGrain(rows * COLUMN_UNIT) };
  backend.pool.parallel('columnSums', split, (from, to) => {
    const first = from * COLUMN_UNIT;
    return [rows, Math.min(columns, to * COLUMN_UNIT) - first, columns, x + first * 4, y + first * 4];
  });
}

function sumRows(backend: WasmBackend, rows: number, columns: number, x: number, y: number): void {
  backend.pool.parallel('rowSums', { total: rows, grain: rowsGrain(columns) }, (from, to) => [
    to - from,
    columns,
    x + from * columns * 4,
    y + from * 4,
  ]);
}

/** Sorted; none given means all. */
function readAxes(axis: unknown, shape: number[]): number[] {
  const given = typeof axis === 'number' ? [axis] : Array.isArray(axis) ? axis.map(Number) : shape.map((_, i) => i);
  return tf.util.parseAxisParam(given, shape).sort((a, b) => a - b);
}
