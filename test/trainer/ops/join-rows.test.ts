import assert from 'node:assert/strict';
import { registerWasmBackend } from '../../../trainer/backends/wasm/register';
import { joinRows, joinRowsComposite } from '../../../trainer/ops/join-rows';
import { startsOf } from '../../../trainer/ops/sequences';
import * as tf from '../../../trainer/tensors';
import { randomBlock, seededRandom } from '../numbers';
import { read, useWasm, VARIANTS } from '../on-backends';

const random = seededRandom(3);
const packed = (lengths: readonly number[], width: number) => {
  const starts = startsOf(lengths);
  return { starts, x: tf.tensor2d(randomBlock(random, starts.at(-1) ?? 0, width).values, [starts.at(-1) ?? 0, width]) };
};

describe('joinRows', () => {
  it('puts each row behind the same row of the other', async () => {
    await useWasm();
    tf.tidy(() => {
      const first = { x: tf.tensor2d([[1], [2], [3]]), starts: Int32Array.of(0, 2, 2, 3) };
      const second = { x: tf.tensor2d([[10], [20], [30], [40]]), starts: Int32Array.of(0, 1, 3, 4) };
      const joined = joinRows(first, second);
      assert.deepEqual([...read(joined.x)], [1, 2, 10, 20, 30, 3, 40]);
      assert.deepEqual([...joined.starts], [0, 3, 5, 7]);
    });
  });

  for (const [before, added] of [
    [[5], [1]],
    [
      [3, 0, 7, 2],
      [1, 1, 0, 4],
    ],
  ] as const)
    it(`gives the bits of its composite for rows of ${before.join()} and ${added.join()}`, async () => {
      for (const variant of VARIANTS) {
        await useWasm(variant);
        for (const width of [1, 3, 16, 50])
          tf.tidy(() => {
            const [first, second] = [packed(before, width), packed(added, width)];
            assert.deepEqual(read(joinRows(first, second).x), read(joinRowsComposite(first, second)));
          });
      }
    });

  it('finds its inputs when the heap grows for its output', async () => {
    const backend = registerWasmBackend({ build: 'simd', threads: 1, name: 'join-rows-growth' });
    await tf.setBackend('join-rows-growth');
    tf.tidy(() => {
      const tokens = Math.ceil(backend.heap.memory.buffer.byteLength / 4000);
      const long = { x: tf.fill<tf.Rank.R2>([tokens, 1000], 7), starts: Int32Array.of(0, tokens) };
      const one = { x: tf.fill<tf.Rank.R2>([1, 1000], 8), starts: Int32Array.of(0, 1) };
      const { x } = joinRows(long, one);
      assert.deepEqual([...read(tf.slice(x, [tokens - 1, 999], [2, 1]))], [7, 8]);
    });
    await useWasm();
    tf.removeBackend('join-rows-growth');
  });

  it('refuses rows that do not fit', async () => {
    await useWasm();
    const attempt = (tokens: number, width: number, rows: readonly number[]) => () =>
      tf.tidy(() => joinRows(packed([2, 3], 4), { x: tf.ones([tokens, width]), starts: startsOf(rows) }).x);
    for (const misfit of [attempt(2, 3, [1, 1]), attempt(2, 4, [1, 1, 0]), attempt(3, 4, [1, 1])])
      assert.throws(misfit, /joinRows: .*do not fit/);
  });
});
