import assert from 'node:assert/strict';
import { adamWStep } from '../../../trainer/ops/adamw';
import { attention } from '../../../trainer/ops/attention';
import { crossEntropy } from '../../../trainer/ops/cross-entropy';
import { dense, denseActivate } from '../../../trainer/ops/dense';
import { dropout } from '../../../trainer/ops/dropout';
import { embedding } from '../../../trainer/ops/embedding';
import { layerNorm } from '../../../trainer/ops/layer-norm';
import { firstToken } from '../../../trainer/ops/pool';
import { startsOf } from '../../../trainer/ops/sequences';
import { sumOfSquares } from '../../../trainer/ops/sum-of-squares';
import * as tf from '../../../trainer/tensors';
import { assertClose, randomBlock, seededRandom } from '../numbers';
import type { Variant } from '../on-backends';
import { useWasm } from '../on-backends';

const [HIDDEN, HEADS, INNER, VOCABULARY, CLASSES] = [12, 3, 20, 17, 4];
const HYPERPARAMETERS = { learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 };

interface Trained {
  parameter: tf.Variable;
  firstMoment: tf.Variable;
  secondMoment: tf.Variable;
}

describe('a training step out of every op', () => {
  it('keeps no tensor and no byte of the heap over twenty steps', async () => {
    const backend = await useWasm();
    const model = createModel();
    const random = seededRandom(1);
    step(model, random, 1);
    const [tensors, bytes] = [tf.memory().numTensors, backend.stats().usedBytes];
    for (let i = 2; i <= 21; i++) step(model, random, i);
    assert.equal(tf.memory().numTensors, tensors);
    assert.equal(backend.stats().usedBytes, bytes);
    disposeModel(model);
  });

  it('learns its three sequences by heart', async () => {
    await useWasm();
    const losses = train(60, 0);
    assert.ok((losses.at(-1) ?? NaN) < 0.05, `the loss ends at ${losses.at(-1)}`);
  });

  it('gives the same losses to the bit twice, and on one thread and two', async () => {
    const lossesOn = async (variant: Variant) => {
      await useWasm(variant);
      return train(6, 0.1);
    };
    const first = await lossesOn({ build: 'relaxed', threads: 2 });
    assert.deepEqual(await lossesOn({ build: 'relaxed', threads: 2 }), first);
    assert.deepEqual(await lossesOn({ build: 'relaxed', threads: 1 }), first);
  });

  it('follows the losses of the cpu backend', async () => {
    await tf.setBackend('cpu');
    const expected = train(6, 0.1);
    for (const build of ['relaxed', 'simd'] as const) {
      await useWasm({ build, threads: 2 });
      assertClose(train(6, 0.1), expected, 1e-4, build);
    }
  });
});

function train(steps: number, dropoutRate: number): number[] {
  const model = createModel();
  const random = seededRandom(5);
  const losses = Array.from({ length: steps }, (_, i) => step(model, random, i + 1, dropoutRate));
  disposeModel(model);
  return losses;
}

function createModel(): Map<string, Trained> {
  const random = seededRandom(3);
  const shapes: [string, number[]][] = [
    ['table', [VOCABULARY, HIDDEN]],
    ['gamma', [HIDDEN]],
    ['beta', [HIDDEN]],
    ['query', [HIDDEN, HIDDEN]],
    ['key', [HIDDEN, HIDDEN]],
    ['value', [HIDDEN, HIDDEN]],
    ['up', [INNER, HIDDEN]],
    ['upBias', [INNER]],
    ['down', [HIDDEN, INNER]],
    ['head', [CLASSES, HIDDEN]],
    ['headBias', [CLASSES]],
  ];
  return new Map(
    shapes.map(([name, shape]) => {
      const { values } = randomBlock(random, ...shape);
      const variable = (data: Float32Array) => tf.tidy(() => tf.variable(tf.tensor(data, shape)));
      return [
        name,
        {
          parameter: variable(values.map((v) => (name === 'gamma' ? 1 : v / 4))),
          firstMoment: variable(new Float32Array(values.length)),
          secondMoment: variable(new Float32Array(values.length)),
        },
      ];
    }),
  );
}

function disposeModel(model: Map<string, Trained>): void {
  for (const trained of model.values()) tf.dispose({ ...trained });
}

/** Forward, backward, clip, update; returns the loss. */
function step(model: Map<string, Trained>, random: { next(): number }, number: number, dropoutRate = 0.1): number {
  return tf.tidy(() => {
    const variables = [...model.values()].map(({ parameter }) => parameter);
    const { value, grads } = tf.variableGrads(() => forward(model, random, dropoutRate), variables);
    const squares = Object.values(grads).map((gradient) => sumOfSquares(gradient).dataSync()[0] ?? NaN);
    const norm = Math.sqrt(squares.reduce((sum, square) => sum + square, 0));
    const gradientScale = Math.min(1, 1 / norm);
    for (const { parameter, firstMoment, secondMoment } of model.values()) {
      const gradient = grads[parameter.name];
      assert.ok(gradient);
      adamWStep({ parameter, gradient, firstMoment, secondMoment, step: number, gradientScale, ...HYPERPARAMETERS });
    }
    return value.dataSync()[0] ?? NaN;
  });
}

function forward(model: Map<string, Trained>, random: { next(): number }, dropoutRate: number): tf.Scalar {
  const matrix = (name: string) => model.get(name)?.parameter as unknown as tf.Tensor2D; // all of them are in the model
  const vector = (name: string) => model.get(name)?.parameter as unknown as tf.Tensor1D;
  const starts = startsOf([5, 3, 4]);
  const ids = Int32Array.from({ length: 12 }, (_, i) => (i * 7) % VOCABULARY);
  let x = layerNorm(embedding(matrix('table'), tf.tensor1d(ids, 'int32')), vector('gamma'), vector('beta'), 1e-5);
  const context = attention({
    query: dense(x, matrix('query')),
    key: dense(x, matrix('key')),
    value: dense(x, matrix('value')),
    queryStarts: starts,
    keyStarts: starts,
    heads: HEADS,
  });
  x = layerNorm(dropout(context, dropoutRate, random), vector('gamma'), vector('beta'), 1e-5, x);
  x = tf.add(x, dense(denseActivate(x, matrix('up'), vector('upBias'), 'gelu'), matrix('down')));
  const logits = dense(firstToken(x, starts), matrix('head'), vector('headBias'));
  return crossEntropy(logits, tf.tensor1d([0, 1, 3], 'int32'), 0);
}
