/**
 * Layers below the first trained one give the same for a row in every epoch and at every evaluation. They run without
 * dropout, outside of the gradient, and what they give is computed once a row and kept. Exact to the bit: the states of a
 * row do not depend on the rows that share its batch.
 */
import { packBatch, type EncodedRow, type LabelledBatch } from './batches';
import { chooseStateStore, type StateStore } from './hidden-state-store';
import type { Adapter } from './methods/method';
import type { HiddenStates, TextModel, TokenBatch } from './models/model';
import { hiddenStatesBelow } from './models/run-backbone';
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
  readonly model: TextModel;
  readonly adapter: Adapter;
  /** All rows of the run, of every split. */
  readonly rows: readonly EncodedRow[];
  /** Where a file may be put. */
  readonly dir: string;
  /** Whether to keep the states; otherwise they are computed each time. */
  readonly keep: boolean;
}

/** Undefined where the embeddings or the first layer are trained: then nothing stays the same. */
export function createFrozenLayers({ model, adapter, rows, dir, keep }: FrozenLayersOptions): FrozenLayers | undefined {
  const layer = adapter.lowestTrainedLayer;
  if (layer <= 0) return undefined;
  const floats = floatsOf(model, layer, rows);
  const store = keep ? chooseStateStore(floats * 4, dir) : undefined;
  return {
    notice: describe(layer, store),
    enter: async (batch) => ({ layer, x: await enter(model, adapter, layer, store, batch) }),
    dispose: () => store?.close(),
  };
}

async function enter(
  model: TextModel,
  adapter: Adapter,
  layer: number,
  store: StateStore | undefined,
  { batch, encoded }: LabelledBatch,
): Promise<tf.Tensor2D> {
  if (store === undefined) return tf.tidy(() => statesBelow(model, adapter, batch, layer));
  const missing = encoded.filter((row) => !store.has(row));
  if (missing.length > 0) await computeRows(model, adapter, layer, store, missing);
  return joinRows(
    encoded.map((row) => store.read(row)),
    model.backbone.hiddenSize,
  );
}

async function computeRows(
  model: TextModel,
  adapter: Adapter,
  layer: number,
  store: StateStore,
  rows: readonly EncodedRow[],
): Promise<void> {
  const x = tf.tidy(() => statesBelow(model, adapter, packBatch(rows).batch, layer));
  const values = await x.data<'float32'>();
  x.dispose();
  let at = 0;
  for (const row of rows) {
    const end = at + floatsOf(model, layer, [row]);
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

function statesBelow({ backbone, head }: TextModel, tuning: Adapter, batch: TokenBatch, layer: number): tf.Tensor2D {
  return hiddenStatesBelow(backbone, batch, { tuning }, layer, head.reads);
}

/** Of all tokens of the rows, or, in front of a head that reads one token a row, of those. */
function floatsOf({ backbone, head }: TextModel, layer: number, rows: readonly EncodedRow[]): number {
  const onePerRow = layer === backbone.layerCount && head.reads !== 'every-token';
  const states = onePerRow ? rows.length : rows.reduce((sum, { ids }) => sum + ids.length, 0);
  return states * backbone.hiddenSize;
}

function describe(layer: number, store: StateStore | undefined): string {
  const frozen = layer === 1 ? 'The first layer is' : `The first ${layer} layers are`;
  const kept = store ? `computed once for each row and kept ${store.place}` : 'computed anew each time';
  return `${frozen} frozen: without dropout, and what they give is ${kept}.`;
}
