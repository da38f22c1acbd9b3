/** All scores over the vocabulary: for generating and for tests. A loss takes linearCrossEntropy, which never has them all. */
import { dense } from '../ops/dense';
import type * as tf from '../tensors';
import type { Pass, VocabularyHead } from './model';

/** x [tokens, hidden] → [tokens, vocabulary] */
export function vocabularyScores({ table, bias, transform }: VocabularyHead, x: tf.Tensor2D, pass: Pass): tf.Tensor2D {
  const weight = pass.tuning.parameter(table) as tf.Tensor2D; // shapes are checked when the file is read
  const shift = bias === undefined ? undefined : (pass.tuning.parameter(bias) as tf.Tensor1D);
  return dense(transform(x, pass), weight, shift);
}
