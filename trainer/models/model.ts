/**
 * What a model is to the rest of the trainer. A model is a function of its configuration and of a `Tuning`; it never
 * knows which of its parameters are trained, nor what a method adds to its layers.
 */
import type { Random } from '../../dataset/seeded-random';
import type { Starts } from '../ops/sequences';
import type * as tf from '../tensors';

/** Answers a model's requests for its parts. Names are module paths as Hugging Face has them. */
export interface Tuning {
  /** A parameter that is not a linear layer's: an embedding table, a norm's gamma. */
  parameter(name: string): tf.Tensor;
  /**
   * x [rows, in] through the linear layer `name` (its `.weight` and `.bias`) and whatever the method adds: [rows, out].
   * `random` is there while training only, for the method's own dropout.
   */
  linear(name: string, x: tf.Tensor2D, random?: Random): tf.Tensor2D;
  /** A place behind the sublayer `name` where a method may put a module of its own; the identity otherwise. */
  site(name: string, x: tf.Tensor2D): tf.Tensor2D;
}

/** Token ids of some rows, one row behind the other, without padding. */
export interface TokenBatch {
  readonly rows: number;
  /** [tokens] */
  readonly ids: Int32Array;
  /** Where each row starts in `ids`, and the end of the last: [rows + 1]. */
  readonly starts: Starts;
}

/** What enters a layer. */
export interface HiddenStates {
  readonly layer: number;
  /** As `hiddenStates` gives them. */
  readonly x: tf.Tensor2D;
}

export type Shapes = ReadonlyMap<string, readonly number[]>;

/** A sequence classifier: the base under `baseShapes`, a head of its own under `headShapes`. */
export interface SequenceClassifier {
  /** Hugging Face's `model_type`. */
  readonly type: string;
  readonly vocabularySize: number;
  /** The longest sequence it has positions for. */
  readonly maxLength: number;
  readonly baseShapes: Shapes;
  readonly headShapes: Shapes;
  /** What to put in front of a base tensor's name when the file leaves it out, for instance `bert.`. */
  readonly basePrefix: string;
  readonly hiddenSize: number;
  /** Layers of the encoder, numbered from 0. */
  readonly layerCount: number;
  /** The layer that a parameter or module belongs to: -1 for the embeddings, `layerCount` for what is on top. */
  layerOf(name: string): number;
  /** The standard deviation of freshly initialised weights. */
  readonly initializerRange: number;
  /** What a person should know: where training differs from what the configuration asks for. */
  readonly notes: readonly string[];
  /** What enters the layer `layer`: [tokens, hiddenSize], or [rows, hiddenSize] for `layerCount`. Without dropout. */
  hiddenStates(tuning: Tuning, batch: TokenBatch, layer: number): tf.Tensor2D;
  /**
   * Unnormalised scores [rows, labels]. `random` switches dropout on: give it while training only. With `from`, the layers
   * below are not computed.
   */
  logits(tuning: Tuning, batch: TokenBatch, random?: Random, from?: HiddenStates): tf.Tensor2D;
}
