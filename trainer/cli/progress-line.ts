/** A run for people at a terminal: one line that moves while it trains, and lasting lines for what they will want to read again. */
import { initialRunState, reduceRun, type EvaluationFacts, type RunEvent, type RunState, type Sample } from '../../protocol';
import { describeMetrics } from './describe-metrics';
import { paint } from './output';

const barWidth = 16;
/** Steps over which the pace is averaged. */
const paceSteps = 30;

export class ProgressLine {
  readonly #nowMs: () => number;
  #state: RunState = initialRunState;
  #stepTimesMs: number[] = [];

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** The line as it should read now, when the event changes it. */
  update(event: RunEvent): string | undefined {
    this.#state = reduceRun(this.#state, event);
    if (event.kind === 'progress')
      return `${event.activity} ${event.done.toLocaleString('en-US')} of ${event.total.toLocaleString('en-US')}`;
    if (event.kind !== 'step') return undefined;
    this.#stepTimesMs = [...this.#stepTimesMs.slice(-paceSteps), this.#nowMs()];
    return this.#trainingLine(event);
  }

  #trainingLine({ step, loss, learningRate, tokensPerSecond }: Extract<RunEvent, { kind: 'step' }>): string {
    const total = this.#state.plan?.totalSteps ?? step;
    const filled = Math.round((barWidth * step) / Math.max(1, total));
    const bar = paint('cyan', '━'.repeat(filled)) + paint('dim', '─'.repeat(barWidth - filled));
    const parts = [
      `step ${step}/${total}`,
      `loss ${loss.toFixed(3)}`,
      `rate ${learningRate.toExponential(1)}`,
      `${Math.round(tokensPerSecond).toLocaleString('en-US')} tokens/s`,
      `${this.#timeLeft(total - step)} left`,
    ];
    return `${bar} ${parts.join('  ')}`;
  }

  /** Steps left at the recent pace, evaluations included. */
  #timeLeft(stepsLeft: number): string {
    const [first, last] = [this.#stepTimesMs[0], this.#stepTimesMs.at(-1)];
    const steps = this.#stepTimesMs.length - 1;
    if (first === undefined || last === undefined || steps < 1) return '…';
    return formatDuration((stepsLeft * (last - first)) / steps);
  }
}

/** The lasting line an event leaves, if any. */
export function describeEvent(event: RunEvent): string | undefined {
  switch (event.kind) {
    case 'hello':
      return `Backend ${event.backend}, ${event.threads} ${event.threads === 1 ? 'thread' : 'threads'}.`;
    case 'planned': {
      const chosen = event.chosen.map(({ setting, value, reason }) => `  ${setting} = ${value} (${reason})`);
      const share = ((100 * event.parameters.trained) / event.parameters.total).toFixed(1);
      const head = `${event.rows.train?.toLocaleString('en-US')} training rows, ${event.labels.length > 0 ? `${event.labels.length} labels; ` : ''}${event.totalSteps} steps in ${Number(event.epochs.toFixed(2))} epochs; ${event.parameters.trained.toLocaleString('en-US')} parameters trained (${share} %).`;
      return [head, ...(chosen.length > 0 ? ['Chosen for you:', ...chosen] : [])].join('\n');
    }
    case 'evaluated':
      return describeEvaluation(event);
    case 'sampled':
      return describeSamples(event.samples);
    case 'notice':
      return `${paint('yellow', 'Note:')} ${event.message}`;
    case 'stopping':
      return 'Stopping: finishing this step and saving.';
    case 'ended': // an error is told with its hint
      return event.error ? undefined : `${paint('bold', event.state)}: ${event.reason}`;
    case 'progress':
    case 'step':
    case 'saved':
    case 'improved':
    case 'removed':
    case 'paused':
    case 'continued':
      return undefined;
    default:
      return event satisfies never;
  }
}

/** The first of them: enough to hear how it speaks by now. */
function describeSamples([first]: readonly Sample[]): string | undefined {
  if (first === undefined) return undefined;
  return [
    `  ${paint('dim', 'asked')}    ${oneLine(first.prompt)}`,
    `  ${paint('dim', 'answered')} ${oneLine(first.completion)}`,
  ].join('\n');
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > 100 ? `${line.slice(0, 99)}…` : line;
}

function describeEvaluation({ step, split, subject, metrics, accuracyInterval }: EvaluationFacts): string {
  const who = subject === 'majority' ? 'always the commonest label' : subject === 'base' ? 'untouched model' : `step ${step}`;
  return `${split.padEnd(11)}${who.padEnd(28)}${describeMetrics(metrics, accuracyInterval, '  ')}`;
}

export function formatDuration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${seconds % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
