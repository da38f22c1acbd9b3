/**
 * What training minimises of a model that puts texts and images into one space: text i belongs to image i, and to no other
 * image of the batch. Each family has the loss that it was pretrained with.
 */
import type { Random } from '../../dataset/seeded-random';
import { seeImages, type DualEncoder } from '../models/dual-encoder';
import type { ImageBatch, Pass, States, TokenBatch, Tuning } from '../models/model';
import { crossEntropy } from '../ops/cross-entropy';
import { embedding } from '../ops/embedding';
import { lengthsOf, startsOf } from '../ops/sequences';
import * as tf from '../tensors';

/** As many texts as images. */
export interface PairBatch {
  readonly images: ImageBatch;
  readonly texts: TokenBatch;
  /** What a model that looks at both together is asked, see drawQuestions; others are not asked. */
  readonly questions?: readonly MatchingQuestion[];
}

/** Does this text of the batch belong to this image? */
export interface MatchingQuestion {
  readonly image: number;
  readonly text: number;
  readonly answer: boolean;
}

export function computePairLoss(model: DualEncoder, tuning: Tuning, batch: PairBatch, random?: Random): tf.Scalar {
  const pass = { tuning, random };
  const seen = seeImages(model, batch.images, pass);
  const scores = model.similarity(model.embedSeen(seen, pass), model.embedTexts(batch.texts, pass), pass); // [B, B]
  switch (model.objective) {
    case 'contrastive':
      return contrastiveLoss(scores);
    case 'sigmoid':
      return sigmoidLoss(scores);
    case 'contrastive-and-matching':
      return tf.add(contrastiveLoss(tf.div(scores, BLIP_TEMPERATURE)), matchingLoss(model, seen, batch, pass));
    default:
      return model.objective satisfies never;
  }
}

/** The class in transformers has no temperature of its own; this is where BLIP-2's pretraining starts. */
const BLIP_TEMPERATURE = 0.07;

/** CLIP: which text is this image's, and which image this text's; cross entropies of both, halved. scores [B, B]. */
export function contrastiveLoss(scores: tf.Tensor2D): tf.Scalar {
  const own = tf.range(0, scores.shape[0], 1, 'int32');
  const both = tf.add<tf.Scalar>(crossEntropy(scores, own, 0), crossEntropy(tf.transpose(scores), own, 0));
  return tf.div(both, 2);
}

/** SigLIP: every pair is a question of its own. Σ -log σ(± score) / B, with + on the diagonal. scores [B, B]. */
export function sigmoidLoss(scores: tf.Tensor2D): tf.Scalar {
  const [rows] = scores.shape;
  const signs = tf.sub(tf.mul(2, tf.eye(rows)), 1);
  const losses = tf.softplus(tf.neg(tf.mul(signs, scores))); // -log σ(z) = log(1 + e^-z)
  return tf.div(tf.sum(losses), rows);
}

/** BLIP-2: cross entropy of "do not match" and "match" over the questions. */
function matchingLoss(model: DualEncoder, seen: States, { texts, questions }: PairBatch, pass: Pass): tf.Scalar {
  if (model.match === undefined) throw new Error(`${model.architecture} does not look at an image and a text together.`);
  if (questions === undefined) throw new Error(`${model.architecture} learns from questions, and the batch has none.`);
  const images = pickImages(
    seen,
    Int32Array.from(questions, ({ image }) => image),
  );
  const chosen = pickTexts(
    texts,
    questions.map(({ text }) => text),
  );
  const answers = Int32Array.from(questions, ({ answer }) => (answer ? 1 : 0));
  return crossEntropy(model.match(images, chosen, pass), tf.tensor1d(answers, 'int32'), 0);
}

/**
 * For BLIP-2, of each row: its own pair, its image with another text, its text with another image. Its pretraining prefers
 * others that look alike, which would need the scores before the loss; these are drawn evenly. One row has no others.
 */
export function drawQuestions(rows: number, random: Random): MatchingQuestion[] {
  const another = (row: number) => (row + 1 + random.integer(rows - 1)) % rows;
  return Array.from({ length: rows }, (_, row) => {
    const own = { image: row, text: row, answer: true };
    if (rows < 2) return [own];
    return [own, { image: row, text: another(row), answer: false }, { image: another(row), text: row, answer: false }];
  }).flat();
}

/** Images by their places in the batch; every one of them has as many tokens. */
function pickImages({ x, starts, positions }: States, images: Int32Array): States {
  const [tokens = 0] = lengthsOf(starts);
  const kept = Int32Array.from({ length: images.length * tokens }, (_, token) => {
    return (images[Math.floor(token / tokens)] ?? 0) * tokens + (token % tokens);
  });
  return {
    x: embedding(x, tf.tensor1d(kept, 'int32')),
    starts: startsOf([...images].map(() => tokens)),
    positions: kept.map((token) => positions[token] ?? 0),
  };
}

function pickTexts({ ids, starts }: TokenBatch, texts: readonly number[]): TokenBatch {
  const rows = texts.map((text) => [...ids.subarray(starts[text], starts[text + 1])]);
  return { rows: rows.length, ids: Int32Array.from(rows.flat()), starts: startsOf(rows.map(({ length }) => length)) };
}
