/** Questions to a run's evaluations that several parts of the panel ask. Pure; nothing here is formatted. */
import type { EvaluationFacts, RunState, Split, Subject } from '../protocol';
import type { MetricName } from '../protocol/metrics';
import { metricTitle } from './format';

/** Whether the model learns to write: there are no labels, and what it writes is judged by its perplexity. */
export function isWriting({ plan }: RunState): boolean {
  return plan?.labels.length === 0;
}

/** The metric of the second chart and of the tables: the one that decides, or accuracy when that is the loss. */
export function heldOutMetric(state: RunState): Exclude<MetricName, 'loss'> {
  if (isWriting(state)) return 'perplexity';
  return state.plan?.metric === 'macroF1' ? 'macroF1' : 'accuracy';
}

/** What a checkpoint's row shows, the most telling first. */
export function checkpointMetrics(state: RunState): readonly MetricName[] {
  return isWriting(state) ? ['perplexity', 'accuracy', 'loss'] : [heldOutMetric(state), 'loss'];
}

/** Where a model writes, accuracy is the share of tokens that it would have chosen itself. */
export function heldOutTitle(state: RunState, metric: MetricName): string {
  return metric === 'accuracy' && isWriting(state) ? 'token accuracy' : metricTitle(metric, true);
}

/** The trained model on the validation rows, one measurement a step (the newest), by step. */
export function validationCurve(state: RunState): EvaluationFacts[] {
  const bySteps = new Map<number, EvaluationFacts>();
  for (const evaluation of state.evaluations) {
    if (evaluation.split === 'validation' && evaluation.subject === 'trained') bySteps.set(evaluation.step, evaluation);
  }
  return [...bySteps.values()].sort((left, right) => left.step - right.step);
}

/** The newest measurement of `subject` on `split`. */
export function measurementOf(state: RunState, subject: Subject, split: Split): EvaluationFacts | undefined {
  return state.evaluations.findLast((evaluation) => evaluation.subject === subject && evaluation.split === split);
}

/** The best checkpoint on `split`, undefined as long as it was not measured there. */
export function bestMeasurement(state: RunState, split: Split): EvaluationFacts | undefined {
  const { best } = state;
  if (best === undefined) return undefined;
  return state.evaluations.findLast(
    (evaluation) => evaluation.subject === 'trained' && evaluation.split === split && evaluation.step === best.step,
  );
}

/** The validation measurement with the lowest loss. */
export function lowestValidationLoss(state: RunState): { readonly step: number; readonly loss: number } | undefined {
  let lowest: { step: number; loss: number } | undefined;
  for (const { step, metrics } of validationCurve(state)) {
    if (metrics.loss !== undefined && (lowest === undefined || metrics.loss < lowest.loss)) lowest = { step, loss: metrics.loss };
  }
  return lowest;
}

/** The other measurement's accuracy lies within this one's interval: nobody can tell them apart. */
export function withinNoise(measurement: EvaluationFacts, other: EvaluationFacts): boolean {
  const { accuracyInterval } = measurement;
  const { accuracy } = other.metrics;
  if (accuracyInterval === undefined || accuracy === undefined) return false;
  return accuracy >= accuracyInterval.low && accuracy <= accuracyInterval.high;
}

/** The splits this run measures besides training, in the order of the tables. */
export function heldOutSplits(state: RunState): Split[] {
  const measured = new Set(state.evaluations.map(({ split }) => split));
  return (['validation', 'test', 'ood'] as const).filter((split) => measured.has(split) || (state.plan?.rows[split] ?? 0) > 0);
}

export const splitTitles: Readonly<Record<Split, string>> = {
  train: 'training',
  validation: 'validation',
  test: 'test',
  ood: 'out of distribution',
};
