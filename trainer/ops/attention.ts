/**
 * Scaled dot-product attention over rows of different lengths, straight on the `[tokens, hidden]` layout of the dense
 * layers. Rows lie one behind the other, so there is no padding to compute or to mask.
 */
import * as tf from '../tensors';
import { formatShapes } from './format-shapes';
import { FUSED_KERNELS, hasKernel, registerFusedGradient } from './fused';
import { lengthsOf, type Starts } from './sequences';

export interface AttentionInputs {
  /** [query tokens, heads · size]; head h owns columns h · size to (h + 1) · size. */
  query: tf.Tensor2D;
  /** [key tokens, keyHeads · size], as is value; key head k serves the heads k · heads / keyHeads onwards. */
  key: tf.Tensor2D;
  value: tf.Tensor2D;
  /** Which tokens belong to which row. A row may ask with fewer tokens than it has keys, as when one token is generated. */
  queryStarts: Starts;
  keyStarts: Starts;
  heads: number;
  /** Fewer than `heads` in grouped-query attention. Default `heads`. */
  keyHeads?: number;
  /** Whether a token sees only itself and what is before it; the last query stands at the last key. Default false. */
  causal?: boolean;
}

type CompleteInputs = Required<AttentionInputs>;

/** softmax(q kᵀ / √size) v per row and head. A query without a key gives zeros. Returns [query tokens, heads · size]. */
export function attention({ keyHeads, causal = false, ...given }: AttentionInputs): tf.Tensor2D {
  const inputs = { ...given, keyHeads: keyHeads ?? given.heads, causal };
  requireAttentionShapes(inputs);
  if (!hasKernel(FUSED_KERNELS.attention)) return attentionComposite(inputs);
  const { query, key, value, queryStarts, keyStarts, ...attributes } = inputs;
  return tf
    .engine()
    .runKernel(
      FUSED_KERNELS.attention,
      { query, key, value },
      { ...attributes, queryStarts: [...queryStarts], keyStarts: [...keyStarts] },
    );
}

/** The reference, out of plain operations: rows are padded to the longest, and what is padding gets no weight. */
export function attentionComposite(inputs: CompleteInputs): tf.Tensor2D {
  const { query, key, value, queryStarts, keyStarts, heads, keyHeads } = inputs;
  const size = query.shape[1] / heads;
  const group = heads / keyHeads;
  const queries = splitHeads(padRows(query, queryStarts), keyHeads, group, size); // [rows, keyHeads, group · queries, size]
  const keys = splitHeads(padRows(key, keyStarts), keyHeads, 1, size); // [rows, keyHeads, keys, size]
  const values = splitHeads(padRows(value, keyStarts), keyHeads, 1, size);
  const scores: tf.Tensor4D = tf.mul(tf.matMul(queries, keys, false, true), 1 / Math.sqrt(size)); // [rows, keyHeads, group · queries, keys]
  const context: tf.Tensor4D = tf.matMul(visibleSoftmax(scores, inputs), values); // [rows, keyHeads, group · queries, size]
  return unpadRows(joinHeads(context, heads, group), queryStarts);
}

/** [tokens, width] → [rows, longest, width]; padding is zeros. */
function padRows(x: tf.Tensor2D, starts: Starts): tf.Tensor3D {
  const lengths = lengthsOf(starts);
  const longest = Math.max(...lengths, 0);
  if (lengths.every((length) => length === longest)) return tf.reshape(x, [lengths.length, longest, x.shape[1]]);
  const padding = x.shape[0]; // the row of zeros behind the tokens
  const indices = new Int32Array(lengths.length * longest).fill(padding);
  lengths.forEach((length, row) => {
    for (let i = 0; i < length; i++) indices[row * longest + i] = (starts[row] ?? 0) + i;
  });
  const padded = tf.gather(tf.concat([x, tf.zeros<tf.Rank.R2>([1, x.shape[1]])]), tf.tensor1d(indices, 'int32'));
  return tf.reshape(padded, [lengths.length, longest, x.shape[1]]);
}

/** The inverse: [rows, longest, width] → [tokens, width]. */
function unpadRows(x: tf.Tensor3D, starts: Starts): tf.Tensor2D {
  const [rows, longest, width] = x.shape;
  const flat: tf.Tensor2D = tf.reshape(x, [rows * longest, width]);
  const lengths = lengthsOf(starts);
  if (lengths.every((length) => length === longest)) return flat;
  const indices = lengths.flatMap((length, row) => Array.from({ length }, (_, i) => row * longest + i));
  return tf.gather(flat, tf.tensor1d(indices, 'int32'));
}

/** [rows, length, keyHeads · group · size] → [rows, keyHeads, group · length, size]. */
function splitHeads(x: tf.Tensor3D, keyHeads: number, group: number, size: number): tf.Tensor4D {
  const [rows, length] = x.shape;
  const split = tf.reshape(x, [rows, length, keyHeads, group, size]);
  return tf.reshape(tf.transpose(split, [0, 2, 3, 1, 4]), [rows, keyHeads, group * length, size]);
}

function joinHeads(x: tf.Tensor4D, heads: number, group: number): tf.Tensor3D {
  const [rows, keyHeads, groupLength, size] = x.shape;
  const split = tf.reshape(x, [rows, keyHeads, group, groupLength / group, size]);
  return tf.reshape(tf.transpose(split, [0, 3, 1, 2, 4]), [rows, groupLength / group, heads * size]);
}

/** Softmax over the keys that a query sees; the last product makes the weights of one that sees none zero. */
function visibleSoftmax(scores: tf.Tensor4D, inputs: CompleteInputs): tf.Tensor4D {
  const [rows, , groupQueries, keys] = scores.shape;
  const group = inputs.heads / inputs.keyHeads;
  const visible = markVisible(inputs, groupQueries / group, keys);
  const repeated = tf.tile(tf.tensor4d(visible, [rows, 1, groupQueries / group, keys]), [1, 1, group, 1]);
  const hidden: tf.Tensor4D = tf.where(tf.cast(repeated, 'bool'), scores, tf.fill(scores.shape, -1e30));
  return tf.mul(tf.softmax(hidden), repeated);
}

/** 1 where a query may look, 0 elsewhere: [rows, queries, keys]. */
function markVisible({ queryStarts, keyStarts, causal }: CompleteInputs, queries: number, keys: number): Float32Array {
  const queryLengths = lengthsOf(queryStarts);
  const visible = new Float32Array(queryLengths.length * queries * keys);
  lengthsOf(keyStarts).forEach((keyLength, row) => {
    const before = keyLength - (queryLengths[row] ?? 0);
    for (let i = 0; i < queries; i++) {
      const seen = causal ? Math.max(0, Math.min(keyLength, before + i + 1)) : keyLength;
      const at = (row * queries + i) * keys;
      visible.fill(1, at, at + seen);
    }
  });
  return visible;
}

// The weights are recomputed in the backward pass: saved, they would be the largest tensors of a step.
registerFusedGradient(FUSED_KERNELS.attention, ['query', 'key', 'value'], (dy, saved, attributes) => {
  const [dQuery, dKey, dValue] = tf.engine().runKernel<tf.Tensor[]>(FUSED_KERNELS.attentionGrad, { dy, ...saved }, attributes);
  if (!dQuery || !dKey || !dValue) throw new Error('attention: its gradient kernel must return three tensors.');
  return { query: () => dQuery, key: () => dKey, value: () => dValue };
});

function requireAttentionShapes({ query, key, value, queryStarts, keyStarts, heads, keyHeads }: CompleteInputs): void {
  const size = query.shape[1] / heads;
  const alike = value.shape[0] === key.shape[0] && value.shape[1] === key.shape[1] && key.shape[1] === keyHeads * size;
  const covered = queryStarts.at(-1) === query.shape[0] && keyStarts.at(-1) === key.shape[0];
  const grouped = Number.isInteger(size) && Number.isInteger(heads / keyHeads);
  if (alike && covered && grouped && queryStarts.length === keyStarts.length) return;
  throw new Error(
    `attention: ${formatShapes({ query, key, value })}, ${heads} heads, ${keyHeads} key heads and starts that end at ` +
      `${queryStarts.at(-1)} and ${keyStarts.at(-1)} do not fit; expected [tokens, heads · size], [tokens, keyHeads · size] twice, starts that end at the tokens.`,
  );
}
