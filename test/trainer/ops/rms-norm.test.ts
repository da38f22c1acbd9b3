import assert from 'node:assert/strict';
import { rmsNorm, rmsNormComposite } from '../../../trainer/ops/rms-norm';
import * as tf from '../../../trainer/tensors';
import { assertClose, randomBlock, seededRandom } from '../numbers';
import { VARIANTS, assertLikeComposite, countKernels, differentiate, read, useWasm } from '../on-backends';

const SHAPES = [
  [1, 1],
  [1, 3],
  [3, 5],
  [5, 8],
  [4, 15],
  [17, 33],
  [33, 384],
  [130, 6],
  [300, 130], // enough for two threads
] as const;
const EPSILON = 1e-5;

describe('rmsNorm', () => {
  it('gives the row by hand: x / √(14 / 3 + ε) · γ for 1, 2, 3', async () => {
    await useWasm();
    const y = tf.tidy(() => read(rmsNorm(tf.tensor2d([[1, 2, 3]]), tf.tensor1d([1, 2, 10]), EPSILON)));
    const rms = Math.sqrt(14 / 3 + EPSILON);
    assertClose(y, [1 / rms, 4 / rms, 30 / rms], 1e-6, 'rmsNorm');
  });

  for (const [rows, hidden] of SHAPES) {
    const random = seededRandom(rows * 31 + hidden);
    const inputs = [randomBlock(random, rows, hidden), randomBlock(random, hidden)];

    it(`agrees with its composite in value and gradients for [${rows}, ${hidden}]`, async () => {
      await assertLikeComposite({
        inputs,
        fused: (x, g) => rmsNorm(x as tf.Tensor2D, g as tf.Tensor1D, EPSILON),
        composite: (x, g) => rmsNormComposite(x as tf.Tensor2D, g as tf.Tensor1D, EPSILON),
        tolerance: 2e-5,
        what: 'rmsNorm',
      });
    });

    it(`agrees with its composite with a residual for [${rows}, ${hidden}]`, async () => {
      await assertLikeComposite({
        inputs: [...inputs, randomBlock(random, rows, hidden)],
        fused: (x, g, r) => rmsNorm(x as tf.Tensor2D, g as tf.Tensor1D, EPSILON, r as tf.Tensor2D),
        composite: (x, g, r) => rmsNormComposite(x as tf.Tensor2D, g as tf.Tensor1D, EPSILON, r as tf.Tensor2D),
        tolerance: 2e-5,
        what: 'rmsNorm with residual',
      });
    });
  }

  it('has the slopes of its definition, by finite differences in double precision', async () => {
    const [x, gamma] = [
      [0.3, -1.2, 0.7, 2.1, -0.4],
      [1, 0.5, -2, 1.5, 0.25],
    ];
    const weights = randomBlock(seededRandom(99), 1, 5).values; // as `differentiate` draws them
    const total = (row: readonly number[]) => {
      const rms = Math.sqrt(row.reduce((sum, v) => sum + v * v, 0) / 5 + EPSILON);
      return row.reduce((sum, v, i) => sum + (v / rms) * (gamma[i] ?? NaN) * (weights[i] ?? NaN), 0);
    };
    const moved = (i: number, by: number) => x.map((v, j) => (i === j ? v + by : v));
    const expected = x.map((_, i) => (total(moved(i, 1e-5)) - total(moved(i, -1e-5))) / 2e-5);
    for (const variant of VARIANTS) {
      await useWasm(variant);
      const { gradients } = differentiate(
        (t) => rmsNorm(t as tf.Tensor2D, tf.tensor1d(gamma), EPSILON),
        [{ shape: [1, 5], values: Float32Array.from(x) }],
      );
      assertClose(gradients[0] ?? [], expected, 2e-6, 'gradient of x');
    }
  });

  it('spoils with NaN or infinity only the row that holds it', async () => {
    await useWasm();
    const x = tf.tensor2d([1, NaN, 3, 1, 2, 3, Infinity, 2, 3], [3, 3]);
    const y = tf.tidy(() => read(rmsNorm(x, tf.ones([3]), EPSILON)));
    assert.ok(y.subarray(0, 3).every(Number.isNaN));
    assert.ok(y.subarray(3, 6).every(Number.isFinite));
    assert.deepEqual([...y.subarray(6)], [NaN, 0, 0]); // ∞ / ∞, and numbers over ∞
    x.dispose();
  });

  it('gives no rows for no rows, and a gradient of zeros for gamma', async () => {
    await useWasm();
    const empty = { shape: [0, 4], values: new Float32Array() };
    const { value, gradients } = differentiate(
      (x, g) => rmsNorm(x as tf.Tensor2D, g as tf.Tensor1D, EPSILON),
      [empty, randomBlock(seededRandom(1), 4)],
    );
    assert.equal(value.length, 0);
    assert.deepEqual([...(gradients[1] ?? [])], [0, 0, 0, 0]);
  });

  it('gives the same bits for gamma whatever the number of threads', async () => {
    const random = seededRandom(5);
    const inputs = [randomBlock(random, 300, 70), randomBlock(random, 70)];
    const run = async (threads: number) => {
      await useWasm({ build: 'relaxed', threads });
      return differentiate((x, g) => rmsNorm(x as tf.Tensor2D, g as tf.Tensor1D, EPSILON), inputs).gradients[1];
    };
    assert.deepEqual(await run(1), await run(2));
  });

  it('computes nothing for a frozen gamma', async () => {
    await useWasm();
    const x = tf.variable(tf.tensor2d([[1, 2, 4]]));
    const gamma = tf.ones<tf.Rank.R1>([3]);
    const counts = await countKernels(() => {
      tf.variableGrads(() => tf.sum(rmsNorm(x, gamma, EPSILON)), [x]);
    });
    assert.equal(counts.get('TemperRmsNormGrad'), 1);
    assert.equal(counts.get('TemperRmsNormGammaGrad') ?? 0, 0);
    tf.dispose([x, gamma]);
  });

  it('refuses a gamma or a residual that does not fit', () => {
    const x = tf.zeros<tf.Rank.R2>([2, 3]);
    assert.throws(() => rmsNorm(x, tf.ones([2]), EPSILON), /x \[2, 3\], gamma \[2\], residual none do not fit/);
    assert.throws(() => rmsNorm(x, tf.ones([3]), EPSILON, tf.ones([1, 3])), /residual \[1, 3\] do not fit/);
    x.dispose();
  });
});
