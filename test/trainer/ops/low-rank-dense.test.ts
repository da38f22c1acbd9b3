import assert from 'node:assert/strict';
import { lowRankDense, lowRankDenseComposite, type LowRankDenseInputs } from '../../../trainer/ops/low-rank-dense';
import * as tf from '../../../trainer/tensors';
import { randomBlock, seededRandom } from '../numbers';
import { assertLikeComposite, useWasm } from '../on-backends';

function inputsOf([x, weight, bias, a, b]: readonly tf.Tensor[]): LowRankDenseInputs {
  const matrix = (tensor?: tf.Tensor) => tensor as tf.Tensor2D;
  return { x: matrix(x), weight: matrix(weight), bias: bias as tf.Tensor1D, a: matrix(a), b: matrix(b), scale: 1.7 };
}

describe('lowRankDense', () => {
  for (const [rows, width, out, r] of [
    [1, 1, 1, 1],
    [5, 7, 3, 2],
    [64, 33, 50, 8],
    [130, 400, 17, 3],
  ] as const) {
    it(`agrees with its composite for [${rows}, ${width}] to ${out} with rank ${r}`, async () => {
      const random = seededRandom(rows);
      await assertLikeComposite({
        inputs: [
          randomBlock(random, rows, width),
          randomBlock(random, out, width),
          randomBlock(random, out),
          randomBlock(random, r, width),
          randomBlock(random, out, r),
        ],
        fused: (...tensors) => lowRankDense(inputsOf(tensors)),
        composite: (...tensors) => lowRankDenseComposite(inputsOf(tensors)),
        tolerance: 2e-4,
        what: 'lowRankDense',
      });
    });
  }

  it('agrees with its composite without a bias', async () => {
    const random = seededRandom(3);
    const layer = (op: typeof lowRankDense) => (x: tf.Tensor, weight: tf.Tensor, a: tf.Tensor, b: tf.Tensor) =>
      op({ ...inputsOf([x, weight, x, a, b]), bias: undefined });
    await assertLikeComposite({
      inputs: [randomBlock(random, 20, 9), randomBlock(random, 13, 9), randomBlock(random, 4, 9), randomBlock(random, 13, 4)],
      fused: (x, weight, a, b) => layer(lowRankDense)(x, weight, a, b),
      composite: (x, weight, a, b) => layer(lowRankDenseComposite)(x, weight, a, b),
      tolerance: 2e-5,
      what: 'lowRankDense',
    });
  });

  it('refuses shapes that do not fit', async () => {
    await useWasm();
    tf.tidy(() => {
      const zeros = (...shape: number[]) => tf.zeros(shape);
      const tensors = [zeros(2, 3), zeros(4, 3), zeros(4), zeros(5, 3), zeros(4, 6)];
      assert.throws(() => lowRankDense(inputsOf(tensors)), /do not fit/);
    });
  });
});
