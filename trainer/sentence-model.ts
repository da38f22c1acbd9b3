/** A sentence-transformers folder as a model: loads it, and turns texts into vectors. */
import { join } from 'node:path';
import { readTokenizer, type Tokenizer } from '../inputs/tokenizer';
import { RunFailure } from '../protocol';
import { createEvaluationBatches, packBatch, type EncodedRow } from './batches';
import { readModel, type LoadedModel } from './model-folder';
import type { Head, Tuning } from './models/model';
import { computeLogits } from './models/run-backbone';
import { sentenceEmbedder, type SentencePipeline } from './models/sentence-embedding';
import { readSafetensors, type NamedTensor } from './safetensors';
import { readSentenceFolder, type SentenceFolder } from './sentence-folder';
import * as tf from './tensors';

export interface SentenceModel extends Omit<LoadedModel, 'writing'> {
  readonly folder: SentenceFolder;
  /** Longer texts are cut to so many tokens. */
  readonly maxLength: number;
}

/** @throws RunFailure 'bad-model' naming everything that does not fit */
export async function loadSentenceModel(dir: string): Promise<SentenceModel> {
  const folder = await readSentenceFolder(dir);
  const { modelDir, pipeline } = folder;
  const tokenizer = await readTokenizer(modelDir);
  const createHead = (config: Readonly<Record<string, unknown>>) =>
    sentenceEmbedder(pipeline, { architecture: architectureIn(config) });
  const request = { head: 'sentence-embedding', createHead, labels: 0, initialWeights: 'pretrained', seed: 0 } as const;
  const model = await readModel(modelDir, request);
  requireWidths(dir, model.backbone.hiddenSize, pipeline);
  const tensors = new Map([...model.tensors, ...(await readStageTensors(dir, model.head))]);
  return { ...model, tensors, tokenizer, folder, maxLength: Math.min(folder.maxLength ?? Infinity, model.backbone.maxLength) };
}

function architectureIn(config: Readonly<Record<string, unknown>>): string {
  const { architectures } = config;
  return Array.isArray(architectures) ? String(architectures[0]) : 'AutoModel';
}

/** Every module behind the pooling takes what the one before it gives. */
function requireWidths(dir: string, hiddenSize: number, { poolings, stages }: SentencePipeline): void {
  let width = hiddenSize * poolings.length;
  const mismatches = stages.flatMap((stage) => {
    if (stage.kind === 'normalize') return [];
    const [given, taken] = [width, stage.kind === 'dense' ? stage.inputs : stage.size];
    width = stage.kind === 'dense' ? stage.outputs : stage.size;
    return given === taken ? [] : [`${stage.name} takes ${taken} numbers and is given ${given}`];
  });
  if (mismatches.length === 0) return;
  throw new RunFailure({
    code: 'bad-model',
    message: `The modules of ${dir} do not fit one another: ${mismatches.join('; ')}.`,
    hint: 'Copy or download the model folder again.',
    file: join(dir, 'modules.json'),
  });
}

/** The weights of the modules behind the pooling, each in its own folder. */
async function readStageTensors(dir: string, head: Head): Promise<Map<string, NamedTensor>> {
  const tensors = new Map<string, NamedTensor>();
  for (const module of head.modules) {
    const file = join(dir, module, 'model.safetensors');
    const found = await readSafetensors(file);
    const expected = [...head.shapes].filter(([name]) => name.startsWith(`${module}.`));
    const mismatches = expected.filter(
      ([name, shape]) => found.get(name.slice(module.length + 1))?.shape.join() !== shape.join(),
    );
    if (mismatches.length > 0) throw unfitting(file, mismatches);
    for (const [name, tensor] of found) tensors.set(`${module}.${name}`, tensor);
  }
  return tensors;
}

function unfitting(file: string, expected: readonly (readonly [string, readonly number[]])[]): RunFailure {
  const names = expected.map(([name, shape]) => `"${name.split('.').slice(-2).join('.')}" [${shape.join(', ')}]`);
  return new RunFailure({
    code: 'bad-model',
    message: `${file} does not hold what the config.json beside it describes: ${names.join(', ')} is missing or of another shape.`,
    hint: 'Copy or download the model folder again.',
    file,
  });
}

export interface EmbedOptions {
  /** Written in front of every text. Default: the folder's own prompt of that name. */
  readonly prompt?: string;
  /** One of the folder's prompts. Default: the one that the folder says. */
  readonly promptName?: string;
  readonly batchSize?: number;
}

/** A vector for each text. @throws RunFailure 'bad-config' when the folder has no prompt of that name */
export async function embedTexts(
  model: SentenceModel,
  tuning: Tuning,
  texts: readonly string[],
  options: EmbedOptions = {},
): Promise<Float32Array[]> {
  const { pipeline, poolsPrompt, truncateTo } = model.folder;
  const prompt = promptOf(model.folder, options);
  const promptTokens = poolsPrompt ? 0 : countPromptTokens(model, prompt);
  const head = sentenceEmbedder(pipeline, { architecture: model.head.architecture, promptTokens });
  const rows = texts.map((text, index): EncodedRow => ({ ids: encode(model, prompt + text), labels: new Int32Array(), index }));
  const embeddings: Float32Array[] = [];
  for (const batch of createEvaluationBatches(rows, options.batchSize ?? 32)) {
    const computed = tf.tidy(() => computeLogits({ ...model, head }, packBatch(batch).batch, { tuning }));
    const values = Float32Array.from(await computed.data<'float32'>());
    const [, width] = computed.shape;
    computed.dispose();
    const kept = Math.min(width, truncateTo ?? width);
    batch.forEach(({ index }, row) => (embeddings[index] = values.slice(row * width, row * width + kept)));
  }
  return embeddings;
}

function encode({ tokenizer, folder, maxLength }: EncodingModel, text: string): Int32Array {
  return tokenizer.encode(folder.lowersCase ? text.toLowerCase() : text, maxLength);
}
type EncodingModel = Pick<SentenceModel, 'folder' | 'maxLength'> & { readonly tokenizer: Tokenizer };

/** Without the token that closes every text. */
function countPromptTokens(model: EncodingModel, prompt: string): number {
  if (prompt === '') return 0;
  const ids = encode(model, prompt);
  const closes = model.tokenizer.specialIds.has(ids.at(-1) ?? -1);
  return ids.length - (closes ? 1 : 0);
}

function promptOf({ prompts, defaultPrompt }: SentenceFolder, { prompt, promptName = defaultPrompt }: EmbedOptions): string {
  if (prompt !== undefined) return prompt;
  if (promptName === undefined) return '';
  const found = prompts.get(promptName);
  if (found !== undefined) return found;
  throw new RunFailure({
    code: 'bad-config',
    message: `The model has no prompt "${promptName}"; its prompts are: ${[...prompts.keys()].join(', ') || 'none'}.`,
    hint: 'Name one of them, or give the prompt itself.',
  });
}
