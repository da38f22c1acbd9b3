/** A run in one object: the last line of `temper train --json` and the lines of `temper runs --json`. */
import type { MetricValues, RunState, Split, Subject } from '../../protocol';

export interface RunSummary {
  readonly runId: string;
  readonly runDir: string;
  /** An end state, `lost`, or what it is doing: starting, working, training, paused, stopping. */
  readonly state: string;
  readonly bestStep: number | null;
  readonly checkpoints: readonly { readonly step: number; readonly path: string; readonly metrics: MetricValues }[];
  /** Newest figures by split, of the best checkpoint; `base` is the untouched model and `majority` guessing. */
  readonly metrics: Partial<Record<Split, MetricValues>> & { readonly base: MetricValues; readonly majority: MetricValues };
}

export function summarizeRun(runId: string, runDir: string, state: RunState): RunSummary {
  const { phase, best } = state;
  const find = (subject: Subject, split: Split, step?: number) =>
    state.evaluations.findLast(
      (evaluation) =>
        evaluation.subject === subject && evaluation.split === split && (step === undefined || evaluation.step === step),
    )?.metrics;
  const trained = (['validation', 'test', 'ood'] as const).flatMap((split) => {
    const metrics = find('trained', split, best?.step);
    return metrics === undefined ? [] : [[split, metrics] as const];
  });
  return {
    runId,
    runDir,
    state: phase.kind === 'ended' ? phase.state : phase.kind,
    bestStep: best?.step ?? null,
    checkpoints: state.checkpoints.map(({ step, path, metrics }) => ({ step, path, metrics })),
    metrics: {
      majority: find('majority', 'validation') ?? {},
      base: find('base', 'validation') ?? {},
      ...Object.fromEntries(trained),
    },
  };
}
