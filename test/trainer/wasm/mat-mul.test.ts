import assert from 'node:assert/strict';
import * as tf from '../../../trainer/tensors';
import { assertClose, assertSameBits, randomBlock, randomInteger, seededRandom } from '../numbers';
import type { Block } from '../numbers';
import { VARIANTS, differentiate, read, useWasm } from '../on-backends';

interface Case {
  m: number;
  n: number;
  depth: number;
  transposeA: boolean;
  transposeB: boolean;
}

/** Around the edges of tiles (5, 6, 8), vectors (4) and blocks (96, 384, 512). */
const EXTENTS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 17, 33, 64, 95, 97];

describe('BatchMatMul on the wasm backend', () => {
  it('agrees with plain loops for 120 random shapes with all transposes', async () => {
    const random = seededRandom(11);
    for (let i = 0; i < 120; i++) {
      const pick = () => EXTENTS[randomInteger(random, EXTENTS.length)] ?? 1;
      await requireProduct({ m: pick(), n: pick(), depth: pick(), transposeA: i % 2 === 1, transposeB: i % 4 > 1 }, i);
    }
  });

  for (const shape of [
    { m: 3, n: 5, depth: 800 },
    { m: 2, n: 1030, depth: 9 },
    { m: 200, n: 9, depth: 390 },
    { m: 601, n: 40, depth: 3 },
    { m: 40, n: 420, depth: 64 }, // enough for two threads, by columns
  ]) {
    it(`crosses its blocks correctly for [${shape.m}, ${shape.depth}] by [${shape.depth}, ${shape.n}]`, async () => {
      for (const transposeA of [false, true])
        for (const transposeB of [false, true]) await requireProduct({ ...shape, transposeA, transposeB }, 5);
    });
  }

  for (const [a, b] of [
    [
      [3, 2, 4],
      [3, 4, 5],
    ],
    [
      [1, 2, 4],
      [3, 4, 5],
    ],
    [
      [3, 2, 4],
      [1, 4, 5],
    ],
    [
      [2, 1, 2, 4],
      [2, 1, 4, 3],
    ],
    [
      [2, 1, 2, 4],
      [1, 3, 4, 2],
    ],
    [
      [2, 1, 2, 4],
      [1, 2, 4, 3],
    ],
  ] as const) {
    it(`multiplies batches [${a.join()}] by [${b.join()}] as the cpu backend does`, async () => {
      const random = seededRandom(4);
      const inputs = [randomBlock(random, ...a), randomBlock(random, ...b)];
      const product = () =>
        tf.tidy(() => {
          const [x, y] = inputs.map(toTensor);
          assert.ok(x && y);
          const result = tf.matMul(x, y);
          return { shape: result.shape, values: read(result) };
        });
      await tf.setBackend('cpu');
      const expected = product();
      await useWasm();
      const actual = product();
      assert.deepEqual(actual.shape, expected.shape);
      assertClose(actual.values, expected.values, 1e-5, 'product');
    });
  }

  it('has the gradients of the cpu backend', async () => {
    const random = seededRandom(6);
    const inputs = [randomBlock(random, 7, 5), randomBlock(random, 9, 5)];
    const multiply = (x: tf.Tensor, y: tf.Tensor) => tf.matMul(x, y, false, true);
    await tf.setBackend('cpu');
    const expected = differentiate((x, y) => multiply(x, y), inputs);
    await useWasm();
    const actual = differentiate((x, y) => multiply(x, y), inputs);
    actual.gradients.forEach((gradient, i) => {
      assertClose(gradient, expected.gradients[i] ?? [], 1e-5, `gradient ${i}`);
    });
  });

  it('gives the same bits twice, and the same bits on one thread, two and three', async () => {
    const random = seededRandom(12);
    const [a, b] = [randomBlock(random, 257, 390), randomBlock(random, 131, 390)];
    const product = () => tf.tidy(() => read(tf.matMul(toTensor(a) as tf.Tensor2D, toTensor(b) as tf.Tensor2D, false, true)));
    await useWasm({ build: 'relaxed', threads: 1 });
    const one = product();
    for (const threads of [1, 2, 3]) {
      await useWasm({ build: 'relaxed', threads });
      assertSameBits(product(), one, `${threads} threads`);
    }
  });

  it('puts NaN and infinity where they belong and nowhere else', async () => {
    for (const variant of VARIANTS) {
      await useWasm(variant);
      const a = randomBlock(seededRandom(2), 7, 5);
      a.values[2 * 5 + 1] = NaN;
      a.values[4 * 5 + 4] = Infinity;
      const values = tf.tidy(() => read(tf.matMul(toTensor(a) as tf.Tensor2D, tf.ones([5, 9]))));
      const kinds = Array.from({ length: 7 }, (_, row) => values.subarray(row * 9, row * 9 + 9));
      kinds.forEach((row, i) => {
        assert.ok(
          row.every((v) => (i === 2 ? Number.isNaN(v) : i === 4 ? v === Infinity : Number.isFinite(v))),
          `row ${i}`,
        );
      });
    }
  });

  it('leaves empty matrices and integers to the cpu kernel', async () => {
    await useWasm();
    assert.deepEqual(
      tf.tidy(() => tf.matMul(tf.zeros([0, 3]), tf.zeros([3, 2])).shape),
      [0, 2],
    );
    const product = tf.tidy(() => [
      ...tf.matMul(tf.tensor2d([[1, 2]], [1, 2], 'int32'), tf.tensor2d([[3], [4]], [2, 1], 'int32')).dataSync(),
    ]);
    assert.deepEqual(product, [11]);
  });
});

async function requireProduct(shape: Case, seed: number): Promise<void> {
  const { m, n, depth, transposeA, transposeB } = shape;
  const random = seededRandom(seed);
  const a = transposeA ? randomBlock(random, depth, m) : randomBlock(random, m, depth);
  const b = transposeB ? randomBlock(random, n, depth) : randomBlock(random, depth, n);
  const expected = multiplyByLoops(a.values, b.values, shape);
  for (const variant of VARIANTS) {
    await useWasm(variant);
    const actual = tf.tidy(() => read(tf.matMul(toTensor(a) as tf.Tensor2D, toTensor(b) as tf.Tensor2D, transposeA, transposeB)));
    assertClose(actual, expected, 2e-5, `${JSON.stringify(shape)}, ${variant.build}, ${variant.threads} threads`);
  }
}

function multiplyByLoops(a: Float32Array, b: Float32Array, { m, n, depth, transposeA, transposeB }: Case): Float64Array {
  const out = new Float64Array(m * n);
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++)
      for (let k = 0; k < depth; k++) {
        const x = a[transposeA ? k * m + i : i * depth + k] ?? NaN;
        out[i * n + j] = (out[i * n + j] ?? 0) + x * (b[transposeB ? j * depth + k : k * n + j] ?? NaN);
      }
  return out;
}

function toTensor({ values, shape }: Block): tf.Tensor {
  return tf.tensor(values, shape, 'float32');
}
