import assert from 'node:assert/strict';
import { crossEntropy, crossEntropyComposite } from '../../../trainer/ops/cross-entropy';
import * as tf from '../../../trainer/tensors';
import { assertClose, randomBlock, randomInteger, seededRandom } from '../numbers';
import { assertLikeComposite, read, useWasm } from '../on-backends';

describe('crossEntropy', () => {
  it('is log(1 + e⁻¹) for logits 1, 0 and label 0, by hand', async () => {
    await useWasm();
    const loss = tf.tidy(() => read(crossEntropy(tf.tensor2d([[1, 0]]), tf.tensor1d([0], 'int32'), 0)));
    assertClose(loss, [Math.log(1 + Math.exp(-1))], 1e-7, 'loss');
  });

  it('smooths as PyTorch does: (1 - s) of the label, s spread over all classes', async () => {
    await useWasm();
    const loss = tf.tidy(() => read(crossEntropy(tf.tensor2d([[1, 0]]), tf.tensor1d([0], 'int32'), 0.2)));
    const [label, other] = [Math.log(1 + Math.exp(-1)), Math.log(1 + Math.exp(1))];
    assertClose(loss, [0.8 * label + 0.2 * ((label + other) / 2)], 1e-7, 'loss');
  });

  for (const [rows, classes] of [
    [1, 2],
    [3, 5],
    [5, 8],
    [17, 77],
    [33, 130],
  ] as const) {
    for (const smoothing of [0, 0.1]) {
      it(`agrees with its composite for [${rows}, ${classes}], smoothing ${smoothing}`, async () => {
        const random = seededRandom(rows * classes);
        const labels = Int32Array.from({ length: rows }, () => randomInteger(random, classes));
        await assertLikeComposite({
          inputs: [randomBlock(random, rows, classes)],
          fused: (logits) => crossEntropy(logits as tf.Tensor2D, tf.tensor1d(labels, 'int32'), smoothing),
          composite: (logits) => crossEntropyComposite(logits as tf.Tensor2D, tf.tensor1d(labels, 'int32'), smoothing),
          tolerance: 2e-6,
          what: 'crossEntropy',
        });
      });
    }
  }

  it('stays finite for logits of ±1000', async () => {
    await useWasm();
    const loss = tf.tidy(() => read(crossEntropy(tf.tensor2d([[1000, -1000]]), tf.tensor1d([1], 'int32'), 0)));
    assertClose(loss, [2000], 1e-6, 'loss');
  });

  it('is NaN when a logit is, and for no rows', async () => {
    await useWasm();
    const lossOf = (logits: tf.Tensor2D, labels: number[]) =>
      tf.tidy(() => read(crossEntropy(logits, tf.tensor1d(labels, 'int32'), 0)));
    assert.deepEqual(
      [
        ...lossOf(
          tf.tensor2d([
            [1, NaN],
            [1, 2],
          ]),
          [0, 0],
        ),
      ],
      [NaN],
    );
    assert.deepEqual([...lossOf(tf.zeros([0, 2]), [])], [NaN]);
  });

  for (const wrong of [-1, 2]) {
    it(`refuses the label ${wrong} among 2 classes`, async () => {
      await useWasm();
      assert.throws(
        () => tf.tidy(() => crossEntropy(tf.zeros([1, 2]), tf.tensor1d([wrong], 'int32'), 0)),
        /Label -?\d is not from 0 to 1/,
      );
    });
  }

  it('refuses labels that are not one per row', () => {
    assert.throws(() => crossEntropy(tf.zeros([2, 2]), tf.tensor1d([0], 'int32'), 0), /2 rows of logits but 1 labels/);
  });
});
