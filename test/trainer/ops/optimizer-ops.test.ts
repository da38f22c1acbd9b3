import assert from 'node:assert/strict';
import { adamWStep, adamWStepComposite } from '../../../trainer/ops/adamw';
import type { AdamWStep } from '../../../trainer/ops/adamw';
import { sumOfSquares } from '../../../trainer/ops/sum-of-squares';
import * as tf from '../../../trainer/tensors';
import { assertClose, randomBlock, seededRandom } from '../numbers';
import { VARIANTS, read, useWasm } from '../on-backends';

const HYPERPARAMETERS = { learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.1, gradientScale: 0.5 };

describe('adamWStep', () => {
  for (const size of [1, 3, 4, 17, 33, 40_000]) {
    it(`follows PyTorch's AdamW in double precision over five steps of ${size} elements`, async () => {
      for (const variant of [...VARIANTS, 'cpu'] as const) {
        await (variant === 'cpu' ? tf.setBackend('cpu') : useWasm(variant));
        const start = randomBlock(seededRandom(size), size).values;
        assertClose(trainFiveSteps(start), adamWByLoops(start), 2e-6, 'parameter');
      }
    });
  }

  it('runs in place: the variables keep their values where they lie', async () => {
    await useWasm();
    const state = createState(Float32Array.of(1, 2, 3));
    const before = state.parameter.dataId;
    adamWStep({ ...state, step: 1, ...HYPERPARAMETERS });
    assert.equal(state.parameter.dataId, before);
    disposeState(state);
  });

  it('leaves a clone of the parameter as it was', async () => {
    await useWasm();
    const state = createState(Float32Array.of(1, 2, 3));
    const snapshot = tf.clone(state.parameter);
    adamWStep({ ...state, step: 1, ...HYPERPARAMETERS });
    assert.deepEqual([...read(snapshot)], [1, 2, 3]);
    assert.notDeepEqual([...read(state.parameter)], [1, 2, 3]);
    tf.dispose(snapshot);
    disposeState(state);
  });

  it('agrees with its composite on the same backend', async () => {
    await useWasm();
    const [fused, composite] = [createState(Float32Array.of(1, -2, 3)), createState(Float32Array.of(1, -2, 3))];
    adamWStep({ ...fused, step: 3, ...HYPERPARAMETERS });
    adamWStepComposite({ ...composite, step: 3, ...HYPERPARAMETERS });
    assertClose(read(fused.parameter), read(composite.parameter), 1e-6, 'parameter');
    assertClose(read(fused.secondMoment), read(composite.secondMoment), 1e-6, 'second moment');
    disposeState(fused);
    disposeState(composite);
  });

  it('refuses a gradient of another shape', async () => {
    await useWasm();
    const state = createState(Float32Array.of(1, 2));
    const gradient = tf.zeros([3]);
    assert.throws(() => {
      adamWStep({ ...state, gradient, step: 1, ...HYPERPARAMETERS });
    }, /must have one shape/);
    gradient.dispose();
    disposeState(state);
  });
});

describe('sumOfSquares', () => {
  for (const size of [0, 1, 3, 5, 65_535, 65_537, 200_003]) {
    it(`adds up ${size} squares in double precision`, async () => {
      const { values } = randomBlock(seededRandom(size), size);
      const expected = values.reduce((sum, v) => sum + v * v, 0);
      for (const variant of VARIANTS) {
        await useWasm(variant);
        const x = tf.tensor1d(values);
        assertClose(await readAndDispose(sumOfSquares(x)), [expected], 1e-7, 'sum');
        x.dispose();
      }
    });
  }

  it('is NaN when an element is', async () => {
    await useWasm();
    const x = tf.tensor1d([1, NaN]);
    assert.deepEqual(await readAndDispose(sumOfSquares(x)), Float32Array.of(NaN));
    x.dispose();
  });
});

async function readAndDispose(tensor: tf.Tensor): Promise<Float32Array> {
  const values = await tensor.data<'float32'>();
  tensor.dispose();
  return values;
}

type State = Pick<AdamWStep, 'parameter' | 'gradient' | 'firstMoment' | 'secondMoment'>;

/** The gradient is the parameter's own start. */
function createState(start: Float32Array): State {
  return tf.tidy(() => ({
    parameter: tf.variable(tf.tensor1d(start)),
    gradient: tf.keep(tf.tensor1d(start)),
    firstMoment: tf.variable(tf.zeros([start.length])),
    secondMoment: tf.variable(tf.zeros([start.length])),
  }));
}

function disposeState({ parameter, gradient, firstMoment, secondMoment }: State): void {
  tf.dispose([parameter, gradient, firstMoment, secondMoment]);
}

function trainFiveSteps(start: Float32Array): Float32Array {
  const state = createState(start);
  for (let step = 1; step <= 5; step++) adamWStep({ ...state, step, ...HYPERPARAMETERS });
  const result = read(state.parameter);
  disposeState(state);
  return result;
}

/** torch.optim.AdamW, single tensor, written out. */
function adamWByLoops(start: Float32Array): number[] {
  const { learningRate, beta1, beta2, epsilon, weightDecay, gradientScale } = HYPERPARAMETERS;
  return [...start].map((value) => {
    const gradient = value * gradientScale;
    let [p, m, v] = [value, 0, 0];
    for (let step = 1; step <= 5; step++) {
      p *= 1 - learningRate * weightDecay;
      m = beta1 * m + (1 - beta1) * gradient;
      v = beta2 * v + (1 - beta2) * gradient ** 2;
      const denominator = Math.sqrt(v) / Math.sqrt(1 - beta2 ** step) + epsilon;
      p -= (learningRate / (1 - beta1 ** step)) * (m / denominator);
    }
    return p;
  });
}
