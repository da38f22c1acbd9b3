/**
 * Tokens that nobody typed: a method's prompt in front of every row's embeddings, or its prefix in front of every row's
 * keys and values; and what a cache remembers of the tokens before. All of them move the positions of the row's own.
 */
import { prependToRows, withoutFirst } from '../ops/prepend-to-rows';
import { lengthsOf, startsOf } from '../ops/sequences';
import type * as tf from '../tensors';
import type { KeysAndValues, Layout, Pass, States, TokenBatch } from './model';

/** Where each token stands: behind the prompt, the prefix and what the cache has seen. */
export function layoutOfTokens({ starts: given }: TokenBatch, pass: Pass): Layout {
  const virtual = promptLength(pass);
  const lengths = lengthsOf(given).map((length) => length + virtual);
  const starts = startsOf(lengths);
  const positions = new Int32Array(starts.at(-1) ?? 0);
  lengths.forEach((length, row) => {
    const offset = pass.tuning.prefixLength + (pass.cache?.lengths[row] ?? 0);
    for (let token = 0; token < length; token++) positions[(starts[row] ?? 0) + token] = offset + token;
  });
  return { starts, positions, virtual };
}

/** Embeddings of the batch's tokens [tokens, hidden] with the prompt in front of each row. */
export function withPrompt(words: tf.Tensor2D, { starts }: TokenBatch, pass: Pass): tf.Tensor2D {
  const prompt = promptLength(pass) === 0 ? undefined : pass.tuning.prompt();
  return prompt ? prependToRows(prompt, words, starts).x : words;
}

/** Which of two texts each token belongs to; a prompt belongs to the first, as in PEFT. */
export function segmentsOf({ segments, starts: given }: TokenBatch, { starts, virtual = 0 }: Layout): Int32Array {
  const all = new Int32Array(starts.at(-1) ?? 0);
  if (segments === undefined) return all;
  lengthsOf(given).forEach((length, row) => {
    const from = given[row] ?? 0;
    all.set(segments.subarray(from, from + length), (starts[row] ?? 0) + virtual);
  });
  return all;
}

/** The rows' own tokens. */
export function withoutPrompt(states: States): States {
  const { x, starts, positions, virtual = 0 } = states;
  if (virtual === 0) return states;
  const own = withoutFirst(x, starts, virtual);
  const kept = new Int32Array(own.starts.at(-1) ?? 0);
  lengthsOf(own.starts).forEach((length, row) => {
    const from = (starts[row] ?? 0) + virtual;
    kept.set(positions.subarray(from, from + length), own.starts[row]);
  });
  return { ...own, positions: kept };
}

/** Fresh keys and values together with those of the cache and of the prefix: all that the layer's queries may see. */
export function withContext(layer: number, fresh: KeysAndValues, pass: Pass): KeysAndValues {
  const { key, value, starts } = pass.cache?.extend(layer, fresh) ?? fresh;
  const prefix = pass.tuning.prefix(layer);
  if (prefix === undefined) return { key, value, starts };
  const keys = prependToRows(prefix.key, key, starts);
  return { key: keys.x, value: prependToRows(prefix.value, value, starts).x, starts: keys.starts };
}

/** A prompt is seen once: later passes find it in the cache. */
function promptLength({ tuning, cache }: Pass): number {
  return cache?.lengths.some((length) => length > 0) ? 0 : tuning.promptLength;
}
