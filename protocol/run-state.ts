/**
 * The state of a run: a pure fold over its events, the same in the trainer's tests, the editor and the panel. It holds
 * no curve of steps (that grows without bound and belongs to whoever draws it), only the newest step.
 */
import type { BackendName } from './config';
import type { RunError } from './errors';
import type { EndState, RunEvent, RunEventOf } from './events';
import type { MetricValues } from './metrics';

type Facts<Kind extends RunEvent['kind']> = Omit<RunEventOf<Kind>, 'kind' | 'seq' | 'atMs'>;
export type StepFacts = Facts<'step'> & { readonly atMs: number };
export type EvaluationFacts = Facts<'evaluated'>;
export type PlanFacts = Facts<'planned'>;
export type SampledFacts = Facts<'sampled'>;

export interface CheckpointFacts {
  readonly step: number;
  /** Relative to the run folder. */
  readonly path: string;
  readonly bytes: number;
  readonly metrics: MetricValues;
}

export type RunPhase =
  | { readonly kind: 'starting' }
  | { readonly kind: 'working'; readonly activity: string; readonly done: number; readonly total: number }
  | { readonly kind: 'training' }
  | { readonly kind: 'paused' }
  | { readonly kind: 'stopping' }
  | { readonly kind: 'ended'; readonly state: EndState; readonly reason: string; readonly error?: RunError }
  /** Nobody ended it and nobody is running it: decided by the reader from the heartbeat, never by an event. */
  | { readonly kind: 'lost' };

export interface RunState {
  readonly lastSeq: number;
  readonly phase: RunPhase;
  readonly startedAtMs?: number;
  readonly endedAtMs?: number;
  readonly backend?: { readonly name: BackendName; readonly threads: number };
  readonly plan?: PlanFacts;
  readonly lastStep?: StepFacts;
  /** In the order in which they were measured. */
  readonly evaluations: readonly EvaluationFacts[];
  /** Those still on disk, oldest first. */
  readonly checkpoints: readonly CheckpointFacts[];
  readonly best?: { readonly step: number; readonly value: number };
  readonly notices: readonly string[];
  /** What the model wrote at each evaluation, oldest first. */
  readonly samples: readonly SampledFacts[];
}

export const initialRunState: RunState = {
  lastSeq: 0,
  phase: { kind: 'starting' },
  evaluations: [],
  checkpoints: [],
  notices: [],
  samples: [],
};

/** Applies one event. An event already seen (its number is not higher) changes nothing. */
export function reduceRun(state: RunState, event: RunEvent): RunState {
  if (event.seq <= state.lastSeq) return state;
  return { ...apply(state, event), lastSeq: event.seq };
}

export function collectRunState(events: Iterable<RunEvent>): RunState {
  let state = initialRunState;
  for (const event of events) state = reduceRun(state, event);
  return state;
}

export function isEnded(phase: RunPhase): boolean {
  return phase.kind === 'ended' || phase.kind === 'lost';
}

function apply(state: RunState, event: RunEvent): RunState {
  switch (event.kind) {
    case 'hello':
      return begin(state, event);
    case 'progress':
      return working(state, event);
    case 'planned':
      return { ...state, plan: facts(event) };
    case 'notice':
      return { ...state, notices: [...state.notices, event.message] };
    case 'step':
      return { ...state, phase: afterStep(state.phase), lastStep: { ...facts(event), atMs: event.atMs } };
    case 'evaluated':
      return { ...state, evaluations: addEvaluation(state.evaluations, facts(event)) };
    case 'sampled':
      return { ...state, samples: [...state.samples.filter(({ step }) => step !== event.step), facts(event)] };
    case 'saved':
      return { ...state, checkpoints: addCheckpoint(state.checkpoints, event) };
    case 'improved':
      return { ...state, best: { step: event.step, value: event.value } };
    case 'removed':
      return { ...state, checkpoints: state.checkpoints.filter(({ step }) => step !== event.step) };
    case 'paused':
      return { ...state, phase: { kind: 'paused' } };
    case 'continued':
      return { ...state, phase: { kind: 'training' } };
    case 'stopping':
      return { ...state, phase: { kind: 'stopping' } };
    case 'ended':
      return ended(state, event);
    default:
      return event satisfies never;
  }
}

/** A stop request stays visible while the last batches and the checkpoint are finished. */
function afterStep(phase: RunPhase): RunPhase {
  return phase.kind === 'stopping' ? phase : { kind: 'training' };
}

function working(state: RunState, event: RunEventOf<'progress'>): RunState {
  if (state.phase.kind === 'stopping') return state;
  const { activity, done, total } = event;
  return { ...state, phase: { kind: 'working', activity, done, total } };
}

/** A run that is resumed begins again, and is no longer ended; it keeps the time of its first start. */
function begin({ endedAtMs: _endedAtMs, ...state }: RunState, event: RunEventOf<'hello'>): RunState {
  const backend = { name: event.backend, threads: event.threads };
  return { ...state, phase: { kind: 'starting' }, startedAtMs: state.startedAtMs ?? event.atMs, backend };
}

/** The same measurement made again replaces the old one. */
function addEvaluation(evaluations: readonly EvaluationFacts[], added: EvaluationFacts): EvaluationFacts[] {
  const isSame = ({ step, split, subject }: EvaluationFacts) =>
    step === added.step && split === added.split && subject === added.subject;
  return [...evaluations.filter((evaluation) => !isSame(evaluation)), added];
}

function addCheckpoint(checkpoints: readonly CheckpointFacts[], event: RunEventOf<'saved'>): CheckpointFacts[] {
  const { step, path, bytes, metrics } = event;
  return [...checkpoints.filter((other) => other.step !== step), { step, path, bytes, metrics }];
}

function ended(state: RunState, event: RunEventOf<'ended'>): RunState {
  const { state: endState, reason, error } = event;
  const phase: RunPhase = { kind: 'ended', state: endState, reason, ...(error && { error }) };
  return { ...state, phase, endedAtMs: event.atMs };
}

function facts<Event extends RunEvent>(event: Event): Omit<Event, 'kind' | 'seq' | 'atMs'> {
  const { kind: _kind, seq: _seq, atMs: _atMs, ...rest } = event;
  return rest;
}
