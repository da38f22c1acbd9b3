/**
 * The keys and values that a decoder has computed for some rows, so that the next token costs one token. Rows lie one
 * behind the other as everywhere, so that rows of different length need no padding.
 */
import type { KeysAndValues, KeyValueCache } from '../models/model';
import { embedding } from '../ops/embedding';
import { joinRows } from '../ops/join-rows';
import { lengthsOf, startsOf } from '../ops/sequences';
import * as tf from '../tensors';

export interface OwnedCache extends KeyValueCache {
  /** Call behind each pass: only now do its tokens count as seen. */
  endPass(): void;
  /** Forgets all rows but these, which are numbered anew. */
  keepRows(rows: readonly number[]): void;
  dispose(): void;
}

/** For `rows` rows that nobody has seen a token of. Until `dispose` it owns two tensors a layer. */
export function createKeyValueCache(rows: number): OwnedCache {
  const layers = new Map<number, KeysAndValues>();
  let lengths = Array.from({ length: rows }, () => 0);
  const replace = (layer: number, all: KeysAndValues) => {
    disposeOf(layers.get(layer));
    tf.keep(all.key);
    tf.keep(all.value);
    layers.set(layer, all);
  };
  return {
    get lengths() {
      return lengths;
    },
    extend(layer, fresh) {
      const seen = layers.get(layer);
      const all = seen ? extendRows(seen, fresh) : fresh;
      replace(layer, all);
      return all;
    },
    endPass() {
      const [first] = layers.values();
      if (first) lengths = lengthsOf(first.starts);
    },
    keepRows(kept) {
      lengths = kept.map((row) => lengths[row] ?? 0);
      for (const [layer, all] of layers) {
        tf.tidy(() => {
          replace(layer, chooseRows(all, kept));
        });
      }
    },
    dispose() {
      for (const all of layers.values()) disposeOf(all);
      layers.clear();
    },
  };
}

function disposeOf(all: KeysAndValues | undefined): void {
  if (all) tf.dispose([all.key, all.value]);
}

/** Each row's fresh tokens behind those that were seen. */
function extendRows(seen: KeysAndValues, fresh: KeysAndValues): KeysAndValues {
  const keys = joinRows({ x: seen.key, starts: seen.starts }, { x: fresh.key, starts: fresh.starts });
  const values = joinRows({ x: seen.value, starts: seen.starts }, { x: fresh.value, starts: fresh.starts });
  return { key: keys.x, value: values.x, starts: keys.starts };
}

function chooseRows({ key, value, starts }: KeysAndValues, rows: readonly number[]): KeysAndValues {
  const lengths = lengthsOf(starts);
  const order = rows.flatMap((row) => Array.from({ length: lengths[row] ?? 0 }, (_, token) => (starts[row] ?? 0) + token));
  const tokens = tf.tensor1d(order, 'int32');
  return { key: embedding(key, tokens), value: embedding(value, tokens), starts: startsOf(rows.map((row) => lengths[row] ?? 0)) };
}
