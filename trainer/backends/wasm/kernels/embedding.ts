/** Row lookup and its gradient. Ids are checked by the caller: here they are addresses. */
import { loadPart, storePart } from './vector-math';

/** out [n, width] = table[ids]. */
export function gatherRows(n: i32, width: i32, table: usize, ids: usize, out: usize): void {
  const bytes = (width as usize) << 2;
  for (let i = 0; i < n; i++) {
    memory.copy(out, table + (load<u32>(ids) as usize) * bytes, bytes);
    ids += 4;
    out += bytes;
  }
}

/**
 * out[ids[i]] += x[i] for i = 0 … n - 1 in this order, in the columns `first` to `first + columns` only. Rows of x and
 * out are `width` wide. A thread owns columns, so the order of additions does not depend on the number of threads.
 */
export function scatterAddRows(n: i32, width: i32, first: i32, columns: i32, x: usize, ids: usize, out: usize): void {
  const bytes = (width as usize) << 2;
  const offset = (first as usize) << 2;
  for (let i = 0; i < n; i++) {
    addRow(columns, x + offset, out + (load<u32>(ids) as usize) * bytes + offset);
    ids += 4;
    x += bytes;
  }
}

function addRow(columns: i32, x: usize, sum: usize): void {
  let j = columns;
  for (; j >= 4; j -= 4) {
    v128.store(sum, f32x4.add(v128.load(sum), v128.load(x)));
    x += 16;
    sum += 16;
  }
  if (j > 0) storePart(sum, f32x4.add(loadPart(sum, j), loadPart(x, j)), j);
}
