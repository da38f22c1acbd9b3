/**
 * A Hugging Face model folder: config.json, model.safetensors, tokenizer.json. Reads it strictly (every tensor there,
 * every shape right, all mismatches at once) and leaves the tensors as they are named there.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { z } from 'zod';
import { createRandom, type Random } from '../dataset/seeded-random';
import { RunFailure, type FileHash, type RunConfig } from '../protocol';
import { packageRoot } from './assets';
import { initializeNormal } from './initializers';
import type { SequenceClassifier, Shapes } from './models/model';
import { sequenceClassifiers } from './models/registry';
import { readHashedSafetensors, type NamedTensor, type NamedTensors } from './safetensors';
import { readTokenizer, type Tokenizer } from './tokenizer';

export interface LoadedModel {
  readonly dir: string;
  /** config.json as read, to be written beside what is trained. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly classifier: SequenceClassifier;
  readonly tokenizer: Tokenizer;
  /**
   * The base as in the file; the head too, when the file has one that fits. A run empties it once its adapter has them, as
   * a second copy of a large model would stay in memory for as long as it trains.
   */
  readonly tensors: Map<string, NamedTensor>;
  readonly weights: FileHash;
}

export interface ModelRequest {
  /** A bundled model's name, or a folder relative to `projectDir`. */
  readonly model: string;
  readonly projectDir: string;
  readonly labels: readonly string[];
  readonly initialWeights: RunConfig['initialWeights'];
  readonly seed: number;
}

/** @throws RunFailure 'bad-model' naming the folder and everything that does not fit */
export async function loadModel({ model, projectDir, labels, initialWeights, seed }: ModelRequest): Promise<LoadedModel> {
  const dir = findModelDir(model, projectDir);
  const config = await readModelConfig(dir);
  const classifier = createClassifier(dir, config, labels.length);
  const tokenizer = await readTokenizer(dir);
  checkVocabulary(dir, classifier, tokenizer);
  const file = join(dir, 'model.safetensors');
  const random = createRandom(seed);
  const { tensors: found, hash: weights } = await readHashedSafetensors(file);
  const pretrained = completeTensors(file, classifier, found, random);
  const tensors = initialWeights === 'random' ? randomTensors(classifier, random) : pretrained;
  return { dir, config, classifier, tokenizer, tensors: new Map(tensors), weights };
}

/** Bundled models go by name, everything else is a folder. */
export function findModelDir(model: string, projectDir: string): string {
  const folder = isAbsolute(model) ? model : resolve(projectDir, model);
  const bundled = join(packageRoot(), 'models', model);
  const dir = [folder, bundled].find((candidate) => existsSync(join(candidate, 'config.json')));
  if (dir !== undefined) return dir;
  throw badModel(
    folder,
    `There is no model "${model}": neither ${folder} nor Temper's own models have a config.json of that name.`,
    'Set "model" to "tiny-encoder" or to a Hugging Face model folder.',
  );
}

async function readModelConfig(dir: string): Promise<Readonly<Record<string, unknown>>> {
  const file = join(dir, 'config.json');
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (thrown) {
    throw badModel(
      file,
      `${file} is not a model's configuration: ${thrown instanceof Error ? thrown.message : String(thrown)}.`,
      'Copy or download the model folder again.',
    );
  }
}

function createClassifier(dir: string, config: Readonly<Record<string, unknown>>, labels: number): SequenceClassifier {
  const type = String(config['model_type']);
  const create = sequenceClassifiers.get(type);
  const known = [...sequenceClassifiers.keys()].join(', ');
  if (create === undefined) {
    throw badModel(
      dir,
      `The model in ${dir} has model_type "${type}"; Temper can train: ${known}.`,
      'Choose a model of one of these types.',
    );
  }
  try {
    return create(config, labels);
  } catch (thrown) {
    const found = thrown instanceof z.ZodError ? z.prettifyError(thrown) : String(thrown);
    throw badModel(
      dir,
      `config.json in ${dir} does not describe a ${type} model: ${found}`,
      'Copy or download the model folder again.',
    );
  }
}

function checkVocabulary(dir: string, classifier: SequenceClassifier, tokenizer: Tokenizer): void {
  if (tokenizer.vocabularySize <= classifier.vocabularySize) return;
  throw badModel(
    join(dir, 'tokenizer.json'),
    `The tokenizer in ${dir} has ${tokenizer.vocabularySize} tokens and the model has embeddings for ${classifier.vocabularySize}: they do not belong together.`,
    'Use the tokenizer.json that came with these weights.',
  );
}

/** Names as the model has them, base checked, head taken over when it fits and initialised when it does not. */
function completeTensors(file: string, classifier: SequenceClassifier, found: NamedTensors, random: Random): NamedTensors {
  const named = new Map([...found].map(([name, tensor]) => [fullName(name, classifier), tensor]));
  const mismatches = [...describeMismatches(classifier.baseShapes, named), ...describeBadNumbers(named)];
  if (mismatches.length > 0) {
    throw badModel(
      file,
      `${file} does not hold the model that its config.json describes: ${mismatches.join('; ')}.`,
      'Use the config.json and the weights of the same model.',
    );
  }
  const base = [...classifier.baseShapes.keys()].map((name) => [name, named.get(name)] as const);
  const head = headTensors(classifier, named, random);
  return new Map([...base, ...head].filter((entry): entry is readonly [string, NamedTensor] => entry[1] !== undefined));
}

function headTensors(classifier: SequenceClassifier, named: NamedTensors, random: Random): NamedTensors {
  if (describeMismatches(classifier.headShapes, named).length === 0) {
    return new Map([...named].filter(([name]) => classifier.headShapes.has(name)));
  }
  return freshHead(classifier, random);
}

/** A head to start from: weights from N(0, initializer_range), biases 0, as transformers does it. */
function freshHead(classifier: SequenceClassifier, random: Random): NamedTensors {
  return initializeNormal(classifier.headShapes, classifier.initializerRange, random);
}

/** The whole model as if nobody had trained it. */
function randomTensors(classifier: SequenceClassifier, random: Random): NamedTensors {
  return initializeNormal(new Map([...classifier.baseShapes, ...classifier.headShapes]), classifier.initializerRange, random);
}

/** File spellings of old and headless exports: no base prefix, `gamma` and `beta`. */
function fullName(name: string, { basePrefix, headShapes }: SequenceClassifier): string {
  const spelt = name.replace(/LayerNorm\.gamma$/, 'LayerNorm.weight').replace(/LayerNorm\.beta$/, 'LayerNorm.bias');
  return spelt.startsWith(basePrefix) || headShapes.has(spelt) ? spelt : basePrefix + spelt;
}

function describeMismatches(expected: Shapes, named: NamedTensors): string[] {
  return [...expected].flatMap(([name, shape]) => {
    const found = named.get(name);
    if (found === undefined) return [`"${name}" [${shape.join(', ')}] is missing`];
    return shape.join() === found.shape.join()
      ? []
      : [`"${name}" is [${found.shape.join(', ')}] and should be [${shape.join(', ')}]`];
  });
}

/** A run from weights that are not numbers would only find out in the middle. */
function describeBadNumbers(named: NamedTensors): string[] {
  const bad = [...named].filter(([, { values }]) => !values.every(Number.isFinite));
  return bad.map(([name]) => `"${name}" holds values that are not finite numbers`);
}

function badModel(file: string, message: string, hint: string): RunFailure {
  return new RunFailure({ code: 'bad-model', message, hint, file });
}
