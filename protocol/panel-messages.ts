/**
 * Everything the run panel and the extension host say to each other: one union per direction, plain data. The panel
 * asks with `ready`, gets one snapshot, then only what came after it (at most ten posts a second).
 */
import type { RunEvent } from './events';
import type { MetricValues } from './metrics';
import type { RunState, StepFacts } from './run-state';

/** What the panel shows of run.json. */
export interface RunHeader {
  readonly runId: string;
  readonly name: string;
  readonly projectName: string;
  readonly method: string;
  readonly model: string;
}

export type HostToPanel =
  /** Answer to `ready`, and again whenever the panel must start over. `steps` may be thinned; the newest is always there. */
  | {
      readonly kind: 'snapshot';
      readonly header: RunHeader;
      readonly state: RunState;
      readonly steps: readonly StepFacts[];
      readonly nowMs: number;
    }
  /** What happened since: events with higher numbers, in order. */
  | { readonly kind: 'events'; readonly events: readonly RunEvent[] }
  /** The reader decided that nobody runs it any more, or that somebody does again. */
  | { readonly kind: 'liveness'; readonly lost: boolean }
  /** A one-click evaluation began, moved or ended. */
  | { readonly kind: 'evaluation'; readonly step: number; readonly split: string; readonly status: EvaluationStatus }
  /** The run cannot be shown: why, and what to do. */
  | { readonly kind: 'broken'; readonly message: string; readonly hint: string };

export type EvaluationStatus =
  | { readonly kind: 'running'; readonly done: number; readonly total: number }
  | { readonly kind: 'done'; readonly metrics: MetricValues }
  | { readonly kind: 'failed'; readonly message: string };

export type PanelToHost =
  /** The panel is drawn and wants its snapshot. */
  | { readonly kind: 'ready' }
  /** The user pressed Stop and Save. */
  | { readonly kind: 'stop' }
  | { readonly kind: 'pause' }
  | { readonly kind: 'continue' }
  | { readonly kind: 'evaluate-now' }
  /** The user pressed Evaluate on a checkpoint's row. */
  | { readonly kind: 'evaluate'; readonly step: number }
  /** The user wants the run's log, folder or config in an editor. */
  | { readonly kind: 'open'; readonly what: 'log' | 'config' | 'folder' };

const panelRequests: readonly PanelToHost['kind'][] = ['ready', 'stop', 'pause', 'continue', 'evaluate-now', 'evaluate', 'open'];

/** What comes out of a webview is unknown until this has spoken. */
export function parsePanelMessage(input: unknown): PanelToHost | undefined {
  if (typeof input !== 'object' || input === null || !('kind' in input)) return undefined;
  const kind = panelRequests.find((known) => known === input.kind);
  if (kind === undefined) return undefined;
  if (kind === 'evaluate') return 'step' in input && isStep(input.step) ? { kind, step: input.step } : undefined;
  if (kind === 'open') {
    const what = 'what' in input ? (['log', 'config', 'folder'] as const).find((known) => known === input.what) : undefined;
    return what === undefined ? undefined : { kind, what };
  }
  return { kind };
}

function isStep(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0;
}
