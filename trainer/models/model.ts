/**
 * What a model is to the rest of the trainer. A model is a function of its configuration and of a `Tuning`; it never
 * knows which of its parameters are trained, nor what a method adds to its layers.
 */
import type { Random } from '../../dataset/seeded-random';
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

/** Token ids of a padded batch, row after row. */
export interface TokenBatch {
  readonly rows: number;
  /** Tokens in the longest row; the others are padded to it. */
  readonly length: number;
  /** [rows * length] */
  readonly ids: Int32Array;
  /** [rows * length], 1 for a token and 0 for padding. */
  readonly mask: Float32Array;
  /** Tokens that are not padding. */
  readonly tokens: number;
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
  /** The standard deviation of freshly initialised weights. */
  readonly initializerRange: number;
  /** What a person should know: where training differs from what the configuration asks for. */
  readonly notes: readonly string[];
  /** Unnormalised scores [rows, labels]. `random` switches dropout on: give it while training only. */
  logits(tuning: Tuning, batch: TokenBatch, random?: Random): tf.Tensor2D;
}
