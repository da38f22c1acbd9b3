/** Fresh weights, from a random source that is given: the same seed makes the same weights. */
import type { Random } from '../dataset/seeded-random';
import type { Shapes } from './models/model';
import type { NamedTensor, NamedTensors } from './safetensors';

/** Weights from N(0, deviation), biases 0, norms 1: transformers' `_init_weights`. */
export function initializeNormal(shapes: Shapes, deviation: number, random: Random): NamedTensors {
  return new Map([...shapes].map(([name, shape]) => [name, initializeOne(name, shape, deviation, random)]));
}

function initializeOne(name: string, shape: readonly number[], deviation: number, random: Random): NamedTensor {
  const values = new Float32Array(sizeOf(shape));
  if (name.endsWith('.weight') && shape.length === 1)
    values.fill(1); // a norm's
  else if (name.endsWith('.weight')) values.forEach((_, index) => (values[index] = deviation * random.normal()));
  return { shape, values };
}

/** Kaiming uniform with a = √5 over `inputs` columns: U(-1/√inputs, 1/√inputs), PyTorch's default for a linear layer. */
export function initializeKaimingUniform(shape: readonly [number, number], random: Random): Float32Array {
  const bound = 1 / Math.sqrt(shape[1]);
  return Float32Array.from({ length: sizeOf(shape) }, () => bound * (2 * random.next() - 1));
}

/** N(0, 1). */
export function initializeStandardNormal(count: number, random: Random): Float32Array {
  return Float32Array.from({ length: count }, () => random.normal());
}

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, dimension) => product * dimension, 1);
}
