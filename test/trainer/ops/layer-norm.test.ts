import assert from 'node:assert/strict';
import { layerNorm, layerNormComposite } from '../../../trainer/ops/layer-norm';
import * as tf from '../../../trainer/tensors';
import { assertClose, randomBlock, seededRandom } from '../numbers';
import { assertLikeComposite, countKernels, read, useWasm } from '../on-backends';

const SHAPES = [
  [1, 1],
  [1, 3],
  [3, 5],
  [5, 8],
  [17, 33],
  [33, 384],
  [130, 6],
] as const;
const EPSILON = 1e-5;

describe('layerNorm', () => {
  it('gives the row by hand: (x - 2) / √(2/3 + ε) for 1, 2, 3', async () => {
    await useWasm();
    const y = tf.tidy(() => read(layerNorm(tf.tensor2d([[1, 2, 3]]), tf.tensor1d([1, 2, 1]), tf.tensor1d([0, 5, 1]), EPSILON)));
    const one = 1 / Math.sqrt(2 / 3 + EPSILON);
    assertClose(y, [-one, 5, one + 1], 1e-6, 'layerNorm');
  });

  for (const [rows, hidden] of SHAPES) {
    const random = seededRandom(rows * 31 + hidden);
    const inputs = [randomBlock(random, rows, hidden), randomBlock(random, hidden), randomBlock(random, hidden)];

    it(`agrees with its composite in value and gradients for [${rows}, ${hidden}]`, async () => {
      await assertLikeComposite({
        inputs,
        fused: (x, g, b) => layerNorm(x as tf.Tensor2D, g as tf.Tensor1D, b as tf.Tensor1D, EPSILON),
        composite: (x, g, b) => layerNormComposite(x as tf.Tensor2D, g as tf.Tensor1D, b as tf.Tensor1D, EPSILON),
        tolerance: 2e-4, // rows of two or three near numbers divide by a small deviation
        what: 'layerNorm',
      });
    });

    it(`agrees with its composite with a residual for [${rows}, ${hidden}]`, async () => {
      await assertLikeComposite({
        inputs: [...inputs, randomBlock(random, rows, hidden)],
        fused: (x, g, b, r) => layerNorm(x as tf.Tensor2D, g as tf.Tensor1D, b as tf.Tensor1D, EPSILON, r as tf.Tensor2D),
        composite: (x, g, b, r) =>
          layerNormComposite(x as tf.Tensor2D, g as tf.Tensor1D, b as tf.Tensor1D, EPSILON, r as tf.Tensor2D),
        tolerance: 2e-4,
        what: 'layerNorm with residual',
      });
    });
  }

  it('keeps its precision when the mean is large against the deviation', async () => {
    await useWasm();
    const x = Float32Array.from({ length: 64 }, (_, i) => 1000 + i / 64);
    const mean = x.reduce((sum, v) => sum + v, 0) / 64;
    const deviation = Math.sqrt(x.reduce((sum, v) => sum + (v - mean) ** 2, 0) / 64 + EPSILON);
    const y = tf.tidy(() => read(layerNorm(tf.tensor2d(x, [1, 64]), tf.ones([64]), tf.zeros([64]), EPSILON)));
    assertClose(
      y,
      [...x].map((v) => (v - mean) / deviation),
      1e-3,
      'layerNorm',
    );
  });

  it('spoils with NaN only the row that holds it', async () => {
    await useWasm();
    const y = tf.tidy(() =>
      read(
        layerNorm(
          tf.tensor2d([
            [1, NaN, 3],
            [1, 2, 3],
          ]),
          tf.ones([3]),
          tf.zeros([3]),
          EPSILON,
        ),
      ),
    );
    assert.ok(y.subarray(0, 3).every(Number.isNaN));
    assert.ok(y.subarray(3).every(Number.isFinite));
  });

  it('gives no rows for no rows', async () => {
    await useWasm();
    assert.deepEqual(
      tf.tidy(() => layerNorm(tf.zeros([0, 4]), tf.ones([4]), tf.zeros([4]), EPSILON).shape),
      [0, 4],
    );
  });

  it('computes nothing for a frozen gamma and beta', async () => {
    await useWasm();
    const x = tf.variable(tf.tensor2d([[1, 2, 4]]));
    const [gamma, beta] = [tf.ones<tf.Rank.R1>([3]), tf.zeros<tf.Rank.R1>([3])];
    const counts = await countKernels(() => {
      tf.variableGrads(() => tf.sum(layerNorm(x, gamma, beta, EPSILON)), [x]);
    });
    assert.equal(counts.get('TemperLayerNormGrad'), 1);
    assert.equal(counts.get('TemperLayerNormGammaGrad') ?? 0, 0);
    tf.dispose([x, gamma, beta]);
  });
});
