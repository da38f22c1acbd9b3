/**
 * The models that are measured. Speed does not depend on what weights are worth, so a shape's folder is written once with
 * random ones and nothing is downloaded. Both sides read the same folder.
 */
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { createRandom } from '../dataset/seeded-random';
import { findModelDir } from '../inputs/find-model';
import { initializeNormal } from '../trainer/initializers';
import { bert } from '../trainer/models/bert';
import type { Shapes } from '../trainer/models/model';
import { encodeSafetensors } from '../trainer/safetensors';
import { workDir } from './places';

interface Shape {
  readonly layers: number;
  readonly hidden: number;
  readonly heads: number;
  readonly intermediate: number;
}

export const modelShapes = {
  /** all-MiniLM-L6-v2, 23 million parameters. */
  'minilm-shape': { layers: 6, hidden: 384, heads: 12, intermediate: 1536 },
  /** bert-base-uncased, 110 million. */
  'bert-base-shape': { layers: 12, hidden: 768, heads: 12, intermediate: 3072 },
} as const satisfies Record<string, Shape>;
export type ModelShape = keyof typeof modelShapes;

const vocabularySize = 30522;
const initializerRange = 0.02;

/** A folder as it is, or the name of a shape, whose folder is made on first use. */
export function prepareModel(model: string): string {
  return isModelShape(model) ? writeRandomModel(model) : findModelDir(model, process.cwd());
}

export function readVocabularySize(modelDir: string): number {
  return z.object({ vocab_size: z.number() }).parse(readConfig(modelDir)).vocab_size;
}

/** The same model with a config.json that asks for no dropout, beside the other models of the bench. */
export function withoutDropout(modelDir: string): string {
  const dir = join(workDir(), 'models', `${basename(modelDir)}-without-dropout`);
  mkdirSync(dir, { recursive: true });
  const files = readdirSync(modelDir).filter((name) => statSync(join(modelDir, name)).isFile());
  for (const name of files) copyFileSync(join(modelDir, name), join(dir, name));
  const rates = { hidden_dropout_prob: 0, attention_probs_dropout_prob: 0, classifier_dropout: 0 };
  writeJson(join(dir, 'config.json'), { ...readConfig(modelDir), ...rates });
  return dir;
}

function isModelShape(model: string): model is ModelShape {
  return model in modelShapes;
}

/** config.json is written last: with it, the folder is complete. */
function writeRandomModel(name: ModelShape): string {
  const dir = join(workDir(), 'models', name);
  const configFile = join(dir, 'config.json');
  if (existsSync(configFile)) return dir;
  const config = bertConfig(modelShapes[name]);
  const tensors = initializeNormal(shapesOf(config), initializerRange, createRandom(0));
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'model.safetensors'), encodeSafetensors(tensors));
  writeJson(join(dir, 'tokenizer.json'), wordPieceTokenizer());
  writeJson(configFile, config);
  return dir;
}

/** The base with its pooler, as headless exports have it. */
function shapesOf(config: unknown): Shapes {
  const head = bert.heads['sequence-classification']?.(config, 2);
  return new Map([...bert.create(config).shapes, ...(head?.shapes ?? [])].filter(([name]) => !name.startsWith('classifier.')));
}

function bertConfig({ layers, hidden, heads, intermediate }: Shape): Record<string, unknown> {
  return {
    architectures: ['BertModel'],
    model_type: 'bert',
    vocab_size: vocabularySize,
    hidden_size: hidden,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    intermediate_size: intermediate,
    hidden_act: 'gelu',
    max_position_embeddings: 512,
    type_vocab_size: 2,
    layer_norm_eps: 1e-12,
    initializer_range: initializerRange,
    hidden_dropout_prob: 0.1,
    attention_probs_dropout_prob: 0.1,
    pad_token_id: 0,
  };
}

/** No text is ever read with it: a model folder has one, and the trainer looks at its size. */
function wordPieceTokenizer(): unknown {
  const special = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
  const words = Array.from({ length: vocabularySize }, (_, id) => special[id] ?? `word${id}`);
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: null,
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(words.map((word, id) => [word, id])),
    },
  };
}

function readConfig(modelDir: string): Readonly<Record<string, unknown>> {
  return z.record(z.string(), z.unknown()).parse(JSON.parse(readFileSync(join(modelDir, 'config.json'), 'utf8')));
}

function writeJson(file: string, value: unknown): void {
  writeFileSync(file, JSON.stringify(value, undefined, 2));
}
