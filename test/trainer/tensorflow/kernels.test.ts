/** Every kernel of the tensorflow backend against the composite that defines it; 64 and 128 rows are compiled, the others not. */
import assert from 'node:assert/strict';
import { activate, activateComposite, type Activation } from '../../../trainer/ops/activate';
import { adamWStep, adamWStepComposite, type AdamWStep } from '../../../trainer/ops/adamw';
import { crossEntropy, crossEntropyComposite } from '../../../trainer/ops/cross-entropy';
import { dense, denseComposite } from '../../../trainer/ops/dense';
import { dropout, dropoutComposite } from '../../../trainer/ops/dropout';
import { embedding, embeddingComposite } from '../../../trainer/ops/embedding';
import { layerNorm, layerNormComposite } from '../../../trainer/ops/layer-norm';
import { lowRankDense, lowRankDenseComposite } from '../../../trainer/ops/low-rank-dense';
import { sumOfSquares } from '../../../trainer/ops/sum-of-squares';
import * as tf from '../../../trainer/tensors';
import { assertClose, assertSameBits, randomBlock, seededRandom } from '../numbers';
import { countKernels, read } from '../on-backends';
import { assertLikeCpu, describeWithTensorFlow, useTensorFlow } from './tensorflow-here';

const SIZES = [
  [1, 1],
  [3, 5],
  [64, 7],
  [67, 130],
  [128, 33],
  [128, 48],
] as const;
const KINDS: readonly Activation[] = ['gelu', 'gelu_new', 'gelu_pytorch_tanh', 'quick_gelu', 'relu', 'silu', 'tanh'];
const EPSILON = 1e-5;

describeWithTensorFlow('a kernel of the tensorflow backend', () => {
  for (const [rows, columns] of SIZES) {
    const blocks = (...shapes: number[][]) =>
      shapes.map((shape, index) => randomBlock(seededRandom(rows * 31 + columns + index), ...shape));

    for (const kind of KINDS) {
      it(`agrees with its composite: ${kind} of [${rows}, ${columns}]`, () =>
        assertLikeCpu({
          inputs: blocks([rows, columns]),
          fused: (x) => activate(x as tf.Tensor2D, kind),
          composite: (x) => activateComposite(x as tf.Tensor2D, kind),
          tolerance: 2e-6,
          what: kind,
        }));
    }

    for (const residual of [false, true]) {
      it(`agrees with its composite: layer norm of [${rows}, ${columns}]${residual ? ' with a residual' : ''}`, () => {
        const norm = (op: typeof layerNorm) => (x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor, other?: tf.Tensor) =>
          op(x as tf.Tensor2D, gamma as tf.Tensor1D, beta as tf.Tensor1D, EPSILON, other as tf.Tensor2D | undefined);
        return assertLikeCpu({
          inputs: blocks([rows, columns], [columns], [columns], ...(residual ? [[rows, columns]] : [])),
          fused: norm(layerNorm), // as many as there are inputs
          composite: norm(layerNormComposite),
          tolerance: 2e-4, // rows of two or three near numbers divide by a small deviation
          what: 'layer norm',
        });
      });
    }

    for (const bias of [false, true]) {
      it(`agrees with its composite: dense of [${rows}, ${columns}]${bias ? ' with a bias' : ''}`, () =>
        assertLikeCpu({
          inputs: blocks([rows, columns], [9, columns], ...(bias ? [[9]] : [])),
          fused: (x, weight, b) => dense(x as tf.Tensor2D, weight as tf.Tensor2D, b as tf.Tensor1D | undefined),
          composite: (x, weight, b) => denseComposite(x as tf.Tensor2D, weight as tf.Tensor2D, b as tf.Tensor1D | undefined),
          tolerance: 1e-5,
          what: 'dense',
        }));
    }

    it(`agrees with its composite: low-rank dense of [${rows}, ${columns}]`, () => {
      const layer = (op: typeof lowRankDense) => (x: tf.Tensor, weight: tf.Tensor, bias: tf.Tensor, a: tf.Tensor, b: tf.Tensor) =>
        op({
          x: x as tf.Tensor2D,
          weight: weight as tf.Tensor2D,
          bias: bias as tf.Tensor1D,
          a: a as tf.Tensor2D,
          b: b as tf.Tensor2D,
          scale: 0.5,
        });
      return assertLikeCpu({
        inputs: blocks([rows, columns], [9, columns], [9], [3, columns], [9, 3]),
        fused: layer(lowRankDense),
        composite: layer(lowRankDenseComposite),
        tolerance: 2e-5,
        what: 'low-rank dense',
      });
    });

    it(`agrees with its composite: low-rank dense of [${rows}, ${columns}] without a bias`, () => {
      const layer = (op: typeof lowRankDense) => (x: tf.Tensor, weight: tf.Tensor, a: tf.Tensor, b: tf.Tensor) =>
        op({ x: x as tf.Tensor2D, weight: weight as tf.Tensor2D, a: a as tf.Tensor2D, b: b as tf.Tensor2D, scale: 0.5 });
      return assertLikeCpu({
        inputs: blocks([rows, columns], [9, columns], [3, columns], [9, 3]),
        fused: layer(lowRankDense),
        composite: layer(lowRankDenseComposite),
        tolerance: 2e-5,
        what: 'low-rank dense without a bias',
      });
    });

    for (const smoothing of [0, 0.1]) {
      const classes = columns + 1; // TensorFlow.js makes no one-hot rows of a single class
      it(`agrees with its composite: cross entropy of [${rows}, ${classes}] with smoothing ${smoothing}`, () => {
        const labels = Int32Array.from({ length: rows }, (_, row) => (row * 5) % classes);
        const loss = (op: typeof crossEntropy) => (logits: tf.Tensor) =>
          op(logits as tf.Tensor2D, tf.tensor1d(labels, 'int32'), smoothing);
        return assertLikeCpu({
          inputs: blocks([rows, classes]),
          fused: loss(crossEntropy),
          composite: loss(crossEntropyComposite),
          tolerance: 2e-6,
          what: 'cross entropy',
        });
      });
    }

    it(`drops what its composite drops: dropout of [${rows}, ${columns}]`, async () => {
      const [x] = blocks([rows, columns]);
      assert.ok(x);
      const seed = Math.floor(seededRandom(5).next() * 2 ** 32);
      await assertLikeCpu({
        inputs: [x],
        fused: (input) => dropout(input as tf.Tensor2D, 0.3, seededRandom(5)),
        composite: (input) => dropoutComposite(input as tf.Tensor2D, 0.3, seed),
        tolerance: 1e-7,
        what: 'dropout',
      });
    });

    it(`agrees with its composite: embedding in a table of [${rows}, ${columns}], some rows twice`, () => {
      const ids = Int32Array.from({ length: 2 * rows + 1 }, (_, i) => (i * 7) % rows);
      const look = (op: typeof embedding) => (table: tf.Tensor) => op(table as tf.Tensor2D, tf.tensor1d(ids, 'int32'));
      return assertLikeCpu({
        inputs: blocks([rows, columns]),
        fused: look(embedding),
        composite: look(embeddingComposite),
        tolerance: 1e-6,
        what: 'embedding',
      });
    });
  }

  it('refuses a label and a token id that are not there', async () => {
    await useTensorFlow();
    const [table, wrong] = [tf.zeros<tf.Rank.R2>([2, 3]), tf.tensor1d([5], 'int32')];
    assert.throws(() => embedding(table, wrong), /5 is not in \[0, 2\)/);
    assert.throws(() => crossEntropy(tf.zeros([1, 3]), wrong, 0), /label value of 5/);
    tf.dispose([table, wrong]);
  });

  it('computes nothing for a frozen weight, gamma and beta', async () => {
    await useTensorFlow();
    const x = tf.variable(tf.ones<tf.Rank.R2>([3, 4]));
    const [weight, ones] = [tf.ones<tf.Rank.R2>([4, 4]), tf.ones<tf.Rank.R1>([4])];
    const counts = await countKernels(() => {
      tf.variableGrads(() => tf.sum(layerNorm(dense(x as tf.Tensor2D, weight), ones, ones, EPSILON)), [x]);
    });
    assert.equal(counts.get('TemperLayerNormGrad'), 1);
    assert.equal(counts.get('TemperLayerNormGammaGrad') ?? 0, 0);
    assert.equal(counts.get('BatchMatMul'), 1);
    tf.dispose([x, weight, ones]);
  });

  it('sums squares', async () => {
    await useTensorFlow();
    assertClose(
      tf.tidy(() => read(sumOfSquares(tf.tensor1d([1, 2, -3])))),
      [14],
      1e-6,
      'sum',
    );
    assert.ok(Number.isNaN(tf.tidy(() => read(sumOfSquares(tf.tensor1d([1, NaN]))))[0]));
  });
});

const HYPERPARAMETERS = { learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, gradientScale: 0.5 };
type State = Pick<AdamWStep, 'parameter' | 'gradient' | 'firstMoment' | 'secondMoment'>;

describeWithTensorFlow('AdamW on the tensorflow backend', () => {
  for (const weightDecay of [0, 0.1]) {
    it(`gives after five steps what its composite gives, with decay ${weightDecay}`, async () => {
      const start = randomBlock(seededRandom(3), 4097).values;
      const train = (step: typeof adamWStep) => {
        const state = createState(
          start,
          start.map((value) => value * value),
        );
        for (let number = 1; number <= 5; number++) step({ ...state, step: number, weightDecay, ...HYPERPARAMETERS });
        const values = [state.parameter, state.firstMoment, state.secondMoment].map(read);
        tf.dispose({ ...state });
        return values;
      };
      await tf.setBackend('cpu');
      const expected = train(adamWStepComposite);
      await useTensorFlow();
      train(adamWStep).forEach((values, index) => {
        assertClose(values, expected[index] ?? [], 1e-6, ['parameter', 'first moment', 'second moment'][index] ?? '');
      });
    });
  }

  it('leaves the arrays alone that variables were made from', async () => {
    await useTensorFlow();
    // TensorFlow works in the array itself where that happens to lie at a multiple of 64 bytes.
    const starts = Array.from({ length: 64 }, () => Float32Array.of(1, 2, 3, 4)); // some of them do
    for (const start of starts) {
      const state = createState(start, Float32Array.of(1, 1, 1, 1));
      adamWStep({ ...state, step: 1, weightDecay: 0, ...HYPERPARAMETERS });
      assert.notDeepEqual([...read(state.parameter)], [1, 2, 3, 4]);
      tf.dispose({ ...state });
    }
    assert.deepEqual(
      starts.map((start) => start.join()),
      starts.map(() => '1,2,3,4'),
    );
  });

  it('leaves another view of a parameter as it was', async () => {
    await useTensorFlow();
    const state = createState(Float32Array.of(1, 2, 3, 4), Float32Array.of(1, 1, 1, 1));
    adamWStep({ ...state, step: 1, weightDecay: 0, ...HYPERPARAMETERS });
    const view = tf.reshape(state.parameter, [2, 2]); // the same values within TensorFlow
    const before = read(view);
    adamWStep({ ...state, step: 2, weightDecay: 0, ...HYPERPARAMETERS });
    assertSameBits(read(view), before, 'the view');
    assert.notDeepEqual([...read(state.parameter)], [...before]);
    view.dispose();
    tf.dispose({ ...state });
  });

  it('follows a variable that was assigned between two steps', async () => {
    await useTensorFlow();
    const state = createState(Float32Array.of(1, 2), Float32Array.of(1, 1));
    adamWStep({ ...state, step: 1, weightDecay: 0, ...HYPERPARAMETERS });
    tf.tidy(() => {
      state.parameter.assign(tf.tensor1d([100, 200]));
    });
    adamWStep({ ...state, step: 2, weightDecay: 0, ...HYPERPARAMETERS });
    assertClose(read(state.parameter), [99.99, 199.99], 1e-5, 'parameter');
    tf.dispose({ ...state });
  });
});

function createState(start: Float32Array, gradient: Float32Array): State {
  return tf.tidy(() => ({
    parameter: tf.variable(tf.tensor1d(start)),
    gradient: tf.keep(tf.tensor1d(gradient)),
    firstMoment: tf.variable(tf.zeros([start.length])),
    secondMoment: tf.variable(tf.zeros([start.length])),
  }));
}
