/**
 * A Hugging Face model folder: config.json, model.safetensors, tokenizer.json. Reads it strictly (every tensor there,
 * every shape right, all mismatches at once) and leaves the tensors as they are named there.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { createRandom } from '../dataset/seeded-random';
import { findModelDir } from '../inputs/find-model';
import { badModel, readModelConfig, takesTokenTypes } from '../inputs/model-config';
import { readTokenizer, type Tokenizer } from '../inputs/tokenizer';
import type { RunFailure } from '../protocol';
import { type FileHash, type RunConfig } from '../protocol';
import { architectureOf, type Architecture } from './models/architecture';
import type { Head, HeadKind, TextModel } from './models/model';
import { families } from './models/registry';
import { decodeNf4Tensors } from './ops/nf4-file';
import type { Nf4Data } from './ops/nf4-format';
import { completeTensors, noteFresh, randomTensors, type ModelParts } from './complete-tensors';
import { readWeights, type NamedTensor } from './safetensors';
import { readWriting, type Writing } from './writing';

export interface LoadedModel extends TextModel {
  readonly dir: string;
  /** config.json as read, to be written beside what is trained. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly architecture: Architecture;
  /** What a person should know of it. */
  readonly notes: readonly string[];
  readonly tokenizer: Tokenizer;
  /** Whether it is told which of two texts a token belongs to. */
  readonly takesTypes: boolean;
  /** Of models that write: causal language models. */
  readonly writing?: Writing;
  /**
   * The base as in the file; the head too, when the file has one that fits. A run empties it once its adapter has them, as
   * a second copy of a large model would stay in memory for as long as it trains.
   */
  readonly tensors: Map<string, NamedTensor>;
  /** Linear layers that the folder has in 4 bits; they are not among `tensors`, and are emptied with them. */
  readonly packed?: Map<string, Nf4Data>;
  readonly weights: FileHash;
}

export interface ModelRequest {
  /** A bundled model's name, or a folder relative to `projectDir`. */
  readonly model: string;
  readonly projectDir: string;
  readonly head: HeadKind;
  /** Makes the head when the folder describes it, and not the model's type. */
  readonly createHead?: (config: Readonly<Record<string, unknown>>) => Head;
  /** How many classes the head tells apart; heads over a vocabulary do not look at it. */
  readonly labels: number;
  readonly initialWeights: RunConfig['initialWeights'];
  readonly seed: number;
}

/** @throws RunFailure 'bad-model' naming the folder and everything that does not fit */
export async function loadModel({ model, projectDir, ...request }: ModelRequest): Promise<LoadedModel> {
  const dir = findModelDir(model, projectDir);
  const tokenizer = await readTokenizer(dir);
  const loaded = await readModel(dir, request);
  checkVocabulary(dir, loaded, tokenizer);
  if (request.head !== 'causal-lm') return { ...loaded, tokenizer };
  const writing = await readWriting(dir, tokenizer);
  return { ...loaded, tokenizer, writing, notes: [...loaded.notes, ...noteOn(writing)] };
}

function noteOn({ plainTemplate }: Writing): string[] {
  const note = 'The model has no chat template. Conversations are written with a plain one, saved as chat_template.jinja.';
  return plainTemplate === undefined ? [] : [note];
}

/** The model in `dir` without its tokenizer. */
export async function readModel(
  dir: string,
  { head, labels, initialWeights, seed, createHead }: Omit<ModelRequest, 'model' | 'projectDir'>,
): Promise<Omit<LoadedModel, 'tokenizer' | 'writing'>> {
  const config = await readModelConfig(dir);
  refuseOtherPacking(dir, config);
  const model = createModel(dir, config, { head, labels, createHead });
  const { notes, ...read } = await readTensors(dir, model, { initialWeights, seed });
  const architecture = architectureOf(model);
  const written = read.packed ? withoutPacking(config) : config;
  const takesTypes = await takesTokenTypes(dir, config);
  return { ...model, ...read, dir, config: written, takesTypes, architecture, notes: [...model.backbone.notes, ...notes] };
}

type ReadTensors = Pick<LoadedModel, 'tensors' | 'packed' | 'weights' | 'notes'>;

/** The weights in `dir`: all that the model has, what starts fresh initialised. The notes are on the file alone. */
export async function readTensors(
  dir: string,
  model: ModelParts,
  { initialWeights, seed }: Pick<ModelRequest, 'initialWeights' | 'seed'>,
): Promise<ReadTensors> {
  const random = createRandom(seed);
  const { tensors: found, integers, hashes } = await readWeights(dir);
  const weights = hashOf(dir, hashes);
  const {
    tensors: pretrained,
    fresh,
    packed,
  } = completeTensors(weights.path, model, decodeNf4Tensors(dir, found, integers), random);
  const isRandom = initialWeights === 'random';
  const tensors = isRandom ? randomTensors(model, random) : pretrained;
  const read = { tensors: new Map(tensors), weights, notes: noteFresh(fresh, model) };
  return packed && !isRandom ? { ...read, packed: new Map(packed) } : read;
}

const packingSchema = z.object({ quantization_config: z.object({ quant_method: z.string() }) });

/** Whose files have other tensors than the model, or tensors that mean something else. */
function refuseOtherPacking(dir: string, config: LoadedModel['config']): void {
  const method = packingSchema.safeParse(config).data?.quantization_config.quant_method ?? 'bitsandbytes';
  if (method === 'bitsandbytes') return;
  throw badModel(
    dir,
    `The weights in ${dir} are quantised with ${method}; Temper reads bitsandbytes' NF4 and weights that are not quantised.`,
    'Use the original model; the method "qlora" packs it in 4 bits.',
  );
}

/** Whatever is written of the model is written unpacked. */
function withoutPacking(config: LoadedModel['config']): LoadedModel['config'] {
  return Object.fromEntries(Object.entries(config).filter(([key]) => key !== 'quantization_config'));
}

/** Of several files, the hash of their hashes in the order of their names. */
function hashOf(dir: string, hashes: readonly FileHash[]): FileHash {
  const [only] = hashes;
  if (only && hashes.length === 1) return only;
  const sha256 = createHash('sha256')
    .update(hashes.map((file) => file.sha256).join('\n'))
    .digest('hex');
  return { path: dir, bytes: hashes.reduce((sum, { bytes }) => sum + bytes, 0), sha256 };
}

type HeadRequest = Pick<ModelRequest, 'head' | 'labels'> & { readonly createHead: ModelRequest['createHead'] | undefined };

function createModel(
  dir: string,
  config: Readonly<Record<string, unknown>>,
  { head: kind, labels, ...request }: HeadRequest,
): TextModel {
  const type = String(config['model_type']);
  const family = families.get(type);
  const createHead = request.createHead ?? family?.heads[kind];
  if (family === undefined || createHead === undefined) throw unknownType(dir, type, kind);
  return createAsDescribed(dir, type, () => ({ backbone: family.create(config), head: createHead(config, labels) }));
}

/** @throws RunFailure 'bad-model' when config.json does not describe what it says it does */
export function createAsDescribed<Model>(dir: string, type: string, create: () => Model): Model {
  try {
    return create();
  } catch (thrown) {
    const found = thrown instanceof z.ZodError ? z.prettifyError(thrown) : String(thrown);
    throw badModel(
      dir,
      `config.json in ${dir} does not describe a ${type} model that Temper has: ${found}`,
      'Choose another model. If this one should do, its folder is damaged: copy or download it again.',
    );
  }
}

function unknownType(dir: string, type: string, kind: HeadKind): RunFailure {
  const known = [...families].flatMap(([name, { heads }]) => (heads[kind] ? [name] : []));
  const task = kind.replaceAll('-', ' ');
  return badModel(
    dir,
    families.has(type)
      ? `The model in ${dir} has model_type "${type}", which has no head for ${task} here; these have: ${known.join(', ')}.`
      : `The model in ${dir} has model_type "${type}"; Temper can train for ${task}: ${known.join(', ')}.`,
    'Choose a model of one of these types.',
  );
}

function checkVocabulary(dir: string, { backbone }: TextModel, tokenizer: Tokenizer): void {
  if (tokenizer.vocabularySize <= backbone.vocabularySize) return;
  throw badModel(
    join(dir, 'tokenizer.json'),
    `The tokenizer in ${dir} has ${tokenizer.vocabularySize} tokens and the model has embeddings for ${backbone.vocabularySize}: they do not belong together.`,
    'Use the tokenizer.json that came with these weights.',
  );
}
