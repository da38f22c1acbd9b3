/**
 * Copies a block of a matrix into panels that the tile reads from front to back. Panels are padded with zeros to whole
 * tiles; what the padding yields is never stored.
 */
import { TILE_COLUMNS, TILE_ROWS } from './gemm-tile';

/** Panels of TILE_ROWS rows of op(A), from row 0 and depth 0 at `a`: for each step of depth, TILE_ROWS floats. */
export function packA(a: usize, next: i32, transposed: bool, rows: i32, depth: i32, out: usize): void {
  const rowStep = (transposed ? 4 : next << 2) as usize;
  const depthStep = (transposed ? next << 2 : 4) as usize;
  for (let i = 0; i < rows; i += TILE_ROWS) {
    const panelRows = min(TILE_ROWS, rows - i);
    if (panelRows == TILE_ROWS) packWholeRows(a, rowStep, depthStep, depth, out);
    else packPart(a, rowStep, depthStep, panelRows, TILE_ROWS, depth, out);
    a += (TILE_ROWS as usize) * rowStep;
    out += (TILE_ROWS << 2) * depth;
  }
}

/** Panels of 8 columns of op(B), from depth 0 and column 0 at `b`: for each step of depth, 8 floats. */
export function packB(b: usize, next: i32, transposed: bool, depth: i32, columns: i32, out: usize): void {
  const columnStep = (transposed ? next << 2 : 4) as usize;
  const depthStep = (transposed ? 4 : next << 2) as usize;
  for (let j = 0; j < columns; j += TILE_COLUMNS) {
    const panelColumns = min(TILE_COLUMNS, columns - j);
    if (panelColumns < TILE_COLUMNS) packPart(b, columnStep, depthStep, panelColumns, TILE_COLUMNS, depth, out);
    else if (transposed) packColumnsTransposed(b, columnStep, depth, out);
    else packColumns(b, depthStep, depth, out);
    b += (TILE_COLUMNS as usize) * columnStep;
    out += (TILE_COLUMNS << 2) * depth;
  }
}

function packWholeRows(p: usize, rowStep: usize, depthStep: usize, depth: i32, out: usize): void {
  for (let k = 0; k < depth; k++) {
    store<f32>(out, load<f32>(p));
    store<f32>(out, load<f32>(p + rowStep), 4);
    store<f32>(out, load<f32>(p + rowStep * 2), 8);
    store<f32>(out, load<f32>(p + rowStep * 3), 12);
    store<f32>(out, load<f32>(p + rowStep * 4), 16);
    if (TILE_ROWS == 6) store<f32>(out, load<f32>(p + rowStep * 5), 20);
    p += depthStep;
    out += TILE_ROWS << 2;
  }
}

function packColumns(p: usize, depthStep: usize, depth: i32, out: usize): void {
  for (let k = 0; k < depth; k++) {
    v128.store(out, v128.load(p));
    v128.store(out, v128.load(p, 16), 16);
    p += depthStep;
    out += 32;
  }
}

/** Eight columns that lie in memory as rows: four steps of depth at a time. */
function packColumnsTransposed(p: usize, columnStep: usize, depth: i32, out: usize): void {
  let k = depth;
  for (; k >= 4; k -= 4) {
    transposeFour(p, columnStep, out);
    transposeFour(p + columnStep * 4, columnStep, out + 16);
    p += 16;
    out += 128;
  }
  packPart(p, columnStep, 4, TILE_COLUMNS, TILE_COLUMNS, k, out);
}

/** A 4 x 4 block from rows `step` bytes apart to rows 32 bytes apart. */
function transposeFour(p: usize, step: usize, out: usize): void {
  const r0 = v128.load(p);
  const r1 = v128.load(p + step);
  const r2 = v128.load(p + step * 2);
  const r3 = v128.load(p + step * 3);
  const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
  const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
  const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
  const high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
  v128.store(out, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5));
  v128.store(out, v128.shuffle<f32>(low01, low23, 2, 3, 6, 7), 32);
  v128.store(out, v128.shuffle<f32>(high01, high23, 0, 1, 4, 5), 64);
  v128.store(out, v128.shuffle<f32>(high01, high23, 2, 3, 6, 7), 96);
}

/** `lanes` of `width` are read, the others become zero. */
function packPart(p: usize, laneStep: usize, depthStep: usize, lanes: i32, width: i32, depth: i32, out: usize): void {
  for (let k = 0; k < depth; k++) {
    for (let t = 0; t < width; t++) store<f32>(out + (t << 2), t < lanes ? load<f32>(p + (t as usize) * laneStep) : 0);
    p += depthStep;
    out += width << 2;
  }
}
