/** What the attention of a base sees of some tokens: their keys and values in every layer, as a prefix may begin with. */
import type { KeysAndValues, KeyValueCache, TextBackbone, Tuning } from '../models/model';
import { runBackbone } from '../models/run-backbone';
import * as tf from '../tensors';

/** As a prefix has them: [tokens, 2 · layers · width], key 0, value 0, key 1, ... The caller disposes it. */
export function keysAndValuesOf(ids: Int32Array, backbone: TextBackbone, tuning: Tuning): tf.Tensor2D {
  return tf.tidy(() => {
    const { cache, seen } = createRecorder();
    const batch = { rows: 1, ids, starts: Int32Array.of(0, ids.length) };
    runBackbone(backbone, batch, { tuning, cache }, 'every-token');
    const parts = seen.flatMap(({ key, value }) => [key, value]);
    return tf.concat(parts, 1);
  });
}

/** A cache that remembers nothing from pass to pass, and lets one read what it was given. */
function createRecorder(): { readonly cache: KeyValueCache; readonly seen: readonly KeysAndValues[] } {
  const seen: KeysAndValues[] = [];
  const extend = (layer: number, fresh: KeysAndValues) => (seen[layer] = fresh);
  return { seen, cache: { lengths: [0], extend } };
}
