/**
 * A Llama small enough for a test to train in a second: random weights, a tokenizer of whole words with ChatML's marks, and
 * conversations whose answer is decided by one word of the question.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { seededRandom } from './numbers';
import { encodeRaw, type RawTensor } from './tiny-model';

const special = ['<|endoftext|>', '<|im_start|>', '<|im_end|>', '[UNK]'];
const words =
  'system user assistant where when is my the a parcel invoice order refund open today tomorrow please it comes by post mail we do not know yes no thanks'.split(
    ' ',
  );
/** What is asked about, and what the answer is. */
export const topics = { parcel: 'it comes by post', invoice: 'it comes by mail', refund: 'we do not know' } as const;

export const tinyDecoderVocabulary: readonly string[] = [...special, ...words];
export const chatMl =
  "{% for message in messages %}{{ '<|im_start|> ' + message.role + ' ' + message.content + ' <|im_end|> ' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|> assistant ' }}{% endif %}";

export interface TinyDecoderOptions {
  readonly hidden?: number;
  readonly layers?: number;
  /** null leaves the folder without one. */
  readonly chatTemplate?: string | null;
  /** Whole words, or the bytes of a text one by one. */
  readonly tokens?: 'words' | 'bytes';
}

/** Writes a whole model folder. Returns it. */
export function writeTinyDecoder(dir: string, options: TinyDecoderOptions = {}): string {
  const { hidden = 16, layers = 2, chatTemplate = chatMl, tokens = 'words' } = options;
  const vocabulary = tokens === 'words' ? tinyDecoderVocabulary : byteVocabulary();
  mkdirSync(dir, { recursive: true });
  writeJson(join(dir, 'config.json'), {
    model_type: 'llama',
    vocab_size: vocabulary.length,
    hidden_size: hidden,
    num_hidden_layers: layers,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    intermediate_size: 2 * hidden,
    max_position_embeddings: 160,
    hidden_act: 'silu',
    rms_norm_eps: 1e-6,
    rope_theta: 10_000,
    tie_word_embeddings: true,
    bos_token_id: 0,
    eos_token_id: 2,
  });
  writeJson(join(dir, 'tokenizer.json'), tokens === 'words' ? wordTokenizer() : byteTokenizer());
  writeJson(join(dir, 'tokenizer_config.json'), { eos_token: '<|im_end|>' });
  if (chatTemplate !== null) writeFileSync(join(dir, 'chat_template.jinja'), chatTemplate);
  writeFileSync(join(dir, 'model.safetensors'), encodeRaw(tinyDecoderTensors(vocabulary.length, hidden, layers)));
  return dir;
}

const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
const tokenizerBase = {
  version: '1.0',
  truncation: null,
  padding: null,
  added_tokens: special.map((content, id) => ({ id, content, ...flags })),
  normalizer: null,
};

/** The characters that stand for bytes in byte-level tokenizers: printable ones for themselves, the others from U+0100 on. */
function byteVocabulary(): string[] {
  const isPrintable = (byte: number) => (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
  let next = 256;
  return [...special, ...Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(isPrintable(byte) ? byte : next++))];
}

function byteTokenizer(): Record<string, unknown> {
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
  const vocab = Object.fromEntries(byteVocabulary().map((character, id) => [character, id]));
  const model = { type: 'BPE', dropout: null, unk_token: null, fuse_unk: false, byte_fallback: false, vocab, merges: [] };
  return { ...tokenizerBase, pre_tokenizer: byteLevel, post_processor: null, decoder: byteLevel, model };
}

function wordTokenizer(): Record<string, unknown> {
  return {
    ...tokenizerBase,
    pre_tokenizer: { type: 'WhitespaceSplit' },
    post_processor: null,
    decoder: null,
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(tinyDecoderVocabulary.map((word, id) => [word, id])),
    },
  };
}

function tinyDecoderTensors(vocabularySize: number, hidden: number, layers: number): Map<string, RawTensor> {
  const random = seededRandom(3);
  const tensors = new Map<string, RawTensor>();
  const add = (name: string, shape: number[], value: () => number) => {
    const values = Float32Array.from({ length: shape.reduce((product, extent) => product * extent, 1) }, value);
    tensors.set(name, { dtype: 'F32', shape, bytes: new Uint8Array(values.buffer) });
  };
  const linear = (name: string, inputs: number, outputs: number) => {
    add(`${name}.weight`, [outputs, inputs], () => 0.3 * (2 * random.next() - 1));
  };
  linear('model.embed_tokens', hidden, vocabularySize);
  for (let index = 0; index < layers; index++) {
    const layer = `model.layers.${index}`;
    for (const [name, outputs] of Object.entries({ q_proj: hidden, k_proj: hidden / 2, v_proj: hidden / 2, o_proj: hidden }))
      linear(`${layer}.self_attn.${name}`, hidden, outputs);
    for (const name of ['gate_proj', 'up_proj']) linear(`${layer}.mlp.${name}`, hidden, 2 * hidden);
    linear(`${layer}.mlp.down_proj`, 2 * hidden, hidden);
    for (const name of ['input_layernorm', 'post_attention_layernorm']) add(`${layer}.${name}.weight`, [hidden], () => 1);
  }
  add('model.norm.weight', [hidden], () => 1);
  return tensors;
}

export interface TinyChat {
  readonly messages: readonly { readonly role: string; readonly content: string }[];
}

/** One question and its answer, in turn about each topic. */
export function tinyChats(count: number, seed = 5): TinyChat[] {
  const random = seededRandom(seed);
  const pick = (choices: readonly string[]) => choices[Math.floor(random.next() * choices.length)] ?? '';
  return Array.from({ length: count }, (_, index) => {
    const [topic = '', answer = ''] = Object.entries(topics)[index % 3] ?? [];
    const question = [pick(['where', 'when']), 'is', pick(['my', 'the', 'a']), topic, pick(['', 'today', 'please'])]
      .join(' ')
      .trim();
    return {
      messages: [
        { role: 'user', content: question },
        { role: 'assistant', content: answer },
      ],
    };
  });
}

function writeJson(file: string, value: unknown): void {
  writeFileSync(file, JSON.stringify(value, undefined, 2));
}
