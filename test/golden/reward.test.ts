/**
 * A reward model against transformers: one score a row from the last token, and the pairwise loss of Bradley and Terry,
 * -log σ(chosen - rejected), written here out of plain operations. The first half of the rows was chosen.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { createRandom } from '../../dataset/seeded-random';
import type { Adapter } from '../../trainer/methods/method';
import { attachMethod } from '../../trainer/methods/registry';
import type { TextModel } from '../../trainer/models/model';
import { computeLogits } from '../../trainer/models/run-backbone';
import { createOptimizer, type Gradients } from '../../trainer/optimizer';
import { learningRateAt } from '../../trainer/schedule';
import * as tf from '../../trainer/tensors';
import { configWith, startBackend } from '../trainer/tiny-training';
import { assertClose, assertRelativelyClose, assertSteps } from './golden-assertions';
import { goldenDir } from './golden-dir';
import { loadGoldenModel } from './golden-model';
import { batchOf, readModelCase, type ExpectedModel, type ModelCase } from './model-case';

describe('llama-reward, against transformers, on wasm', () => {
  let golden: ModelCase;
  let model: TextModel;
  let adapter: Adapter;
  before(async () => {
    await startBackend('wasm');
    golden = await readModelCase(join(goldenDir, 'models', 'llama-reward'));
  });
  beforeEach(async () => {
    const loaded = await loadGoldenModel('llama-reward', 'sequence-classification', 1);
    const { architecture, tensors, dir } = loaded;
    model = loaded;
    adapter = attachMethod({ type: 'full' }, { architecture, tensors, modelDir: dir, random: createRandom(0) });
  });
  afterEach(() => {
    adapter.dispose();
  });

  it('gives every row the same score', () => {
    const scores = tf.tidy(() => computeLogits(model, batchOf(golden.expected).batch, { tuning: adapter }));
    assertClose('logits', scores, golden.tensors.get('logits') ?? assert.fail('no logits'), 1e-5);
    scores.dispose();
  });

  it('gives the same pairwise loss and the same gradient of every parameter', async () => {
    const { expected, tensors } = golden;
    const { loss, gradients } = differentiate(model, adapter, expected);
    assert.ok(Math.abs(loss - (expected.loss ?? NaN)) <= 1e-5, `loss ${loss} against ${expected.loss}`);
    await assertRelativelyClose(adapter, gradients, tensors, new Set(), 1e-4);
    tf.dispose(gradients);
  });

  it('takes the same twenty steps', async () => {
    const { expected, tensors } = golden;
    const { learningRate: peak, weightDecay, maxGradNorm, ...steps } = expected.optimizer ?? assert.fail('no optimizer');
    const { training } = configWith({ training: { weightDecay, maxGradNorm } });
    const optimizer = createOptimizer(adapter.trained, training);
    await assertSteps(adapter, expected, tensors, (step) => {
      const { loss, gradients } = differentiate(model, adapter, expected);
      const gradNorm = Math.sqrt(Object.values(gradients).reduce((sum, gradient) => sum + squares(gradient), 0));
      const learningRate = learningRateAt({ kind: 'linear', peak, ...steps }, step);
      optimizer.update(step, learningRate, gradients, gradNorm);
      tf.dispose(gradients);
      return Promise.resolve({ applied: true, facts: { loss, learningRate, gradNorm, stepMs: 0, tokensPerSecond: 0 } });
    });
    optimizer.dispose();
  });
});

function differentiate(model: TextModel, adapter: Adapter, expected: ExpectedModel): { loss: number; gradients: Gradients } {
  const { value, grads } = tf.variableGrads(() => pairwiseLoss(model, adapter, expected), [...adapter.trained.values()]);
  const loss = value.dataSync<'float32'>()[0] ?? NaN;
  value.dispose();
  return { loss, gradients: grads };
}

function pairwiseLoss(model: TextModel, adapter: Adapter, expected: ExpectedModel): tf.Scalar {
  const scores = computeLogits(model, batchOf(expected).batch, { tuning: adapter, random: createRandom(0) }); // [rows, 1]
  const pairs = scores.shape[0] / 2;
  const margins = tf.sub(tf.slice(scores, [0, 0], [pairs, 1]), tf.slice(scores, [pairs, 0], [pairs, 1]));
  return tf.mean(tf.softplus(tf.neg(margins))); // -log σ(m) = log(1 + e^-m)
}

function squares(gradient: tf.Tensor): number {
  return gradient.dataSync<'float32'>().reduce((sum, value) => sum + value * value, 0);
}
