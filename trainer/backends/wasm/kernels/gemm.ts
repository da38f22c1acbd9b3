/**
 * C = op(A) op(B) + bias in single precision: the matrices are cut into blocks that fit the caches, packed, and
 * multiplied tile by tile. Each element is summed in the same order whatever part of C a call computes, so the result
 * does not depend on how threads share the work.
 */
import { packA, packB } from './gemm-pack';
import { TILE_COLUMNS, TILE_ROWS, multiplyTile } from './gemm-tile';

const BLOCK_DEPTH: i32 = 384;
const BLOCK_COLUMNS: i32 = 512;
const BLOCK_ROWS: i32 = TILE_ROWS * 16;

const PACKED_B_BYTES: i32 = BLOCK_DEPTH * BLOCK_COLUMNS * 4;
const PACKED_A_BYTES: i32 = BLOCK_DEPTH * BLOCK_ROWS * 4;
const TILE_BYTES: i32 = TILE_ROWS * TILE_COLUMNS * 4;

/** Bytes of scratch that every call of `gemm` needs. */
export function gemmScratchBytes(): i32 {
  return PACKED_B_BYTES + PACKED_A_BYTES + TILE_BYTES;
}

/**
 * C [m, n] = op(A) [m, depth] · op(B) [depth, n], plus bias [n] (0 for none), or added to C where `accumulate`. Rows of
 * the matrices as they lie in memory are `aNext`, `bNext`, `cNext` floats apart. Bias is read in whole groups of eight.
 */
export function gemm(
  m: i32,
  n: i32,
  depth: i32,
  a: usize,
  aNext: i32,
  aTransposed: bool,
  b: usize,
  bNext: i32,
  bTransposed: bool,
  c: usize,
  cNext: i32,
  bias: usize,
  accumulate: bool,
  scratch: usize,
): void {
  for (let j = 0; j < n; j += BLOCK_COLUMNS) {
    const columns = min(BLOCK_COLUMNS, n - j);
    let k = 0;
    do {
      // also once for depth 0, which leaves the bias
      const steps = min(BLOCK_DEPTH, depth - k);
      const first = k == 0;
      const bBlock = b + ((bTransposed ? j * bNext + k : k * bNext + j) << 2);
      packB(bBlock, bNext, bTransposed, steps, columns, scratch);
      for (let i = 0; i < m; i += BLOCK_ROWS) {
        const rows = min(BLOCK_ROWS, m - i);
        const aBlock = a + ((aTransposed ? k * aNext + i : i * aNext + k) << 2);
        packA(aBlock, aNext, aTransposed, rows, steps, scratch + PACKED_B_BYTES);
        const cBlock = c + ((i * cNext + j) << 2);
        multiplyBlock(rows, columns, steps, cBlock, cNext, first && bias ? bias + (j << 2) : 0, accumulate || !first, scratch);
      }
      k += BLOCK_DEPTH;
    } while (k < depth);
  }
}

/** One block of C from packed A and B. Tiles that stick out of C are computed beside it and copied. */
function multiplyBlock(
  rows: i32,
  columns: i32,
  depth: i32,
  c: usize,
  cNext: i32,
  bias: usize,
  accumulate: bool,
  scratch: usize,
): void {
  const packedA = scratch + PACKED_B_BYTES;
  const spare = packedA + PACKED_A_BYTES;
  for (let j = 0; j < columns; j += TILE_COLUMNS) {
    const panelB = scratch + ((j * depth) << 2);
    const tileColumns = min(TILE_COLUMNS, columns - j);
    const tileBias = bias ? bias + (j << 2) : 0;
    for (let i = 0; i < rows; i += TILE_ROWS) {
      const panelA = packedA + ((i * depth) << 2);
      const tile = c + ((i * cNext + j) << 2);
      const tileRows = min(TILE_ROWS, rows - i);
      if (tileRows == TILE_ROWS && tileColumns == TILE_COLUMNS) {
        multiplyTile(depth, panelA, panelB, tile, (cNext as usize) << 2, tileBias, accumulate);
      } else {
        multiplyTile(depth, panelA, panelB, spare, (TILE_COLUMNS as usize) << 2, tileBias, false);
        copyTile(tileRows, tileColumns, spare, tile, cNext, accumulate);
      }
    }
  }
}

function copyTile(rows: i32, columns: i32, from: usize, to: usize, next: i32, accumulate: bool): void {
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const value = load<f32>(from + (j << 2));
      const target = to + (j << 2);
      store<f32>(target, accumulate ? load<f32>(target) + value : value);
    }
    from += TILE_COLUMNS << 2;
    to += next << 2;
  }
}
