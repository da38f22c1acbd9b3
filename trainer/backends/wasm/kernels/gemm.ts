/**
 * C = op(A) op(B) + bias in single precision: the matrices are cut into blocks that fit the caches, packed, and
 * multiplied tile by tile. Each element is summed in the same order whatever part of C a call computes and wherever in C
 * it stands, so the result does not depend on how threads share the work.
 */
import { packA, packB } from './gemm-pack';
import { TILE_COLUMNS, TILE_ROWS, multiplyTile } from './gemm-tile';

const BLOCK_DEPTH: i32 = 384;
/** Rows of A that are packed at a time, at most. */
const BLOCK_ROWS: i32 = TILE_ROWS * 40;
/** Columns that `gemm` packs at a time. */
const BLOCK_COLUMNS: i32 = 512;

const TILE_BYTES: i32 = TILE_ROWS * TILE_COLUMNS * 4;
const ZEROS_BYTES: i32 = TILE_COLUMNS * 4;
const PACKED_A_BYTES: i32 = BLOCK_DEPTH * BLOCK_ROWS * 4;
const PACKED_B_BYTES: i32 = BLOCK_DEPTH * BLOCK_COLUMNS * 4;

/** Bytes of scratch that a call of `gemm` or `gemmPacked` needs. */
export function gemmScratchBytes(): i32 {
  return ZEROS_BYTES + TILE_BYTES + PACKED_A_BYTES + PACKED_B_BYTES;
}

/** How scratch is laid out. */
class Scratch {
  @inline static zeros(scratch: usize): usize {
    return scratch;
  }

  @inline static tile(scratch: usize): usize {
    return scratch + ZEROS_BYTES;
  }

  @inline static packedA(scratch: usize): usize {
    return scratch + ZEROS_BYTES + TILE_BYTES;
  }

  @inline static packedB(scratch: usize): usize {
    return scratch + ZEROS_BYTES + TILE_BYTES + PACKED_A_BYTES;
  }
}

/**
 * C [m, n] = op(A) [m, depth] · op(B) [depth, n], plus bias [n] (0 for none), or added to C where `accumulate`; B as
 * packB left it. Rows of A and C as they lie in memory are `aNext` and `cNext` floats apart. Bias is read in whole panels.
 */
export function gemmPacked(
  m: i32,
  n: i32,
  depth: i32,
  a: usize,
  aNext: i32,
  aTransposed: bool,
  packedB: usize,
  c: usize,
  cNext: i32,
  bias: usize,
  accumulate: bool,
  scratch: usize,
): void {
  memory.fill(Scratch.zeros(scratch), 0, ZEROS_BYTES);
  const blockRows = evenBlockRows(m);
  let k = 0;
  do {
    // also once for depth 0, which leaves the bias
    const steps = min(BLOCK_DEPTH, depth - k);
    for (let i = 0; i < m; i += blockRows) {
      const rows = min(blockRows, m - i);
      const aBlock = a + ((aTransposed ? k * aNext + i : i * aNext + k) << 2);
      packA(aBlock, aNext, aTransposed, rows, steps, Scratch.packedA(scratch));
      const panels = packedB + ((k * TILE_COLUMNS) << 2);
      multiplyBlock(rows, n, steps, panels, depth, c + ((i * cNext) << 2), cNext, bias, accumulate || k > 0, scratch);
    }
    k += BLOCK_DEPTH;
  } while (k < depth);
}

/** Blocks of like size, in whole tiles: a last block of few rows would read all of B for little. */
function evenBlockRows(m: i32): i32 {
  const blocks = max(1, (m + BLOCK_ROWS - 1) / BLOCK_ROWS);
  const tiles = (m + TILE_ROWS * blocks - 1) / (TILE_ROWS * blocks);
  return max(1, tiles) * TILE_ROWS;
}

/** As gemmPacked, but packs B as well, block by block. */
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
  const packed = Scratch.packedB(scratch);
  for (let j = 0; j < n; j += BLOCK_COLUMNS) {
    const columns = min(BLOCK_COLUMNS, n - j);
    const panels = (columns + TILE_COLUMNS - 1) / TILE_COLUMNS;
    let k = 0;
    do {
      const steps = min(BLOCK_DEPTH, depth - k);
      const bBlock = b + ((bTransposed ? j * bNext + k : k * bNext + j) << 2);
      packB(0, panels, steps, columns, bBlock, bNext, bTransposed, packed);
      const aBlock = a + ((aTransposed ? k * aNext : k) << 2);
      const cBlock = c + (j << 2);
      const biasBlock = bias ? bias + (j << 2) : 0;
      gemmPacked(m, columns, steps, aBlock, aNext, aTransposed, packed, cBlock, cNext, biasBlock, accumulate || k > 0, scratch);
      k += BLOCK_DEPTH;
    } while (k < depth);
  }
}

/** The products `from` to `to` of a batch; operands of neighbours lie `aStep`, `bStep` and `cStep` floats apart (0: the same). */
export function gemmBatch(
  from: i32,
  to: i32,
  m: i32,
  n: i32,
  depth: i32,
  a: usize,
  aStep: i32,
  aNext: i32,
  aTransposed: bool,
  b: usize,
  bStep: i32,
  bNext: i32,
  bTransposed: bool,
  c: usize,
  cStep: i32,
  scratch: usize,
): void {
  for (let i = from; i < to; i++) {
    const aOne = a + (((i as usize) * (aStep as usize)) << 2);
    const bOne = b + (((i as usize) * (bStep as usize)) << 2);
    const cOne = c + (((i as usize) * (cStep as usize)) << 2);
    gemm(m, n, depth, aOne, aNext, aTransposed, bOne, bNext, bTransposed, cOne, n, 0, false, scratch);
  }
}

/** One block of rows of C from packed A and from panels of B that are `panelDepth` steps long, `depth` of which count. */
function multiplyBlock(
  rows: i32,
  columns: i32,
  depth: i32,
  panels: usize,
  panelDepth: i32,
  c: usize,
  cNext: i32,
  bias: usize,
  accumulate: bool,
  scratch: usize,
): void {
  const next = (cNext as usize) << 2;
  for (let j = 0; j < columns; j += TILE_COLUMNS) {
    const panelB = panels + (((j as usize) * (panelDepth as usize)) << 2);
    const tileColumns = min(TILE_COLUMNS, columns - j);
    const start = bias ? bias + (j << 2) : Scratch.zeros(scratch);
    for (let i = 0; i < rows; i += TILE_ROWS) {
      const panelA = Scratch.packedA(scratch) + ((i * depth) << 2);
      const tile = c + (i as usize) * next + (j << 2);
      const tileRows = min(TILE_ROWS, rows - i);
      if (tileRows == TILE_ROWS && tileColumns == TILE_COLUMNS) {
        if (accumulate) multiplyTile(depth, panelA, panelB, tile, next, tile, next);
        else multiplyTile(depth, panelA, panelB, start, 0, tile, next);
      } else {
        multiplyEdge(tileRows, tileColumns, depth, panelA, panelB, start, tile, next, accumulate, Scratch.tile(scratch));
      }
    }
  }
}

/** A tile that sticks out of C is computed beside it. */
function multiplyEdge(
  rows: i32,
  columns: i32,
  depth: i32,
  panelA: usize,
  panelB: usize,
  start: usize,
  tile: usize,
  next: usize,
  accumulate: bool,
  spare: usize,
): void {
  const spareNext = (TILE_COLUMNS as usize) << 2;
  if (accumulate) {
    copyTile(rows, columns, tile, next, spare, spareNext);
    multiplyTile(depth, panelA, panelB, spare, spareNext, spare, spareNext);
  } else {
    multiplyTile(depth, panelA, panelB, start, 0, spare, spareNext);
  }
  copyTile(rows, columns, spare, spareNext, tile, next);
}

function copyTile(rows: i32, columns: i32, from: usize, fromNext: usize, to: usize, toNext: usize): void {
  for (let i = 0; i < rows; i++) {
    for (let j: usize = 0; j < (columns as usize) << 2; j += 4) store<f32>(to + j, load<f32>(from + j));
    from += fromNext;
    to += toNext;
  }
}
