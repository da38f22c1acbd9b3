/** Opens a checkpoint for use: the base it was made from, the method attached, the trained values in place. */
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { createRandom } from '../dataset/seeded-random';
import { RunFailure, type RunRecord } from '../protocol';
import { isCheckpointDir, isRunDir, runDirOfCheckpoint } from '../runs/paths';
import { readCheckpointManifest } from '../runs/checkpoint-manifest';
import { readRun } from '../runs/read-run';
import { attachOptionsOf } from './attach-options';
import { chooseBackend } from './backends/choose';
import { loadCheckpoint } from './checkpoint';
import { attachMethod } from './methods/registry';
import { loadModel, type LoadedModel } from './model-folder';
import { isAdapterFolder, openAdapter, type OpenModel } from './open-adapter';
import { createTask, headOf } from './tasks/registry';

export interface OpenCheckpoint extends OpenModel {
  readonly runDir: string;
  readonly checkpointDir: string;
  readonly step: number;
  readonly record: RunRecord;
}

/** A run, a checkpoint, or an adapter folder from elsewhere, of which `base` may name the base model. */
export async function openModel(target: string, base?: string): Promise<OpenModel> {
  const isOurs = isRunDir(target) || isRunDir(runDirOfCheckpoint(target)); // also a checkpoint that was never finished
  return !isOurs && isAdapterFolder(target) ? openAdapter(target, base) : openCheckpoint(target);
}

/** `target` is a checkpoint's folder, or a run's, which means its best checkpoint. */
export async function openCheckpoint(target: string): Promise<OpenCheckpoint> {
  const runDir = isCheckpointDir(target) ? runDirOfCheckpoint(target) : target;
  if (!existsSync(target)) throw notACheckpoint(target, 'there is no such folder');
  if (!isRunDir(runDir))
    throw notACheckpoint(target, 'it has neither a MANIFEST.json, which a complete checkpoint has, nor a run.json');
  const { record, state } = await readRun(runDir);
  const labels = state.plan?.labels;
  if (record === undefined || labels === undefined) throw notACheckpoint(target, 'its run never began to train');

  const best = state.checkpoints.find(({ step }) => step === state.best?.step) ?? state.checkpoints.at(-1);
  const checkpointDir = target !== runDir ? target : best === undefined ? undefined : join(runDir, best.path);
  if (checkpointDir === undefined) throw notACheckpoint(target, 'the run has no checkpoint');
  const { step } = await readCheckpointManifest(checkpointDir);

  const { config, projectDir } = record;
  await chooseBackend({ backend: config.backend, threads: config.threads, projectDir });
  const model = await loadModel({
    model: config.model,
    projectDir,
    head: headOf(config.task),
    labels: labels.length,
    initialWeights: config.initialWeights,
    seed: config.training.seed,
  });
  requireSameBase(model, record, basename(checkpointDir));
  const adapter = attachMethod(config.method, attachOptionsOf(model, labels, createRandom(config.training.seed)));
  await loadCheckpoint(checkpointDir, adapter);
  const task = createTask(config, model, labels);
  const name = `${record.name}, step ${step} of run ${record.runId}`;
  return { dir: checkpointDir, name, config, runDir, checkpointDir, step, record, labels, model, task, adapter };
}

/** An adapter on another base would give wrong answers without a word. */
function requireSameBase(model: LoadedModel, record: RunRecord, checkpoint: string): void {
  if (model.weights.sha256 === record.model.sha256) return;
  throw new RunFailure({
    code: 'bad-checkpoint',
    message: `${checkpoint} was trained on other weights than those in ${model.weights.path} now.`,
    hint: 'Put the base model of that run back, or train again.',
    file: model.weights.path,
  });
}

function notACheckpoint(target: string, found: string): RunFailure {
  return new RunFailure({
    code: 'bad-checkpoint',
    message: `${target} cannot be opened as a checkpoint: ${found}.`,
    hint: '`temper runs` lists the runs and checkpoints of a project.',
    file: target,
  });
}
