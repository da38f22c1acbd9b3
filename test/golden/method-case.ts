/** One fixture of test/golden/methods: a method on a tiny random model, and what the real libraries compute with it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { createRandom } from '../../dataset/seeded-random';
import type { AttachOptions } from '../../trainer/methods/method';
import { readModel, type LoadedModel } from '../../trainer/model-folder';
import type { NamedTensors } from '../../trainer/safetensors';
import type { HeadKind } from '../../trainer/models/model';
import { goldenDir } from './golden-dir';
import { readModelCase, type ModelCase } from './model-case';

const detailsSchema = z.object({ base: z.string(), method: z.string(), quantized: z.string().optional() });

export interface MethodCase extends ModelCase {
  readonly method: string;
  readonly model: Omit<LoadedModel, 'tokenizer' | 'writing'>;
}

export const methodsDir = join(goldenDir, 'methods');

/** With its base, or with the packed base that lies beside it. */
export async function readMethodCase(name: string): Promise<MethodCase> {
  const golden = await readModelCase(join(methodsDir, name));
  const { base, method, quantized } = detailsSchema.parse(JSON.parse(readFileSync(join(golden.dir, 'expected.json'), 'utf8')));
  const dir = quantized === undefined ? join(goldenDir, 'models', base) : join(golden.dir, quantized);
  return { ...golden, method, model: await loadBase(dir, golden) };
}

/** The original base of a fixture with a packed one. */
export async function loadUnpackedBase(golden: MethodCase): Promise<MethodCase['model']> {
  const { base } = detailsSchema.parse(JSON.parse(readFileSync(join(golden.dir, 'expected.json'), 'utf8')));
  return loadBase(join(goldenDir, 'models', base), golden);
}

/** With other tensors, nothing is packed. */
export function optionsOf(
  { architecture, packed, dir: modelDir, ...model }: MethodCase['model'],
  tensors?: NamedTensors,
): AttachOptions {
  const shared = { architecture, tensors: tensors ?? model.tensors, modelDir, random: createRandom(0) };
  return packed && !tensors ? { ...shared, packed } : shared;
}

export function hasAdapterFile(name: string): boolean {
  return existsSync(join(methodsDir, name, 'adapter_model.safetensors'));
}

function loadBase(dir: string, { expected, tensors }: ModelCase): Promise<MethodCase['model']> {
  const head = z.enum(['sequence-classification', 'causal-lm'] satisfies HeadKind[]).parse(expected.head);
  const labels = tensors.get('logits')?.shape[1] ?? 0;
  return readModel(dir, { head, labels, initialWeights: 'pretrained', seed: 0 });
}
