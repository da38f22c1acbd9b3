/**
 * What a checkpoint holds, beyond the folder it lies in (runs/checkpoint-folder.ts): the trained tensors in the layout of
 * the library that owns the format, the optimizer's moments, and the trainer state as transformers writes it.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RunFailure, type MetricValues, type RunConfig } from '../protocol';
import { writeCheckpoint } from '../runs/checkpoint-folder';
import { verifyCheckpoint } from '../runs/checkpoint-manifest';
import type { Adapter } from './methods/method';
import { collectValues } from './methods/parameters';
import type { LoadedModel } from './model-folder';
import type { Optimizer } from './optimizer';
import { encodeSafetensors, readSafetensors } from './safetensors';

export interface CheckpointContent {
  readonly runDir: string;
  readonly step: number;
  readonly config: RunConfig;
  readonly labels: readonly string[];
  readonly model: LoadedModel;
  readonly adapter: Adapter;
  readonly optimizer: Optimizer;
  readonly progress: {
    readonly epoch: number;
    readonly epochs: number;
    readonly totalSteps: number;
    readonly metrics: MetricValues;
    readonly best: { step: number; value: number } | undefined;
  };
}

/** Writes everything; the folder appears complete or not at all. Returns its path inside the run folder and its size. */
export async function saveCheckpoint(content: CheckpointContent): Promise<{ path: string; bytes: number }> {
  const { runDir, step, config, adapter, optimizer, model } = content;
  const files = new Map<string, Uint8Array>([
    [adapter.tensorFile, encodeSafetensors(await adapter.collectTensors())],
    ...(await encodeParts(adapter)),
    ['optimizer.safetensors', encodeSafetensors(await collectValues(optimizer.moments))],
    ['config.json', json(modelConfig(model, content.labels))],
    ['trainer_state.json', json(trainerState(content))],
    ...[...adapter.configFiles].map(([name, value]) => [name, json(value)] as const),
  ]);
  for (const name of ['tokenizer.json', 'tokenizer_config.json', 'chat_template.jinja', 'generation_config.json']) {
    if (existsSync(join(model.dir, name))) files.set(name, await readFile(join(model.dir, name))); // all but the first are optional
  }
  const { plainTemplate } = model.writing ?? {};
  if (plainTemplate !== undefined) files.set('chat_template.jinja', Buffer.from(plainTemplate));
  return writeCheckpoint({ runDir, step, method: config.method.type, files });
}

/** Checks the hashes, then overwrites what is trained with what the checkpoint holds. @throws RunFailure 'bad-checkpoint' */
export async function loadCheckpoint(checkpointDir: string, adapter: Adapter): Promise<void> {
  await verifyCheckpoint(checkpointDir);
  await assignFrom(join(checkpointDir, adapter.tensorFile), adapter);
  for (const [name, part] of adapter.tensorParts ?? []) await assignFrom(join(checkpointDir, name), part);
}

async function encodeParts({ tensorParts = new Map() }: Adapter): Promise<[string, Uint8Array][]> {
  const files: [string, Uint8Array][] = [];
  for (const [name, part] of tensorParts) files.push([name, encodeSafetensors(await part.collect())]);
  return files;
}

async function assignFrom(file: string, part: Pick<Adapter, 'assign'>): Promise<void> {
  try {
    part.assign(await readSafetensors(file));
  } catch (thrown) {
    throw new RunFailure({
      code: 'bad-checkpoint',
      message: `${file} does not hold what this method trains: ${thrown instanceof Error ? thrown.message : String(thrown)}.`,
      hint: 'Use another checkpoint of this run, or train again.',
      file,
    });
  }
}

/** The base's config.json with the task's head described, so that transformers opens the folder as it is. */
export function modelConfig({ config, head }: LoadedModel, labels: readonly string[]): unknown {
  if (head.vocabulary) return { ...config, architectures: [head.architecture] };
  return {
    ...config,
    architectures: [head.architecture],
    problem_type: 'single_label_classification',
    id2label: Object.fromEntries(labels.map((label, index) => [String(index), label])),
    label2id: Object.fromEntries(labels.map((label, index) => [label, index])),
  };
}

function trainerState({ step, config, progress }: CheckpointContent): unknown {
  return {
    best_global_step: progress.best?.step ?? null,
    best_metric: progress.best?.value ?? null,
    epoch: progress.epoch,
    global_step: step,
    is_world_process_zero: true,
    log_history: [
      {
        epoch: progress.epoch,
        step,
        ...Object.fromEntries(Object.entries(progress.metrics).map(([name, value]) => [`eval_${name}`, value])),
      },
    ],
    max_steps: progress.totalSteps,
    num_train_epochs: progress.epochs,
    train_batch_size: config.training.batchSize,
  };
}

function json(value: unknown): Uint8Array {
  return Buffer.from(`${JSON.stringify(value, undefined, 2)}\n`);
}
