/** How long a run still takes if nothing ends it early. Pure: the clock is in the numbers it is given. */
import type { RunState } from '../protocol';
import { formatDuration } from './format';
import { heldOutSplits, measurementOf } from './measurements';

/** Fewer steps than this say nothing: the first ones also warm up caches and compile kernels. */
const stepsNeeded = 5;

/** Milliseconds: the median of the recent steps for what is left of them, and what the evaluations to come will take. */
export function estimateMsLeft(state: RunState, recentStepMs: readonly number[]): number | undefined {
  const { plan, lastStep } = state;
  const usual = recentStepMs.slice(recentStepMs.length > 3 * stepsNeeded ? 1 : 0);
  if (plan === undefined || lastStep === undefined || usual.length < stepsNeeded) return undefined;
  const stepsLeft = Math.max(0, plan.totalSteps - lastStep.step);
  return stepsLeft * median(usual) + evaluationMsLeft(state, lastStep.step, plan.totalSteps);
}

/** 'about 2 min 10 s left', or undefined while nobody can know. */
export function formatTimeLeft(ms: number | undefined): string | undefined {
  if (ms === undefined) return undefined;
  return ms < 10_000 ? 'a few seconds left' : `${formatDuration(ms)} left`;
}

function evaluationMsLeft(state: RunState, step: number, totalSteps: number): number {
  const every = state.plan?.evaluateEvery ?? 0;
  const rounds = every > 0 ? Math.ceil(totalSteps / every) - Math.floor(step / every) : 0;
  return rounds * msOfValidation(state) + msOfFinalSplits(state);
}

function msOfValidation(state: RunState): number {
  const times = state.evaluations.filter(({ split }) => split === 'validation').map(({ evaluationMs }) => evaluationMs);
  return times.length === 0 ? 0 : median(times);
}

/** The test and out-of-distribution rows are measured once more at the end, at the pace of the validation rows. */
function msOfFinalSplits(state: RunState): number {
  const rows = state.plan?.rows;
  const validationRows = rows?.validation ?? 0;
  if (rows === undefined || validationRows === 0) return 0;
  const open = heldOutSplits(state).filter((split) => split !== 'validation' && !measurementOf(state, 'trained', split));
  const openRows = open.reduce((sum, split) => sum + (rows[split] ?? 0), 0);
  return (openRows / validationRows) * msOfValidation(state);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}
