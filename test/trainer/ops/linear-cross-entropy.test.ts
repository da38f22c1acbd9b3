import assert from 'node:assert/strict';
import { NO_LABEL } from '../../../trainer/ops/labelled';
import { linearCrossEntropy, linearCrossEntropyComposite } from '../../../trainer/ops/linear-cross-entropy';
import * as tf from '../../../trainer/tensors';
import { assertClose, randomBlock, randomInteger, seededRandom } from '../numbers';
import type { Block } from '../numbers';
import { assertLikeComposite, countKernels, differentiate, read, useWasm } from '../on-backends';

const toLabels = (labels: ArrayLike<number>) => Int32Array.from(labels);

/** Labels of which about a third are missing. */
function drawLabels(seed: number, rows: number, vocabulary: number): number[] {
  const random = seededRandom(seed);
  return Array.from({ length: rows }, () => (random.next() < 0.3 ? NO_LABEL : randomInteger(random, vocabulary)));
}

describe('linearCrossEntropy', () => {
  it('is log(1 + e⁻¹) for logits 1, 0 and label 0, by hand; a row without a label does not count', async () => {
    await useWasm();
    const loss = tf.tidy(() => {
      const x = tf.tensor2d([[5], [0.5]]);
      return read(linearCrossEntropy(x, tf.tensor2d([[2], [0]]), toLabels([NO_LABEL, 0]), 0));
    });
    assertClose(loss, [Math.log(1 + Math.exp(-1))], 1e-7, 'loss');
  });

  for (const [rows, hidden, vocabulary] of [
    [1, 1, 2],
    [3, 5, 7],
    [5, 8, 33],
    [17, 33, 130],
    [9, 6, 2048], // a whole chunk
    [7, 5, 2049], // one class more
    [21, 3, 4999], // enough rows for two threads
  ] as const) {
    for (const smoothing of [0, 0.1]) {
      it(`agrees with its composite for [${rows}, ${hidden}], ${vocabulary} classes, smoothing ${smoothing}`, async () => {
        const random = seededRandom(rows * vocabulary);
        const labels = [...drawLabels(rows, rows - 1, vocabulary), vocabulary - 1];
        await assertLikeComposite({
          inputs: [randomBlock(random, rows, hidden), randomBlock(random, vocabulary, hidden)],
          fused: (x, weight) => linearCrossEntropy(x as tf.Tensor2D, weight as tf.Tensor2D, toLabels(labels), smoothing),
          composite: (x, weight) =>
            linearCrossEntropyComposite(x as tf.Tensor2D, weight as tf.Tensor2D, toLabels(labels), smoothing),
          tolerance: 5e-6,
          what: 'linearCrossEntropy',
        });
      });
    }
  }

  it('has zero gradients in the rows without a label', async () => {
    await useWasm();
    const { gradients } = differentiate(
      (x) =>
        linearCrossEntropy(
          x as tf.Tensor2D,
          tf.tensor2d([
            [1, 2],
            [3, 5],
          ]),
          toLabels([1, NO_LABEL, 0]),
          0,
        ),
      [randomBlock(seededRandom(4), 3, 2)],
    );
    const dx = gradients[0] ?? [];
    assert.deepEqual(
      [...dx].map((value) => value === 0),
      [false, false, true, true, false, false],
    );
  });

  it('stays finite for logits of ±1000 in different chunks', async () => {
    await useWasm();
    const weight = Float32Array.from({ length: 3000 }, (_, i) => (i < 2500 ? -1000 : 1000));
    const loss = tf.tidy(() => read(linearCrossEntropy(tf.ones([1, 1]), tf.tensor2d(weight, [3000, 1]), toLabels([7]), 0)));
    assertClose(loss, [2000 + Math.log(500)], 1e-6, 'loss');
  });

  it('never holds more than a chunk of logits: 200 rows of 20,000 classes in under a fifth of their 16 MB', async () => {
    const backend = await useWasm();
    const [rows, hidden, vocabulary] = [200, 4, 20_000];
    const x = tf.variable(tf.ones<tf.Rank.R2>([rows, hidden]));
    const weight = tf.variable(tf.ones<tf.Rank.R2>([vocabulary, hidden]));
    const labels = toLabels(Array.from({ length: rows }, (_, i) => i));
    const step = () => {
      const { value, grads } = tf.variableGrads(() => linearCrossEntropy(x, weight, labels, 0.1), [x, weight]);
      tf.dispose([value, grads]);
    };
    step(); // what stays on the heap is there now
    const before = backend.stats().usedBytes;
    backend.heap.resetPeak();
    step();
    assert.equal(backend.stats().usedBytes, before);
    const allLogitsBytes = rows * vocabulary * 4;
    const peak = backend.stats().peakBytes - before;
    assert.ok(peak < allLogitsBytes / 5, `${peak} bytes at the peak, all logits would be ${allLogitsBytes}`);
    tf.dispose([x, weight]);
  });

  it('does not compute rows without a label: 1 of 1,000 takes less than a tenth of the memory', async () => {
    const backend = await useWasm();
    const x = tf.ones<tf.Rank.R2>([1000, 8]);
    const weight = tf.ones<tf.Rank.R2>([2048, 8]);
    const labels = toLabels(Array.from({ length: 1000 }, (_, i) => (i === 500 ? 3 : NO_LABEL)));
    const run = () => tf.tidy(() => read(linearCrossEntropy(x, weight, labels, 0)))[0];
    assertClose([run() ?? NaN], [Math.log(2048)], 1e-6, 'loss');
    const before = backend.stats().usedBytes;
    backend.heap.resetPeak();
    run();
    assert.ok(backend.stats().peakBytes - before < (1000 * 2048 * 4) / 10);
    tf.dispose([x, weight]);
  });

  it('makes no gradient for a frozen weight, and leaves no tensor behind', async () => {
    await useWasm();
    const x = tf.variable(tf.ones<tf.Rank.R2>([2, 3]));
    const weight = tf.ones<tf.Rank.R2>([5, 3]);
    const labels = toLabels([1, NO_LABEL]);
    const counts = await countKernels(() => {
      tf.variableGrads(() => linearCrossEntropy(x, weight, labels, 0), [x]);
    });
    assert.equal(counts.get('TemperLinearCrossEntropyGrad'), 1);
    assert.equal(counts.get('TemperLinearCrossEntropyWeightGrad') ?? 0, 0);
    const before = tf.memory().numTensors;
    linearCrossEntropy(x, weight, labels, 0).dispose();
    const { value, grads } = tf.variableGrads(() => linearCrossEntropy(x, weight, labels, 0), [x]);
    tf.dispose([value, grads]);
    assert.equal(tf.memory().numTensors, before);
    tf.dispose([x, weight]);
  });

  it('is NaN with zero gradients when no row has a label', async () => {
    await useWasm();
    const { value, gradients } = differentiate(
      (x, weight) => linearCrossEntropy(x as tf.Tensor2D, weight as tf.Tensor2D, toLabels([NO_LABEL, NO_LABEL]), 0),
      [randomBlock(seededRandom(1), 2, 3), randomBlock(seededRandom(2), 4, 3)],
    );
    assert.deepEqual([...value], [NaN]);
    assert.deepEqual(
      gradients.map((gradient) => [...gradient].every((v) => v === 0)),
      [true, true],
    );
  });

  it('is NaN when a row with a label holds NaN, and not when another does', async () => {
    await useWasm();
    const weight: Block = randomBlock(seededRandom(2), 4, 1);
    const lossOf = (labels: number[]) =>
      tf.tidy(() => {
        const x = tf.tensor2d([[NaN], [1]]);
        return read(linearCrossEntropy(x, tf.tensor2d(weight.values, [4, 1]), toLabels(labels), 0))[0];
      });
    assert.ok(Number.isNaN(lossOf([0, 1])));
    assert.ok(Number.isFinite(lossOf([NO_LABEL, 1])));
  });

  for (const wrong of [-1, 4]) {
    it(`refuses the label ${wrong} among 4 classes`, async () => {
      await useWasm();
      const run = () => tf.tidy(() => linearCrossEntropy(tf.zeros([1, 2]), tf.zeros([4, 2]), toLabels([wrong]), 0));
      assert.throws(run, /label -?\d is not from 0 to 3, nor -100/);
    });
  }

  it('refuses shapes that do not fit', () => {
    const run = () => tf.tidy(() => linearCrossEntropy(tf.zeros([2, 3]), tf.zeros([4, 2]), toLabels([0, 1]), 0));
    assert.throws(run, /x \[2, 3\], weight \[4, 2\] and 2 labels do not fit/);
  });
});
