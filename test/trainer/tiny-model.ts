/**
 * A BERT small enough for a test to train in a second: random weights, a WordPiece tokenizer of some sixty words, and rows
 * that can be told apart by one word. The safetensors writer here is independent of Temper's.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { seededRandom } from './numbers';

const special = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
const nouns = 'app invoice parcel login price screen button order letter phone desk card code mail team clock paper door'.split(
  ' ',
);
const verbs = 'works breaks arrives waits opens closes hangs moves stays fails'.split(' ');
const fillers = 'the a my your this that again today now very quite and but with for is it on at by'.split(' ');
/** The word that decides the label. */
export const tellingWords = { good: 'great', bad: 'awful', unsure: 'maybe' } as const;
export type TinyLabel = keyof typeof tellingWords;

export const tinyVocabulary: readonly string[] = [
  ...special,
  ...nouns,
  ...verbs,
  ...fillers,
  ...Object.values(tellingWords),
  '##s',
  '##ing',
];

export interface TinyModelOptions {
  readonly hidden?: number;
  readonly layers?: number;
  readonly heads?: number;
  readonly dropout?: number;
  readonly seed?: number;
  /** The standard deviation of the weights, large enough that gradients can be told from rounding. */
  readonly deviation?: number;
  /** On top of what config.json would say. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** In front of every tensor's name. */
  readonly prefix?: string;
}

export interface RawTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** Writes config.json, tokenizer.json, tokenizer_config.json and model.safetensors. Returns the folder. */
export function writeTinyModel(dir: string, options: TinyModelOptions = {}): string {
  mkdirSync(dir, { recursive: true });
  writeJson(join(dir, 'config.json'), { ...tinyConfig(options), ...options.config });
  writeJson(join(dir, 'tokenizer.json'), tinyTokenizer(tinyVocabulary));
  writeJson(join(dir, 'tokenizer_config.json'), { tokenizer_class: 'BertTokenizer', do_lower_case: true });
  writeFileSync(join(dir, 'model.safetensors'), encodeRaw(tinyTensors(options)));
  return dir;
}

export function tinyConfig({ hidden = 16, layers = 2, heads = 2, dropout = 0 }: TinyModelOptions = {}): Record<string, unknown> {
  return {
    model_type: 'bert',
    vocab_size: tinyVocabulary.length,
    hidden_size: hidden,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    intermediate_size: 2 * hidden,
    hidden_act: 'gelu',
    max_position_embeddings: 32,
    type_vocab_size: 2,
    layer_norm_eps: 1e-12,
    initializer_range: 0.02,
    hidden_dropout_prob: dropout,
    attention_probs_dropout_prob: 0,
    pad_token_id: 0,
  };
}

/** The tokenizer.json of a lower-casing WordPiece tokenizer; a word's id is its place. */
export function tinyTokenizer(words: readonly string[]): Record<string, unknown> {
  const addedTokens = special.map((content, id) => ({ id, content, special: true, normalized: false, ...noStrip }));
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: addedTokens,
    normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: true },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [piece('[CLS]'), { Sequence: { id: 'A', type_id: 0 } }, piece('[SEP]')],
      pair: [piece('[CLS]'), { Sequence: { id: 'A', type_id: 0 } }, piece('[SEP]'), { Sequence: { id: 'B', type_id: 1 } }],
      special_tokens: {
        '[CLS]': { id: '[CLS]', ids: [2], tokens: ['[CLS]'] },
        '[SEP]': { id: '[SEP]', ids: [3], tokens: ['[SEP]'] },
      },
    },
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

const noStrip = { single_word: false, lstrip: false, rstrip: false };
const piece = (id: string) => ({ SpecialToken: { id, type_id: 0 } });

/** Every tensor of the tiny model under its Hugging Face name. */
export function tinyTensors(options: TinyModelOptions = {}): Map<string, RawTensor> {
  const { hidden = 16, layers = 2, seed = 1, deviation = 0.2, prefix = '' } = options;
  const random = seededRandom(seed);
  const draw = () => deviation * Math.sqrt(3) * (2 * random.next() - 1);
  const tensors = new Map<string, RawTensor>();
  const add = (name: string, shape: number[], value: () => number) => {
    const values = Float32Array.from({ length: shape.reduce((product, extent) => product * extent, 1) }, value);
    tensors.set(prefix + name, { dtype: 'F32', shape, bytes: new Uint8Array(values.buffer) });
  };
  const linear = (name: string, inputs: number, outputs: number) => {
    add(`${name}.weight`, [outputs, inputs], draw);
    add(`${name}.bias`, [outputs], draw);
  };
  const norm = (name: string) => {
    add(`${name}.weight`, [hidden], () => 1);
    add(`${name}.bias`, [hidden], () => 0);
  };
  add('embeddings.word_embeddings.weight', [tinyVocabulary.length, hidden], draw);
  add('embeddings.position_embeddings.weight', [32, hidden], draw);
  add('embeddings.token_type_embeddings.weight', [2, hidden], draw);
  norm('embeddings.LayerNorm');
  for (let index = 0; index < layers; index++) {
    const layer = `encoder.layer.${index}`;
    for (const projection of ['query', 'key', 'value']) linear(`${layer}.attention.self.${projection}`, hidden, hidden);
    linear(`${layer}.attention.output.dense`, hidden, hidden);
    norm(`${layer}.attention.output.LayerNorm`);
    linear(`${layer}.intermediate.dense`, hidden, 2 * hidden);
    linear(`${layer}.output.dense`, 2 * hidden, hidden);
    norm(`${layer}.output.LayerNorm`);
  }
  linear('pooler.dense', hidden, hidden);
  return tensors;
}

/** A safetensors file, written after the format's description: u64 header length, JSON header, bytes. */
export function encodeRaw(tensors: ReadonlyMap<string, RawTensor>): Buffer {
  const header: Record<string, unknown> = {};
  let offset = 0;
  for (const [name, { dtype, shape, bytes }] of tensors) {
    header[name] = { dtype, shape, data_offsets: [offset, offset + bytes.length] };
    offset += bytes.length;
  }
  return withHeader(JSON.stringify(header), Buffer.concat([...tensors.values()].map(({ bytes }) => bytes)));
}

/** `claimedBytes` lies about the header's length. */
export function withHeader(json: string, data: Uint8Array, claimedBytes?: bigint): Buffer {
  const header = Buffer.from(json);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(claimedBytes ?? BigInt(header.length));
  return Buffer.concat([length, header, data]);
}

export interface TinyRow {
  readonly text: string;
  readonly label: TinyLabel;
}

/** Sentences of different lengths; the label is decided by one word, in turn. */
export function tinyRows(count: number, labels: readonly TinyLabel[] = ['good', 'bad'], seed = 7): TinyRow[] {
  const random = seededRandom(seed);
  const pick = (words: readonly string[]) => words[Math.floor(random.next() * words.length)] ?? '';
  return Array.from({ length: count }, (_, index) => {
    const label = labels[index % labels.length] ?? 'good';
    const filler = Array.from({ length: Math.floor(random.next() * 6) }, () => pick(fillers));
    return { text: [pick(fillers), pick(nouns), pick(verbs), ...filler, tellingWords[label]].join(' '), label };
  });
}

export function jsonl(rows: readonly object[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
}

function writeJson(file: string, value: unknown): void {
  writeFileSync(file, JSON.stringify(value, undefined, 2));
}
