/** Text classification: one label a row, cross entropy, accuracy and F1 on held-out rows. */
import type { ClassificationRow } from '../../dataset/classification-rows';
import type { Random } from '../../dataset/seeded-random';
import type { EncodedRow, LabelledBatch } from '../batches';
import type { HiddenStates, SequenceClassifier, Tuning } from '../models/model';
import { crossEntropy } from '../ops/cross-entropy';
import * as tf from '../tensors';
import type { Tokenizer } from '../tokenizer';

export function encodeRow(
  row: ClassificationRow,
  index: number,
  labels: ReadonlyMap<string, number>,
  tokenizer: Tokenizer,
  maxLength: number,
): EncodedRow {
  const label = labels.get(row.label);
  if (label === undefined) throw new Error(`Row ${index} has the label "${row.label}", which is not among the run's labels.`);
  return { ids: tokenizer.encode(row.text, maxLength), label, index };
}

export interface LossOptions {
  readonly labelSmoothing: number;
  readonly random: Random;
  /** What enters the first trained layer, when the ones below are not to be computed. */
  readonly from?: HiddenStates | undefined;
}

/** Mean cross entropy over the rows of the batch, for training: dropout is on. */
export function classificationLoss(
  classifier: SequenceClassifier,
  tuning: Tuning,
  { batch, labels }: LabelledBatch,
  { labelSmoothing, random, from }: LossOptions,
): tf.Scalar {
  const logits = classifier.logits(tuning, batch, random, from); // [rows, labels]
  return crossEntropy(logits, tf.tensor1d(labels, 'int32'), labelSmoothing);
}

/** What the model says about one row. */
export interface RowPrediction {
  readonly index: number;
  /** Index of the most probable label. */
  readonly predicted: number;
  /** Probability of every label, in the order of the labels. */
  readonly probabilities: Float32Array;
}

/** Predicts a batch without gradients or dropout; the tensors live only inside. */
export async function predictBatch(
  classifier: SequenceClassifier,
  tuning: Tuning,
  { batch, indices }: LabelledBatch,
  from?: HiddenStates,
): Promise<RowPrediction[]> {
  const probabilities = tf.tidy(() => tf.softmax(classifier.logits(tuning, batch, undefined, from)));
  const values = Float32Array.from(await probabilities.data());
  const [, count] = probabilities.shape;
  probabilities.dispose();
  return indices.map((index, position) => {
    const row = values.slice(position * count, (position + 1) * count);
    return { index, predicted: indexOfLargest(row), probabilities: row };
  });
}

function indexOfLargest(values: Float32Array): number {
  let best = 0;
  for (let index = 1; index < values.length; index++) if ((values[index] ?? 0) > (values[best] ?? 0)) best = index;
  return best;
}
