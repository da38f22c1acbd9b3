/** What a run will do, settled before its first step: how many steps, at which rate, evaluated when, and why. */
import { recommendSettings, type ChosenSetting, type RunConfig } from '../protocol';

export interface Plan {
  readonly epochs: number;
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
  readonly evaluateEvery: number;
  readonly learningRate: number;
  readonly chosen: readonly ChosenSetting[];
}

export function planRun(config: RunConfig, facts: { readonly rows: number; readonly parameterCount: number }): Plan {
  const chosen = recommendSettings(config, facts);
  const settle = (setting: ChosenSetting['setting'], given: number | undefined) =>
    given ?? chosen.find((choice) => choice.setting === setting)?.value ?? 1;
  const { training, evaluation } = config;
  const epochs = settle('training.epochs', training.epochs);
  const stepsPerEpoch = Math.ceil(facts.rows / (training.batchSize * training.gradientAccumulationSteps));
  const totalSteps = Math.min(training.maxSteps ?? Infinity, Math.ceil(epochs * stepsPerEpoch));
  return {
    epochs: Math.min(epochs, totalSteps / stepsPerEpoch),
    stepsPerEpoch,
    totalSteps,
    evaluateEvery: settle('evaluation.every', evaluation.every),
    learningRate: settle('training.learningRate', training.learningRate),
    chosen,
  };
}
