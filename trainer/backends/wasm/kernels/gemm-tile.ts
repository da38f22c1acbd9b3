/**
 * The innermost product: one tile of C from a packed panel of A and a packed panel of B, all of it in registers of 128
 * bits. 6 x 8 with fused multiply-add; without it 5 x 8, since the products then need registers too.
 */
import { Vector } from './vector-math';

export const TILE_ROWS: i32 = ASC_FEATURE_RELAXED_SIMD ? 6 : 5;
export const TILE_COLUMNS: i32 = 8;

/**
 * C = S + a · b over `depth` steps, all TILE_ROWS x TILE_COLUMNS; rows of S are `startNext` bytes apart, those of C
 * `next`, and S may be C, or one row with `startNext` 0. A step reads TILE_ROWS floats of a and TILE_COLUMNS of b.
 */
export function multiplyTile(depth: i32, a: usize, b: usize, start: usize, startNext: usize, c: usize, next: usize): void {
  let s = start;
  let c00 = v128.load(s);
  let c01 = v128.load(s, 16);
  s += startNext;
  let c10 = v128.load(s);
  let c11 = v128.load(s, 16);
  s += startNext;
  let c20 = v128.load(s);
  let c21 = v128.load(s, 16);
  s += startNext;
  let c30 = v128.load(s);
  let c31 = v128.load(s, 16);
  s += startNext;
  let c40 = v128.load(s);
  let c41 = v128.load(s, 16);
  if (TILE_ROWS == 6) s += startNext;
  let c50 = v128.load(s);
  let c51 = v128.load(s, 16);
  for (let k = 0; k < depth; k++) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let x = v128.load32_splat(a, 0);
    c00 = Vector.madd(x, b0, c00);
    c01 = Vector.madd(x, b1, c01);
    x = v128.load32_splat(a, 4);
    c10 = Vector.madd(x, b0, c10);
    c11 = Vector.madd(x, b1, c11);
    x = v128.load32_splat(a, 8);
    c20 = Vector.madd(x, b0, c20);
    c21 = Vector.madd(x, b1, c21);
    x = v128.load32_splat(a, 12);
    c30 = Vector.madd(x, b0, c30);
    c31 = Vector.madd(x, b1, c31);
    x = v128.load32_splat(a, 16);
    c40 = Vector.madd(x, b0, c40);
    c41 = Vector.madd(x, b1, c41);
    if (TILE_ROWS == 6) {
      x = v128.load32_splat(a, 20);
      c50 = Vector.madd(x, b0, c50);
      c51 = Vector.madd(x, b1, c51);
    }
    a += TILE_ROWS << 2;
    b += TILE_COLUMNS << 2;
  }
  v128.store(c, c00);
  v128.store(c, c01, 16);
  c += next;
  v128.store(c, c10);
  v128.store(c, c11, 16);
  c += next;
  v128.store(c, c20);
  v128.store(c, c21, 16);
  c += next;
  v128.store(c, c30);
  v128.store(c, c31, 16);
  c += next;
  v128.store(c, c40);
  v128.store(c, c41, 16);
  if (TILE_ROWS == 6) {
    c += next;
    v128.store(c, c50);
    v128.store(c, c51, 16);
  }
}
