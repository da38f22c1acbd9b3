/** From encoded rows to batches. Rows of like length share a batch, so that one step takes as long as the next. */
import type { Random } from '../dataset/seeded-random';
import type { TokenBatch } from './models/model';
import { NO_LABEL } from './ops/labelled';
import { startsOf } from './ops/sequences';

/** One row as the model sees it. */
export interface EncodedRow {
  readonly ids: Int32Array;
  /** Which of two texts a token belongs to, for models that are told. All the first when absent. */
  readonly typeIds?: Int32Array;
  /** Of a classifier one class; of heads that read every token one a token, the class or the next token's id, or NO_LABEL. */
  readonly labels: Int32Array;
  /** Position in the split, from 0. */
  readonly index: number;
}

export interface LabelledBatch {
  readonly encoded: readonly EncodedRow[];
  readonly batch: TokenBatch;
  /** Those of the rows, one behind the other. */
  readonly labels: Int32Array;
  /** How many of them carry loss: what a mean is over. */
  readonly labelled: number;
  /** Position of each row in the split. */
  readonly indices: readonly number[];
}

/** How many batches are shuffled together before rows are sorted by length, as in transformers' group_by_length. */
const batchesPerPool = 50;

/**
 * The batches of one epoch: shuffled, sorted by length within pools, the order of batches shuffled again, and the one
 * with the longest rows first, so that running out of memory comes early. Every row is in exactly one batch.
 */
export function createEpochBatches(rows: readonly EncodedRow[], batchSize: number, random: Random): EncodedRow[][] {
  const pools = split(random.shuffle(rows), batchSize * batchesPerPool);
  const batches = random.shuffle(pools.flatMap((pool) => split(sortByLength(pool), batchSize)));
  const longest = batches.reduce((best, batch, index) => (lengthOf(batch) > lengthOf(batches[best] ?? []) ? index : best), 0);
  return [...batches.slice(longest, longest + 1), ...batches.slice(0, longest), ...batches.slice(longest + 1)];
}

/** Batches for evaluation: sorted by length, no chance involved. */
export function createEvaluationBatches(rows: readonly EncodedRow[], batchSize: number): EncodedRow[][] {
  return split(sortByLength(rows), batchSize);
}

/** One row behind the other: nothing is padded. */
export function packBatch(rows: readonly EncodedRow[]): LabelledBatch {
  const starts = startsOf(rows.map(({ ids }) => ids.length));
  const texts = { rows: rows.length, ids: join(rows.map(({ ids }) => ids)), starts };
  const hasPairs = rows.some(({ typeIds }) => typeIds !== undefined);
  const batch = hasPairs ? { ...texts, segments: join(rows.map(typesOf)) } : texts;
  const labels = join(rows.map((row) => row.labels));
  const labelled = labels.reduce((count, label) => (label === NO_LABEL ? count : count + 1), 0);
  return { encoded: rows, batch, labels, labelled, indices: rows.map(({ index }) => index) };
}

function typesOf({ ids, typeIds }: EncodedRow): Int32Array {
  return typeIds ?? new Int32Array(ids.length);
}

function join(parts: readonly Int32Array[]): Int32Array {
  const joined = new Int32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

function lengthOf(rows: readonly EncodedRow[]): number {
  return rows.reduce((longest, { ids }) => Math.max(longest, ids.length), 0);
}

function sortByLength(rows: readonly EncodedRow[]): EncodedRow[] {
  return rows.toSorted((a, b) => b.ids.length - a.ids.length || a.index - b.index);
}

function split<Item>(items: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size));
}
