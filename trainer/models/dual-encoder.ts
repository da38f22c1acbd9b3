/**
 * Models that put texts and images into one space, where what belongs together lies close: what one of them is to the rest
 * of the trainer. How it is trained: tasks/dual-encoder-loss.ts.
 */
import * as tf from '../tensors';
import type { Architecture } from './architecture';
import type { AttentionSizes, ImageBackbone, ImageBatch, Parts, Pass, States, TextBackbone, TokenBatch, TokenChoice } from './model';
import { runBackbone } from './run-backbone';

export interface DualEncoder extends Parts {
  /** Hugging Face's `model_type`. */
  readonly type: string;
  /** The class in transformers, for instance `CLIPModel`. */
  readonly architecture: string;
  readonly vision: ImageBackbone;
  /** What reads the texts; of BLIP-2 it is no backbone of its own, and only these are known. */
  readonly text: Pick<TextBackbone, 'vocabularySize' | 'maxLength' | 'hiddenSize' | 'layerCount'> & { attention: AttentionSizes };
  /** As in the names, so that a layer of one encoder and one of the other share a number. */
  layerOf(name: string): number;
  readonly usualTargets: readonly string[];
  readonly notes: readonly string[];
  /** What brings the two together, see tasks/dual-encoder-loss.ts. */
  readonly objective: 'contrastive' | 'sigmoid' | 'contrastive-and-matching';
  /** Which tokens of an image `embedSeen` looks at. */
  readonly reads: TokenChoice;
  /** How many vectors an image has. More than one where each looks for something else. */
  readonly vectorsPerImage: number;
  /** One vector a text, of length 1: [texts, width]. */
  embedTexts(texts: TokenBatch, pass: Pass): tf.Tensor2D;
  /** Of images as `vision` sees them, vectors of length 1: [images · vectorsPerImage, width]. */
  embedSeen(seen: States, pass: Pass): tf.Tensor2D;
  /** How well each image fits each text, from their vectors; the scale is the model's: [images, texts]. */
  similarity(images: tf.Tensor2D, texts: tf.Tensor2D, pass: Pass): tf.Tensor2D;
  /** Looks at each image and the text at its place together: scores for "do not match" and "match", [pairs, 2]. */
  readonly match?: (seen: States, texts: TokenBatch, pass: Pass) => tf.Tensor2D;
}

/** What a model file offers to the registry. */
export interface DualEncoderFamily {
  readonly types: readonly string[];
  /** @throws ZodError when the configuration is not one of this family's */
  create(config: unknown): DualEncoder;
}

/** The states of those tokens that the model reads. */
export function seeImages({ vision, reads }: DualEncoder, images: ImageBatch, pass: Pass): States {
  return runBackbone(vision, images, pass, reads);
}

/** Vectors of length 1: [images · vectorsPerImage, width]. */
export function embedImages(model: DualEncoder, images: ImageBatch, pass: Pass): tf.Tensor2D {
  return model.embedSeen(seeImages(model, images, pass), pass);
}

/**
 * What a method may know of it. Two encoders leave no place for what stands in front of a row or at the end of a layer:
 * without a vocabulary and a length, methods of virtual tokens say that there is no room.
 */
export function architectureOfDualEncoder(model: DualEncoder): Architecture {
  const { type, shapes, linears, embeddings, architecture, vision, text, usualTargets } = model;
  return {
    shapes,
    linears,
    embeddings,
    type,
    peftTask: null,
    freshModules: [],
    className: architecture,
    hiddenSize: text.hiddenSize,
    vocabularySize: 0,
    maxLength: 0,
    layerCount: Math.max(text.layerCount, vision.layerCount),
    attention: text.attention,
    layerOf: (name) => model.layerOf(name),
    transposed: new Set(),
    usualTargets,
  };
}

/** Parts of a model one behind the other. */
export function joinParts(...parts: readonly Parts[]): Parts {
  return {
    shapes: new Map(parts.flatMap(({ shapes }) => [...shapes])),
    linears: parts.flatMap(({ linears }) => linears),
    embeddings: parts.flatMap(({ embeddings }) => embeddings),
  };
}

const SHORTEST = 1e-12;

/** Each row scaled to length 1. */
export function toUnitLength(x: tf.Tensor2D): tf.Tensor2D {
  return tf.div(x, tf.maximum(tf.norm(x, 'euclidean', 1, true), SHORTEST));
}

/** The cosine of every vector of one and every vector of the other, all of length 1: [rows of a, rows of b]. */
export function cosines(a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D {
  return tf.matMul(a, b, false, true);
}
