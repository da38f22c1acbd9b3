/** How rows of different lengths lie in the padded, rectangular tensors that TensorFlow's attention is computed on. */
import { keysSeen } from '../../ops/attention';
import * as tf from '../../tensors';
import { lengthsOf, type Starts } from '../../ops/sequences';

export interface AttentionShape {
  readonly queryStarts: Starts;
  readonly keyStarts: Starts;
  /** Where each row's first query stands among its keys. */
  readonly firstPlaces: readonly number[];
  readonly heads: number;
  readonly keyHeads: number;
  /** Columns of a head. */
  readonly size: number;
  readonly causal: boolean;
  readonly window?: number;
}

/** What a program has to do; it is the same for all batches of one kind. */
export interface AttentionKind {
  readonly size: number;
  /** Whether some rows are shorter than the longest. */
  readonly padsQueries: boolean;
  readonly padsKeys: boolean;
  /** Whether some keys are hidden from some queries. */
  readonly isMasked: boolean;
  /** Whether a query sees no key at all, so that its weights must be made zero. */
  readonly hasBlindQueries: boolean;
}

/** Which side of the attention a tensor is on. */
export type Side = 'query' | 'key';

interface Extent {
  readonly rows: number;
  readonly longest: number;
  readonly lengths: readonly number[];
}

export function kindOf(shape: AttentionShape): AttentionKind {
  const queries = extentOf(shape.queryStarts);
  const keys = extentOf(shape.keyStarts);
  const padsKeys = hasPadding(keys);
  return {
    size: shape.size,
    padsQueries: hasPadding(queries),
    padsKeys,
    isMasked: padsKeys || !seesAlike(shape),
    hasBlindQueries: hasBlindQueries(shape, queries, keys),
  };
}

/** Whether there is nothing to attend to, or nobody who does. */
export function isEmpty({ queryStarts, keyStarts }: AttentionShape): boolean {
  return extentOf(queryStarts).longest === 0 || extentOf(keyStarts).longest === 0;
}

/** The tensors that describe the layout to the program, by the names it knows them under. The caller frees them. */
export function createFeeds(shape: AttentionShape, kind: AttentionKind): Record<string, tf.Tensor> {
  const [queries, keys] = [extentOf(shape.queryStarts), extentOf(shape.keyStarts)];
  const group = shape.heads / shape.keyHeads;
  const scores = [queries.rows, shape.keyHeads, group, queries.longest, keys.longest];
  return {
    ...sideFeeds('query', queries, shape.keyHeads, group, shape.size),
    ...sideFeeds('key', keys, shape.keyHeads, 1, shape.size),
    ...(kind.padsQueries ? paddingFeeds('query', queries, shape.queryStarts) : {}),
    ...(kind.padsKeys ? paddingFeeds('key', keys, shape.keyStarts) : {}),
    ...(kind.isMasked || kind.hasBlindQueries ? maskFeeds(shape, queries, keys, scores) : {}),
  };
}

function sideFeeds(
  side: Side,
  { rows, longest }: Extent,
  keyHeads: number,
  group: number,
  size: number,
): Record<string, tf.Tensor> {
  return {
    [`${side}Split`]: integers([rows, longest, keyHeads, group, size]),
    [`${side}Heads`]: integers([rows, keyHeads, group * longest, size]),
    [`${side}Joined`]: integers([rows, keyHeads, group, longest, size]),
    [`${side}Flat`]: integers([rows * longest, keyHeads * group * size]),
  };
}

/** Where each padded place is taken from (padding from the first token), where each token went, and 1 at what is no padding. */
function paddingFeeds(side: Side, { rows, longest, lengths }: Extent, starts: Starts): Record<string, tf.Tensor> {
  const sources = new Int32Array(rows * longest);
  const real = new Float32Array(rows * longest);
  const places: number[] = [];
  lengths.forEach((length, row) => {
    for (let i = 0; i < length; i++) {
      const place = row * longest + i;
      sources[place] = (starts[row] ?? 0) + i;
      real[place] = 1;
      places.push(place);
    }
  });
  return {
    [`${side}Sources`]: tf.tensor1d(sources, 'int32'),
    [`${side}Places`]: integers(places),
    [`${side}Real`]: tf.tensor2d(real, [rows * longest, 1]),
  };
}

/** `visible` is 1 where a query sees a key; `hidden` is 0 there and -1e30 elsewhere. */
function maskFeeds(shape: AttentionShape, queries: Extent, keys: Extent, scores: number[]): Record<string, tf.Tensor> {
  const perRow = seesAlike(shape) ? 1 : queries.longest;
  const visible = new Float32Array(keys.rows * perRow * keys.longest);
  for (let row = 0; row < keys.rows; row++) {
    for (let query = 0; query < perRow; query++) {
      const at = (row * perRow + query) * keys.longest;
      const [from, end] = keysSeen((shape.firstPlaces[row] ?? 0) + query, keys.lengths[row] ?? 0, shape);
      visible.fill(1, at + from, at + end);
    }
  }
  const dimensions: [number, number, number, number, number] = [keys.rows, 1, 1, perRow, keys.longest];
  const hidden = visible.map((seen) => (seen === 1 ? 0 : -1e30));
  const [rows = 0, keyHeads = 0, group = 0] = scores;
  return {
    visible: tf.tensor5d(visible, dimensions),
    hidden: tf.tensor5d(hidden, dimensions),
    scoresSplit: integers(scores),
    scoresFlat: integers([rows, keyHeads, group * queries.longest, keys.longest]),
  };
}

/** Whether all queries of a row see the same keys. */
function seesAlike({ causal, window }: AttentionShape): boolean {
  return !causal && window === undefined;
}

function hasBlindQueries(shape: AttentionShape, queries: Extent, keys: Extent): boolean {
  return queries.lengths.some((length, row) => {
    const first = shape.firstPlaces[row] ?? 0;
    return [first, first + length - 1].some((place) => {
      const [from, end] = keysSeen(place, keys.lengths[row] ?? 0, shape);
      return length > 0 && from === end;
    });
  });
}

function hasPadding({ lengths, longest }: Extent): boolean {
  return lengths.some((length) => length !== longest);
}

function extentOf(starts: Starts): Extent {
  const lengths = lengthsOf(starts);
  return { rows: lengths.length, longest: Math.max(0, ...lengths), lengths };
}

function integers(values: readonly number[]): tf.Tensor1D {
  return tf.tensor1d([...values], 'int32');
}
