/** Which checkpoints stay on disk: the best few by the metric and the newest few. */
import { isBetter, type CheckpointFacts, type MetricForBest, type RunConfig } from '../protocol';

/** Steps of the checkpoints that may go, oldest first. */
export function superfluousCheckpoints(
  checkpoints: readonly CheckpointFacts[],
  metric: MetricForBest,
  { keepBest, keepLast }: RunConfig['checkpoints'],
): number[] {
  const newest = checkpoints.toSorted((a, b) => b.step - a.step).slice(0, keepLast);
  const best = checkpoints.toSorted((a, b) => compare(metric, a, b)).slice(0, keepBest);
  const kept = new Set([...newest, ...best].map(({ step }) => step));
  return checkpoints.filter(({ step }) => !kept.has(step)).map(({ step }) => step);
}

/** Better first; of two equal ones the earlier, which is the one the run calls best. */
function compare(metric: MetricForBest, a: CheckpointFacts, b: CheckpointFacts): number {
  const [left, right] = [a.metrics[metric] ?? NaN, b.metrics[metric] ?? NaN];
  if (isBetter(metric, left, right) && !Number.isNaN(left)) return -1;
  if (isBetter(metric, right, left) && !Number.isNaN(right)) return 1;
  return a.step - b.step;
}
