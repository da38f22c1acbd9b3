/** Matrix products on the heap, shared among the threads: B is packed first, by all of them, then each takes a part of C. */
import type { WasmBackend } from './wasm-backend';

/** A matrix as it lies in memory; `next` floats from row to row. */
export interface HeapMatrix {
  address: number;
  next: number;
  /** Whether its transpose takes part. */
  transposed?: boolean;
  /** The tensor whose values these are, all of them. Its packed form is kept when it is multiplied by again and again. */
  dataId?: object;
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
  /** Whether the product is added to C instead of replacing it. */
  accumulate?: boolean;
}

/** Multiplications a thread must have: some 10 microseconds. */
const WORK_GRAIN = 150_000;
/** Floats to pack that are worth a thread. */
const PACK_GRAIN = 16384;

/** C = op(A) op(B) + bias. */
export function gemm(backend: WasmBackend, product: Product): void {
  const { n, depth, b } = product;
  const bytes = backend.pool.call('packedFloats', depth, n) * 4;
  const pack = (address: number) => {
    packB(backend, product, address);
  };
  const kept = b.dataId && backend.packed.find(b.dataId, b.transposed === true, bytes, pack);
  if (kept !== undefined) {
    multiply(backend, product, kept);
    return;
  }
  if (product.m <= backend.tile.columns && product.n > 4 * product.m) {
    gemmOfTransposes(backend, product);
    return;
  }
  backend.withScratch(bytes, (address) => {
    pack(address);
    multiply(backend, product, address);
  });
}

/**
 * Cᵀ = op(B)ᵀ op(A)ᵀ: for a few rows of A, packing all of B would cost more than the product. The sums are the same, bit
 * for bit: each starts from its bias or from C.
 */
function gemmOfTransposes(backend: WasmBackend, { m, n, depth, a, b, c, bias = 0, accumulate = false }: Product): void {
  backend.withScratch(m * n * 4, (address) => {
    if (accumulate) transposeStrided(backend, m, n, c, { address, next: m });
    else if (bias !== 0) backend.pool.call('repeatColumn', 0, n, m, bias, address);
    const flipped = {
      ...{ m: n, n: m, depth, accumulate: accumulate || bias !== 0 },
      a: { ...b, transposed: b.transposed !== true },
      b: { ...a, transposed: a.transposed !== true },
      c: { address, next: m },
    };
    backend.withScratch(backend.pool.call('packedFloats', depth, m) * 4, (packed) => {
      packB(backend, flipped, packed);
      splitRows(backend, flipped, packed);
    });
    transposeStrided(backend, n, m, { address, next: m }, c);
  });
}

/** to [columns, rows] = from [rows, columns]ᵀ. */
function transposeStrided(backend: WasmBackend, rows: number, columns: number, from: HeapMatrix, to: HeapMatrix): void {
  backend.pool.call('transposeStrided', 0, rows, columns, from.address, from.next, to.address, to.next);
}

export interface BatchedProduct extends Omit<Product, 'bias' | 'accumulate'> {
  batches: number;
  /** Floats from one product's operand to the next one's; 0 where all share it. */
  aStep: number;
  bStep: number;
  cStep: number;
}

/** C = op(A) op(B) many times over: the threads share the products where there are enough of them, else each product. */
export function gemmBatch(backend: WasmBackend, product: BatchedProduct): void {
  const { batches, aStep, bStep, cStep, m, n, depth, a, b, c } = product;
  if (batches >= backend.pool.threads && batches > 1) {
    const split = { total: batches, grain: Math.ceil(WORK_GRAIN / (m * n * depth + 1)) };
    backend.pool.parallel('gemmBatch', split, (from, to, thread) => {
      const operands = [a.address, aStep, ...layout(a), b.address, bStep, ...layout(b), c.address, cStep];
      return [from, to, m, n, depth, ...operands, backend.workspace(thread)];
    });
    return;
  }
  const at = (matrix: HeapMatrix, floats: number) => ({ ...matrix, address: matrix.address + floats * 4 });
  for (let i = 0; i < batches; i++) {
    gemm(backend, { ...product, a: at(a, i * aStep), b: at(b, i * bStep), c: at(c, i * cStep) });
  }
}

function packB(backend: WasmBackend, { n, depth, b }: Product, out: number): void {
  const panels = Math.ceil(n / backend.tile.columns);
  const grain = Math.ceil(PACK_GRAIN / (depth * backend.tile.columns + 1));
  backend.pool.parallel('packB', { total: panels, grain }, (from, to) => [from, to, depth, n, b.address, ...layout(b), out]);
}

/** The longer side of C is cut. */
function multiply(backend: WasmBackend, product: Product, packedB: number): void {
  if (product.m >= product.n) splitRows(backend, product, packedB);
  else splitColumns(backend, product, packedB);
}

function splitRows(backend: WasmBackend, product: Product, packedB: number): void {
  const { m, n, depth, a, c, bias = 0, accumulate } = product;
  const { rows: tileRows } = backend.tile;
  const split = { total: Math.ceil(m / tileRows), grain: Math.ceil(WORK_GRAIN / (tileRows * n * depth + 1)) };
  backend.pool.parallel('gemmPacked', split, (from, to, thread) => {
    const first = from * tileRows;
    const rows = Math.min(m, to * tileRows) - first;
    const aPart = a.address + first * (a.transposed ? 1 : a.next) * 4;
    const cPart = c.address + first * c.next * 4;
    const scratch = backend.workspace(thread);
    return [rows, n, depth, aPart, ...layout(a), packedB, cPart, c.next, bias, accumulate ? 1 : 0, scratch];
  });
}

function splitColumns(backend: WasmBackend, product: Product, packedB: number): void {
  const { m, n, depth, a, c, bias = 0, accumulate } = product;
  const { columns: tileColumns } = backend.tile;
  const split = { total: Math.ceil(n / tileColumns), grain: Math.ceil(WORK_GRAIN / (tileColumns * m * depth + 1)) };
  backend.pool.parallel('gemmPacked', split, (from, to, thread) => {
    const first = from * tileColumns;
    const columns = Math.min(n, to * tileColumns) - first;
    const bPart = packedB + first * depth * 4;
    const biasPart = bias === 0 ? 0 : bias + first * 4;
    const cPart = c.address + first * 4;
    const scratch = backend.workspace(thread);
    return [m, columns, depth, a.address, ...layout(a), bPart, cPart, c.next, biasPart, accumulate ? 1 : 0, scratch];
  });
}

function layout({ next, transposed }: HeapMatrix): [number, number] {
  return [next, transposed ? 1 : 0];
}
