/** A run in a few words, for lists: pure text, so that the tree, the pickers and the status bar say the same. */
import { formatMetric } from '../../protocol';
import type { EndState, EvaluationFacts, MetricName, MetricValues, RunPhase, RunState } from '../../protocol';

const shortNames: Record<MetricName, string> = { accuracy: 'acc', macroF1: 'F1', perplexity: 'ppl', loss: 'loss' };

const endNames: Record<EndState, string> = {
  completed: 'completed',
  'early-stopped': 'stopped early',
  stopped: 'stopped',
  'out-of-memory': 'out of memory',
  diverged: 'diverged',
  failed: 'failed',
};

export function describePhase(phase: RunPhase): string {
  switch (phase.kind) {
    case 'starting':
      return 'starting';
    case 'working':
      return phase.activity;
    case 'training':
      return 'training';
    case 'paused':
      return 'paused';
    case 'stopping':
      return 'stopping';
    case 'ended':
      return endNames[phase.state];
    case 'lost':
      return 'lost';
    default:
      return phase satisfies never;
  }
}

/** `acc 0.873`: the metric that decides, at its best so far; a model's loss at writing is told as its perplexity. */
export function describeBest(state: RunState): string | undefined {
  const { best, plan } = state;
  if (best === undefined || plan === undefined) return undefined;
  const isBest = ({ step, split, subject }: EvaluationFacts) =>
    step === best.step && split === 'validation' && subject === 'trained';
  const { perplexity } = state.evaluations.findLast(isBest)?.metrics ?? {};
  if (perplexity === undefined) return `${shortNames[plan.metric]} ${formatMetric(best.value)}`;
  return describeMetrics(plan.metric === 'loss' ? { perplexity } : { [plan.metric]: best.value, perplexity });
}

/** `acc 0.873 · F1 0.861 · loss 0.412`, or `ppl 3.421 · token acc 0.662 · loss 1.230`: those that are there. */
export function describeMetrics(metrics: MetricValues): string {
  const isWriting = metrics.perplexity !== undefined;
  const names: MetricName[] = ['perplexity', 'accuracy', 'macroF1', 'loss'];
  const known = names.filter((name) => metrics[name] !== undefined);
  const nameOf = (name: MetricName) => (isWriting && name === 'accuracy' ? 'token acc' : shortNames[name]);
  return known.map((name) => `${nameOf(name)} ${formatMetric(metrics[name])}`).join(' · ');
}

/** Between 0 and 1; `undefined` while nobody knows how long it will be. */
export function progressOf(state: RunState): number | undefined {
  const total = state.plan?.totalSteps ?? 0;
  return total === 0 ? undefined : Math.min(1, (state.lastStep?.step ?? 0) / total);
}

/** `training · step 120/400 · acc 0.873`, or `completed · acc 0.912`. */
export function describeRun(state: RunState): string {
  const isOver = state.phase.kind === 'ended' || state.phase.kind === 'lost';
  const parts = [describePhase(state.phase), isOver ? undefined : describeStep(state), describeBest(state)];
  return parts.filter((part) => part !== undefined).join(' · ');
}

function describeStep({ lastStep, plan }: RunState): string | undefined {
  if (lastStep === undefined) return undefined;
  return plan === undefined ? `step ${lastStep.step}` : `step ${lastStep.step}/${plan.totalSteps}`;
}

/** `1.9 MB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB'];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** power;
  return `${power === 0 ? value : value.toFixed(1)} ${units[power]}`;
}
