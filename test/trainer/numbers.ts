/** Seeded arrays, and comparison of arrays, for tests of tensors. */
import assert from 'node:assert/strict';
import type { Random } from '../../trainer/ops/dropout';

/** An array with its shape, on no backend yet. */
export interface Block {
  readonly shape: number[];
  readonly values: Float32Array;
}

/** mulberry32. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return {
    next: () => {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    },
  };
}

/** Uniform in [-2, 2). */
export function randomBlock(random: Random, ...shape: number[]): Block {
  const size = shape.reduce((product, extent) => product * extent, 1);
  return { shape, values: Float32Array.from({ length: size }, () => random.next() * 4 - 2) };
}

export function randomInteger(random: Random, limit: number): number {
  return Math.floor(random.next() * limit);
}

/** |actual - expected| ≤ tolerance · (1 + |expected|) for each element; NaN equals NaN and infinities equal themselves. */
export function assertClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, what: string): void {
  assert.equal(actual.length, expected.length, `${what}: number of elements`);
  for (let i = 0; i < expected.length; i++) {
    const a = actual[i] ?? NaN;
    const e = expected[i] ?? NaN;
    const equal = Object.is(a, e) || Math.abs(a - e) <= tolerance * (1 + Math.abs(e));
    assert.ok(equal, `${what}: element ${i} of ${expected.length} is ${a}, expected ${e}`);
  }
}

/** The very same bits, NaN included. */
export function assertSameBits(actual: Float32Array, expected: Float32Array, what: string): void {
  const bits = (values: Float32Array) => new Uint32Array(Float32Array.from(values).buffer);
  assert.deepEqual(bits(actual), bits(expected), what);
}
