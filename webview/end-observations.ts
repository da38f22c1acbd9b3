/** What the panel says when a run is over: how it ended, what is left of it, and the one thing to do next. */
import type { EndState, PanelToHost, RunError, RunState } from '../protocol';
import { formatMetric } from '../protocol/metrics';
import { capitalize, formatCount, formatDuration } from './format';
import { bestMeasurement, heldOutMetric, heldOutTitle, isWriting } from './measurements';
import type { Observation } from './observations';

export function describeEnd(state: RunState): Observation[] {
  const { phase } = state;
  if (phase.kind === 'lost') return [describeLost(state)];
  if (phase.kind !== 'ended') return [];
  if (phase.error !== undefined) return [describeError(state, phase.error)];
  const tone = badEnds.includes(phase.state) ? 'error' : phase.state === 'stopped' ? 'info' : 'good';
  const reason = phase.reason === '' ? '' : ` ${sentence(phase.reason)}`;
  return [{ tone, lead: `${endSentences[phase.state]}${duration(state)}.`, rest: `${reason}${whatIsLeft(state)}` }];
}

const badEnds: readonly EndState[] = ['out-of-memory', 'diverged', 'failed'];

const endSentences: Readonly<Record<EndState, string>> = {
  completed: 'Completed',
  'early-stopped': 'Stopped early',
  stopped: 'Stopped',
  'out-of-memory': 'Ran out of memory',
  diverged: 'The loss stopped being a number',
  failed: 'Failed',
};

function describeLost(state: RunState): Observation {
  const rest = ` Its heartbeat stopped without an end: the process was killed or the machine went away.${whatIsLeft(state)}`;
  return { tone: 'error', lead: 'Nobody is running this run any more.', rest, action: openAction('log') };
}

/** The message is the evidence, the hint the way out; what a changed setting would cure opens the config. */
function describeError(state: RunState, error: RunError): Observation {
  const what = ['out-of-memory', 'diverged', 'bad-config'].includes(error.code) ? 'config' : 'log';
  return { tone: 'error', lead: error.message, rest: ` ${error.hint}${whatIsLeft(state)}`, action: openAction(what) };
}

function openAction(what: 'log' | 'config'): { title: string; message: PanelToHost } {
  return { title: what === 'log' ? 'Open Log' : 'Open Config', message: { kind: 'open', what } };
}

function duration({ startedAtMs, endedAtMs }: RunState): string {
  return startedAtMs === undefined || endedAtMs === undefined ? '' : ` after ${formatDuration(endedAtMs - startedAtMs)}`;
}

function whatIsLeft(state: RunState): string {
  const { best, checkpoints } = state;
  const kept = best && checkpoints.find(({ step }) => step === best.step);
  if (best && kept) {
    return ` The best checkpoint is step ${formatCount(best.step)}, validation ${bestValue(state, best.value)}.`;
  }
  const newest = checkpoints.at(-1);
  return newest === undefined ? ' No checkpoint was saved.' : ` Everything up to step ${formatCount(newest.step)} is kept.`;
}

/** By the metric that chose it; the loss of a model that writes is told as its perplexity. */
function bestValue(state: RunState, value: number): string {
  const perplexity = bestMeasurement(state, 'validation')?.metrics.perplexity;
  const metric = state.plan?.metric ?? heldOutMetric(state);
  if (metric === 'loss' && isWriting(state) && perplexity !== undefined) return `perplexity ${formatMetric(perplexity)}`;
  return `${heldOutTitle(state, metric)} ${formatMetric(value)}`;
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? capitalize(text) : `${capitalize(text)}.`;
}
