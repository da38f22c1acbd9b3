/**
 * Layers below the first trained one give the same for a row in every epoch and at every evaluation. They run without
 * dropout, outside of the gradient, and what they give is computed once a row and kept. Exact to the bit: the states of a
 * row do not depend on the rows that share its batch.
 */
import { packBatch, type EncodedRow, type LabelledBatch } from './batches';
import { chooseStateStore, type StateStore } from './hidden-state-store';
import type { Adapter } from './methods/method';
import type { HiddenStates, SequenceClassifier } from './models/model';
import * as tf from './tensors';

export interface FrozenLayers {
  /** What a person should know, in a sentence. */
  readonly notice: string;
  /** What enters the first trained layer. The caller disposes `x`. */
  enter(batch: LabelledBatch): Promise<HiddenStates>;
  /** Frees memory or file. */
  dispose(): void;
}

export interface FrozenLayersOptions {
  readonly classifier: SequenceClassifier;
  readonly adapter: Adapter;
  /** All rows of the run, of every split. */
  readonly rows: readonly EncodedRow[];
  /** Where a file may be put. */
  readonly dir: string;
  /** Whether to keep the states; otherwise they are computed each time. */
  readonly keep: boolean;
}

/** Undefined where the embeddings or the first layer are trained: then nothing stays the same. */
export function createFrozenLayers({ classifier, adapter, rows, dir, keep }: FrozenLayersOptions): FrozenLayers | undefined {
  const layer = Math.min(...[...adapter.trained.keys()].map((name) => classifier.layerOf(name)));
  if (layer <= 0) return undefined;
  const floats = floatsOf(classifier, layer, rows);
  const store = keep ? chooseStateStore(floats * 4, dir) : undefined;
  return {
    notice: describe(layer, store),
    enter: async (batch) => ({ layer, x: await enter(classifier, adapter, layer, store, batch) }),
    dispose: () => store?.close(),
  };
}

async function enter(
  classifier: SequenceClassifier,
  adapter: Adapter,
  layer: number,
  store: StateStore | undefined,
  { batch, encoded }: LabelledBatch,
): Promise<tf.Tensor2D> {
  if (store === undefined) return tf.tidy(() => classifier.hiddenStates(adapter, batch, layer));
  const missing = encoded.filter((row) => !store.has(row));
  if (missing.length > 0) await computeRows(classifier, adapter, layer, store, missing);
  return joinRows(
    encoded.map((row) => store.read(row)),
    classifier.hiddenSize,
  );
}

async function computeRows(
  classifier: SequenceClassifier,
  adapter: Adapter,
  layer: number,
  store: StateStore,
  rows: readonly EncodedRow[],
): Promise<void> {
  const x = tf.tidy(() => classifier.hiddenStates(adapter, packBatch(rows).batch, layer));
  const values = await x.data<'float32'>();
  x.dispose();
  let at = 0;
  for (const row of rows) {
    const end = at + floatsOf(classifier, layer, [row]);
    store.write(row, values.slice(at, end));
    at = end;
  }
}

function joinRows(rows: readonly Float32Array[], hidden: number): tf.Tensor2D {
  const joined = new Float32Array(rows.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const states of rows) {
    joined.set(states, at);
    at += states.length;
  }
  return tf.tensor2d(joined, [joined.length / hidden, hidden]);
}

/** Of all tokens of the rows, or of their first tokens only in front of the head. */
function floatsOf({ layerCount, hiddenSize }: SequenceClassifier, layer: number, rows: readonly EncodedRow[]): number {
  const states = layer === layerCount ? rows.length : rows.reduce((sum, { ids }) => sum + ids.length, 0);
  return states * hiddenSize;
}

function describe(layer: number, store: StateStore | undefined): string {
  const frozen = layer === 1 ? 'The first layer is' : `The first ${layer} layers are`;
  const kept = store ? `computed once for each row and kept ${store.place}` : 'computed anew each time';
  return `${frozen} frozen: without dropout, and what they give is ${kept}.`;
}
