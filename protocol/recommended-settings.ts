/**
 * Settings nobody gave: chosen from the method, the size of the model and the number of rows, each with its reason.
 * The rates were measured on banking77 with models of 5 and 23 million parameters (docs/log.md, bench/README.md).
 */
import type { MethodConfig, RunConfig } from './config';

export interface ChosenSetting {
  readonly setting: 'training.learningRate' | 'training.epochs' | 'evaluation.every';
  readonly value: number;
  readonly reason: string;
}

/** Peak learning rates for a small (under 12 M), medium (under 60 M) and large encoder. */
const rates: Record<MethodConfig['type'], readonly [number, number, number]> = {
  full: [5e-4, 2e-4, 5e-5],
  lora: [5e-3, 3e-3, 5e-4],
  'head-only': [1e-2, 1e-2, 5e-3],
  qlora: [5e-3, 3e-3, 5e-4],
  ia3: [1e-2, 1e-2, 5e-3],
  'bias-only': [5e-3, 3e-3, 1e-3],
  'prefix-tuning': [1e-2, 1e-2, 5e-3],
  'prompt-tuning': [3e-2, 3e-2, 1e-2],
  'bottleneck-adapter': [5e-3, 3e-3, 5e-4],
};
/** The others' rates are what their papers and libraries use, moved as far as LoRA's had to be. */
const measured: ReadonlySet<MethodConfig['type']> = new Set(['full', 'lora', 'head-only']);

export function recommendLearningRate(method: MethodConfig['type'], parameterCount: number): ChosenSetting {
  const size = parameterCount < 12e6 ? 0 : parameterCount < 60e6 ? 1 : 2;
  const value = rates[method][size];
  const millions = (parameterCount / 1e6).toFixed(1);
  return {
    setting: 'training.learningRate',
    value,
    reason: `${measured.has(method) ? 'measured best' : 'usual'} for ${method} on models of about ${millions} M parameters`,
  };
}

/** Small sets need more passes: about 600 optimizer steps at batch 16, between 3 and 15 epochs. */
export function recommendEpochs(rows: number, batchSize: number): ChosenSetting {
  const value = Math.min(15, Math.max(3, Math.round((600 * batchSize) / Math.max(1, rows))));
  return { setting: 'training.epochs', value, reason: `${rows.toLocaleString('en-US')} training rows` };
}

export function recommendEvaluateEvery(stepsPerEpoch: number): ChosenSetting {
  const value = Math.max(1, Math.round(stepsPerEpoch / 2));
  return { setting: 'evaluation.every', value, reason: 'twice an epoch' };
}

/** What was chosen for the fields that the config leaves open. */
export function recommendSettings(config: RunConfig, facts: { rows: number; parameterCount: number }): ChosenSetting[] {
  const chosen: ChosenSetting[] = [];
  const { training, evaluation, method } = config;
  if (training.learningRate === undefined) chosen.push(recommendLearningRate(method.type, facts.parameterCount));
  const epochs = training.epochs ?? recommendEpochs(facts.rows, training.batchSize).value;
  if (training.epochs === undefined) chosen.push(recommendEpochs(facts.rows, training.batchSize));
  const stepsPerEpoch = Math.ceil(facts.rows / (training.batchSize * training.gradientAccumulationSteps));
  const totalSteps = Math.min(training.maxSteps ?? Infinity, Math.ceil(epochs * stepsPerEpoch));
  if (evaluation.every === undefined) chosen.push(recommendEvaluateEvery(Math.min(stepsPerEpoch, totalSteps)));
  return chosen;
}
