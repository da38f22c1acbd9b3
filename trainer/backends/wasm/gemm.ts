/** Matrix products on the heap, shared among the threads. */
import type { WasmBackend } from './wasm-backend';

/** A matrix as it lies in memory; `next` floats from row to row. */
export interface HeapMatrix {
  address: number;
  next: number;
  /** Whether its transpose takes part. */
  transposed?: boolean;
}

export interface Product {
  /** C is [m, n] and the sum runs over `depth`. */
  m: number;
  n: number;
  depth: number;
  a: HeapMatrix;
  b: HeapMatrix;
  c: HeapMatrix;
  /** Address of n floats that are added to each row. */
  bias?: number;
}

/** Rows and columns a thread's share is a multiple of: the kernel's tile. */
const TILE_ROWS = 6;
const TILE_COLUMNS = 8;
/** Multiplications a thread must have: some 20 microseconds. */
const WORK_GRAIN = 250_000;

/** C = op(A) op(B) + bias. The longer side of C is cut, as the threads then repeat less packing. */
export function gemm(backend: WasmBackend, product: Product): void {
  if (product.m >= product.n) splitRows(backend, product);
  else splitColumns(backend, product);
}

function splitRows(backend: WasmBackend, { m, n, depth, a, b, c, bias = 0 }: Product): void {
  const split = { total: Math.ceil(m / TILE_ROWS), grain: Math.ceil(WORK_GRAIN / (TILE_ROWS * n * depth + 1)) };
  backend.pool.parallel('gemm', split, (from, to, thread) => {
    const first = from * TILE_ROWS;
    const rows = Math.min(m, to * TILE_ROWS) - first;
    const aPart = a.address + first * (a.transposed ? 1 : a.next) * 4;
    const cPart = c.address + first * c.next * 4;
    return [rows, n, depth, aPart, ...layout(a), b.address, ...layout(b), cPart, c.next, bias, 0, backend.workspace(thread)];
  });
}

function splitColumns(backend: WasmBackend, { m, n, depth, a, b, c, bias = 0 }: Product): void {
  const split = { total: Math.ceil(n / TILE_COLUMNS), grain: Math.ceil(WORK_GRAIN / (TILE_COLUMNS * m * depth + 1)) };
  backend.pool.parallel('gemm', split, (from, to, thread) => {
    const first = from * TILE_COLUMNS;
    const columns = Math.min(n, to * TILE_COLUMNS) - first;
    const bPart = b.address + first * (b.transposed ? b.next : 1) * 4;
    const biasPart = bias === 0 ? 0 : bias + first * 4;
    const cPart = c.address + first * 4;
    return [
      m,
      columns,
      depth,
      a.address,
      ...layout(a),
      bPart,
      ...layout(b),
      cPart,
      c.next,
      biasPart,
      0,
      backend.workspace(thread),
    ];
  });
}

function layout({ next, transposed }: HeapMatrix): [number, number] {
  return [next, transposed ? 1 : 0];
}
