/**
 * Scaled dot-product attention over rows of different lengths, straight on the `[tokens, hidden]` layout of the dense
 * layers. Rows lie one behind the other, so there is no padding to compute or to mask.
 */
import * as tf from '../tensors';
import { embedding } from './embedding';
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
  /** Whether a token sees only itself and what is before it. Default false. */
  causal?: boolean;
  /** A query sees keys at most this many places away from it. Default: all of them. */
  window?: number;
  /** Where each row's first query stands among its keys, one behind the other from there: [rows]. Default: the last at the last key. */
  firstPlaces?: Int32Array;
  /**
   * Added to the scaled scores by where a key stands from its query: column `reach + place of the key - place of the query`,
   * [heads, 2 · reach + 1] for any reach of at least the longest distance.
   */
  bias?: tf.Tensor2D;
}

type CompleteInputs = Required<Omit<AttentionInputs, 'window' | 'bias'>> & Pick<AttentionInputs, 'window' | 'bias'>;

/** softmax(q kᵀ / √size + bias) v per row and head. A query without a key gives zeros. Returns [query tokens, heads · size]. */
export function attention(given: AttentionInputs): tf.Tensor2D {
  const inputs = completeInputs(given);
  requireAttentionShapes(inputs);
  const { query, key, value, bias, queryStarts, keyStarts, firstPlaces, ...options } = inputs;
  const kernel = bias ? FUSED_KERNELS.biasedAttention : FUSED_KERNELS.attention;
  if (!hasKernel(kernel)) return composeAttention(inputs);
  const layout = { queryStarts: [...queryStarts], keyStarts: [...keyStarts], firstPlaces: [...firstPlaces] };
  return tf.engine().runKernel(kernel, { query, key, value, ...(bias ? { bias } : {}) }, { ...options, ...layout });
}

/** The reference, out of plain operations: rows are padded to the longest, and what is padding gets no weight. */
export function attentionComposite(given: AttentionInputs): tf.Tensor2D {
  return composeAttention(completeInputs(given));
}

function completeInputs(given: AttentionInputs): CompleteInputs {
  const { queryStarts, keyStarts, heads, keyHeads = heads, causal = false } = given;
  const queries = lengthsOf(queryStarts);
  const lastAtLast = () => Int32Array.from(lengthsOf(keyStarts), (keys, row) => keys - (queries[row] ?? 0));
  return { ...given, keyHeads, causal, firstPlaces: given.firstPlaces ?? lastAtLast() };
}

function composeAttention(inputs: CompleteInputs): tf.Tensor2D {
  const { query, key, value, queryStarts, keyStarts, heads, keyHeads } = inputs;
  const size = query.shape[1] / heads;
  const group = heads / keyHeads;
  const queries = splitHeads(padRows(query, queryStarts), keyHeads, group, size); // [rows, keyHeads, group · queries, size]
  const keys = splitHeads(padRows(key, keyStarts), keyHeads, 1, size); // [rows, keyHeads, keys, size]
  const values = splitHeads(padRows(value, keyStarts), keyHeads, 1, size);
  const products: tf.Tensor4D = tf.mul(tf.matMul(queries, keys, false, true), 1 / Math.sqrt(size)); // [rows, keyHeads, group · queries, keys]
  const scores: tf.Tensor4D = inputs.bias ? tf.add(products, spreadBias(inputs.bias, inputs, products.shape)) : products;
  const context: tf.Tensor4D = tf.matMul(visibleSoftmax(scores, inputs), values); // [rows, keyHeads, group · queries, size]
  return unpadRows(joinHeads(context, heads, group), queryStarts);
}

/** [heads, 2 · reach + 1] → [rows, keyHeads, group · queries, keys]; what it gives for padding is hidden later. */
function spreadBias(
  bias: tf.Tensor2D,
  { firstPlaces, heads, keyHeads }: CompleteInputs,
  shape: tf.Tensor4D['shape'],
): tf.Tensor4D {
  const [rows, , groupQueries, keys] = shape;
  const group = heads / keyHeads;
  const queries = groupQueries / group;
  const reach = (bias.shape[1] - 1) / 2;
  const distances = Int32Array.from({ length: rows * queries * keys }, (_, i) => {
    const place = (firstPlaces[Math.floor(i / (queries * keys))] ?? 0) + (Math.floor(i / keys) % queries);
    return reach + Math.max(-reach, Math.min(reach, (i % keys) - place));
  });
  const spread = embedding(tf.transpose(bias), tf.tensor1d(distances, 'int32')); // [rows · queries · keys, heads]
  const split = tf.transpose(tf.reshape(spread, [rows, queries, keys, keyHeads, group]), [0, 3, 4, 1, 2]);
  return tf.reshape(split, [rows, keyHeads, groupQueries, keys]);
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
function markVisible(inputs: CompleteInputs, queries: number, keys: number): Float32Array {
  const keyLengths = lengthsOf(inputs.keyStarts);
  const visible = new Float32Array(keyLengths.length * queries * keys);
  keyLengths.forEach((keyLength, row) => {
    for (let i = 0; i < queries; i++) {
      const [from, end] = keysSeen((inputs.firstPlaces[row] ?? 0) + i, keyLength, inputs);
      const at = (row * queries + i) * keys;
      visible.fill(1, at + from, at + end);
    }
  });
  return visible;
}

/** The first key that a query at `place` sees, and the one behind the last. */
export function keysSeen(
  place: number,
  keys: number,
  { causal = false, window = Infinity }: Pick<AttentionInputs, 'causal' | 'window'>,
): readonly [number, number] {
  const from = Math.max(0, place - window);
  const end = Math.min(keys, place + 1 + (causal ? 0 : window));
  return [from, Math.max(from, end)];
}

// The weights are recomputed in the backward pass: saved, they would be the largest tensors of a step.
registerFusedGradient(FUSED_KERNELS.attention, ['query', 'key', 'value'], (dy, saved, attributes) => {
  const [dQuery, dKey, dValue] = tf.engine().runKernel<tf.Tensor[]>(FUSED_KERNELS.attentionGrad, { dy, ...saved }, attributes);
  if (!dQuery || !dKey || !dValue) throw new Error('attention: its gradient kernel must return three tensors.');
  return { query: () => dQuery, key: () => dKey, value: () => dValue };
});

registerFusedGradient(FUSED_KERNELS.biasedAttention, ['query', 'key', 'value', 'bias'], (dy, saved, attributes) => {
  const gradients = tf.engine().runKernel<tf.Tensor[]>(FUSED_KERNELS.biasedAttentionGrad, { dy, ...saved }, attributes);
  const [dQuery, dKey, dValue, dBias] = gradients; // the last for each row: [rows, heads, 2 · reach + 1]
  if (!dQuery || !dKey || !dValue || !dBias) throw new Error('attention: its gradient kernel must return four tensors.');
  return { query: () => dQuery, key: () => dKey, value: () => dValue, bias: () => tf.sum(dBias, 0) };
});

function requireAttentionShapes({ query, key, value, queryStarts, keyStarts, heads, keyHeads, ...more }: CompleteInputs): void {
  const size = query.shape[1] / heads;
  const alike = value.shape[0] === key.shape[0] && value.shape[1] === key.shape[1] && key.shape[1] === keyHeads * size;
  const covered = queryStarts.at(-1) === query.shape[0] && keyStarts.at(-1) === key.shape[0];
  const grouped = Number.isInteger(size) && Number.isInteger(heads / keyHeads);
  if (!alike || !covered || !grouped || queryStarts.length !== keyStarts.length) {
    throw new Error(
      `attention: ${formatShapes({ query, key, value })}, ${heads} heads, ${keyHeads} key heads and starts that end at ` +
        `${queryStarts.at(-1)} and ${keyStarts.at(-1)} do not fit; expected [tokens, heads · size], [tokens, keyHeads · size] twice, starts that end at the tokens.`,
    );
  }
  requireDistances({ queryStarts, keyStarts, heads, ...more });
}

function requireDistances(inputs: Omit<CompleteInputs, 'query' | 'key' | 'value' | 'keyHeads'>): void {
  const { queryStarts, keyStarts, firstPlaces, heads, window = 0, bias } = inputs;
  if (!(Number.isInteger(window) && window >= 0))
    throw new Error(`attention: a window of ${window} places is no whole number of them.`);
  if (firstPlaces.length !== queryStarts.length - 1) {
    throw new Error(`attention: ${firstPlaces.length} first places for ${queryStarts.length - 1} rows.`);
  }
  const queries = lengthsOf(queryStarts);
  const distances = lengthsOf(keyStarts).map((keys, row) => {
    const first = firstPlaces[row] ?? 0;
    return Math.max(0, keys - 1 - first, first + (queries[row] ?? 0) - 1);
  });
  const farthest = Math.max(0, ...distances);
  if (!bias || (bias.shape[0] === heads && bias.shape[1] % 2 === 1 && bias.shape[1] > 2 * farthest)) return;
  throw new Error(
    `attention: ${formatShapes({ bias })} does not fit ${heads} heads and keys up to ${farthest} places away; expected [heads, 2 · reach + 1].`,
  );
}
