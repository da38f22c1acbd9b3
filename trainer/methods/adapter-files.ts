/** Reads the files of an adapter that somebody else may have made, and says everything that does not fit at once. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import { RunFailure } from '../../protocol';
import { readSafetensors, type NamedTensors } from '../safetensors';

/** @throws RunFailure 'bad-checkpoint' when the file is missing or is no JSON */
export async function readAdapterJson(dir: string, name: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(join(dir, name), 'utf8'));
  } catch (thrown) {
    throw badAdapter(dir, [`${name} cannot be read: ${thrown instanceof Error ? thrown.message : String(thrown)}`]);
  }
}

/** @throws RunFailure 'bad-checkpoint' naming every field that is wrong */
export function parseAdapterJson<Output>(dir: string, name: string, schema: z.ZodType<Output>, input: unknown): Output {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw badAdapter(
    dir,
    parsed.error.issues.map(({ path, message }) => `${name}: "${path.join('.')}": ${message}`),
  );
}

/** Empty when there is no such file: what belongs in it is then missing, and is said together with all that is. */
export async function readAdapterTensors(dir: string, name: string): Promise<NamedTensors> {
  return existsSync(join(dir, name)) ? readSafetensors(join(dir, name)) : new Map();
}

type Shaped = ReadonlyMap<string, { readonly shape: readonly number[] }>;

/** Tensors that are missing, that have another shape, and that nothing asks for. */
export function describeDifferences(file: string, expected: Shaped, found: Shaped): string[] {
  const missing = [...expected].flatMap(([name, { shape }]) => {
    const tensor = found.get(name);
    if (tensor === undefined) return [`${file} has no "${name}" [${shape.join(', ')}]`];
    if (tensor.shape.join() === shape.join()) return [];
    return [`"${name}" is [${tensor.shape.join(', ')}] in ${file} and should be [${shape.join(', ')}]`];
  });
  const unknown = [...found.keys()]
    .filter((name) => !expected.has(name))
    .map((name) => `${file} has "${name}", which nothing asks for`);
  return [...missing, ...unknown];
}

export function badAdapter(dir: string, problems: readonly string[]): RunFailure {
  return new RunFailure({
    code: 'bad-checkpoint',
    message: `The adapter in ${dir} does not fit: ${problems.join('; ')}.`,
    hint: 'Open it with the base model and the task that it was made for, or make it again.',
    file: dir,
  });
}
