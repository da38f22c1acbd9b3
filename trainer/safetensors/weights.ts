/**
 * The weights of a model folder: model.safetensors, or the shards that model.safetensors.index.json lists. All headers are
 * read and compared with the index before any tensor is; the tensors come out as if they lay in one file.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join, win32 } from 'node:path';
import { z } from 'zod';
import { RunFailure, type FileHash } from '../../protocol';
import type { Entry } from './header';
import {
  readSafetensorsHeader,
  readWholeSafetensors,
  type NamedTensor,
  type NamedTensors,
  type RawTensor,
  type RawTensors,
} from './read';

export interface Weights {
  readonly tensors: NamedTensors;
  /** As they stand in the files: 4-bit weights, position ids. */
  readonly integers: RawTensors;
  /** One per file, in the order of their names. */
  readonly hashes: readonly FileHash[];
}

const singleName = 'model.safetensors';
const indexName = 'model.safetensors.index.json';
const indexSchema = z.object({ weight_map: z.record(z.string(), z.string()) });
type WeightMap = ReadonlyMap<string, string>;

/**
 * Reads all weights, hashing each file as it is read.
 * @throws RunFailure 'bad-model' naming every shard and every tensor that does not fit
 */
export async function readWeights(dir: string): Promise<Weights> {
  const tensors = new Map<string, NamedTensor>();
  const integers = new Map<string, RawTensor>();
  const hashes: FileHash[] = [];
  for (const file of await findWeightFiles(dir)) {
    const content = await readWholeSafetensors(file);
    for (const [name, tensor] of content.tensors) tensors.set(name, tensor);
    for (const [name, tensor] of content.integers) integers.set(name, tensor);
    hashes.push(content.hash);
  }
  return { tensors, integers, hashes };
}

/** Name, type and shape of every tensor, without reading one: so that a shape can be refused before it fills the memory. */
export async function listWeights(dir: string): Promise<Entry[]> {
  const files = await findWeightFiles(dir);
  return (await Promise.all(files.map(readSafetensorsHeader))).flatMap(({ entries }) => entries);
}

/** The one file, or the shards of the index once they were found to hold what it says. */
export async function findWeightFiles(dir: string): Promise<string[]> {
  const single = join(dir, singleName);
  const index = join(dir, indexName);
  if (existsSync(single)) return [single];
  if (!existsSync(index)) throw noWeights(dir);
  const weightMap = await readIndex(index);
  const shards = [...new Set(weightMap.values())].sort();
  const outside = shards.filter((name) => !isFileName(name));
  if (outside.length > 0) throw unfit(index, [`it names ${list(outside)}, and a shard is a file beside the index`]);
  const mismatches = await compareShards(dir, weightMap, shards);
  if (mismatches.length > 0) throw unfit(index, mismatches);
  return shards.map((name) => join(dir, name));
}

async function readIndex(index: string): Promise<WeightMap> {
  const text = await readFile(index, 'utf8').catch((thrown: unknown) => {
    throw unfit(index, [`it cannot be read (${thrown instanceof Error ? thrown.message : String(thrown)})`]);
  });
  const parsed = indexSchema.safeParse(parseJson(text));
  if (!parsed.success) throw unfit(index, ['it has no "weight_map" from tensor names to file names']);
  return new Map(Object.entries(parsed.data.weight_map));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the caller reports what it expected instead
  }
}

/** On every platform: an index made on one must not reach out of the folder on another. */
function isFileName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && basename(name) === name && win32.basename(name) === name;
}

/** Shards that are missing or broken, tensors that are in no shard or in two. */
async function compareShards(dir: string, weightMap: WeightMap, shards: readonly string[]): Promise<string[]> {
  const missing = shards.filter((shard) => !existsSync(join(dir, shard)));
  const mismatches = missing.length > 0 ? [`the shards ${list(missing)} are missing`] : [];
  const shardOf = new Map<string, string>();
  let readable = true;
  for (const shard of shards.filter((name) => !missing.includes(name))) {
    const entries = await readShardHeader(join(dir, shard), mismatches);
    readable &&= entries !== undefined;
    for (const { name } of entries ?? []) {
      const other = shardOf.get(name);
      if (other !== undefined) mismatches.push(`"${name}" is in both ${other} and ${shard}`);
      shardOf.set(name, shard);
    }
  }
  const present = [...weightMap].filter(([, shard]) => readable && !missing.includes(shard));
  const absent = present.filter(([name, shard]) => shardOf.get(name) !== shard);
  return [...mismatches, ...absent.map(([name, shard]) => describeAbsent(name, shard, shardOf.get(name)))];
}

async function readShardHeader(file: string, mismatches: string[]): Promise<readonly Entry[] | undefined> {
  try {
    return (await readSafetensorsHeader(file)).entries;
  } catch (thrown) {
    if (!(thrown instanceof RunFailure)) throw thrown;
    mismatches.push(thrown.error.message.replace(/\.$/, ''));
    return undefined;
  }
}

function describeAbsent(name: string, shard: string, found: string | undefined): string {
  return found === undefined ? `"${name}" is in no shard; it should be in ${shard}` : `"${name}" is in ${found}, not in ${shard}`;
}

/** Older repositories hold pickled weights only, which can run code when they are read: Temper does not read them. */
function noWeights(dir: string): RunFailure {
  const pickled = ['pytorch_model.bin', 'pytorch_model.bin.index.json'].find((name) => existsSync(join(dir, name)));
  return new RunFailure({
    code: 'bad-model',
    message: `Reading the weights of ${dir} failed: it has neither ${singleName} nor ${indexName}${pickled === undefined ? '' : `, only ${pickled}`}.`,
    hint:
      pickled === undefined
        ? 'A model folder needs its weights as safetensors. Copy or download them.'
        : 'Temper reads weights as safetensors only. Download a revision that has them, or convert them with transformers.',
    file: join(dir, singleName),
  });
}

function list(names: readonly string[]): string {
  return names.map((name) => JSON.stringify(name)).join(', ');
}

function unfit(file: string, mismatches: readonly string[]): RunFailure {
  return new RunFailure({
    code: 'bad-model',
    message: `Reading the weights that ${file} lists failed: ${mismatches.join('; ')}.`,
    hint: 'The folder is incomplete or its files belong to different models. Copy or download all of it again.',
    file,
  });
}
