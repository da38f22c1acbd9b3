/**
 * The innermost product for processors whose vectors have 256 bits: V8 joins two neighbouring operations of 128 bits to
 * one when it compiles with --experimental-wasm-revectorize. 6 x 16 then fills 12 of 16 registers. Takes the place of
 * gemm-tile.ts in the `wide` build. The sums are those of the narrow tile, bit for bit.
 */
import { Vector } from './vector-math';

export const TILE_ROWS: i32 = 6;
export const TILE_COLUMNS: i32 = 16;

/** As in gemm-tile.ts. No branches, and each store beside its neighbour: V8 finds the pairs from there. */
export function multiplyTile(depth: i32, a: usize, b: usize, start: usize, startNext: usize, c: usize, next: usize): void {
  let s = start;
  let c00 = v128.load(s);
  let c01 = v128.load(s, 16);
  let c02 = v128.load(s, 32);
  let c03 = v128.load(s, 48);
  s += startNext;
  let c10 = v128.load(s);
  let c11 = v128.load(s, 16);
  let c12 = v128.load(s, 32);
  let c13 = v128.load(s, 48);
  s += startNext;
  let c20 = v128.load(s);
  let c21 = v128.load(s, 16);
  let c22 = v128.load(s, 32);
  let c23 = v128.load(s, 48);
  s += startNext;
  let c30 = v128.load(s);
  let c31 = v128.load(s, 16);
  let c32 = v128.load(s, 32);
  let c33 = v128.load(s, 48);
  s += startNext;
  let c40 = v128.load(s);
  let c41 = v128.load(s, 16);
  let c42 = v128.load(s, 32);
  let c43 = v128.load(s, 48);
  s += startNext;
  let c50 = v128.load(s);
  let c51 = v128.load(s, 16);
  let c52 = v128.load(s, 32);
  let c53 = v128.load(s, 48);
  for (let k = 0; k < depth; k++) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const b2 = v128.load(b, 32);
    const b3 = v128.load(b, 48);
    let x = v128.load32_splat(a, 0);
    c00 = Vector.madd(x, b0, c00);
    c01 = Vector.madd(x, b1, c01);
    c02 = Vector.madd(x, b2, c02);
    c03 = Vector.madd(x, b3, c03);
    x = v128.load32_splat(a, 4);
    c10 = Vector.madd(x, b0, c10);
    c11 = Vector.madd(x, b1, c11);
    c12 = Vector.madd(x, b2, c12);
    c13 = Vector.madd(x, b3, c13);
    x = v128.load32_splat(a, 8);
    c20 = Vector.madd(x, b0, c20);
    c21 = Vector.madd(x, b1, c21);
    c22 = Vector.madd(x, b2, c22);
    c23 = Vector.madd(x, b3, c23);
    x = v128.load32_splat(a, 12);
    c30 = Vector.madd(x, b0, c30);
    c31 = Vector.madd(x, b1, c31);
    c32 = Vector.madd(x, b2, c32);
    c33 = Vector.madd(x, b3, c33);
    x = v128.load32_splat(a, 16);
    c40 = Vector.madd(x, b0, c40);
    c41 = Vector.madd(x, b1, c41);
    c42 = Vector.madd(x, b2, c42);
    c43 = Vector.madd(x, b3, c43);
    x = v128.load32_splat(a, 20);
    c50 = Vector.madd(x, b0, c50);
    c51 = Vector.madd(x, b1, c51);
    c52 = Vector.madd(x, b2, c52);
    c53 = Vector.madd(x, b3, c53);
    a += TILE_ROWS << 2;
    b += TILE_COLUMNS << 2;
  }
  v128.store(c, c00);
  v128.store(c, c01, 16);
  v128.store(c, c02, 32);
  v128.store(c, c03, 48);
  c += next;
  v128.store(c, c10);
  v128.store(c, c11, 16);
  v128.store(c, c12, 32);
  v128.store(c, c13, 48);
  c += next;
  v128.store(c, c20);
  v128.store(c, c21, 16);
  v128.store(c, c22, 32);
  v128.store(c, c23, 48);
  c += next;
  v128.store(c, c30);
  v128.store(c, c31, 16);
  v128.store(c, c32, 32);
  v128.store(c, c33, 48);
  c += next;
  v128.store(c, c40);
  v128.store(c, c41, 16);
  v128.store(c, c42, 32);
  v128.store(c, c43, 48);
  c += next;
  v128.store(c, c50);
  v128.store(c, c51, 16);
  v128.store(c, c52, 32);
  v128.store(c, c53, 48);
}
