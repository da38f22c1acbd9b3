/** Whole runs of both tasks in this process, on tiny models: the project that they train, and what they said. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadSplits } from '../../dataset/load-splits';
import { readProject } from '../../dataset/project';
import type { MetricValues, RunEvent } from '../../protocol';
import type { TextModel, Tuning } from '../../trainer/models/model';
import { computeLogits } from '../../trainer/models/run-backbone';
import type { OpenCheckpoint } from '../../trainer/open-checkpoint';
import { runTraining, type RunOutcome } from '../../trainer/run';
import * as tf from '../../trainer/tensors';
import { tinySettings, writeTinyProject } from '../cli/tiny-project';
import { tinyChats, writeTinyDecoder } from './tiny-decoder';
import { jsonl, writeTinyModel } from './tiny-model';
import { quietSurroundings } from './tiny-training';

export const tinyTasks = ['text-classification', 'instruction-tuning'] as const;
export type TinyTask = (typeof tinyTasks)[number];

/** Four steps, evaluated twice: a BERT with dropout that sorts texts, or a Llama that learns to answer. Returns the folder. */
export function writeTaskProject(dir: string, task: TinyTask): string {
  if (task === 'instruction-tuning') return writeChatProject(dir);
  writeTinyProject(dir);
  writeTinyModel(join(dir, 'model'), { dropout: 0.1 });
  return dir;
}

function writeChatProject(dir: string): string {
  mkdirSync(dir, { recursive: true });
  writeTinyDecoder(join(dir, 'model'));
  const rows = { train: tinyChats(24, 1), validation: tinyChats(6, 2), test: tinyChats(6, 3) };
  for (const [split, chats] of Object.entries(rows)) writeFileSync(join(dir, `${split}.jsonl`), jsonl(chats));
  const task = { type: 'instruction-tuning', samples: 1, maxNewTokens: 4 };
  writeFileSync(join(dir, 'temper.json'), JSON.stringify({ ...tinySettings, task }));
  return dir;
}

export interface TinyRun extends RunOutcome {
  readonly events: readonly RunEvent[];
  /** Of the steps. */
  readonly losses: readonly number[];
}

/** `settings` as behind --set: `{ 'training.maxSteps': 2 }`. */
export async function trainTask(dir: string, runId: string, settings: Readonly<Record<string, unknown>>): Promise<TinyRun> {
  const events: RunEvent[] = [];
  const given = Object.entries(settings).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  const outcome = await runTraining({
    allowLeaks: true, // the rows are few and alike
    project: await readProject(dir, given),
    runId,
    surroundings: () => quietSurroundings(),
    onEvent: (event) => events.push(event),
  });
  return { ...outcome, events, losses: events.flatMap((event) => (event.kind === 'step' ? [event.loss] : [])) };
}

export function assertCompleted({ events }: TinyRun): void {
  const ended = events.at(-1);
  assert.ok(ended?.kind === 'ended' && ended.state === 'completed', JSON.stringify(ended));
}

/** On the test rows, once training has ended. */
export function measuredOf({ events }: TinyRun, subject: 'base' | 'trained'): MetricValues {
  const found = events.findLast((event) => event.kind === 'evaluated' && event.split === 'test' && event.subject === subject);
  return found?.kind === 'evaluated' ? found.metrics : assert.fail(`the run did not measure the ${subject} model`);
}

/** What an open checkpoint gives for the test rows of its run. */
export async function measureTestRows({ task, adapter, record }: OpenCheckpoint): Promise<MetricValues> {
  const { test } = (await loadSplits(await readProject(record.projectDir), 'ignore')).splits;
  assert.ok(test);
  const encoded = test.rows.map((row, index) => task.encode(row, index));
  const { batchSize } = record.config.evaluation;
  return (await task.evaluate(adapter, { file: test.file, rows: test.rows, encoded }, { batchSize })).metrics;
}

/** Of two rows, one of five tokens and one of three. */
export function logitsOf(model: TextModel, tuning: Tuning): Float32Array {
  const batch = { rows: 2, ids: Int32Array.from([2, 7, 8, 9, 3, 2, 10, 3]), starts: Int32Array.of(0, 5, 8) };
  return tf.tidy(() => Float32Array.from(computeLogits(model, batch, { tuning }).dataSync<'float32'>()));
}
