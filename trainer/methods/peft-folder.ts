/**
 * An adapter folder as PEFT writes it, opened onto a base model: what its configuration means, and its tensors, which must
 * be those that the configuration promises, all of them and no others.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { LoraConfig } from '../../protocol';
import type { NamedTensor, NamedTensors } from '../safetensors';
import { badAdapter, describeDifferences, parseAdapterJson, readAdapterJson, readAdapterTensors } from './adapter-files';
import { attachIa3 } from './ia3';
import { attachLora } from './lora';
import type { Adapter, AttachOptions } from './method';
import { parseIa3Config, parseLoraConfig, peftPrefix, withPeftPrefix } from './peft-config';
import { modernName, readNumbers, readPattern, spellAsPeft } from './peft-spelling';
import { attachPeftPrefix, attachPeftPrompt } from './peft-prompt-folder';
import { attachQlora } from './qlora';
import { keepKnown, keepKnownModules, type ModulePattern } from './targets';

const configName = 'adapter_config.json';
const tensorsName = 'adapter_model.safetensors';

const fileSchema = z.looseObject({
  peft_type: z.string(),
  task_type: z.string().nullish(),
  base_model_name_or_path: z.string().nullish(),
});
export type PeftFile = z.infer<typeof fileSchema>;

export function isPeftFolder(dir: string): boolean {
  return existsSync(join(dir, configName));
}

/** What the folder says of itself: the method, the task, the base. @throws RunFailure 'bad-checkpoint' */
export async function readPeftFile(dir: string): Promise<PeftFile> {
  return parseAdapterJson(dir, configName, fileSchema, await readAdapterJson(dir, configName));
}

/** @throws RunFailure 'bad-checkpoint' naming every key that cannot be followed and every tensor that does not fit */
export async function attachPeft(dir: string, options: AttachOptions): Promise<Adapter> {
  const content = await readPeftFile(dir);
  switch (content.peft_type) {
    case 'LORA': {
      const config = parseLoraConfig(dir, content);
      const known = { ...config, ...knownOf(config, options), ...respeltOf(config, options) };
      return attachWithTensors(dir, options, (given) => (given.packed ? attachQlora(known, given) : attachLora(known, given)));
    }
    case 'IA3': {
      const config = parseIa3Config(dir, content);
      const { feedforwardModules: feedforward, excludeModules: excluded } = config;
      const read = {
        feedforwardModules: feedforward && readPattern(feedforward, options.architecture),
        excludeModules: excluded && readPattern(excluded, options.architecture),
      };
      return attachWithTensors(dir, options, (given) => attachIa3({ ...config, ...knownOf(config, options), ...read }, given));
    }
    case 'PREFIX_TUNING':
      return attachPeftPrefix(dir, content, options);
    case 'PROMPT_TUNING':
      return attachPeftPrompt(dir, content, options);
    default:
      throw badAdapter(dir, [
        `it is of PEFT's type "${content.peft_type}", and Temper reads LORA, IA3, PREFIX_TUNING and PROMPT_TUNING`,
      ]);
  }
}

interface Named {
  readonly targetModules?: ModulePattern | undefined;
  readonly modulesToSave?: readonly string[] | undefined;
}

/** PEFT lets names be that the model does not have; whether the right ones were meant shows in the tensors. */
function knownOf({ targetModules: given, modulesToSave = [] }: Named, { architecture }: AttachOptions) {
  const targetModules = given && readPattern(given, architecture);
  const isList = targetModules !== undefined && typeof targetModules !== 'string';
  const known = keepKnownModules(modulesToSave, architecture);
  return {
    targetModules: isList ? keepKnown(targetModules, architecture) : targetModules,
    modulesToSave: known.length > 0 ? known : undefined,
  };
}

/** What else of the configuration is in names of modules. */
function respeltOf({ excludeModules: excluded, rankPattern, alphaPattern }: LoraConfig, { architecture }: AttachOptions) {
  return {
    excludeModules: excluded && readPattern(excluded, architecture),
    rankPattern: readNumbers(rankPattern, architecture),
    alphaPattern: readNumbers(alphaPattern, architecture),
  };
}

/** What is trained beside the adapter is what the file says, whatever the task would start afresh. */
async function attachWithTensors(
  dir: string,
  options: AttachOptions,
  attach: (options: AttachOptions) => Adapter,
): Promise<Adapter> {
  const read = withoutCopies(await readAdapterTensors(dir, tensorsName));
  const stored = new Map([...read].map(([name, tensor]) => [modernName(name, options.architecture), tensor]));
  const { tensors, rest } = takeTables(stored, options.tensors);
  const architecture = { ...options.architecture, freshModules: [] };
  const adapter = spellAsPeft(attach({ ...options, tensors, architecture }), architecture);
  try {
    requireMatch(dir, shapesInFile(adapter, architecture), rest);
    adapter.assign(rest);
    return adapter;
  } catch (thrown) {
    adapter.dispose();
    throw thrown;
  }
}

/** Every tensor of the adapter, each with its shape, and nothing else: an adapter of which nothing is used would do nothing. */
function requireMatch(dir: string, expected: ReadonlyMap<string, Shaped>, values: NamedTensors): void {
  const problems = describeDifferences(tensorsName, expected, values);
  if (problems.length === 0) return;
  const matching = [...values.keys()].filter((name) => expected.has(name)).length;
  throw badAdapter(dir, [...(matching === 0 ? [`none of its ${values.size} tensors belongs to this model`] : []), ...problems]);
}

interface Shaped {
  readonly shape: readonly number[];
}

/** A module that is trained in full lies in the file as the model's file has it: Conv1D's weights [in, out]. */
function shapesInFile({ trained }: Adapter, { transposed }: AttachOptions['architecture']): Map<string, Shaped> {
  const turned = withPeftPrefix(new Set([...transposed].map((module) => `${module}.weight`)));
  return new Map([...trained].map(([name, { shape }]) => [name, { shape: turned.has(name) ? shape.toReversed() : shape }]));
}

/** With `bias="all"` PEFT writes a saved module's bias three times; the plain name is the one that it reads. */
function withoutCopies(stored: NamedTensors): NamedTensors {
  const copies = /\.(modules_to_save|original_module)\./;
  const plain = [...stored].filter(([name]) => !copies.test(name));
  const renamed = [...stored]
    .filter(([name]) => name.includes('.modules_to_save.'))
    .map(([name, tensor]) => [name.replace('.modules_to_save.', '.'), tensor] as const);
  return new Map([...renamed, ...plain]);
}

/** Beside an update of the embeddings PEFT writes the whole table: the one that the update belongs to. */
function takeTables(stored: NamedTensors, base: NamedTensors): { tensors: NamedTensors; rest: NamedTensors } {
  const tensors = new Map<string, NamedTensor>(base);
  const rest = new Map(stored);
  for (const [name, tensor] of stored) {
    if (!name.startsWith(peftPrefix) || !name.endsWith('.base_layer.weight')) continue;
    const module = name.slice(peftPrefix.length, -'.base_layer.weight'.length);
    if (base.get(`${module}.weight`)?.shape.join() !== tensor.shape.join()) continue;
    tensors.set(`${module}.weight`, tensor);
    rest.delete(name);
  }
  return { tensors, rest };
}
