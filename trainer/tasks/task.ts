/**
 * What a run learns and how it is judged: from rows to what the model reads, and from what the model gives to metrics.
 * The loss in between is the same for all tasks (loss.ts).
 */
import type { DataRow } from '../../dataset/shapes/rows';
import type { EvaluatedRow, Interval, LabelMetrics, MetricValues, Sample } from '../../protocol';
import type { EncodedRow } from '../batches';
import type { FrozenLayers } from '../frozen-layers';
import type { Tuning } from '../models/model';

export interface Task {
  /** Longer texts are cut to so many tokens. */
  readonly maxLength: number;
  /** @throws RunFailure 'bad-data' for a row that has nothing to learn from once it is encoded */
  encode(row: DataRow, index: number): EncodedRow;
  /** Measures rows that the model has not been trained on. @throws RunFailure 'diverged' when the loss is not finite */
  evaluate(tuning: Tuning, split: EncodedSplit, options: EvaluationOptions): Promise<Evaluation>;
  /** What guessing reaches without a model, where guessing makes sense. */
  guess?(train: readonly EncodedRow[], heldOut: readonly EncodedRow[]): Measurement;
  /** The model's own words for a few rows, beside what they should have been, where it writes. */
  sample?(tuning: Tuning, split: EncodedSplit): Promise<Sample[]>;
}

/** A split, read and encoded. `rows` and `encoded` are in the order of the file. */
export interface EncodedSplit {
  readonly file: string;
  readonly rows: readonly DataRow[];
  readonly encoded: readonly EncodedRow[];
}

export interface EvaluationOptions {
  readonly batchSize: number;
  /** Layers that are not trained, where there are such. */
  readonly frozen?: FrozenLayers | undefined;
  /** Called after each batch with the rows done; return a promise to give others a turn. */
  readonly onProgress?: ((done: number) => void | Promise<void>) | undefined;
}

export interface Measurement {
  readonly rows: number;
  readonly metrics: MetricValues;
  readonly accuracyInterval?: Interval;
}

export interface Evaluation extends Measurement {
  readonly perLabel: readonly LabelMetrics[];
  /** In the order of the file. */
  readonly predictions: readonly EvaluatedRow[];
}
