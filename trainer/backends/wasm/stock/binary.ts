/** Add, Sub, Multiply and RealDiv in float32: shapes alike, a number, a row for each row, or a number for each row. */
import * as tf from '../../../tensors';
import { overElements, rowsGrain } from '../kernel-call';
import type { KernelCall, Replacement } from '../kernel-call';

/** As `binary` in kernels/elementwise.ts numbers them. */
export const BINARY_OPERATIONS = { Add: 0, Sub: 1, Multiply: 2, RealDiv: 3 } as const;

/** How an operand is laid over the result, seen as [rows, columns]: floats from row to row, and whether it has columns. */
interface Operand {
  next: number;
  wide: 0 | 1;
}

interface Layout {
  rows: number;
  columns: number;
  a: Operand;
  b: Operand;
}

export function binary(operation: number): Replacement {
  return (call) => {
    const a = call.input('a');
    const b = call.input('b');
    if (a.dtype !== 'float32' || b.dtype !== 'float32') return undefined;
    const shape = tf.broadcast_util.assertAndGetBroadcastShape(a.shape, b.shape);
    const layout = tf.util.sizeFromShape(shape) > 0 ? findLayout(a.shape, b.shape, shape) : undefined;
    return layout ? run(call, operation, layout, shape) : undefined;
  };
}

function findLayout(a: number[], b: number[], out: number[]): Layout | undefined {
  const size = tf.util.sizeFromShape(out);
  const sizeA = tf.util.sizeFromShape(a);
  const sizeB = tf.util.sizeFromShape(b);
  if (sizeA === size) return laidOver(b, out, size, (full, other, rows, columns) => ({ rows, columns, a: full, b: other }));
  if (sizeB === size) return laidOver(a, out, size, (full, other, rows, columns) => ({ rows, columns, a: other, b: full }));
  return undefined;
}

type Arrange = (full: Operand, other: Operand, rows: number, columns: number) => Layout;

/** The layout when one operand has every element of the result and the other has the shape `part`. */
function laidOver(part: number[], out: number[], size: number, arrange: Arrange): Layout | undefined {
  const partSize = tf.util.sizeFromShape(part);
  if (partSize === size) return arrange({ next: 0, wide: 1 }, { next: 0, wide: 1 }, 1, size);
  if (partSize === 1) return arrange({ next: 0, wide: 1 }, { next: 0, wide: 0 }, 1, size);
  const columns = size / partSize;
  if (repeatsAsRow(part, out)) return arrange({ next: partSize, wide: 1 }, { next: 0, wide: 1 }, columns, partSize);
  if (repeatsAsColumn(part, out)) return arrange({ next: columns, wide: 1 }, { next: 1, wide: 0 }, partSize, columns);
  return undefined;
}

/** Whether `part` is the last axes of `out`, perhaps behind ones. */
function repeatsAsRow(part: number[], out: number[]): boolean {
  const start = part.findIndex((extent) => extent !== 1);
  const core = part.slice(start);
  return tf.util.arraysEqual(core, out.slice(out.length - core.length));
}

/** Whether `part` has all axes of `out`, the last ones being 1. */
function repeatsAsColumn(part: number[], out: number[]): boolean {
  if (part.length !== out.length) return false;
  const end = part.findLastIndex((extent) => extent !== 1) + 1;
  return tf.util.arraysEqual(part.slice(0, end), out.slice(0, end));
}

function run(call: KernelCall, operation: number, { rows, columns, a, b }: Layout, shape: number[]): tf.TensorInfo {
  const { backend } = call;
  const addressA = call.address('a');
  const addressB = call.address('b');
  const out = backend.output(shape);
  const addressOut = backend.address(out);
  if (rows === 1) {
    overElements(backend, 'binary', columns, (first, count) => [
      operation,
      1,
      count,
      addressA + first * 4 * a.wide,
      0,
      a.wide,
      addressB + first * 4 * b.wide,
      0,
      b.wide,
      addressOut + first * 4,
    ]);
    return out;
  }
  backend.pool.parallel('binary', { total: rows, grain: rowsGrain(columns) }, (from, to) => [
    operation,
    to - from,
    columns,
    addressA + from * a.next * 4,
    a.next,
    a.wide,
    addressB + from * b.next * 4,
    b.next,
    b.wide,
    addressOut + from * columns * 4,
  ]);
  return out;
}
