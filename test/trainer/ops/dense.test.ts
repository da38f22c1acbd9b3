import assert from 'node:assert/strict';
import { dense, denseActivate, denseComposite } from '../../../trainer/ops/dense';
import * as tf from '../../../trainer/tensors';
import { assertClose, assertSameBits, randomBlock, seededRandom } from '../numbers';
import type { Block } from '../numbers';
import { VARIANTS, assertLikeComposite, countKernels, read, useWasm } from '../on-backends';

const SHAPES = [
  [1, 1, 1],
  [1, 3, 2],
  [3, 5, 7],
  [5, 8, 8],
  [17, 33, 6],
  [33, 17, 35],
  [64, 384, 9],
  [5, 800, 9], // three blocks of depth, the bias in the first only
  [40, 64, 420], // enough for two threads, by columns
] as const;

describe('dense', () => {
  it('is x Wᵀ + b, computed with plain loops', async () => {
    await useWasm();
    for (const [rows, width, out] of SHAPES) {
      const random = seededRandom(rows * 1000 + width);
      const [x, w, b] = [randomBlock(random, rows, width), randomBlock(random, out, width), randomBlock(random, out)];
      const y = tf.tidy(() => read(dense(matrix(x), matrix(w), tf.tensor1d(b.values))));
      assertClose(y, denseByLoops(x, w, b), 3e-5, `[${rows}, ${width}] by [${out}, ${width}]`);
    }
  });

  for (const [rows, width, out] of SHAPES) {
    it(`agrees with its composite in value and gradients for [${rows}, ${width}] by [${out}, ${width}]`, async () => {
      const random = seededRandom(rows + width);
      await assertLikeComposite({
        inputs: [randomBlock(random, rows, width), randomBlock(random, out, width), randomBlock(random, out)],
        fused: (x, w, b) => dense(x as tf.Tensor2D, w as tf.Tensor2D, b as tf.Tensor1D),
        composite: (x, w, b) => denseComposite(x as tf.Tensor2D, w as tf.Tensor2D, b as tf.Tensor1D),
        tolerance: 1e-5,
        what: 'dense',
      });
    });
  }

  it('works without a bias', async () => {
    const random = seededRandom(3);
    await assertLikeComposite({
      inputs: [randomBlock(random, 5, 7), randomBlock(random, 3, 7)],
      fused: (x, w) => dense(x as tf.Tensor2D, w as tf.Tensor2D),
      composite: (x, w) => denseComposite(x as tf.Tensor2D, w as tf.Tensor2D),
      tolerance: 1e-5,
      what: 'dense',
    });
  });

  it('gives no rows for no rows', async () => {
    await useWasm();
    const shape = tf.tidy(() => dense(tf.zeros([0, 4]), tf.ones([3, 4]), tf.ones([3])).shape);
    assert.deepEqual(shape, [0, 3]);
  });

  it('leaves only the bias when the inner size is zero', async () => {
    await useWasm();
    const y = tf.tidy(() => read(dense(tf.zeros([2, 0]), tf.zeros([3, 0]), tf.tensor1d([1, 2, 3]))));
    assert.deepEqual([...y], [1, 2, 3, 1, 2, 3]);
  });

  it('carries NaN and infinity only into the rows that hold them', async () => {
    await useWasm();
    const x = tf.tensor2d([
      [1, 2],
      [NaN, 2],
      [Infinity, 2],
    ]);
    const y = tf.tidy(() => read(dense(x, tf.tensor2d([[1, 1]]), tf.tensor1d([0.5]))));
    x.dispose();
    assert.deepEqual([...y], [3.5, NaN, Infinity]);
  });

  it('refuses shapes that do not fit, naming them', () => {
    assert.throws(() => dense(tf.zeros([2, 3]), tf.zeros([4, 5])), /x \[2, 3\], weight \[4, 5\], bias none/);
  });

  it('computes no gradient for a frozen weight', async () => {
    await useWasm();
    const x = tf.tensor2d([[1, 2, 3]]);
    const frozen = tf.tensor2d([
      [1, 0, 1],
      [0, 1, 1],
    ]);
    const bias = tf.variable(tf.tensor1d([0, 0]));
    const counts = await countKernels(() => {
      tf.variableGrads(() => tf.sum(dense(x, frozen, bias)), [bias]);
    });
    assert.equal(counts.get('BatchMatMul') ?? 0, 0);
    tf.dispose([x, frozen, bias]);
  });

  it('computes the gradients of a trained weight and of x only where they lead to a variable', async () => {
    await useWasm();
    const x = tf.tensor2d([[1, 2, 3]]);
    const frozen = tf.tensor2d([
      [1, 0, 1],
      [0, 1, 1],
    ]);
    const trained = tf.variable(
      tf.tensor2d([
        [1, 2, 3],
        [4, 5, 6],
        [7, 8, 9],
      ]),
    );
    const counts = await countKernels(() => {
      tf.variableGrads(() => tf.sum(dense(dense(x, trained), frozen)), [trained]);
    });
    assert.equal(counts.get('BatchMatMul'), 2); // dx of the second layer, dW of the first
    tf.dispose([x, frozen, trained]);
  });

  it('denseActivate is the activation of dense', async () => {
    const random = seededRandom(8);
    await assertLikeComposite({
      inputs: [randomBlock(random, 3, 5), randomBlock(random, 6, 5), randomBlock(random, 6)],
      fused: (x, w, b) => denseActivate(x as tf.Tensor2D, w as tf.Tensor2D, b as tf.Tensor1D, 'tanh'),
      composite: (x, w, b) => tf.tanh(denseComposite(x as tf.Tensor2D, w as tf.Tensor2D, b as tf.Tensor1D)),
      tolerance: 1e-5,
      what: 'denseActivate',
    });
  });
});

function matrix({ values, shape: [rows = 0, columns = 0] }: Block): tf.Tensor2D {
  return tf.tensor2d(values, [rows, columns]);
}

function denseByLoops(x: Block, w: Block, b: Block): number[] {
  const [rows = 0, width = 0] = x.shape;
  const [out = 0] = w.shape;
  return Array.from({ length: rows * out }, (_, at) => {
    const [i, j] = [Math.floor(at / out), at % out];
    let sum = b.values[j] ?? NaN;
    for (let k = 0; k < width; k++) sum += (x.values[i * width + k] ?? NaN) * (w.values[j * width + k] ?? NaN);
    return sum;

    it('gives a row the same bits in a batch of any size, on every build', async () => {
      const random = seededRandom(12);
      const [x, weight, bias] = [randomBlock(random, 64, 390), randomBlock(random, 90, 390), randomBlock(random, 90)];
      const compute = (rows: number, withBias: boolean) =>
        tf.tidy(() => {
          const w = tf.tensor2d(weight.values, [90, 390]); // new each time, so that no packed form is kept
          const b = withBias ? tf.tensor1d(bias.values) : undefined;
          return read(dense(tf.tensor2d(x.values.slice(0, rows * 390), [rows, 390]), w, b));
        });
      for (const variant of VARIANTS) {
        await useWasm(variant);
        for (const withBias of [true, false]) {
          const all = compute(64, withBias);
          for (const rows of [1, 2, 7, 8, 9, 15, 16, 17, 33]) {
            assertSameBits(compute(rows, withBias), all.slice(0, rows * 90), `${rows} rows, ${variant.build}`);
          }
        }
      }
    });
  });
}
