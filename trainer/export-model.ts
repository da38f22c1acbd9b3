/**
 * Takes a checkpoint out of its run, as other tools read it: the adapter as it lies in the checkpoint, or the base with
 * everything that was learnt folded in. The folder appears complete or not at all.
 */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { RunFailure } from '../protocol';
import { projectionFile } from './methods/prefix-tuning';
import type { OpenModel } from './open-adapter';
import { modelConfig } from './checkpoint';
import { writeSafetensors } from './safetensors';

export const exportForms = ['peft', 'merged'] as const;
export type ExportForm = (typeof exportForms)[number];

/** What the trainer keeps beside what others read. */
const ownFiles = new Set(['MANIFEST.json', 'optimizer.safetensors', 'trainer_state.json', projectionFile]);
/** What belongs to a model that is neither its weights nor its config. */
const besideModels = new Set([
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'vocab.txt',
  'chat_template.jinja',
  'generation_config.json',
]);

/** Returns the names of the files in `dir`. @throws RunFailure when there is something already, or the method cannot do it */
export async function exportModel(opened: OpenModel, form: ExportForm, dir: string): Promise<string[]> {
  await requireEmpty(dir);
  requirePossible(opened, form);
  await mkdir(dirname(dir), { recursive: true });
  const temporary = join(dirname(dir), `.${basename(dir)}.${randomUUID()}.tmp`);
  await mkdir(temporary);
  try {
    await (form === 'peft' ? copyAdapter(opened, temporary) : writeMerged(opened, temporary));
    await writeFile(join(temporary, 'README.md'), describe(opened, form));
    await rm(dir, { recursive: true, force: true }); // it is empty
    await rename(temporary, dir);
  } catch (thrown) {
    await rm(temporary, { recursive: true, force: true });
    throw thrown;
  }
  return (await readdir(dir)).sort();
}

async function requireEmpty(dir: string): Promise<void> {
  if (!existsSync(dir) || (await readdir(dir)).length === 0) return;
  throw new RunFailure({
    code: 'bad-usage',
    message: `${dir} is there already, and not empty.`,
    hint: 'Name a folder that does not exist yet.',
    file: dir,
  });
}

function requirePossible({ adapter, config }: OpenModel, form: ExportForm): void {
  const { type } = config.method;
  if (form === 'merged' && !adapter.merging)
    throw new RunFailure({
      code: 'bad-usage',
      message: `What ${type} has learnt does not fit into the weights of the base, so it cannot be merged.`,
      hint: 'Export it with --to peft, and put it on the base when it is used.',
    });
  const needsBase = adapter.tensorFile !== 'model.safetensors';
  if (form === 'peft' && needsBase && config.initialWeights === 'random')
    throw new RunFailure({
      code: 'bad-usage',
      message: `What ${type} has learnt belongs to the random weights that this run started from, and no folder has the base of such an adapter.`,
      hint: adapter.merging ? 'Export it with --to merged.' : 'Train with "initialWeights": "pretrained".',
    });
  if (form === 'peft' && !needsBase)
    throw new RunFailure({
      code: 'bad-usage',
      message: `${type} tunes the model's own weights: there is no adapter to take out.`,
      hint: 'Export it with --to merged.',
    });
}

async function copyAdapter({ dir: from }: OpenModel, dir: string): Promise<void> {
  for (const name of await readdir(from)) {
    if (!ownFiles.has(name)) await copyFile(join(from, name), join(dir, name));
  }
}

/** What lies beside the adapter goes before what lies beside the base: it may have other classes. */
async function writeMerged(opened: OpenModel, dir: string): Promise<void> {
  const { adapter, model } = opened;
  for (const from of [model.dir, opened.dir]) {
    for (const name of await readdir(from)) if (besideModels.has(name)) await copyFile(join(from, name), join(dir, name));
  }
  await writeFile(join(dir, 'config.json'), JSON.stringify(modelConfig(model, opened.labels), undefined, 2));
  adapter.merging?.merge();
  try {
    await writeSafetensors(join(dir, 'model.safetensors'), (await adapter.merging?.collectBase()) ?? new Map());
  } finally {
    adapter.merging?.unmerge();
  }
}

function describe({ name, config, labels, adapter }: OpenModel, form: ExportForm): string {
  const what = form === 'peft' ? 'An adapter' : 'A whole model, adapter merged';
  const classes = labels.length > 0 ? `\nLabels: ${labels.join(', ')}.\n` : '';
  const note = form === 'merged' && adapter.merging?.note !== undefined ? `\n${adapter.merging.note}\n` : '';
  return `# ${name}\n\n${what}, exported by Temper: ${config.model}, tuned for ${config.task.type}.\n${classes}${note}`;
}
