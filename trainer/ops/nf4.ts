/** Dense layers whose frozen weight stays packed as NF4: half a byte and its share of the scales per parameter. */
import * as tf from '../tensors';
import { formatShapes } from './format-shapes';
import { FUSED_KERNELS, hasKernel, registerFusedGradient } from './fused';
import { BLOCK, NESTED_BLOCK, dequantizeNf4Range } from './nf4-format';
import type { Nf4Data } from './nf4-format';

/**
 * A quantised weight [rows, columns]: in tensors where the backend computes with packed weights, bytes four in an int32,
 * since no backend has tensors of bytes; elsewhere as it was given, and dequantised by JavaScript on every use.
 */
export type Nf4Weight = Pick<Nf4Data, 'rows' | 'columns' | 'nestedOffset'> &
  ({ readonly parts: Nf4Parts; readonly data?: never } | { readonly parts?: never; readonly data: Nf4Data });

type Nf4Parts = Record<'weight' | 'absmax' | 'quantMap' | 'nestedAbsmax' | 'nestedQuantMap', tf.Tensor1D>;
/** The same for every weight, so that layers can share them. */
export type Nf4Maps = Pick<Nf4Parts, 'quantMap' | 'nestedQuantMap'>;

const PART_NAMES = ['weight', 'absmax', 'quantMap', 'nestedAbsmax', 'nestedQuantMap'] as const;

export function createNf4Maps({ quantMap, nestedQuantMap }: Pick<Nf4Data, keyof Nf4Maps>): Nf4Maps {
  return { quantMap: tf.tensor1d(quantMap), nestedQuantMap: tf.tensor1d(nestedQuantMap) };
}

/**
 * A quantised weight for the current backend, with maps of its own or handles of those given, which must hold the same. The
 * caller disposes it with `disposeNf4Weight`.
 */
export function createNf4Weight(data: Nf4Data, maps?: Nf4Maps): Nf4Weight {
  const { rows, columns, nestedOffset } = data;
  if (!hasKernel(FUSED_KERNELS.denseNf4)) return { rows, columns, nestedOffset, data };
  const { quantMap, nestedQuantMap } = maps ? { ...maps } : createNf4Maps(data);
  const parts = {
    weight: tf.tensor1d(packBytes(data.weight), 'int32'),
    absmax: tf.tensor1d(packBytes(data.absmax), 'int32'),
    quantMap: maps ? quantMap.clone() : quantMap,
    nestedAbsmax: tf.tensor1d(data.nestedAbsmax),
    nestedQuantMap: maps ? nestedQuantMap.clone() : nestedQuantMap,
  };
  return { rows, columns, nestedOffset, parts };
}

export function disposeNf4Weight({ parts }: Nf4Weight): void {
  if (parts) tf.dispose(parts);
}

/** x [rows, in], weight [out, in], bias [out] → x Wᵀ + b [rows, out]. The weight has no gradient. */
export function denseNf4(x: tf.Tensor2D, weight: Nf4Weight, bias?: tf.Tensor1D): tf.Tensor2D {
  requireDenseShapes(x, weight, bias);
  const { parts } = weight;
  if (!parts || !hasKernel(FUSED_KERNELS.denseNf4)) return denseNf4Composite(x, weight, bias);
  const inputs = { x, ...parts, ...(bias ? { bias } : {}) };
  return tf.engine().runKernel(FUSED_KERNELS.denseNf4, inputs, attributesOf(weight));
}

/** The reference: the whole weight, dequantised for the product and once more for its gradient, and forgotten in between. */
export function denseNf4Composite(x: tf.Tensor2D, weight: Nf4Weight, bias?: tf.Tensor1D): tf.Tensor2D {
  const multiply = tf.customGrad(() => ({
    value: tf.matMul(x, dequantizeNf4Composite(weight), false, true),
    gradFunc: (dy) => tf.matMul(dy, dequantizeNf4Composite(weight)), // as the value
  }));
  const product = multiply(x) as tf.Tensor2D; // as above
  return bias ? tf.add(product, bias) : product;
}

/** The whole weight as float32 [rows, columns], as a merge needs it. */
export function dequantizeNf4(weight: Nf4Weight): tf.Tensor2D {
  const { parts } = weight;
  if (!parts || !hasKernel(FUSED_KERNELS.dequantizeNf4)) return dequantizeNf4Composite(weight);
  return tf.engine().runKernel(FUSED_KERNELS.dequantizeNf4, { ...parts }, attributesOf(weight));
}

/** The reference, in JavaScript. */
export function dequantizeNf4Composite(weight: Nf4Weight): tf.Tensor2D {
  const { rows, columns } = weight;
  return tf.tensor2d(dequantizeNf4Range(readNf4Weight(weight), 0, rows * columns), [rows, columns]);
}

/** What `createNf4Weight` was given, read back from the backend. */
export function readNf4Weight(stored: Nf4Weight): Nf4Data {
  if (stored.parts === undefined) return stored.data;
  const { rows, columns, nestedOffset, parts } = stored;
  return {
    rows,
    columns,
    nestedOffset,
    weight: unpackBytes(parts.weight, Math.ceil((rows * columns) / 2)),
    absmax: unpackBytes(parts.absmax, Math.ceil((rows * columns) / BLOCK)),
    quantMap: Float32Array.from(parts.quantMap.dataSync<'float32'>()),
    nestedAbsmax: Float32Array.from(parts.nestedAbsmax.dataSync<'float32'>()),
    nestedQuantMap: Float32Array.from(parts.nestedQuantMap.dataSync<'float32'>()),
  };
}

/** Bytes that stay in memory for the weight: its codes, its scales, and the maps unless another weight has them too. */
export function countNf4Bytes({ rows, columns }: Nf4Weight): number {
  const blocks = Math.ceil((rows * columns) / BLOCK);
  return Math.ceil((rows * columns) / 2) + blocks + 4 * Math.ceil(blocks / NESTED_BLOCK);
}

registerFusedGradient(FUSED_KERNELS.denseNf4, PART_NAMES, (dy, parts, attributes) => ({
  x: () => tf.engine().runKernel(FUSED_KERNELS.denseNf4Grad, { dy, ...parts }, attributes),
  bias: () => tf.sum(dy, 0),
}));

function attributesOf({ rows, columns, nestedOffset }: Nf4Weight): tf.NamedAttrMap {
  return { rows, columns, nestedOffset };
}

/** Little-endian, as every machine is that runs this; zeros fill the last integer. */
function packBytes(bytes: Uint8Array): Int32Array {
  const padded = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
  padded.set(bytes);
  return new Int32Array(padded.buffer);
}

function unpackBytes(tensor: tf.Tensor1D, count: number): Uint8Array {
  return new Uint8Array(Int32Array.from(tensor.dataSync<'int32'>()).buffer, 0, count);
}

function requireDenseShapes(x: tf.Tensor2D, { rows, columns }: Nf4Weight, bias?: tf.Tensor1D): void {
  if (x.shape[1] === columns && (!bias || bias.shape[0] === rows)) return;
  throw new Error(
    `denseNf4: ${formatShapes({ x, bias })} do not fit a weight [${rows}, ${columns}]; expected [rows, ${columns}], [${rows}].`,
  );
}
