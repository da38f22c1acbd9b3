/** Text classification: one label a row, cross entropy, accuracy and F1 on held-out rows. */
import type { DataRow } from '../../dataset/shapes/rows';
import { encodeTexts } from '../../inputs/encode-row';
import type { EvaluatedRow } from '../../protocol';
import type { EncodedRow, LabelledBatch } from '../batches';
import { forEachBatch, requireFiniteLoss } from '../evaluate';
import type { LoadedModel } from '../model-folder';
import type { HiddenStates, TextModel, Tuning } from '../models/model';
import { computeLogits } from '../models/run-backbone';
import * as tf from '../tensors';
import { measureClassification, measureMajority } from './classification-metrics';
import type { EncodedSplit, Evaluation, EvaluationOptions, Task } from './task';

export type Classifier = Pick<LoadedModel, 'backbone' | 'head' | 'tokenizer' | 'takesTypes'>;

export function createTextClassification(model: Classifier, labels: readonly string[], maxLength: number): Task {
  const indexOfLabel = new Map(labels.map((label, index) => [label, index]));
  const longest = Math.min(maxLength, model.backbone.maxLength);
  return {
    maxLength: longest,
    encode: (row, index) => encodeRow(row, index, indexOfLabel, model, longest),
    evaluate: (tuning, split, options) => evaluate(model, tuning, split, labels, options),
    guess: (train, heldOut) => measureMajority(train.map(labelOf), heldOut.map(labelOf), labels),
  };
}

function encodeRow(
  row: DataRow,
  index: number,
  labels: ReadonlyMap<string, number>,
  reader: Classifier,
  maxLength: number,
): EncodedRow {
  if (row.kind !== 'classification') throw new Error(`Row ${index} is no text with a label, and this run sorts texts.`);
  const label = labels.get(row.label);
  if (label === undefined) throw new Error(`Row ${index} has the label "${row.label}", which is not among the run's labels.`);
  return { ...encodeTexts(row, reader, maxLength), labels: Int32Array.of(label), index };
}

function labelOf({ labels }: EncodedRow): number {
  return labels[0] ?? -1;
}

async function evaluate(
  model: Classifier,
  tuning: Tuning,
  { encoded, rows }: EncodedSplit,
  labels: readonly string[],
  options: EvaluationOptions,
): Promise<Evaluation> {
  const predictions = await predictRows(model, tuning, encoded, options);
  const outcomes = encoded.map((row) => {
    const prediction = predictions[row.index];
    const label = labelOf(row);
    return { label, predicted: prediction?.predicted ?? -1, probability: prediction?.probabilities[label] ?? 0 };
  });
  const measured = measureClassification(outcomes, labels);
  requireFiniteLoss(measured.metrics.loss ?? NaN);
  return { ...measured, predictions: rows.flatMap((row, index) => describeRow(row, predictions[index], labels)) };
}

function describeRow(row: DataRow, prediction: RowPrediction | undefined, labels: readonly string[]): EvaluatedRow[] {
  if (row.kind !== 'classification' || prediction === undefined) return [];
  const { predicted, probabilities } = prediction;
  const { line, text, label } = row;
  return [{ line, text, label, predicted: labels[predicted] ?? '', score: probabilities[predicted] ?? 0 }];
}

/** What the model says about one row. */
export interface RowPrediction {
  readonly index: number;
  /** Index of the most probable label. */
  readonly predicted: number;
  /** Probability of every label, in the order of the labels. */
  readonly probabilities: Float32Array;
}

/** In the order of the rows' `index`. */
export function predictRows(
  model: TextModel,
  tuning: Tuning,
  rows: readonly EncodedRow[],
  options: EvaluationOptions,
): Promise<RowPrediction[]> {
  return forEachBatch(rows, options, (batch, from) => predictBatch(model, tuning, batch, from));
}

/** Predicts a batch without gradients or dropout; the tensors live only inside. */
async function predictBatch(
  model: TextModel,
  tuning: Tuning,
  { batch, indices }: LabelledBatch,
  from?: HiddenStates,
): Promise<RowPrediction[]> {
  const probabilities = tf.tidy(() => tf.softmax(computeLogits(model, batch, { tuning }, from)));
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
