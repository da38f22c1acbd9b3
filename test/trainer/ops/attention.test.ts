import assert from 'node:assert/strict';
import { attention, attentionComposite, type AttentionInputs } from '../../../trainer/ops/attention';
import { startsOf } from '../../../trainer/ops/sequences';
import * as tf from '../../../trainer/tensors';
import { assertClose, assertSameBits, randomBlock, seededRandom } from '../numbers';
import { VARIANTS, assertLikeComposite, differentiate, read, useWasm } from '../on-backends';

interface Shape {
  queries: readonly number[];
  keys: readonly number[];
  heads: number;
  keyHeads: number;
  size: number;
  causal: boolean;
  window?: number;
  /** Where each row's first query stands among its keys; its last stands at the last key when absent. */
  firstPlaces?: readonly number[];
  /** With a score for every distance up to this one. */
  reach?: number;
}

const alike = (lengths: readonly number[], heads: number, size: number, causal = false): Shape => ({
  queries: lengths,
  keys: lengths,
  heads,
  keyHeads: heads,
  size,
  causal,
});

const SHAPES: readonly Shape[] = [
  alike([1], 1, 1),
  alike([3, 3], 2, 5),
  alike([17, 2, 9], 3, 7),
  alike([33, 32], 1, 32),
  alike([70, 1, 64, 65], 2, 16), // two blocks of queries, and enough for two threads
  alike([130], 1, 8),
  alike([5, 0, 3], 2, 4),
  alike([17, 70, 1], 2, 8, true),
  { queries: [1, 1, 1], keys: [12, 1, 7], heads: 4, keyHeads: 4, size: 8, causal: false }, // the first token of each row asks
  { queries: [1, 3], keys: [9, 66], heads: 2, keyHeads: 2, size: 4, causal: true }, // tokens are generated behind others
  { queries: [6, 65], keys: [6, 65], heads: 6, keyHeads: 2, size: 5, causal: true }, // grouped queries
  { queries: [4, 0], keys: [0, 3], heads: 2, keyHeads: 1, size: 3, causal: false },
  { ...alike([20, 3, 1], 2, 5), window: 0 }, // itself alone
  { ...alike([150, 0, 70], 2, 8), window: 9 }, // blocks of queries that see neither the first nor the last keys
  { ...alike([140, 12], 1, 6, true), window: 30 },
  { ...alike([6, 9], 2, 4), window: 1000 },
  { queries: [1, 1, 1], keys: [12, 1, 7], heads: 2, keyHeads: 2, size: 3, causal: false, window: 2, firstPlaces: [0, 0, 5] },
  { queries: [70, 2], keys: [40, 90], heads: 4, keyHeads: 2, size: 3, causal: false, window: 5, firstPlaces: [0, 80] }, // some see no key
  { ...alike([9, 70, 0, 1], 3, 5), reach: 69 },
  { ...alike([70, 11], 2, 4, true), reach: 80, window: 20 },
  { queries: [1, 3], keys: [8, 6], heads: 4, keyHeads: 2, size: 3, causal: false, reach: 7, firstPlaces: [0, 2] },
];

describe('attention', () => {
  for (const shape of SHAPES) {
    it(`agrees with plain loops for ${describeShape(shape)}`, async () => {
      const blocks = randomInputs(shape, 1); // query, key, value and, with a reach, bias
      const expected = attentionByLoops(
        blocks.map(({ values }) => values),
        shape,
      );
      for (const variant of VARIANTS) {
        await useWasm(variant);
        const context = tf.tidy(() => {
          const tensors = blocks.map(({ values, shape: extents }) => tf.tensor(values, extents));
          return read(attend(attention, shape)(...tensors));
        });
        assertClose(context, expected, 1e-5, 'attention');
      }
    });

    it(`has the gradients of its composite for ${describeShape(shape)}`, async () => {
      await assertLikeComposite({
        inputs: randomInputs(shape, 2),
        fused: (...inputs) => attend(attention, shape)(...inputs),
        composite: (...inputs) => attend(attentionComposite, shape)(...inputs),
        tolerance: 2e-5,
        what: 'attention',
      });
    });
  }

  it('gives a row the same bits alone and among others', async () => {
    const shape = alike([9, 40, 3], 4, 8);
    await useWasm();
    const blocks = randomInputs(shape, 3);
    const run = (shapeOfRun: Shape, from: number, to: number) =>
      tf.tidy(() => {
        const part = blocks.map(({ values }) => tf.tensor2d(values.slice(from * 32, to * 32), [to - from, 32]));
        return read(attend(attention, shapeOfRun)(...part));
      });
    assertSameBits(run(alike([40], 4, 8), 9, 49), run(shape, 0, 52).slice(9 * 32, 49 * 32), 'the second row');
  });

  it('survives scores far beyond the range of exp', async () => {
    assert.deepEqual(await attendByHand([[300], [300]], [[300], [-300]], [[7], [9]]), [7, 7]);
  });

  it('gives a weight of exactly zero where exp underflows', async () => {
    assert.deepEqual(await attendByHand([[10], [10]], [[10], [-10]], [[7], [3e38]]), [7, 7]);
  });

  it('keeps NaN of a query in its own row', async () => {
    assert.deepEqual(await attendByHand([[NaN], [1]], [[1], [1]], [[1], [1]]), [NaN, 1]);
  });

  it('gives the bits of one thread on two, whose scratch is their own', async () => {
    const shape = alike([100, 100, 100, 100], 4, 16);
    const run = () => differentiate((...inputs) => attend(attention, shape)(...inputs), randomInputs(shape, 21));
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

  it('refuses heads that do not divide the hidden size, and starts that end elsewhere', () => {
    const x = tf.zeros<tf.Rank.R2>([2, 4]);
    const starts = startsOf([2]);
    const given = { query: x, key: x, value: x, keyStarts: starts };
    assert.throws(() => attention({ ...given, queryStarts: starts, heads: 3 }), /3 heads.*do not fit/);
    assert.throws(() => attention({ ...given, queryStarts: startsOf([3]), heads: 2 }), /end at 3 and 2 do not fit/);
    const fitting = { ...given, queryStarts: starts, heads: 2 };
    assert.throws(() => attention({ ...fitting, window: -1 }), /window of -1 places/);
    assert.throws(() => attention({ ...fitting, firstPlaces: Int32Array.of(0, 0) }), /2 first places for 1 rows/);
    assert.throws(
      () => attention({ ...fitting, bias: tf.zeros([2, 1]) }),
      /bias \[2, 1\] does not fit 2 heads and keys up to 1 places away/,
    );
    x.dispose();
  });
});

/** The op as a function of query, key and value. */
function attend(op: (inputs: AttentionInputs) => tf.Tensor2D, { queries, keys, firstPlaces, window, ...sizes }: Shape) {
  const { heads, keyHeads, causal } = sizes;
  return (query?: tf.Tensor, key?: tf.Tensor, value?: tf.Tensor, bias?: tf.Tensor): tf.Tensor2D =>
    op({
      ...(window === undefined ? {} : { window }),
      ...(firstPlaces ? { firstPlaces: Int32Array.from(firstPlaces) } : {}),
      ...(bias ? { bias: bias as tf.Tensor2D } : {}),
      query: query as tf.Tensor2D,
      key: key as tf.Tensor2D,
      value: value as tf.Tensor2D,
      queryStarts: startsOf(queries),
      keyStarts: startsOf(keys),
      heads,
      keyHeads,
      causal,
    });
}

async function attendByHand(query: number[][], key: number[][], value: number[][]): Promise<number[]> {
  await useWasm();
  const shape = alike([query.length], 1, 1);
  return tf.tidy(() => [...read(attend(attention, shape)(tf.tensor2d(query), tf.tensor2d(key), tf.tensor2d(value)))]);
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

function randomInputs({ queries, keys, heads, keyHeads, size, reach }: Shape, seed: number) {
  const random = seededRandom(seed);
  return [
    randomBlock(random, sum(queries), heads * size),
    randomBlock(random, sum(keys), keyHeads * size),
    randomBlock(random, sum(keys), keyHeads * size),
    ...(reach === undefined ? [] : [randomBlock(random, heads, 2 * reach + 1)]),
  ];
}

function attentionByLoops([query, key, value, bias]: readonly Float32Array[], shape: Shape): number[] {
  const { queries, keys, heads, keyHeads, size, causal, window = Infinity, reach = 0 } = shape;
  const range = (n: number) => Array.from({ length: n }, (_, i) => i);
  return queries.flatMap((count, row) => {
    const [queryStart, keyStart] = [sum(queries.slice(0, row)), sum(keys.slice(0, row))];
    const length = keys[row] ?? 0;
    const firstPlace = shape.firstPlaces?.[row] ?? length - count;
    return range(count).flatMap((i) =>
      range(heads).flatMap((head) => {
        const keyHead = Math.floor((head * keyHeads) / heads);
        const place = firstPlace + i;
        const visible = range(length).filter((j) => (!causal || j <= place) && Math.abs(j - place) <= window);
        const added = (j: number) => bias?.[head * (2 * reach + 1) + reach + j - place] ?? 0;
        const ofKey = (x: Float32Array | undefined, j: number, d: number) =>
          x?.[(keyStart + j) * keyHeads * size + keyHead * size + d] ?? NaN;
        const ofQuery = (d: number) => query?.[(queryStart + i) * heads * size + head * size + d] ?? NaN;
        const weights = visible.map((j) =>
          Math.exp(sum(range(size).map((d) => ofQuery(d) * ofKey(key, j, d))) / Math.sqrt(size) + added(j)),
        );
        return range(size).map((d) => sum(visible.map((j, at) => ((weights[at] ?? NaN) * ofKey(value, j, d)) / sum(weights))));
      }),
    );
  });
}

function describeShape({ queries, keys, heads, keyHeads, size, causal, window, firstPlaces, reach }: Shape): string {
  const options = [
    causal ? ', causal' : '',
    window === undefined ? '' : `, within ${window} places`,
    firstPlaces ? `, queries from ${firstPlaces.join('+')}` : '',
    reach === undefined ? '' : ', with a bias',
  ];
  return `${queries.join('+')} queries on ${keys.join('+')} keys, ${heads}/${keyHeads} heads of ${size}${options.join('')}`;
}
