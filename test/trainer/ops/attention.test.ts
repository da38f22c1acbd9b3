import assert from 'node:assert/strict';
import { maskedAttention, maskedAttentionComposite } from '../../../trainer/ops/attention';
import * as tf from '../../../trainer/tensors';
import { assertClose, assertSameBits, randomBlock, seededRandom } from '../numbers';
import { VARIANTS, assertLikeComposite, differentiate, read, useWasm } from '../on-backends';

interface Shape {
  batch: number;
  length: number;
  heads: number;
  size: number;
}

const SHAPES: readonly Shape[] = [
  { batch: 1, length: 1, heads: 1, size: 1 },
  { batch: 2, length: 3, heads: 2, size: 5 },
  { batch: 3, length: 17, heads: 3, size: 7 },
  { batch: 2, length: 33, heads: 1, size: 32 },
  { batch: 2, length: 70, heads: 2, size: 16 }, // two blocks of queries, and enough for two threads
  { batch: 1, length: 130, heads: 1, size: 8 },
];

describe('maskedAttention', () => {
  for (const shape of SHAPES) {
    const { batch, length, heads, size } = shape;
    it(`agrees with plain loops for ${describeShape(shape)}`, async () => {
      const random = seededRandom(length);
      const [query, key, value] = [0, 1, 2].map(() => randomBlock(random, batch * length, heads * size).values);
      const mask = paddingMask(shape);
      assert.ok(query && key && value);
      for (const variant of VARIANTS) {
        await useWasm(variant);
        const context = tf.tidy(() => {
          const tensor = (values: Float32Array) => tf.tensor2d(values, [batch * length, heads * size]);
          return read(
            maskedAttention({
              query: tensor(query),
              key: tensor(key),
              value: tensor(value),
              mask: tf.tensor2d(mask, [batch, length]),
              heads,
            }),
          );
        });
        assertClose(context, attentionByLoops(query, key, value, mask, shape), 1e-5, 'attention');
      }
    });

    it(`has the gradients of its composite for ${describeShape(shape)}`, async () => {
      const random = seededRandom(length + 1);
      const withMask = (attention: typeof maskedAttention) => (query: tf.Tensor, key: tf.Tensor, value: tf.Tensor) =>
        attention({
          query: query as tf.Tensor2D,
          key: key as tf.Tensor2D,
          value: value as tf.Tensor2D,
          mask: tf.tensor2d(paddingMask(shape), [batch, length]),
          heads,
        });
      await assertLikeComposite({
        inputs: [0, 1, 2].map(() => randomBlock(random, batch * length, heads * size)),
        fused: (q, k, v) => withMask(maskedAttention)(q, k, v),
        composite: (q, k, v) => withMask(maskedAttentionComposite)(q, k, v),
        tolerance: 2e-5,
        what: 'attention',
      });
    });
  }

  it('is not moved at all by what padded keys and values hold', async () => {
    await useWasm();
    const mask = tf.tensor2d([[1, 1, 0]]);
    const [x] = [randomBlock(seededRandom(5), 3, 4).values];
    assert.ok(x);
    const attend = (padding: number) =>
      tf.tidy(() => {
        const other = Float32Array.from(x, (v, i) => (i >= 8 ? padding : v));
        const [q, kv] = [tf.tensor2d(x, [3, 4]), tf.tensor2d(other, [3, 4])];
        return [...read(maskedAttention({ query: q, key: kv, value: kv, mask, heads: 2 }))];
      });
    assert.deepEqual(attend(1e6), attend(-3));
    mask.dispose();
  });

  it('gives zeros, not NaN, for a sequence that is all padding', async () => {
    await useWasm();
    const values = tf.tidy(() => {
      const x = tf.ones<tf.Rank.R2>([4, 2]);
      return read(
        maskedAttention({
          query: x,
          key: x,
          value: x,
          mask: tf.tensor2d([
            [0, 0],
            [1, 1],
          ]),
          heads: 1,
        }),
      );
    });
    assertClose(values, [0, 0, 0, 0, 1, 1, 1, 1], 1e-6, 'attention');
  });

  it('survives scores far beyond the range of exp', async () => {
    await useWasm();
    const values = tf.tidy(() => {
      const query = tf.tensor2d([[300], [300]]);
      const key = tf.tensor2d([[300], [-300]]);
      return read(maskedAttention({ query, key, value: tf.tensor2d([[7], [9]]), mask: tf.ones([1, 2]), heads: 1 }));
    });
    assert.deepEqual([...values], [7, 7]);
  });

  it('gives a weight of exactly zero where exp underflows', async () => {
    await useWasm();
    const values = tf.tidy(() => {
      const [query, key] = [tf.tensor2d([[10], [10]]), tf.tensor2d([[10], [-10]])];
      return read(maskedAttention({ query, key, value: tf.tensor2d([[7], [3e38]]), mask: tf.ones([1, 2]), heads: 1 }));
    });
    assert.deepEqual([...values], [7, 7]);
  });

  it('keeps NaN of a query in its own row', async () => {
    await useWasm();
    const values = tf.tidy(() => {
      const query = tf.tensor2d([[NaN], [1]]);
      const other = tf.tensor2d([[1], [1]]);
      return read(maskedAttention({ query, key: other, value: other, mask: tf.ones([1, 2]), heads: 1 }));
    });
    assert.deepEqual([...values], [NaN, 1]);
  });

  it('gives the bits of one thread on two, whose scratch is their own', async () => {
    const random = seededRandom(21);
    const [query, key, value] = [randomBlock(random, 400, 64), randomBlock(random, 400, 64), randomBlock(random, 400, 64)];
    const withHeads = (q: tf.Tensor, k: tf.Tensor, v: tf.Tensor) =>
      maskedAttention({
        query: q as tf.Tensor2D,
        key: k as tf.Tensor2D,
        value: v as tf.Tensor2D,
        mask: tf.ones([4, 100]),
        heads: 4,
      });
    const run = () => differentiate(withHeads, [query, key, value]);
    await useWasm({ build: 'relaxed', threads: 1 });
    const expected = run();
    await useWasm({ build: 'relaxed', threads: 2 });
    for (let i = 0; i < 10; i++) {
      const actual = run();
      assertSameBits(actual.value, expected.value, `value, run ${i}`);
      actual.gradients.forEach((gradient, j) => {
        assertSameBits(gradient, expected.gradients[j] ?? gradient.subarray(1), `gradient ${j}, run ${i}`);
      });
    }
  });

  it('takes an int32 mask', async () => {
    await useWasm();
    const values = tf.tidy(() => {
      const x = tf.tensor2d([[1], [2]]);
      return read(maskedAttention({ query: x, key: x, value: x, mask: tf.tensor2d([[1, 0]], [1, 2], 'int32'), heads: 1 }));
    });
    assert.deepEqual([...values], [1, 1]);
  });

  it('refuses heads that do not divide the hidden size', () => {
    const x = tf.zeros<tf.Rank.R2>([2, 4]);
    assert.throws(() => maskedAttention({ query: x, key: x, value: x, mask: tf.ones([1, 2]), heads: 3 }), /3 heads do not fit/);
  });
});

/** The last third of odd sequences is padding. */
function paddingMask({ batch, length }: Shape): Float32Array {
  return Float32Array.from({ length: batch * length }, (_, i) =>
    Math.floor(i / length) % 2 === 1 && i % length >= (length * 2) / 3 ? 0 : 1,
  );
}

function attentionByLoops(
  query: Float32Array,
  key: Float32Array,
  value: Float32Array,
  mask: Float32Array,
  shape: Shape,
): number[] {
  const { batch, length, heads, size } = shape;
  const at = (x: Float32Array, b: number, token: number, h: number, d: number) =>
    x[(b * length + token) * heads * size + h * size + d] ?? NaN;
  const range = (n: number) => Array.from({ length: n }, (_, i) => i);
  const out = new Array<number>(query.length).fill(0);
  for (const b of range(batch))
    for (const h of range(heads))
      for (const i of range(length)) {
        const scores = range(length).map(
          (j) => range(size).reduce((sum, d) => sum + at(query, b, i, h, d) * at(key, b, j, h, d), 0) / Math.sqrt(size),
        );
        const weights = scores.map((score, j) => (mask[b * length + j] === 1 ? Math.exp(score) : 0));
        const total = weights.reduce((sum, w) => sum + w, 0);
        for (const d of range(size)) {
          out[(b * length + i) * heads * size + h * size + d] = weights.reduce(
            (sum, w, j) => sum + (w / total) * at(value, b, j, h, d),
            0,
          );
        }
      }
  return out;
}

function describeShape({ batch, length, heads, size }: Shape): string {
  return `${batch} sequences of ${length}, ${heads} heads of ${size}`;
}
