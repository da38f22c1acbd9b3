import assert from 'node:assert/strict';
import * as tf from '../../../trainer/tensors';
import { assertClose, randomBlock, seededRandom } from '../numbers';
import type { Block } from '../numbers';
import { VARIANTS, read, useWasm } from '../on-backends';

/** Shapes that broadcast: alike, numbers, rows, columns, both ways round, and what only the cpu kernel can. */
const PAIRS = [
  [[5], [5]],
  [
    [3, 7],
    [3, 7],
  ],
  [[3, 7], [7]],
  [[7], [3, 7]],
  [
    [3, 7],
    [1, 7],
  ],
  [
    [3, 7],
    [3, 1],
  ],
  [
    [3, 1],
    [3, 7],
  ],
  [[3, 7], []],
  [[], [3, 7]],
  [[3, 7], [1]],
  [
    [3, 7],
    [1, 1],
  ],
  [
    [3, 1],
    [1, 7],
  ],
  [
    [2, 3, 5],
    [3, 5],
  ],
  [
    [2, 3, 5],
    [2, 1, 1],
  ],
  [
    [2, 3, 5],
    [2, 3, 1],
  ],
  [
    [2, 3, 5],
    [2, 1, 5],
  ],
  [
    [2, 3, 5],
    [1, 3, 1],
  ],
  [
    [3, 3],
    [3, 1],
  ],
  [[3, 3], [3]],
  [[1, 5], [5]],
  [[0, 4], [4]],
  [[1, 1], [1]],
  [[300, 400], [400]],
  [
    [300, 400],
    [300, 400],
  ],
  [
    [400, 300],
    [400, 1],
  ],
] as const;

const OPERATIONS = { Add: tf.add, Sub: tf.sub, Multiply: tf.mul, RealDiv: tf.div } as const;

describe('element-wise kernels of the wasm backend', () => {
  for (const [name, operation] of Object.entries(OPERATIONS)) {
    it(`${name} gives exactly what the cpu backend gives, for every way of broadcasting`, async () => {
      for (const [a, b] of PAIRS) {
        const random = seededRandom(a.length + b.length);
        await requireLikeCpu(
          [randomBlock(random, ...a), randomBlock(random, ...b)],
          (x, y) => operation(x, y),
          0,
          `[${a.join()}] and [${b.join()}]`,
        );
      }
    });
  }

  it('Add carries NaN and infinity', async () => {
    const x = { shape: [1, 5], values: Float32Array.of(NaN, Infinity, -Infinity, 1, 2) };
    await requireLikeCpu([x, { shape: [1], values: Float32Array.of(Infinity) }], (a, b) => tf.add(a, b), 0, 'Add');
  });

  it('leaves integers to the cpu kernel', async () => {
    await useWasm();
    const sum = tf.tidy(() => tf.add(tf.tensor1d([1, 2], 'int32'), tf.tensor1d([3, 4], 'int32')));
    assert.equal(sum.dtype, 'int32');
    assert.deepEqual([...sum.dataSync()], [4, 6]);
    sum.dispose();
  });
});

describe('Sum of the wasm backend', () => {
  for (const axes of [[0], [1], [2], [0, 1], [1, 2], [0, 2], [0, 1, 2]]) {
    for (const keepDims of [false, true]) {
      it(`over axes ${axes.join()}${keepDims ? ', kept' : ''}`, async () => {
        for (const shape of [
          [1, 1, 1],
          [3, 5, 7],
          [17, 4, 33],
          [70, 2, 19],
        ]) {
          await requireLikeCpu(
            [randomBlock(seededRandom(5), ...shape)],
            (x) => tf.sum(x, axes, keepDims),
            3e-6,
            `[${shape.join()}]`,
          );
        }
      });
    }
  }

  it('of an empty tensor is 0', async () => {
    await useWasm();
    assert.deepEqual([...tf.tidy(() => read(tf.sum(tf.zeros([0, 3]), 0)))], [0, 0, 0]);
  });

  it('of a million ones is a million', async () => {
    await useWasm();
    assert.deepEqual([...tf.tidy(() => read(tf.sum(tf.ones([1_000_003]))))], [1_000_003]);
  });
});

describe('Cast of the wasm backend', () => {
  for (const dtype of ['int32', 'bool'] as const) {
    it(`from ${dtype} to float32 gives floats that kernels can read`, async () => {
      await useWasm();
      const values = tf.tidy(() => {
        const floats = tf.cast(tf.tensor2d([[1, 0, 1]], [1, 3], dtype), 'float32');
        return [tf.add(floats, tf.ones([1, 3])), tf.matMul(floats, tf.ones([3, 1])), tf.sum(floats, 0)].map((x) => [...read(x)]);
      });
      assert.deepEqual(values, [[2, 1, 2], [2], [1, 0, 1]]);
    });
  }

  it('leaves the tensor it was given as it was, on the heap or not', async () => {
    await useWasm();
    const ids = tf.tensor1d([2, 0], 'int32');
    const before = tf.tidy(() => read(tf.gather(tf.tensor2d([[1], [2], [3]]), ids))); // moves the ids to the heap
    tf.tidy(() => tf.mul(tf.cast(ids, 'float32'), 10));
    assert.deepEqual([...ids.dataSync()], [2, 0]);
    assert.deepEqual([...before], [3, 1]);
    ids.dispose();
  });
});

describe('Transpose, GatherV2 and UnsortedSegmentSum of the wasm backend', () => {
  for (const shape of [
    [1, 1],
    [3, 5],
    [16, 16],
    [17, 33],
    [0, 3],
    [130, 300],
  ]) {
    it(`transposes [${shape.join()}]`, () =>
      requireLikeCpu([randomBlock(seededRandom(3), ...shape)], (x) => tf.transpose(x), 0, 'transpose'));
  }

  it('transposes axes of rank 3 as the cpu backend does', () =>
    requireLikeCpu([randomBlock(seededRandom(3), 2, 3, 4)], (x) => tf.transpose(x, [2, 0, 1]), 0, 'transpose'));

  for (const shape of [[5], [5, 3], [5, 2, 4]]) {
    it(`gathers from [${shape.join()}]`, () =>
      requireLikeCpu(
        [randomBlock(seededRandom(3), ...shape)],
        (x) =>
          tf.gather(
            x,
            tf.tensor2d(
              [
                [4, 0],
                [2, 2],
              ],
              [2, 2],
              'int32',
            ),
          ),
        0,
        'gather',
      ));
  }

  it('gathers along another axis as the cpu backend does', () =>
    requireLikeCpu([randomBlock(seededRandom(3), 2, 6)], (x) => tf.gather(x, tf.tensor1d([5, 1], 'int32'), 1), 0, 'gather'));

  it('throws, as the cpu backend does, for an index outside', async () => {
    await useWasm();
    assert.throws(() => tf.tidy(() => tf.gather(tf.ones([2, 2]), tf.tensor1d([2], 'int32'))), /index value 2/);
  });

  it('sums segments, some of them empty', () =>
    requireLikeCpu(
      [randomBlock(seededRandom(3), 6, 5)],
      (x) => tf.unsortedSegmentSum(x, tf.tensor1d([3, 0, 3, 1, 0, 3], 'int32'), 5),
      1e-6,
      'segments',
    ));
});

async function requireLikeCpu(
  inputs: readonly Block[],
  f: (...xs: [tf.Tensor, tf.Tensor]) => tf.Tensor,
  tolerance: number,
  what: string,
): Promise<void> {
  const run = () =>
    tf.tidy(() => {
      const [x, y = tf.scalar(0)] = inputs.map(({ values, shape }) => tf.tensor(values, shape, 'float32'));
      assert.ok(x);
      const result = f(x, y);
      return { shape: result.shape, values: read(result) };
    });
  await tf.setBackend('cpu');
  const expected = run();
  for (const variant of VARIANTS) {
    await useWasm(variant);
    const actual = run();
    assert.deepEqual(actual.shape, expected.shape, what);
    assertClose(actual.values, expected.values, tolerance, what);
  }
}
