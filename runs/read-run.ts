/** What a run folder says, as one value: for lists, trees, `temper runs`, and a panel's first snapshot. Never throws. */
import { describeThrown, initialRunState, isEnded, reduceRun, runRecordSchema, RunFailure } from '../protocol';
import type { RunError, RunEvent, RunRecord, RunState, StepFacts } from '../protocol';
import { EventTail } from './event-tail';
import { isAlive } from './liveness';
import { listRunDirs, runPaths } from './paths';
import { readDocument } from './read-document';

export interface RunOnDisk {
  readonly dir: string;
  /** Missing when run.json is; then `broken` says why. */
  readonly record?: RunRecord;
  readonly state: RunState;
  /** The curve: one point per optimizer step, without those that a resumed run did again. */
  readonly steps: readonly StepFacts[];
  readonly skippedLines: number;
  /** Nobody ended it and nobody runs it. `state.phase` says so too. */
  readonly lost: boolean;
  readonly broken?: RunError;
}

export async function readRun(runDir: string): Promise<RunOnDisk> {
  const { record, broken } = await recordOrError(runDir);
  const alive = await isAlive(runDir, record, Date.now()); // before the events: what ends in between has told its end
  const { events, skippedLines, unreadable } = await readEvents(runDir);
  const told = foldEvents(events);
  const lost = !alive && !isEnded(told.state.phase);
  const state: RunState = lost ? { ...told.state, phase: { kind: 'lost' } } : told.state;
  const error = broken ?? unreadable;
  return {
    dir: runDir,
    state,
    steps: told.steps,
    skippedLines,
    lost,
    ...(record && { record }),
    ...(error && { broken: error }),
  };
}

/** Newest first. A folder that cannot be understood is listed with what is wrong with it. */
export async function listRuns(projectDir: string): Promise<RunOnDisk[]> {
  const runs: RunOnDisk[] = [];
  for (const dir of await listRunDirs(projectDir)) runs.push(await readRun(dir)); // in turn: one log in memory at a time
  return runs;
}

/** Throws a `RunFailure` when run.json is missing or cannot be understood. */
export async function readRunRecord(runDir: string): Promise<RunRecord> {
  const file = runPaths(runDir).record;
  const document = await readDocument(file, runRecordSchema);
  if (document.kind === 'read') return document.value;
  if (document.kind === 'missing') throw new RunFailure(missingRecord(runDir, file));
  throw new RunFailure(badRecord(file, document.found));
}

/** Adds a step to the curve. A resumed run does the steps after its checkpoint again: they replace the old ones. */
export function addStep(steps: StepFacts[], step: StepFacts): void {
  for (let last = steps.at(-1); last !== undefined && last.step >= step.step; last = steps.at(-1)) steps.pop();
  steps.push(step);
}

function foldEvents(events: readonly RunEvent[]): { state: RunState; steps: StepFacts[] } {
  const steps: StepFacts[] = [];
  let state = initialRunState;
  for (const event of events) {
    state = reduceRun(state, event);
    if (event.kind === 'step' && state.lastStep) addStep(steps, state.lastStep); // seen before: the newest stays the newest
  }
  return { state, steps };
}

async function recordOrError(runDir: string): Promise<{ record?: RunRecord; broken?: RunError }> {
  try {
    return { record: await readRunRecord(runDir) };
  } catch (error) {
    return { broken: describeThrown(error) };
  }
}

async function readEvents(runDir: string): Promise<{ events: RunEvent[]; skippedLines: number; unreadable?: RunError }> {
  const file = runPaths(runDir).events;
  const tail = new EventTail(file);
  try {
    const events = await tail.readNew();
    return { events, skippedLines: tail.skippedLines };
  } catch (error) {
    return { events: [], skippedLines: tail.skippedLines, unreadable: unreadableEvents(file, error) };
  }
}

function missingRecord(runDir: string, file: string): RunError {
  return {
    code: 'bad-run',
    message: `${runDir} is not a run: it has no run.json.`,
    hint: 'Give the folder of a run, for instance .temper/runs/20261122-203145. "temper runs" lists them.',
    file,
  };
}

function badRecord(file: string, found: string): RunError {
  return {
    code: 'bad-run',
    message: `run.json cannot be used: ${found}.`,
    hint: 'It was written by another version of Temper or changed by hand. Its checkpoints can still be evaluated and exported.',
    file,
  };
}

function unreadableEvents(file: string, thrown: unknown): RunError {
  const { message, detail } = describeThrown(thrown);
  const hint = 'Check the permissions of the run folder and that its disk is connected.';
  return { code: 'bad-run', message: `events.ndjson cannot be read: ${message}`, hint, file, ...(detail && { detail }) };
}
