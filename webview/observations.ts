/**
 * What Temper sees, in words: sentences derived from the run's state and the smoothed training loss, and from nothing
 * else. The most urgent come first. Numbers that change with every step are taken at the newest evaluation, so that a
 * sentence stands still long enough to be read (and to be read aloud).
 */
import type { EvaluationFacts, PanelToHost, RunState } from '../protocol';
import { formatMetric, isBetter, type MetricName } from '../protocol/metrics';
import { describeEnd } from './end-observations';
import {
  capitalize,
  formatCount,
  formatInterval,
  formatLearningRate,
  formatNumber,
  formatParameters,
  formatPercent,
  formatPoints,
} from './format';
import {
  bestMeasurement,
  heldOutMetric,
  heldOutTitle,
  isWriting,
  lowestValidationLoss,
  measurementOf,
  validationCurve,
} from './measurements';
import { describeSamples } from './sample-observations';

export type ObservationTone = 'error' | 'warning' | 'good' | 'info';

export interface Observation {
  readonly tone: ObservationTone;
  /** Said first and bold. */
  readonly lead: string;
  /** The rest of the sentence, with the space or comma in front of it. */
  readonly rest: string;
  readonly action?: { readonly title: string; readonly message: PanelToHost };
}

/** The part of the curves that sentences need. */
export interface TrainingLoss {
  smoothedLossAt(step: number): number | undefined;
}

export function collectObservations(state: RunState, steps: TrainingLoss): Observation[] {
  return [
    ...describeEnd(state),
    ...describePause(state),
    ...describeStagnation(state, steps),
    ...describeNoLearning(state, steps),
    ...describeSamples(state),
    ...describeMajority(state),
    ...describeProgress(state),
    ...(isWriting(state) ? describeDistance(state) : describeShift(state)),
    ...describeNotices(state),
    ...describePlan(state),
  ];
}

function describePause({ phase, lastStep }: RunState): Observation[] {
  if (phase.kind !== 'paused') return [];
  const where = lastStep === undefined ? '' : ` at step ${formatCount(lastStep.step)}`;
  return [{ tone: 'info', lead: `Paused${where}.`, rest: ' Nothing is computed until you continue.' }];
}

/** Rising validation loss under falling training loss is the picture of learning by heart. */
function describeStagnation(state: RunState, steps: TrainingLoss): Observation[] {
  const lowest = lowestValidationLoss(state);
  const newest = validationCurve(state).at(-1);
  if (lowest === undefined || newest === undefined || newest.step === lowest.step || state.phase.kind === 'ended') return [];
  const then = steps.smoothedLossAt(lowest.step);
  const now = steps.smoothedLossAt(newest.step);
  const lead = `Validation loss has not improved since step ${formatCount(lowest.step)}`;
  const fall = then === undefined || now === undefined ? 0 : 1 - now / then;
  if (fall < 0.01)
    return [{ tone: 'info', lead, rest: `: ${formatMetric(lowest.loss)} then, ${formatMetric(newest.metrics.loss)} now.` }];
  return [{ tone: 'warning', lead, rest: `, while training loss fell by ${formatPercent(fall)}.` }];
}

/** After a tenth of the run, and no fewer than fifty steps, the training loss should be lower than it began. */
function describeNoLearning({ plan, lastStep, phase }: RunState, steps: TrainingLoss): Observation[] {
  if (plan === undefined || lastStep === undefined || phase.kind === 'ended') return [];
  if (lastStep.step < Math.max(50, plan.totalSteps / 10)) return [];
  const first = steps.smoothedLossAt(0);
  const now = steps.smoothedLossAt(lastStep.step);
  if (first === undefined || now === undefined || now < 0.98 * first) return [];
  const rate = formatLearningRate(plan.learningRate);
  const rest = ` in ${formatCount(lastStep.step)} steps. The learning rate (${rate}) may be too low or too high.`;
  return [{ tone: 'warning', lead: 'Training loss has not fallen', rest }];
}

function describeMajority(state: RunState): Observation[] {
  const majority = measurementOf(state, 'majority', 'validation')?.metrics.accuracy;
  const best = bestMeasurement(state, 'validation');
  const low = best?.accuracyInterval?.low;
  if (majority === undefined || low === undefined || low > majority) return [];
  const rest = `: validation accuracy ${formatMetric(best?.metrics.accuracy)} against ${formatMetric(majority)}.`;
  return [{ tone: 'warning', lead: 'No better yet than always answering with the commonest class', rest }];
}

/** The best checkpoint against the untouched model, on the newest held-out rows there are. */
function describeProgress(state: RunState): Observation[] {
  const metric = heldOutMetric(state);
  const split = bestMeasurement(state, 'test') === undefined ? 'validation' : 'test';
  const now = bestMeasurement(state, split);
  const before = measurementOf(state, 'base', split)?.metrics[metric];
  const value = now?.metrics[metric];
  if (now === undefined || value === undefined || before === undefined) return [];
  const lead = `${capitalize(split)} ${heldOutTitle(state, metric)} ${formatMetric(value)}`;
  const interval = metric === 'accuracy' && now.accuracyInterval ? ` (${formatInterval(now.accuracyInterval)})` : '';
  return [
    {
      tone: isBetter(metric, value, before) ? 'good' : 'warning',
      lead,
      rest: `${interval}, ${compare(now, metric, before)} for the untouched model.`,
    },
  ];
}

function compare(now: EvaluationFacts, metric: MetricName, before: number): string {
  const value = now.metrics[metric] ?? before;
  if (value <= before) return value === before ? `the same as ${formatMetric(before)}` : `down from ${formatMetric(before)}`;
  const low = metric === 'accuracy' ? now.accuracyInterval?.low : undefined;
  return low !== undefined && low <= before ? `not clearly up from ${formatMetric(before)}` : `up from ${formatMetric(before)}`;
}

/** Rows from elsewhere are harder; by how much is what the out-of-distribution split is for. */
function describeShift(state: RunState): Observation[] {
  const metric = heldOutMetric(state);
  const elsewhere = bestMeasurement(state, 'ood')?.metrics[metric];
  const here = (bestMeasurement(state, 'test') ?? bestMeasurement(state, 'validation'))?.metrics[metric];
  if (elsewhere === undefined || here === undefined) return [];
  const gap = here - elsewhere;
  const lead = `Out of distribution ${formatMetric(elsewhere)}`;
  const side = gap >= 0 ? 'below' : 'above';
  const rest = `, ${formatPoints(gap)} ${side} the held-out rows of its own kind.`;
  return [{ tone: gap > 0.1 ? 'warning' : 'info', lead, rest }];
}

/** Perplexities of other words differ anyway; it is another matter when such rows became less likely than they were. */
function describeDistance(state: RunState): Observation[] {
  const elsewhere = bestMeasurement(state, 'ood')?.metrics.perplexity;
  const here = (bestMeasurement(state, 'test') ?? bestMeasurement(state, 'validation'))?.metrics.perplexity;
  if (elsewhere === undefined || here === undefined) return [];
  const before = measurementOf(state, 'base', 'ood')?.metrics.perplexity ?? Infinity;
  const isWorse = elsewhere > before;
  const lead = `Out of distribution perplexity ${formatMetric(elsewhere)}`;
  const against = isWorse ? `, up from ${formatMetric(before)} for the untouched model` : '';
  const rest = `${against}: ${formatNumber(elsewhere / here)} times that of the held-out rows of its own kind.`;
  return [{ tone: isWorse ? 'warning' : 'info', lead, rest }];
}

function describeNotices({ notices }: RunState): Observation[] {
  return [...new Set(notices)].map((notice) => ({ tone: 'info', lead: '', rest: notice }));
}

/** What was decided for the user and why, until there is something better to say. */
function describePlan(state: RunState): Observation[] {
  const { plan } = state;
  if (plan === undefined || validationCurve(state).length > 1 || state.phase.kind === 'ended') return [];
  const { total, trained } = plan.parameters;
  const share = `${formatParameters(trained)} of ${formatParameters(total)} parameters (${formatPercent(trained / Math.max(1, total))})`;
  return [
    {
      tone: 'info',
      lead: 'Trains',
      rest: ` ${share} on ${formatCount(plan.rows.train ?? 0)} ${isWriting(state) ? 'conversations' : `rows with ${plan.labels.length} labels`}.`,
    },
    ...plan.chosen.map((choice): Observation => ({ tone: 'info', ...describeChoice(choice) })),
  ];
}

/** Also the lines of the facts at the foot of the panel. */
export function describeChoice(choice: { setting: string; value: number; reason: string }): { lead: string; rest: string } {
  const name = choice.setting.replace(/^.*\./, '');
  const value = name === 'learningRate' ? formatLearningRate(choice.value) : formatNumber(choice.value);
  return { lead: `${settingTitles[choice.setting] ?? name} ${value}`, rest: `: ${choice.reason}.` };
}

const settingTitles: Readonly<Record<string, string>> = {
  'training.learningRate': 'Learning rate',
  'training.epochs': 'Epochs',
  'evaluation.every': 'Steps between evaluations',
};
