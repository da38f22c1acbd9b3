/** Fixtures of models that see: how they are loaded, and how a loss of theirs is held against the library's. */
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createRandom } from '../../dataset/seeded-random';
import { readDualEncoder, readImageModel, type LoadedDualEncoder, type LoadedImageModel } from '../../trainer/image-model-folder';
import type { Adapter } from '../../trainer/methods/method';
import { embedImages } from '../../trainer/models/dual-encoder';
import type { ImageBatch, Tuning } from '../../trainer/models/model';
import { computeLogits } from '../../trainer/models/run-backbone';
import { crossEntropy } from '../../trainer/ops/cross-entropy';
import { createOptimizer, type Gradients } from '../../trainer/optimizer';
import { learningRateAt } from '../../trainer/schedule';
import { computePairLoss, type PairBatch } from '../../trainer/tasks/dual-encoder-loss';
import * as tf from '../../trainer/tensors';
import { configWith } from '../trainer/tiny-training';
import { assertClose, assertRelativelyClose, assertSteps } from './golden-assertions';
import { batchOf, hasOwnWeights, type ExpectedModel, type ModelCase } from './model-case';

/** A classifier of images, or a model of images and texts. */
export type Seeing = LoadedImageModel | LoadedDualEncoder;

/** A folder of fixtures whose name says what it is. */
export function loadSeeing(dir: string): Promise<Seeing> {
  return dir.endsWith('-image-classification') ? readImageModel(dir, { labels: 3, seed: 0 }) : readDualEncoder(dir);
}

/** Of every class, or of every image and every text. */
export function scoresOf(loaded: Seeing, golden: ModelCase, tuning: Tuning): tf.Tensor2D {
  return tf.tidy(() => {
    if ('head' in loaded) return computeLogits(loaded, imagesOf(golden), { tuning });
    const { images, texts } = pairsOf(golden);
    const { model } = loaded;
    return model.similarity(embedImages(model, images, { tuning }), model.embedTexts(texts, { tuning }), { tuning });
  });
}

export function lossOf(loaded: Seeing, golden: ModelCase, tuning: Tuning): tf.Scalar {
  if ('model' in loaded) return computePairLoss(loaded.model, tuning, pairsOf(golden));
  const labels = Int32Array.from((golden.expected.batch.labels ?? []).flat());
  return crossEntropy(computeLogits(loaded, imagesOf(golden), { tuning }), tf.tensor1d(labels, 'int32'), 0);
}

/** A fixture without weights of its own is loaded with another's under its own config. */
export async function loadPairs({ dir, expected }: ModelCase): Promise<LoadedDualEncoder> {
  if (hasOwnWeights(dir)) return readDualEncoder(dir);
  const folder = mkdtempSync(join(tmpdir(), 'temper-golden-'));
  try {
    cpSync(join(dirname(dir), expected.weights ?? ''), folder, { recursive: true });
    cpSync(join(dir, 'config.json'), join(folder, 'config.json'));
    return await readDualEncoder(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export function attachOptions({ architecture, tensors, dir }: Seeing) {
  return { architecture, tensors, modelDir: dir, random: createRandom(0) };
}

export function imagesOf({ tensors }: ModelCase): ImageBatch {
  const { shape, values } = tensors.get('batch.pixel_values') ?? assert.fail('no images');
  const [rows = 0, , height = 0, width = 0] = shape;
  return { rows, height, width, pixels: values };
}

export function pairsOf(golden: ModelCase): PairBatch {
  const { batch } = golden.expected;
  const answers = (batch.labels ?? []).flat();
  const questions = answers.map((label, row) => ({ image: row, text: row, answer: label === 1 }));
  return { images: imagesOf(golden), texts: batchOf(golden.expected).batch, questions };
}

/** Some of the fixture's outputs have another shape than ours; the numbers are the same, in the same order. */
export function assertOutputs({ tensors }: ModelCase, outputs: Record<string, () => tf.Tensor>): void {
  for (const [name, compute] of Object.entries(outputs)) {
    const expected = tensors.get(name) ?? assert.fail(`no ${name}`);
    const found = tf.tidy(() => tf.reshape(compute(), [...expected.shape]));
    assertClose(name, found, expected, 1e-5);
    found.dispose();
  }
}

export async function assertGradients({ expected, tensors }: ModelCase, adapter: Adapter, loss: () => tf.Scalar): Promise<void> {
  const { value, gradients } = differentiate(adapter, loss);
  assert.ok(Math.abs(value - (expected.loss ?? NaN)) <= 1e-5, `loss ${value} against ${expected.loss}`);
  await assertRelativelyClose(adapter, gradients, tensors, new Set(), 1e-4);
  tf.dispose(gradients);
}

export async function assertTwentySteps(
  { expected, tensors }: ModelCase,
  adapter: Adapter,
  loss: () => tf.Scalar,
): Promise<void> {
  const { schedule, training } = settingsOf(expected);
  const optimizer = createOptimizer(adapter.trained, training);
  await assertSteps(adapter, expected, tensors, (step) => {
    const { value, gradients } = differentiate(adapter, loss);
    const gradNorm = Math.sqrt(Object.values(gradients).reduce((sum, gradient) => sum + squares(gradient), 0));
    const learningRate = learningRateAt(schedule, step);
    optimizer.update(step, learningRate, gradients, gradNorm);
    tf.dispose(gradients);
    return Promise.resolve({ applied: true, facts: { loss: value, learningRate, gradNorm, stepMs: 0, tokensPerSecond: 0 } });
  });
  optimizer.dispose();
}

function settingsOf({ optimizer }: ExpectedModel) {
  const { learningRate: peak, weightDecay, maxGradNorm, ...steps } = optimizer ?? assert.fail('no optimizer');
  const { training } = configWith({ training: { weightDecay, maxGradNorm } });
  return { schedule: { kind: 'linear', peak, ...steps } as const, training };
}

function differentiate(adapter: Adapter, loss: () => tf.Scalar): { value: number; gradients: Gradients } {
  const { value: computed, grads } = tf.variableGrads(loss, [...adapter.trained.values()]);
  const value = computed.dataSync<'float32'>()[0] ?? NaN;
  computed.dispose();
  return { value, gradients: grads };
}

function squares(gradient: tf.Tensor): number {
  return gradient.dataSync<'float32'>().reduce((sum, value) => sum + value * value, 0);
}
