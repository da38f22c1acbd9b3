/**
 * Copies matrices into panels that the tile reads from front to back. Panels are padded with zeros to whole tiles; what
 * the padding yields is never stored.
 */
import { TILE_COLUMNS, TILE_ROWS } from './gemm-tile';

/** Floats of the packed form of op(B) [depth, columns]. */
export function packedFloats(depth: i32, columns: i32): i32 {
  return depth * ((columns + TILE_COLUMNS - 1) / TILE_COLUMNS) * TILE_COLUMNS;
}

export function tileRows(): i32 {
  return TILE_ROWS;
}

export function tileColumns(): i32 {
  return TILE_COLUMNS;
}

/** Panels of TILE_ROWS rows of op(A), from row 0 and depth 0 at `a`: for each step of depth, TILE_ROWS floats. */
export function packA(a: usize, next: i32, transposed: bool, rows: i32, depth: i32, out: usize): void {
  const rowStep = (transposed ? 4 : next << 2) as usize;
  const depthStep = (transposed ? next << 2 : 4) as usize;
  for (let i = 0; i < rows; i += TILE_ROWS) {
    const panelRows = min(TILE_ROWS, rows - i);
    if (panelRows < TILE_ROWS) packPart(a, rowStep, depthStep, panelRows, TILE_ROWS, depth, out);
    else if (transposed) packLyingRows(a, depthStep, depth, out);
    else packStandingRows(a, rowStep, depth, out);
    a += (TILE_ROWS as usize) * rowStep;
    out += (TILE_ROWS << 2) * depth;
  }
}

/**
 * The panels `from` to `to` of op(B) [depth, columns]; a panel has TILE_COLUMNS columns, for each step of depth
 * TILE_COLUMNS floats. `b` and `out` are where the first panel of all begins.
 */
export function packB(from: i32, to: i32, depth: i32, columns: i32, b: usize, next: i32, transposed: bool, out: usize): void {
  const columnStep = (transposed ? next << 2 : 4) as usize;
  const depthStep = (transposed ? 4 : next << 2) as usize;
  b += ((from * TILE_COLUMNS) as usize) * columnStep;
  out += ((from * TILE_COLUMNS) as usize) * ((depth as usize) << 2);
  for (let panel = from; panel < to; panel++) {
    const panelColumns = min(TILE_COLUMNS, columns - panel * TILE_COLUMNS);
    if (panelColumns < TILE_COLUMNS) packPart(b, columnStep, depthStep, panelColumns, TILE_COLUMNS, depth, out);
    else if (transposed) packStandingColumns(b, columnStep, depth, out);
    else packLyingColumns(b, depthStep, depth, out);
    b += (TILE_COLUMNS as usize) * columnStep;
    out += ((TILE_COLUMNS * depth) as usize) << 2;
  }
}

/** Rows of A whose neighbours in memory are the rows of one step. */
function packLyingRows(p: usize, depthStep: usize, depth: i32, out: usize): void {
  for (let k = 0; k < depth; k++) {
    v128.store(out, v128.load(p));
    if (TILE_ROWS == 6) store<u64>(out, load<u64>(p, 16), 16);
    else store<u32>(out, load<u32>(p, 16), 16);
    p += depthStep;
    out += TILE_ROWS << 2;
  }
}

/** Rows of A that lie in memory as rows: four steps of depth at a time. */
function packStandingRows(p: usize, rowStep: usize, depth: i32, out: usize): void {
  let k = depth;
  for (; k >= 4; k -= 4) {
    transposeFour(p, rowStep, out, TILE_ROWS << 2);
    for (let row = 4; row < TILE_ROWS; row++) spread(p + (row as usize) * rowStep, out + (row << 2), TILE_ROWS << 2);
    p += 16;
    out += TILE_ROWS << 4;
  }
  packPart(p, rowStep, 4, TILE_ROWS, TILE_ROWS, k, out);
}

/** Four floats side by side to places `step` bytes apart. */
function spread(p: usize, out: usize, step: usize): void {
  const x = v128.load(p);
  v128.store_lane<f32>(out, x, 0);
  v128.store_lane<f32>(out + step, x, 1);
  v128.store_lane<f32>(out + step * 2, x, 2);
  v128.store_lane<f32>(out + step * 3, x, 3);
}

function packLyingColumns(p: usize, depthStep: usize, depth: i32, out: usize): void {
  for (let k = 0; k < depth; k++) {
    for (let offset: usize = 0; offset < (TILE_COLUMNS as usize) << 2; offset += 16)
      v128.store(out + offset, v128.load(p + offset));
    p += depthStep;
    out += TILE_COLUMNS << 2;
  }
}

/** Columns of op(B) that lie in memory as rows: four steps of depth at a time. */
function packStandingColumns(p: usize, columnStep: usize, depth: i32, out: usize): void {
  let k = depth;
  for (; k >= 4; k -= 4) {
    for (let column: usize = 0; column < (TILE_COLUMNS as usize); column += 4) {
      transposeFour(p + columnStep * column, columnStep, out + (column << 2), TILE_COLUMNS << 2);
    }
    p += 16;
    out += TILE_COLUMNS << 4;
  }
  packPart(p, columnStep, 4, TILE_COLUMNS, TILE_COLUMNS, k, out);
}

/** A 4 x 4 block from rows `step` bytes apart to rows `outStep` bytes apart. */
function transposeFour(p: usize, step: usize, out: usize, outStep: usize): void {
  const r0 = v128.load(p);
  const r1 = v128.load(p + step);
  const r2 = v128.load(p + step * 2);
  const r3 = v128.load(p + step * 3);
  const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
  const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
  const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
  const high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
  v128.store(out, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5));
  v128.store(out + outStep, v128.shuffle<f32>(low01, low23, 2, 3, 6, 7));
  v128.store(out + outStep * 2, v128.shuffle<f32>(high01, high23, 0, 1, 4, 5));
  v128.store(out + outStep * 3, v128.shuffle<f32>(high01, high23, 2, 3, 6, 7));
}

/** `lanes` of `width` are read, the others become zero. */
function packPart(p: usize, laneStep: usize, depthStep: usize, lanes: i32, width: i32, depth: i32, out: usize): void {
  for (let k = 0; k < depth; k++) {
    for (let t = 0; t < width; t++) store<f32>(out + (t << 2), t < lanes ? load<f32>(p + (t as usize) * laneStep) : 0);
    p += depthStep;
    out += width << 2;
  }
}
