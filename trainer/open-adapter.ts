/**
 * Opens an adapter folder that no run of Temper made: one of PEFT's, or of the adapters library's. Its base is the one that
 * it names, or another that is asked for; its classes are those that lie beside it.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { createRandom } from '../dataset/seeded-random';
import { parseConfig, RunFailure, type RunConfig } from '../protocol';
import { attachOptionsOf } from './attach-options';
import { chooseBackend } from './backends/choose';
import { readAdapterJson } from './methods/adapter-files';
import { attachAdaptersFolder, isAdaptersLibrary } from './methods/adapters-folder';
import type { Adapter } from './methods/method';
import { attachPeft, isPeftFolder, readPeftFile } from './methods/peft-folder';
import { loadModel, type LoadedModel } from './model-folder';
import { readSafetensors } from './safetensors';
import { createTask, headOf } from './tasks/registry';
import type { Task } from './tasks/task';

/** A model with what was learnt in place. */
export interface OpenModel {
  /** Where the adapter's files lie. */
  readonly dir: string;
  /** What it is called. */
  readonly name: string;
  readonly config: RunConfig;
  readonly labels: readonly string[];
  readonly model: LoadedModel;
  readonly task: Task;
  /** Owned by the caller, who disposes it. */
  readonly adapter: Adapter;
}

export function isAdapterFolder(dir: string): boolean {
  return isPeftFolder(dir);
}

/** `base` names the base model where the adapter's own word for it leads nowhere. @throws RunFailure saying what does not fit */
export async function openAdapter(dir: string, base?: string): Promise<OpenModel> {
  const settings = await readAdapterJson(dir, 'adapter_config.json');
  const isLibrary = isAdaptersLibrary(settings);
  const { peftTask, baseName } = isLibrary ? readLibrary(settings) : await readPeft(dir);
  const labels = await readLabels(dir);
  const config = configFor(base ?? baseName ?? '', peftTask ?? (labels.length > 0 ? 'SEQ_CLS' : 'CAUSAL_LM'));
  const projectDir = process.cwd();
  await chooseBackend({ backend: 'auto', threads: undefined, projectDir });
  const request = { head: headOf(config.task), labels: labels.length, initialWeights: 'pretrained', seed: 0 } as const;
  const model = await loadModel({ model: config.model, projectDir, ...request }).catch((thrown: unknown) => {
    throw base === undefined && thrown instanceof RunFailure ? withAdvice(dir, thrown) : thrown;
  });
  const options = attachOptionsOf(model, labels, createRandom(0));
  const adapter = await (isLibrary ? attachAdaptersFolder(dir, options) : attachPeft(dir, options));
  return { dir, name: dir, config, labels, model, task: createTask(config, model, labels), adapter };
}

interface AdapterFacts {
  readonly peftTask: string | undefined;
  readonly baseName: string | undefined;
}

async function readPeft(dir: string): Promise<AdapterFacts> {
  const { task_type: peftTask, base_model_name_or_path: baseName } = await readPeftFile(dir);
  return { peftTask: peftTask ?? undefined, baseName: baseName ?? undefined };
}

function readLibrary(settings: unknown): AdapterFacts {
  const parsed = z.object({ model_name: z.string().nullish() }).safeParse(settings);
  return { peftTask: undefined, baseName: parsed.data?.model_name ?? undefined };
}

function configFor(model: string, peftTask: string): RunConfig {
  const tasks: Readonly<Record<string, RunConfig['task']['type']>> = {
    SEQ_CLS: 'text-classification',
    CAUSAL_LM: 'instruction-tuning',
  };
  const type = tasks[peftTask];
  const parsed = type && parseConfig({ model: model || '.', task: { type }, data: { train: 'none' } });
  if (parsed?.kind === 'valid') return parsed.config;
  throw new RunFailure({
    code: 'bad-checkpoint',
    message: `The adapter is for PEFT's task ${peftTask}; Temper uses adapters for ${Object.keys(tasks).join(' and ')}.`,
    hint: 'Use it in Python.',
  });
}

const labelsSchema = z.object({ id2label: z.record(z.string(), z.string()) });
const headName = /(^|\.)(classifier|score)(\.out_proj)?\.weight$/;

/** The names in a config.json beside the adapter; else as many as the saved head has, called as transformers calls them. */
async function readLabels(dir: string): Promise<string[]> {
  const count = await countClasses(dir);
  if (count === 0) return [];
  const file = join(dir, 'config.json');
  const named = existsSync(file) ? labelsSchema.safeParse(JSON.parse(await readFile(file, 'utf8'))).data?.id2label : undefined;
  return Array.from({ length: count }, (_, index) => named?.[String(index)] ?? `LABEL_${index}`);
}

async function countClasses(dir: string): Promise<number> {
  for (const name of ['adapter_model.safetensors', 'model_head.safetensors']) {
    if (!existsSync(join(dir, name))) continue;
    const head = [...(await readSafetensors(join(dir, name)))].find(([tensor]) => headName.test(tensor));
    if (head) return head[1].shape[0] ?? 0;
  }
  return 0;
}

function withAdvice(dir: string, { error }: RunFailure): RunFailure {
  const hint = `${error.hint} The adapter in ${dir} names that base; --model takes another.`;
  return new RunFailure({ ...error, hint });
}
