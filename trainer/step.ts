/** One optimizer step: forward, backward, clip, update. Nothing is updated when the loss or the gradients are not finite. */
import type { Random } from '../dataset/seeded-random';
import type { TrainingConfig } from '../protocol';
import type { LabelledBatch } from './batches';
import type { Adapter } from './methods/method';
import type { SequenceClassifier } from './models/model';
import type { Gradients, Optimizer } from './optimizer';
import { learningRateAt, type Schedule } from './schedule';
import { classificationLoss } from './tasks/text-classification';
import * as tf from './tensors';

export interface GradientOptions {
  readonly classifier: SequenceClassifier;
  readonly adapter: Adapter;
  readonly training: Pick<TrainingConfig, 'labelSmoothing'>;
  readonly random: Random;
}

export interface StepOptions extends GradientOptions {
  readonly optimizer: Optimizer;
  readonly schedule: Schedule;
  readonly surroundings: { nowMs(): number };
}

export type StepResult =
  | { readonly applied: true; readonly facts: StepFacts }
  | { readonly applied: false; readonly loss: number; readonly gradNorm: number };

export interface StepFacts {
  readonly loss: number;
  readonly learningRate: number;
  readonly gradNorm: number;
  readonly stepMs: number;
  readonly tokensPerSecond: number;
}

/** The update number `step`, counted from 1, over all rows of the batches. */
export function takeStep(options: StepOptions, batches: readonly LabelledBatch[], step: number): StepResult {
  const { optimizer, schedule, surroundings } = options;
  const startMs = surroundings.nowMs();
  const { loss, gradients } = computeGradients(options, batches);
  const gradNorm = optimizer.gradientNorm(gradients);
  const applied = Number.isFinite(loss) && Number.isFinite(gradNorm);
  const learningRate = learningRateAt(schedule, step);
  if (applied) optimizer.update(step, learningRate, gradients, gradNorm);
  tf.dispose(gradients);
  if (!applied) return { applied, loss, gradNorm };
  const stepMs = surroundings.nowMs() - startMs;
  const tokens = batches.reduce((sum, { batch }) => sum + batch.tokens, 0);
  return { applied, facts: { loss, learningRate, gradNorm, stepMs, tokensPerSecond: (1000 * tokens) / Math.max(stepMs, 1) } };
}

/** The mean over all rows of the step, whatever the sizes of its batches. The caller frees the gradients. */
export function computeGradients(
  options: GradientOptions,
  batches: readonly LabelledBatch[],
): { loss: number; gradients: Gradients } {
  const rows = batches.reduce((sum, { batch }) => sum + batch.rows, 0);
  let loss = 0;
  let gradients: Record<string, tf.Tensor> = {};
  for (const batch of batches) {
    const { value, grads } = gradientsOfBatch(options, batch, batch.batch.rows / rows);
    loss += value;
    gradients = addGradients(gradients, grads);
  }
  return { loss, gradients };
}

/** Gradients of the batch's mean loss times `share`, its part of the step's rows. */
function gradientsOfBatch({ classifier, adapter, training, random }: GradientOptions, batch: LabelledBatch, share: number) {
  const { labelSmoothing } = training;
  const mean = () => classificationLoss(classifier, adapter, batch, { labelSmoothing, random });
  const { value, grads } = tf.variableGrads(share === 1 ? mean : () => tf.mul(mean(), share), [...adapter.trained.values()]);
  const number = value.dataSync()[0] ?? NaN;
  value.dispose();
  return { value: number, grads };
}

function addGradients(total: Record<string, tf.Tensor>, more: tf.NamedTensorMap): Record<string, tf.Tensor> {
  const sum: Record<string, tf.Tensor> = {};
  for (const [name, gradient] of Object.entries(more)) {
    const before = total[name];
    sum[name] = before === undefined ? gradient : tf.add(before, gradient);
    if (before !== undefined) tf.dispose([before, gradient]);
  }
  return sum;
}
