/**
 * The parameters of a model in memory: trained ones are variables, all others plain tensors. In memory every linear
 * weight lies [out, in]; what a file has the other way round (GPT-2) is turned when it comes and when it goes.
 */
import type { NamedTensor, NamedTensors } from '../safetensors';
import * as tf from '../tensors';

/** By name. */
export type Parameters = ReadonlyMap<string, tf.Tensor>;

/** Modules whose weight lies [in, out] in the file. */
export type Transposed = ReadonlySet<string>;
const none: Transposed = new Set();

export function createParameters(
  tensors: NamedTensors,
  isTrained: (name: string) => boolean,
  transposed: Transposed = none,
): Map<string, tf.Tensor> {
  return new Map(
    [...tensors].map(([name, stored]) => {
      const tensor = toMemory(name, stored, transposed);
      return [name, isTrained(name) ? createVariable(tensor) : createTensor(tensor)];
    }),
  );
}

/** A file's tensor as it lies in memory. */
export function toMemory(name: string, stored: NamedTensor, transposed: Transposed): NamedTensor {
  return isTurned(name, transposed) ? turn(stored) : stored;
}

export function createVariable(tensor: NamedTensor): tf.Variable {
  const initial = createTensor(tensor);
  const variable = tf.variable(initial);
  initial.dispose();
  return variable;
}

export function createTensor({ shape, values }: NamedTensor): tf.Tensor {
  return tf.tensor(values, [...shape], 'float32');
}

export function trainedOf(parameters: Parameters): Map<string, tf.Variable> {
  return new Map([...parameters].flatMap(([name, tensor]) => (isVariable(tensor) ? [[name, tensor] as const] : [])));
}

export function isVariable(tensor: tf.Tensor): tensor is tf.Variable {
  return tensor instanceof tf.Variable;
}

/** As they lie in a file. */
export async function collectValues(parameters: Parameters, transposed: Transposed = none): Promise<NamedTensors> {
  const values = new Map<string, NamedTensor>();
  for (const [name, tensor] of parameters) {
    const inMemory = { shape: tensor.shape, values: Float32Array.from(await tensor.data()) };
    values.set(name, isTurned(name, transposed) ? turn(inMemory) : inMemory);
  }
  return values;
}

/** Overwrites what is trained from a file's tensors; names and shapes must match exactly, and every mismatch is named. */
export function assignValues(
  trained: ReadonlyMap<string, tf.Variable>,
  values: NamedTensors,
  transposed: Transposed = none,
): void {
  const turned = new Map([...values].map(([name, tensor]) => [name, isTurned(name, transposed) ? turn(tensor) : tensor]));
  const mismatches = [...trained].flatMap(([name, variable]) => {
    const found = turned.get(name);
    if (found === undefined) return [`"${name}" is missing`];
    return found.shape.join() === variable.shape.join()
      ? []
      : [`"${name}" is [${found.shape.join(', ')}] and should be [${variable.shape.join(', ')}]`];
  });
  if (mismatches.length > 0) throw new Error(mismatches.join('; '));
  for (const [name, variable] of trained) assign(variable, turned.get(name));
}

function assign(variable: tf.Variable, tensor: NamedTensor | undefined): void {
  if (tensor === undefined) return;
  const value = createTensor(tensor);
  variable.assign(value);
  value.dispose();
}

function isTurned(name: string, transposed: Transposed): boolean {
  return transposed.size > 0 && name.endsWith('.weight') && transposed.has(name.slice(0, -'.weight'.length));
}

/** [rows, columns] → [columns, rows] */
function turn({ shape: [rows = 0, columns = 0], values }: NamedTensor): NamedTensor {
  const turned = new Float32Array(values.length);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) turned[column * rows + row] = values[row * columns + column] ?? NaN;
  return { shape: [columns, rows], values: turned };
}

export function countParameters(tensors: Iterable<{ readonly shape: readonly number[] }>): number {
  let total = 0;
  for (const { shape } of tensors) total += shape.reduce((product, dimension) => product * dimension, 1);
  return total;
}

export function disposeAll(tensors: Iterable<tf.Tensor>): void {
  for (const tensor of tensors) tensor.dispose();
}
