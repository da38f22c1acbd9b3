/** What the panel knows: a pure fold over the host's messages. The steps' curves are not in it (step-history.ts). */
import type { EvaluationStatus, HostToPanel, RunHeader, RunState } from '../protocol';
import { isEnded, reduceRun } from '../protocol/run-state';

/** A one-click evaluation as a checkpoint's row shows it; `asked` until the host says that it began. */
export type RowEvaluation = (EvaluationStatus & { readonly split: string }) | { readonly kind: 'asked' };

export interface ShownRun {
  readonly kind: 'shown';
  readonly header: RunHeader;
  readonly run: RunState;
  /** One-click evaluations by step. */
  readonly evaluations: ReadonlyMap<number, RowEvaluation>;
}

export type PanelState =
  { readonly kind: 'loading' } | { readonly kind: 'broken'; readonly message: string; readonly hint: string } | ShownRun;

/** A snapshot replaces everything; whatever else comes before the first one is not for us. */
export function reducePanel(state: PanelState, message: HostToPanel): PanelState {
  switch (message.kind) {
    case 'snapshot':
      return { kind: 'shown', header: message.header, run: message.state, evaluations: new Map() };
    case 'broken':
      return { kind: 'broken', message: message.message, hint: message.hint };
    case 'events':
      return state.kind === 'shown' ? { ...state, run: message.events.reduce(reduceRun, state.run) } : state;
    case 'liveness':
      return state.kind === 'shown' ? { ...state, run: applyLiveness(state.run, message.lost) } : state;
    case 'evaluation':
      return state.kind === 'shown' ? withEvaluation(state, message.step, { ...message.status, split: message.split }) : state;
    default:
      return message satisfies never;
  }
}

export function withEvaluation(state: ShownRun, step: number, evaluation: RowEvaluation): ShownRun {
  return { ...state, evaluations: new Map(state.evaluations).set(step, evaluation) };
}

/** An end that was written down is the truth; a lost run that is found again goes on where its events left it. */
function applyLiveness(run: RunState, lost: boolean): RunState {
  if (lost) return isEnded(run.phase) ? run : { ...run, phase: { kind: 'lost' } };
  if (run.phase.kind !== 'lost') return run;
  return { ...run, phase: { kind: run.lastStep === undefined ? 'starting' : 'training' } };
}
