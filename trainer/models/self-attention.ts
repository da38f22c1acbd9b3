/** Attention of a layer's tokens to their rows, with whatever a prefix or a cache puts before them. */
import { attention } from '../ops/attention';
import type * as tf from '../tensors';
import type { AttentionSizes, Pass } from './model';
import { lengthsOf, type Starts } from '../ops/sequences';
import { withContext } from './virtual-tokens';

export interface SelfAttentionInputs {
  readonly layer: number;
  /** Of the asking tokens, [asking tokens, heads · headSize]. */
  readonly query: tf.Tensor2D;
  /** Of all tokens, [tokens, keyHeads · headSize], as is value. */
  readonly key: tf.Tensor2D;
  readonly value: tf.Tensor2D;
  readonly asking: Starts;
  readonly all: Starts;
  readonly causal: boolean;
  readonly distance?: Distance | undefined;
}

/** What depends on how far a key is from its query. */
export interface Distance {
  /** Of the asking tokens: where each stands among the keys of its row, those of a prefix or a cache counted. */
  readonly positions: Int32Array;
  /** A token sees keys at most this many places away. */
  readonly window?: number;
  /** What is added to the scores of keys `reach` places before the query up to `reach` behind it: [heads, 2 · reach + 1]. */
  readonly bias?: (reach: number) => tf.Tensor2D;
}

/** [asking tokens, heads · headSize] */
export function selfAttention(inputs: SelfAttentionInputs, { heads, keyHeads }: AttentionSizes, pass: Pass): tf.Tensor2D {
  const { layer, query, asking, all, causal, distance } = inputs;
  const { key, value, starts } = withContext(layer, { key: inputs.key, value: inputs.value, starts: all }, pass);
  const given = { query, key, value, queryStarts: asking, keyStarts: starts, heads, keyHeads, causal };
  return attention(distance ? { ...given, ...distanceInputs(distance, asking, starts) } : given);
}

function distanceInputs({ positions, window, bias }: Distance, asking: Starts, keys: Starts) {
  const reach = Math.max(1, ...lengthsOf(keys)) - 1;
  return {
    firstPlaces: asking.slice(0, -1).map((start) => positions[start] ?? 0),
    ...(window === undefined ? {} : { window }),
    ...(bias ? { bias: bias(reach) } : {}),
  };
}
