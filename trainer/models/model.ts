/**
 * What a model is to the rest of the trainer: a backbone of layers and a head on top. A model is a function of its
 * configuration and of a `Tuning`; it never knows which of its parameters are trained, nor what a method adds to it.
 */
import type { Random } from '../../dataset/seeded-random';
import type { Starts } from '../ops/sequences';
import type * as tf from '../tensors';

/** Answers a model's requests for its parts. Names are module paths as Hugging Face has them. */
export interface Tuning {
  /** A parameter that belongs to no linear layer and to no embedding: a norm's gamma. */
  parameter(name: string): tf.Tensor;
  /**
   * x [rows, in] through the linear layer `name` (its `.weight`, and its `.bias` where there is one) and whatever the
   * method adds: [rows, out]. `random` is there while training only, for the method's own dropout.
   */
  linear(name: string, x: tf.Tensor2D, random?: Random): tf.Tensor2D;
  /** The rows `ids` of the table `name` (its `.weight`): [ids, width]. */
  embedding(name: string, ids: Int32Array): tf.Tensor2D;
  /** The end of a sublayer, where a method may put a module of its own: `norm(output + residual)` otherwise. */
  join(name: string, sublayer: Sublayer): tf.Tensor2D;
  /** Keys and values in front of every row's own in a layer: not rotated. Undefined when `prefixLength` is 0. */
  prefix(layer: number): Prefix | undefined;
  readonly prefixLength: number;
  /** Embeddings of virtual tokens in front of every row: [promptLength, hidden]. Undefined when `promptLength` is 0. */
  prompt(): tf.Tensor2D | undefined;
  readonly promptLength: number;
}

/** A sublayer's end: what it gives, what went around it, and the norm behind both where the model has it there. */
export interface Sublayer {
  /** [tokens, hidden] */
  readonly output: tf.Tensor2D;
  /** [tokens, hidden] */
  readonly residual: tf.Tensor2D;
  /** Of post-norm models: LayerNorm(x + residual), or LayerNorm(x). */
  readonly norm?: (x: tf.Tensor2D, residual?: tf.Tensor2D) => tf.Tensor2D;
}

/** Both [virtual tokens, keyHeads · headSize]. */
export interface Prefix {
  readonly key: tf.Tensor2D;
  readonly value: tf.Tensor2D;
}

/** One pass through a model. */
export interface Pass {
  readonly tuning: Tuning;
  /** Switches dropout on: there while training only. */
  readonly random?: Random | undefined;
  /** Keys and values of the tokens before these, when a text is generated token by token. */
  readonly cache?: KeyValueCache | undefined;
}

/** What a decoder remembers of the tokens that it has seen. It owns its tensors. */
export interface KeyValueCache {
  /** Tokens of each row that earlier passes have seen, virtual ones of a prompt among them. */
  readonly lengths: readonly number[];
  /** Keeps a layer's keys and values of the new tokens, and gives those of all. */
  extend(layer: number, fresh: KeysAndValues): KeysAndValues;
}

export interface KeysAndValues {
  /** [tokens, keyHeads · headSize] */
  readonly key: tf.Tensor2D;
  readonly value: tf.Tensor2D;
  readonly starts: Starts;
}

/** Token ids of some rows, one row behind the other, without padding. */
export interface TokenBatch {
  readonly rows: number;
  /** [tokens] */
  readonly ids: Int32Array;
  /** Where each row starts in `ids`, and the end of the last: [rows + 1]. */
  readonly starts: Starts;
  /** Which of two texts a token belongs to, 0 or 1, for models that are told: [tokens]. All 0 when absent. */
  readonly segments?: Int32Array;
}

/** Images, already resized and normalised. */
export interface ImageBatch extends ImageSize {
  readonly rows: number;
  /** [rows, 3, height, width] */
  readonly pixels: Float32Array;
}

/** In pixels. */
export interface ImageSize {
  readonly height: number;
  readonly width: number;
}

/** Which tokens belong to which row, and where in its row each stands. */
export interface Layout {
  readonly starts: Starts;
  /** [tokens] */
  readonly positions: Int32Array;
  /** How many tokens in front of each row stand for a method's prompt. None when absent. */
  readonly virtual?: number;
}

export interface States extends Layout {
  /** [tokens, hidden] */
  readonly x: tf.Tensor2D;
}

/** What enters a layer. */
export interface HiddenStates {
  readonly layer: number;
  /** As `hiddenStatesBelow` gives them. */
  readonly x: tf.Tensor2D;
}

/** Which of a row's tokens are asked for. */
export type TokenChoice = 'first-token' | 'last-token' | 'every-token';

export type Shapes = ReadonlyMap<string, readonly number[]>;

/** The parameters of a part of a model. */
export interface Parts {
  /** Of every parameter, as in the file. */
  readonly shapes: Shapes;
  /** Module paths of its linear layers, in the model's order. */
  readonly linears: readonly string[];
  /** Module paths of its embedding tables. */
  readonly embeddings: readonly string[];
}

/** Both leave a name alone that is spelt as wanted. */
export interface PeftSpelling {
  readonly toPeft: (name: string) => string;
  readonly toFile: (name: string) => string;
}

/** Layers, what is below them and the norm above them; `Input` is a batch of tokens or of images. */
export interface Backbone<Input = TokenBatch> extends Parts {
  /** Hugging Face's `model_type`. */
  readonly type: string;
  /** What to put in front of a tensor's name when the file leaves it out, for instance `bert.`. */
  readonly basePrefix: string;
  readonly hiddenSize: number;
  /** Numbered from 0. */
  readonly layerCount: number;
  readonly attention: AttentionSizes;
  /** Whether a token sees only what is before it. */
  readonly causal: boolean;
  /** The layer that a parameter or module belongs to: -1 for what is below them, `layerCount` for what is on top. */
  layerOf(name: string): number;
  /** Linear layers whose weight lies [in, out] in the file (GPT-2's Conv1D); in memory all are [out, in]. */
  readonly transposed?: ReadonlySet<string>;
  /** The last parts of the names of the linear layers that LoRA takes when nobody says which. */
  readonly usualTargets: readonly string[];
  /** Where PEFT names modules otherwise than the model's file does. */
  readonly peftSpelling?: PeftSpelling;
  /** The standard deviation of freshly initialised weights. */
  readonly initializerRange: number;
  /** What a person should know: where training differs from what the configuration asks for. */
  readonly notes: readonly string[];
  layout(input: Input, pass: Pass): Layout;
  /** What enters the first layer: [tokens, hidden]. */
  embed(input: Input, layout: Layout, pass: Pass): tf.Tensor2D;
  /** New states for the `asking` tokens, which attend to all tokens of their rows: [asking tokens, hidden]. */
  runLayer(layer: number, asking: States, all: States, pass: Pass): tf.Tensor2D;
  /** The norm above the last layer, or nothing: [tokens, hidden]. */
  finish(x: tf.Tensor2D, pass: Pass): tf.Tensor2D;
}

/** A backbone for texts. */
export interface TextBackbone extends Backbone {
  readonly vocabularySize: number;
  /** The longest sequence that it has positions for. */
  readonly maxLength: number;
}

/** A backbone for images: every one of them a row of as many tokens. */
export interface ImageBackbone extends Backbone<ImageBatch> {
  /** The only size that it has positions for. */
  readonly imageSize: ImageSize;
}

export interface AttentionSizes {
  readonly heads: number;
  /** Fewer than `heads` in grouped-query attention. */
  readonly keyHeads: number;
  readonly headSize: number;
}

/** What stands on a backbone. */
export interface Head extends Parts {
  readonly kind: HeadKind;
  /** The class in transformers that has this backbone and this head, for instance `BertForSequenceClassification`. */
  readonly architecture: string;
  /** Module paths that start fresh with a task: trained beside every method, saved as PEFT's `modules_to_save`. */
  readonly modules: readonly string[];
  /** The tokens whose states it reads. */
  readonly reads: TokenChoice;
  /** The backbone's states of those tokens → scores: [rows or tokens, classes]. */
  apply(x: tf.Tensor2D, layout: Layout, pass: Pass): tf.Tensor2D;
  /** Of heads that give a score to every token of the vocabulary. */
  readonly vocabulary?: VocabularyHead;
}

/** Scores over the vocabulary without ever having all of them at once: `transform(x) · table ᵀ (+ bias)`. */
export interface VocabularyHead {
  /** The parameter, often the embedding table itself: [vocabulary, hidden]. */
  readonly table: string;
  /** [vocabulary] */
  readonly bias?: string;
  readonly transform: (x: tf.Tensor2D, pass: Pass) => tf.Tensor2D;
}

export const headKinds = [
  'sequence-classification',
  'token-classification',
  'masked-lm',
  'causal-lm',
  'sentence-embedding',
  'image-classification',
] as const;
export type HeadKind = (typeof headKinds)[number];

/** What a model file offers to the registry. */
export interface Family {
  /** The `model_type`s that it serves. */
  readonly types: readonly string[];
  /** @throws ZodError when the configuration is not one of this family's */
  create(config: unknown): TextBackbone;
  /** Its heads; `labels` counts the classes, and heads over a vocabulary do not look at it. */
  readonly heads: Readonly<Partial<Record<HeadKind, (config: unknown, labels: number) => Head>>>;
}

/** The same for models of images. */
export interface ImageFamily {
  readonly types: readonly string[];
  /** @throws ZodError when the configuration is not one of this family's */
  create(config: unknown): ImageBackbone;
  readonly heads: Readonly<Record<'image-classification', (config: unknown, labels: number) => Head>>;
}

/** A backbone with its head: what is loaded, tuned and trained. */
export interface TextModel {
  readonly backbone: TextBackbone;
  readonly head: Head;
}

export interface ImageModel {
  readonly backbone: ImageBackbone;
  readonly head: Head;
}
