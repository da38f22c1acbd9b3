/** What each chart shows, in a sentence. Pure, and only as new as the newest evaluation, so that it can be read aloud. */
import type { EvaluationFacts, RunState } from '../protocol';
import { formatMetric, type MetricName } from '../protocol/metrics';
import { formatCount, formatInterval } from './format';
import { heldOutMetric, lowestValidationLoss, measurementOf, validationCurve, withinNoise } from './measurements';
import type { TrainingLoss } from './observations';

export function describeLoss(state: RunState, steps: TrainingLoss): string {
  const lowest = lowestValidationLoss(state);
  const newest = validationCurve(state).at(-1);
  if (lowest === undefined || newest === undefined) return describeUntouched(state);
  const since =
    newest.step === lowest.step ? ', the newest' : `; ${formatMetric(newest.metrics.loss)} at step ${formatCount(newest.step)}`;
  const training = steps.smoothedLossAt(newest.step);
  const best = `Best validation loss ${formatMetric(lowest.loss)} at step ${formatCount(lowest.step)}${since}.`;
  return training === undefined ? best : `${best} Training ${formatMetric(training)}.`;
}

export function describeHeldOut(state: RunState): string {
  const metric = heldOutMetric(state);
  const curve = validationCurve(state).filter(({ metrics }) => metrics[metric] !== undefined);
  const best = curve.find(({ step }) => step === state.best?.step) ?? curve.at(-1);
  const newest = curve.at(-1);
  if (best === undefined || newest === undefined) return '';
  const interval = metric === 'accuracy' && best.accuracyInterval ? ` (${formatInterval(best.accuracyInterval)})` : '';
  return `${formatMetric(best.metrics[metric])}${interval} at step ${formatCount(best.step)}${againstNewest(best, newest, metric)}.${rowsOf(best)}`;
}

/** Two measurements within each other's noise are not called better and worse. */
function againstNewest(best: EvaluationFacts, newest: EvaluationFacts, metric: MetricName): string {
  if (newest.step === best.step) return ', the newest';
  if (withinNoise(best, newest)) return `; step ${formatCount(newest.step)} is within its margin of error`;
  return `; ${formatMetric(newest.metrics[metric])} at step ${formatCount(newest.step)}`;
}

function rowsOf({ rows }: EvaluationFacts): string {
  return rows > 0 ? ` ${formatCount(rows)} validation rows.` : '';
}

function describeUntouched(state: RunState): string {
  const loss = measurementOf(state, 'base', 'validation')?.metrics.loss;
  return loss === undefined ? '' : `The untouched model has a validation loss of ${formatMetric(loss)}.`;
}
