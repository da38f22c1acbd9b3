/** Measures a model on held-out rows, batch by batch, so that progress shows and a stop request is heard in between. */
import type { ClassificationRow } from '../dataset/classification-rows';
import { RunFailure } from '../protocol';
import { createEvaluationBatches, packBatch, type EncodedRow } from './batches';
import type { FrozenLayers } from './frozen-layers';
import type { SequenceClassifier, Tuning } from './models/model';
import { measureClassification, type ClassificationMetrics } from './tasks/classification-metrics';
import { predictBatch, type RowPrediction } from './tasks/text-classification';

/** A split, read and encoded. `rows` and `encoded` are in the order of the file. */
export interface EncodedSplit {
  readonly file: string;
  readonly rows: readonly ClassificationRow[];
  readonly encoded: readonly EncodedRow[];
}

export interface EvaluationOptions {
  readonly labels: readonly string[];
  readonly batchSize: number;
  /** Layers that are not trained, where there are such. */
  readonly frozen?: FrozenLayers | undefined;
  /** Called after each batch with the rows done; return a promise to give others a turn. */
  readonly onProgress?: (done: number) => void | Promise<void>;
}

export interface Evaluation extends ClassificationMetrics {
  /** In the order of the file. */
  readonly predictions: readonly RowPrediction[];
}

export async function evaluate(
  classifier: SequenceClassifier,
  tuning: Tuning,
  split: Pick<EncodedSplit, 'encoded'>,
  options: EvaluationOptions,
): Promise<Evaluation> {
  const predictions = await predictRows(classifier, tuning, split.encoded, options);
  const outcomes = split.encoded.map(({ label, index }) => {
    const prediction = predictions[index];
    return { label, predicted: prediction?.predicted ?? -1, probability: prediction?.probabilities[label] ?? 0 };
  });
  const measured = measureClassification(outcomes, options.labels);
  if (!Number.isFinite(measured.metrics.loss)) throw notFinite(measured.metrics.loss);
  return { ...measured, predictions };
}

/** Weights so large that the scores overflow: no metric of such a model means anything. */
function notFinite(loss: number | undefined): RunFailure {
  return new RunFailure({
    code: 'diverged',
    message: `The model gives scores that are not finite numbers: its loss on held-out rows is ${loss}.`,
    hint: 'Lower "training.learningRate". If it happens before the first step, the weights of the base model are damaged.',
  });
}

/** In the order of the rows' `index`. */
export async function predictRows(
  classifier: SequenceClassifier,
  tuning: Tuning,
  rows: readonly EncodedRow[],
  { batchSize, frozen, onProgress }: Omit<EvaluationOptions, 'labels'>,
): Promise<RowPrediction[]> {
  const predictions: RowPrediction[] = [];
  for (const batch of createEvaluationBatches(rows, batchSize)) {
    const packed = packBatch(batch);
    const from = await frozen?.enter(packed);
    predictions.push(...(await predictBatch(classifier, tuning, packed, from)));
    from?.x.dispose();
    await onProgress?.(predictions.length);
  }
  return predictions.sort((a, b) => a.index - b.index);
}
