/** One optimizer step: forward, backward, clip, update. Nothing is updated when the loss or the gradients are not finite. */
import type { Random } from '../dataset/seeded-random';
import type { TrainingConfig } from '../protocol';
import type { LabelledBatch } from './batches';
import type { FrozenLayers } from './frozen-layers';
import type { Adapter } from './methods/method';
import type { HiddenStates, TextModel } from './models/model';
import { sumOfSquares } from './ops/sum-of-squares';
import type { Gradients, Optimizer } from './optimizer';
import { learningRateAt, type Schedule } from './schedule';
import { computeLoss } from './tasks/loss';
import * as tf from './tensors';

export interface GradientOptions {
  readonly model: TextModel;
  readonly adapter: Adapter;
  readonly training: Pick<TrainingConfig, 'labelSmoothing'>;
  readonly random: Random;
  /** Layers that are not trained, where there are such. */
  readonly frozen?: FrozenLayers | undefined;
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
export async function takeStep(options: StepOptions, batches: readonly LabelledBatch[], step: number): Promise<StepResult> {
  const { optimizer, schedule, surroundings } = options;
  const startMs = surroundings.nowMs();
  const { loss, gradNorm, gradients } = await computeGradients(options, batches);
  const applied = Number.isFinite(loss) && Number.isFinite(gradNorm);
  const learningRate = learningRateAt(schedule, step);
  if (applied) optimizer.update(step, learningRate, gradients, gradNorm);
  tf.dispose(gradients);
  if (!applied) return { applied, loss, gradNorm };
  const stepMs = surroundings.nowMs() - startMs;
  const tokens = batches.reduce((sum, { batch }) => sum + batch.ids.length, 0);
  return { applied, facts: { loss, learningRate, gradNorm, stepMs, tokensPerSecond: (1000 * tokens) / Math.max(stepMs, 1) } };
}

export interface Computed extends LossAndNorm {
  /** Owned by the caller. */
  readonly gradients: Gradients;
}

/** The mean over all labels of the step, however they are spread over its batches. Waits for the backend once, at the end. */
export async function computeGradients(options: GradientOptions, batches: readonly LabelledBatch[]): Promise<Computed> {
  const labelled = batches.reduce((sum, batch) => sum + batch.labelled, 0);
  const losses: tf.Scalar[] = [];
  let gradients: Record<string, tf.Tensor> = {};
  for (const batch of batches) {
    if (batch.labelled === 0 && labelled > 0) continue; // it has no say in the mean
    const from = await options.frozen?.enter(batch);
    const { value, grads } = gradientsOfBatch(options, batch, batch.labelled / labelled, from);
    from?.x.dispose();
    losses.push(value);
    gradients = addGradients(gradients, grads);
  }
  const read = await readLossAndNorm(losses, gradients);
  tf.dispose(losses);
  return { ...read, gradients };
}

export interface LossAndNorm {
  readonly loss: number;
  /** The global norm over all gradients, before clipping. */
  readonly gradNorm: number;
}

/** Sums the losses and takes the norm. All numbers come back in one tensor: a read from a GPU costs a wait, not bytes. */
export async function readLossAndNorm(losses: readonly tf.Scalar[], gradients: Gradients): Promise<LossAndNorm> {
  const packed = tf.tidy(() => tf.stack([...losses, ...Object.values(gradients).map(sumOfSquares)]));
  const numbers = [...(await packed.data<'float32'>())];
  packed.dispose();
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  return { loss: sum(numbers.slice(0, losses.length)), gradNorm: Math.sqrt(sum(numbers.slice(losses.length))) };
}

/** Gradients of the batch's mean loss times `share`, its part of the step's labels. */
function gradientsOfBatch(
  { model, adapter, training, random }: GradientOptions,
  batch: LabelledBatch,
  share: number,
  from: HiddenStates | undefined,
) {
  const { labelSmoothing } = training;
  const mean = () => computeLoss(model, adapter, batch, { labelSmoothing, random, from });
  return tf.variableGrads(share === 1 ? mean : () => tf.mul(mean(), share), [...adapter.trained.values()]);
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
