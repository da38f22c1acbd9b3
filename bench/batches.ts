/** The batches of a measurement: drawn once from a seed and written to a file that every contestant reads. */
import { readFileSync } from 'node:fs';
import { createRandom } from '../dataset/seeded-random';
import { batchesSchema, type BenchBatch } from './messages';

/** As in `--shape 16x64`. */
export interface BatchShape {
  readonly rows: number;
  /** Tokens of every row. */
  readonly length: number;
}

export interface Draw {
  readonly count: number;
  readonly vocabularySize: number;
  readonly labels: number;
  readonly seed: number;
}

/** Full rows without padding. The first ids, where special tokens lie, are left out. */
export function drawBatches({ rows, length }: BatchShape, { count, vocabularySize, labels, seed }: Draw): BenchBatch[] {
  const random = createRandom(seed);
  const firstId = Math.min(1000, Math.floor(vocabularySize / 4));
  const drawId = () => firstId + random.integer(vocabularySize - firstId);
  return Array.from({ length: count }, () => ({
    ids: Array.from({ length: rows }, () => Array.from({ length }, drawId)),
    labels: Array.from({ length: rows }, () => random.integer(labels)),
  }));
}

export function readBatches(file: string): BenchBatch[] {
  return batchesSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
}

/** `16x64`: rows by tokens. */
export function parseShape(text: string): BatchShape {
  const [, rows, length] = /^(\d+)x(\d+)$/.exec(text) ?? [];
  if (rows === undefined || length === undefined) throw new Error(`"${text}" is no shape; one looks like 16x64, rows by tokens.`);
  return { rows: Number(rows), length: Number(length) };
}

export function formatShape({ rows, length }: BatchShape): string {
  return `${rows}x${length}`;
}
