/**
 * What a way of tuning is to the rest of the trainer: it attaches to a base model, answers the model's requests for its
 * parts, and says which parameters are trained and how they are written down.
 */
import type { Random } from '../../dataset/seeded-random';
import type { Architecture } from '../models/architecture';
import type { TextBackbone, Tuning } from '../models/model';
import { dense } from '../ops/dense';
import { embedding } from '../ops/embedding';
import type { Nf4Data } from '../ops/nf4-format';
import type { NamedTensors } from '../safetensors';
import * as tf from '../tensors';
import type { Parameters } from './parameters';

export interface AttachOptions {
  readonly architecture: Architecture;
  /** The base and the head, as read; copied into tensors that the adapter owns. */
  readonly tensors: NamedTensors;
  /** Linear layers that the folder has in 4 bits, by module path; their weights are not among `tensors`. */
  readonly packed?: ReadonlyMap<string, Nf4Data>;
  /** Where the base lies: written into adapter_config.json. */
  readonly modelDir: string;
  readonly random: Random;
  /** The names of the classes, for files that list them. */
  readonly labels?: readonly string[];
  /** For methods that start from tokens: a text's ids, without special ones. */
  readonly encode?: (text: string) => Int32Array;
  /** For methods that start from what the base makes of tokens. */
  readonly backbone?: TextBackbone;
}

/** A file of tensors beside an adapter's own. */
export interface TensorPart {
  collect(): Promise<NamedTensors>;
  /** @throws Error naming every mismatch */
  assign(values: NamedTensors): void;
}

/** A base model with something to train. It owns every tensor it made: `dispose` frees them. */
export interface Adapter extends Tuning {
  /** Trained parameters, under the names they have in `tensorFile`. */
  readonly trained: ReadonlyMap<string, tf.Variable>;
  /** The base by itself, where the method changes what it computes from the start: prefixes, prompts, bottleneck adapters. */
  readonly base?: Tuning;
  /** All parameters, trained and frozen. */
  readonly parameterCount: number;
  /** The lowest layer that changes while it trains: -1 when the embeddings or anything else below the layers does. */
  readonly lowestTrainedLayer: number;
  readonly tensorFile: string;
  /** What belongs into `tensorFile`, as it is now. */
  collectTensors(): Promise<NamedTensors>;
  /**
   * Further files of tensors, by name: the head where the layout has it in a file of its own, and what only a resumed run
   * needs. They are assigned after `tensorFile`.
   */
  readonly tensorParts?: ReadonlyMap<string, TensorPart>;
  /** JSON files that go beside `tensorFile`. */
  readonly configFiles: ReadonlyMap<string, unknown>;
  /** Overwrites what is trained with what `tensorFile` holds. @throws Error naming every mismatch */
  assign(values: NamedTensors): void;
  /** Absent where nothing of the method fits into the base's weights: prefixes, prompts, bottleneck adapters. */
  readonly merging?: Merging;
  dispose(): void;
}

/** Mirror images: after both, the model computes what it did before. */
export interface Merging {
  /** Folds what is trained into the base's weights, so that the plain base computes the same. */
  merge(): void;
  unmerge(): void;
  /** The base with its head as it is now, under the names of model.safetensors. */
  collectBase(): Promise<NamedTensors>;
  /** What a person should know of the merged weights. */
  readonly note?: string;
}

/** The parts of the base as they are, for methods that change nothing about a layer. */
export function plainTuning(parameters: Parameters): Tuning {
  const parameter = (name: string): tf.Tensor => {
    const found = parameters.get(name);
    if (found === undefined) throw new Error(`The model asked for "${name}", which is not among its parameters.`);
    return found;
  };
  // Shapes are checked when the file is read.
  const weight = (name: string) => parameter(`${name}.weight`) as tf.Tensor2D;
  const bias = (name: string) => parameters.get(`${name}.bias`) as tf.Tensor1D | undefined;
  return {
    parameter,
    linear: (name, x) => dense(x, weight(name), bias(name)),
    embedding: (name, ids) => embedding(weight(name), tf.tensor1d(ids, 'int32')),
    join: (_name, { output, residual, norm }) => (norm ? norm(output, residual) : tf.add(output, residual)),
    prefix: () => undefined,
    prefixLength: 0,
    prompt: () => undefined,
    promptLength: 0,
  };
}
