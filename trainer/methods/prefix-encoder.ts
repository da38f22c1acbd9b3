/**
 * Where a prefix comes from: a trained table of keys and values, or a small trained network that makes that table
 * (Embedding → Linear → Tanh → Linear), which trains more evenly and can be thrown away afterwards.
 */
import type { Random } from '../../dataset/seeded-random';
import { initializeKaimingUniform } from '../initializers';
import { activate } from '../ops/activate';
import { dense } from '../ops/dense';
import type { NamedTensor } from '../safetensors';
import * as tf from '../tensors';
import { createVariable } from './parameters';
import { drawNormal, promptTensor } from './virtual-tokens';

export interface PrefixEncoder {
  /** PEFT's names. */
  readonly trained: ReadonlyMap<string, tf.Variable>;
  /** Keys and values of all layers: [virtual tokens, 2 · layers · width], key 0, value 0, key 1, ... */
  encode(): tf.Tensor2D;
}

export interface PrefixSizes {
  readonly virtualTokens: number;
  readonly layerCount: number;
  /** Of a layer's keys, and of its values. */
  readonly width: number;
}

/** Starts as `initial` [virtual tokens, 2 · layers · width], which it takes over. */
export function createPrefixTable(initial: tf.Tensor2D): PrefixEncoder {
  const table = tf.variable(initial);
  initial.dispose();
  return { trained: new Map([[promptTensor, table]]), encode: () => table };
}

export function tableWidth({ layerCount, width }: PrefixSizes): number {
  return 2 * layerCount * width;
}

/** Starts as PyTorch starts its layers, or with a last layer of zeros. */
export function createProjection(hidden: number, sizes: PrefixSizes, start: 'random' | 'zero', random: Random): PrefixEncoder {
  const { virtualTokens, width } = sizes;
  const last = start === 'zero' ? zeroLinear : drawLinear;
  const initial: Record<string, NamedTensor> = {
    'embedding.weight': { shape: [virtualTokens, width], values: drawNormal([virtualTokens, width], random) },
    ...named('transform.0', drawLinear(width, hidden, random)),
    ...named('transform.2', last(hidden, tableWidth(sizes), random)),
  };
  const trained = new Map(Object.entries(initial).map(([name, tensor]) => [`prompt_encoder.${name}`, createVariable(tensor)]));
  return { trained, encode: () => project(trained) };
}

function project(trained: ReadonlyMap<string, tf.Variable>): tf.Tensor2D {
  // All were made above, with these names and dimensions.
  const matrix = (name: string) => trained.get(`prompt_encoder.${name}`) as tf.Tensor2D;
  const bias = (name: string) => trained.get(`prompt_encoder.${name}.bias`) as tf.Tensor1D;
  const hidden = dense(matrix('embedding.weight'), matrix('transform.0.weight'), bias('transform.0')); // [V, hidden]
  return dense(activate(hidden, 'tanh'), matrix('transform.2.weight'), bias('transform.2')); // [V, 2 · L · width]
}

interface Linear {
  readonly weight: NamedTensor;
  readonly bias: NamedTensor;
}

function drawLinear(inputs: number, outputs: number, random: Random): Linear {
  const bound = 1 / Math.sqrt(inputs);
  const bias = Float32Array.from({ length: outputs }, () => bound * (2 * random.next() - 1));
  const weight = initializeKaimingUniform([outputs, inputs], random);
  return { weight: { shape: [outputs, inputs], values: weight }, bias: { shape: [outputs], values: bias } };
}

function zeroLinear(inputs: number, outputs: number): Linear {
  const zeros = (...shape: number[]) => ({ shape, values: new Float32Array(shape.reduce((size, extent) => size * extent, 1)) });
  return { weight: zeros(outputs, inputs), bias: zeros(outputs) };
}

function named(module: string, { weight, bias }: Linear): Record<string, NamedTensor> {
  return { [`${module}.weight`]: weight, [`${module}.bias`]: bias };
}
