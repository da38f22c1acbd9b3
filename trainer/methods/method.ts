/**
 * What a way of tuning is to the rest of the trainer: it attaches to a base model, answers the model's requests for its
 * parts, and says which parameters are trained and how they are written down.
 */
import type { Random } from '../../dataset/seeded-random';
import type { SequenceClassifier, Tuning } from '../models/model';
import { dense } from '../ops/dense';
import type { NamedTensor, NamedTensors } from '../safetensors';
import * as tf from '../tensors';

export interface AttachOptions {
  readonly classifier: SequenceClassifier;
  /** The base and the head, as read; copied into tensors that the adapter owns. */
  readonly tensors: NamedTensors;
  /** Where the base lies: written into adapter_config.json. */
  readonly modelDir: string;
  readonly random: Random;
}

/** A base model with something to train. It owns every tensor it made: `dispose` frees them. */
export interface Adapter extends Tuning {
  /** Trained parameters, under the names they have in `tensorFile`. */
  readonly trained: ReadonlyMap<string, tf.Variable>;
  readonly parameterCount: number;
  readonly tensorFile: 'model.safetensors' | 'adapter_model.safetensors';
  /** What belongs into `tensorFile`, as it is now. */
  collectTensors(): Promise<NamedTensors>;
  /** JSON files that go beside `tensorFile`. */
  readonly configFiles: ReadonlyMap<string, unknown>;
  dispose(): void;
}

/** Parameters by name: a `tf.Variable` is trained, any other tensor is frozen. */
export type Parameters = ReadonlyMap<string, tf.Tensor>;

export function createParameters(tensors: NamedTensors, isTrained: (name: string) => boolean): Parameters {
  return new Map([...tensors].map(([name, tensor]) => [name, isTrained(name) ? createVariable(tensor) : createTensor(tensor)]));
}

export function createVariable(tensor: NamedTensor): tf.Variable {
  const initial = createTensor(tensor);
  const variable = tf.variable(initial);
  initial.dispose();
  return variable;
}

export function trainedOf(parameters: Parameters): Map<string, tf.Variable> {
  return new Map([...parameters].flatMap(([name, tensor]) => (isVariable(tensor) ? [[name, tensor] as const] : [])));
}

function isVariable(tensor: tf.Tensor): tensor is tf.Variable {
  return tensor instanceof tf.Variable;
}

/** The parts of the base as they are, for methods that change nothing about a layer. */
export function plainTuning(parameters: Parameters): Tuning {
  const parameter = (name: string): tf.Tensor => {
    const found = parameters.get(name);
    if (found === undefined) throw new Error(`The model asked for "${name}", which is not among its parameters.`);
    return found;
  };
  return {
    parameter,
    linear: (name, x) => dense(x, parameter(`${name}.weight`) as tf.Tensor2D, parameter(`${name}.bias`) as tf.Tensor1D), // shapes are checked when the file is read
    site: (_name, x) => x,
  };
}

export async function collectValues(parameters: ReadonlyMap<string, tf.Tensor>): Promise<NamedTensors> {
  const values = new Map<string, NamedTensor>();
  for (const [name, tensor] of parameters)
    values.set(name, { shape: tensor.shape, values: Float32Array.from(await tensor.data()) });
  return values;
}

/** Overwrites what is trained; names and shapes must match exactly, and every mismatch is named. */
export function assignValues(trained: ReadonlyMap<string, tf.Variable>, values: NamedTensors): void {
  const mismatches = [...trained].flatMap(([name, variable]) => {
    const found = values.get(name);
    if (found === undefined) return [`"${name}" is missing`];
    return found.shape.join() === variable.shape.join()
      ? []
      : [`"${name}" is [${found.shape.join(', ')}] and should be [${variable.shape.join(', ')}]`];
  });
  if (mismatches.length > 0) throw new Error(mismatches.join('; '));
  for (const [name, variable] of trained) assign(variable, values.get(name));
}

function assign(variable: tf.Variable, tensor: NamedTensor | undefined): void {
  if (tensor === undefined) return;
  const value = createTensor(tensor);
  variable.assign(value);
  value.dispose();
}

export function countParameters(tensors: Iterable<{ readonly shape: readonly number[] }>): number {
  let total = 0;
  for (const { shape } of tensors) total += shape.reduce((product, dimension) => product * dimension, 1);
  return total;
}

export function disposeAll(tensors: Iterable<tf.Tensor>): void {
  for (const tensor of tensors) tensor.dispose();
}

function createTensor({ shape, values }: NamedTensor): tf.Tensor {
  return tf.tensor(values, [...shape], 'float32');
}
