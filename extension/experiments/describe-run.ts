/** A run in a few words, for lists: pure text, so that the tree, the pickers and the status bar say the same. */
import { formatMetric, type EndState, type MetricName, type MetricValues, type RunPhase, type RunState } from '../../protocol';

const shortNames: Record<MetricName, string> = { accuracy: 'acc', macroF1: 'F1', loss: 'loss' };

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

/** `acc 0.873`: the metric that decides, at its best so far. */
export function describeBest(state: RunState): string | undefined {
  if (state.best === undefined || state.plan === undefined) return undefined;
  return `${shortNames[state.plan.metric]} ${formatMetric(state.best.value)}`;
}

/** `acc 0.873 · F1 0.861 · loss 0.412`: those that are there. */
export function describeMetrics(metrics: MetricValues): string {
  const names: MetricName[] = ['accuracy', 'macroF1', 'loss'];
  const known = names.filter((name) => metrics[name] !== undefined);
  return known.map((name) => `${shortNames[name]} ${formatMetric(metrics[name])}`).join(' · ');
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
