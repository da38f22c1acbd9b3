/** What training minimises: the mean cross entropy over what carries a label, whatever the head. Dropout is on. */
import type { Random } from '../../dataset/seeded-random';
import type { LabelledBatch } from '../batches';
import type { HiddenStates, Pass, TextModel, Tuning, VocabularyHead } from '../models/model';
import { computeLogits, runBackbone } from '../models/run-backbone';
import { crossEntropy } from '../ops/cross-entropy';
import { dense } from '../ops/dense';
import { selectLabelled } from '../ops/labelled';
import { linearCrossEntropy } from '../ops/linear-cross-entropy';
import * as tf from '../tensors';

export interface LossOptions {
  readonly labelSmoothing: number;
  readonly random?: Random | undefined;
  /** What enters the first trained layer, when the ones below are not to be computed. */
  readonly from?: HiddenStates | undefined;
}

/** Mean over the batch's labels that are not NO_LABEL; a batch without one gives NaN. */
export function computeLoss(model: TextModel, tuning: Tuning, batch: LabelledBatch, options: LossOptions): tf.Scalar {
  const pass = { tuning, random: options.random };
  const { vocabulary } = model.head;
  if (vocabulary) return vocabularyLoss(model, vocabulary, batch, pass, options);
  const logits = computeLogits(model, batch.batch, pass, options.from); // [rows or tokens, classes]
  const labelled = selectLabelled(logits, batch.labels);
  return crossEntropy(labelled.x, tf.tensor1d(labelled.labels, 'int32'), options.labelSmoothing);
}

/** Only the tokens with a label are scored, and never all of their scores at once unless there is a bias. */
function vocabularyLoss(
  { backbone }: TextModel,
  { table, bias, transform }: VocabularyHead,
  { batch, labels }: LabelledBatch,
  pass: Pass,
  { labelSmoothing, from }: LossOptions,
): tf.Scalar {
  const { x } = runBackbone(backbone, batch, pass, 'every-token', from); // [tokens, hidden]
  const labelled = selectLabelled(x, labels);
  const transformed = transform(labelled.x, pass);
  const weight = pass.tuning.parameter(table) as tf.Tensor2D; // shapes are checked when the file is read
  if (bias === undefined) return linearCrossEntropy(transformed, weight, labelled.labels, labelSmoothing);
  const scores = dense(transformed, weight, pass.tuning.parameter(bias) as tf.Tensor1D); // [labelled, vocabulary]
  return crossEntropy(scores, tf.tensor1d(labelled.labels, 'int32'), labelSmoothing);
}
