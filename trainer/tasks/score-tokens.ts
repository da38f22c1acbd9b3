/** How probable each labelled token was, and whether it was the most probable, without keeping the scores of a vocabulary. */
import type { LabelledBatch } from '../batches';
import type { HiddenStates, TextModel, Tuning, VocabularyHead } from '../models/model';
import { runBackbone } from '../models/run-backbone';
import { dense } from '../ops/dense';
import { embedding } from '../ops/embedding';
import { labelledPlaces } from '../ops/labelled';
import * as tf from '../tensors';

export interface TokenScores {
  /** -log of the probability given to the right token: [labelled tokens] */
  readonly losses: Float32Array;
  /** 1 where the right token was the most probable: [labelled tokens] */
  readonly correct: Uint8Array;
}

/** Tokens whose scores over the vocabulary are there at once. */
const tokensPerChunk = 256;

export async function scoreTokens(
  model: TextModel,
  tuning: Tuning,
  { batch, labels }: LabelledBatch,
  from?: HiddenStates,
): Promise<TokenScores> {
  const { vocabulary } = model.head;
  if (vocabulary === undefined) throw new Error(`${model.head.architecture} gives no scores over a vocabulary.`);
  const tokens = labelledPlaces(labels);
  const scores = { losses: new Float32Array(tokens.length), correct: new Uint8Array(tokens.length) };
  if (tokens.length === 0) return scores;
  const states = tf.tidy(() => {
    const { x } = runBackbone(model.backbone, batch, { tuning }, 'every-token', from);
    return vocabulary.transform(embedding(x, tf.tensor1d(tokens, 'int32')), { tuning }); // [labelled tokens, hidden]
  });
  for (let begin = 0; begin < tokens.length; begin += tokensPerChunk) {
    const chunk = tokens.subarray(begin, begin + tokensPerChunk);
    const wanted = Int32Array.from(chunk, (token) => labels[token] ?? 0);
    const { losses, correct } = await scoreChunk(vocabulary, tuning, states, begin, wanted);
    scores.losses.set(losses, begin);
    scores.correct.set(correct, begin);
  }
  states.dispose();
  return scores;
}

/** Of the tokens from `begin` on, as many as are wanted. */
async function scoreChunk(
  { table, bias }: VocabularyHead,
  tuning: Tuning,
  states: tf.Tensor2D,
  begin: number,
  wanted: Int32Array,
): Promise<TokenScores> {
  const both = tf.tidy(() => {
    const part: tf.Tensor2D = tf.slice(states, [begin, 0], [wanted.length, states.shape[1]]);
    const shift = bias === undefined ? undefined : (tuning.parameter(bias) as tf.Tensor1D);
    const scores = tf.logSoftmax(dense(part, tuning.parameter(table) as tf.Tensor2D, shift)); // [chunk, vocabulary]
    const labels = tf.tensor1d(wanted, 'int32');
    const right = tf.sum(tf.mul(scores, tf.oneHot(labels, scores.shape[1])), 1);
    return tf.stack([right, tf.cast(tf.equal(tf.argMax(scores, 1), labels), 'float32')]); // [2, chunk]
  });
  const values = Float32Array.from(await both.data<'float32'>());
  both.dispose();
  const { length } = wanted;
  return { losses: values.subarray(0, length).map((value) => -value), correct: Uint8Array.from(values.subarray(length)) };
}
