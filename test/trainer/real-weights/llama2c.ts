/**
 * Karpathy's llama2.c files as a Hugging Face folder. Its rotary positions turn neighbouring elements of a head, Hugging
 * Face's turn element j and element j + half: the rows of the query and key weights change places accordingly.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeRaw, type RawTensor } from '../tiny-model';
import { float32 } from './shared-data';

interface Sizes {
  readonly dim: number;
  readonly hidden: number;
  readonly layers: number;
  readonly heads: number;
  readonly keyHeads: number;
  readonly vocabulary: number;
  readonly positions: number;
}

/** Writes config.json and model.safetensors from a file of llama2.c's first format. */
export function convertLlama2c(file: string, dir: string): void {
  const bytes = readFileSync(file);
  const sizes = readSizes(bytes);
  const floats = new Float32Array(bytes.buffer.slice(bytes.byteOffset + 7 * 4, bytes.byteOffset + bytes.length));
  writeFileSync(join(dir, 'config.json'), JSON.stringify(configOf(sizes)));
  writeFileSync(join(dir, 'model.safetensors'), encodeRaw(readTensors(floats, sizes)));
}

/** A negative size of the vocabulary would say that the head has weights of its own. */
function readSizes(bytes: Buffer): Sizes {
  const [dim = 0, hidden = 0, layers = 0, heads = 0, keyHeads = 0, vocabulary = 0, positions = 0] = Array.from(
    { length: 7 },
    (_, i) => bytes.readInt32LE(4 * i),
  );
  return { dim, hidden, layers, heads, keyHeads, vocabulary, positions };
}

function configOf({ dim, hidden, layers, heads, keyHeads, vocabulary, positions }: Sizes): unknown {
  return {
    model_type: 'llama',
    vocab_size: vocabulary,
    hidden_size: dim,
    intermediate_size: hidden,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: keyHeads,
    max_position_embeddings: positions,
    rms_norm_eps: 1e-5,
    rope_theta: 10_000,
    hidden_act: 'silu',
    tie_word_embeddings: true,
    bos_token_id: 1,
    eos_token_id: 2,
  };
}

function readTensors(floats: Float32Array, { dim, hidden, layers, heads, keyHeads, vocabulary }: Sizes): Map<string, RawTensor> {
  const tensors = new Map<string, RawTensor>();
  const keyWidth = (dim / heads) * keyHeads;
  let at = 0;
  const take = (count: number) => floats.subarray(at, (at += count));
  const one = (name: string, shape: number[]) =>
    tensors.set(`model.${name}.weight`, float32(shape, take(shape.reduce((a, b) => a * b))));
  const perLayer = (name: string, shape: number[], order = (values: Float32Array) => values) => {
    for (let layer = 0; layer < layers; layer++) {
      const values = take(shape.reduce((a, b) => a * b));
      tensors.set(`model.layers.${layer}.${name}.weight`, float32(shape, order(values)));
    }
  };
  one('embed_tokens', [vocabulary, dim]);
  perLayer('input_layernorm', [dim]);
  perLayer('self_attn.q_proj', [dim, dim], (values) => splitHalves(values, dim / heads, dim));
  perLayer('self_attn.k_proj', [keyWidth, dim], (values) => splitHalves(values, dim / heads, dim));
  perLayer('self_attn.v_proj', [keyWidth, dim]);
  perLayer('self_attn.o_proj', [dim, dim]);
  perLayer('post_attention_layernorm', [dim]);
  perLayer('mlp.gate_proj', [hidden, dim]);
  perLayer('mlp.down_proj', [dim, hidden]);
  perLayer('mlp.up_proj', [hidden, dim]);
  one('norm', [dim]);
  return tensors;
}

/** Row 2 j of a head becomes row j, row 2 j + 1 becomes row half + j. */
function splitHalves(values: Float32Array, headSize: number, width: number): Float32Array {
  const ordered = new Float32Array(values.length);
  for (let row = 0; row < values.length / width; row++) {
    const inHead = row % headSize;
    const target = row - inHead + Math.floor(inHead / 2) + (inHead % 2) * (headSize / 2);
    ordered.set(values.subarray(row * width, (row + 1) * width), target * width);
  }
  return ordered;
}

/** The pieces of a llama2.c tokenizer by id: after the longest length, each with a score, a length and its bytes. */
export function readPieces(file: string): Buffer[] {
  const bytes = readFileSync(file);
  const pieces: Buffer[] = [];
  for (let at = 4; at < bytes.length;) {
    const length = bytes.readInt32LE(at + 4);
    pieces.push(bytes.subarray(at + 8, at + 8 + length));
    at += 8 + length;
  }
  return pieces;
}

/** The text behind a beginning: its first piece loses its space, and `<0x0A>` stands for a byte. */
export function decodePieces(pieces: readonly Buffer[], ids: readonly number[]): string {
  const written = ids.map((id, index) => {
    const piece = pieces[id] ?? Buffer.from('?');
    const byte = /^<0x([0-9A-F]{2})>$/.exec(piece.toString('latin1'))?.[1];
    if (byte !== undefined) return Buffer.from([Number.parseInt(byte, 16)]);
    return index === 0 && piece[0] === 0x20 ? piece.subarray(1) : piece;
  });
  return Buffer.concat(written).toString('utf8');
}
