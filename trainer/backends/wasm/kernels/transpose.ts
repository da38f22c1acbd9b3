/** Transposes a matrix, and makes one of a column. */

const BLOCK: i32 = 16;

/** out [columns, rows] = x [rows, columns]ᵀ for the rows `from` to `to` of x; in square blocks, so that both sides stay in the cache. */
export function transpose(from: i32, to: i32, rows: i32, columns: i32, x: usize, out: usize): void {
  for (let i = from; i < to; i += BLOCK) {
    for (let j = 0; j < columns; j += BLOCK) {
      transposeBlock(i, min(i + BLOCK, to), j, min(j + BLOCK, columns), rows, columns, x, out);
    }
  }
}

function transposeBlock(top: i32, bottom: i32, left: i32, right: i32, rows: i32, columns: i32, x: usize, out: usize): void {
  for (let j = left; j < right; j++) {
    for (let i = top; i < bottom; i++) {
      store<f32>(out + ((j * rows + i) << 2), load<f32>(x + ((i * columns + j) << 2)));
    }
  }
}

/** out [columns, rows] = x [rows, columns]ᵀ for the rows `from` to `to` of x; rows lie `xNext` and `outNext` floats apart. */
export function transposeStrided(from: i32, to: i32, columns: i32, x: usize, xNext: i32, out: usize, outNext: i32): void {
  for (let i = from; i < to; i++) {
    for (let j = 0; j < columns; j++) store<f32>(out + ((j * outNext + i) << 2), load<f32>(x + ((i * xNext + j) << 2)));
  }
}

/** Each of the rows `from` to `to` of out [rows, columns] is one number of x [rows]. */
export function repeatColumn(from: i32, to: i32, columns: i32, x: usize, out: usize): void {
  for (let i = from; i < to; i++) {
    const value = load<f32>(x + (i << 2));
    for (let j = 0; j < columns; j++) store<f32>(out + ((i * columns + j) << 2), value);
  }
}
