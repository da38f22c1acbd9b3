/** Dense layers whose frozen weight stays packed as NF4: half a byte and its share of the scales per parameter. */
import * as tf from '../tensors';
import { denseComposite } from './dense';
import { formatShapes } from './format-shapes';
import { FUSED_KERNELS, hasKernel, registerFusedGradient } from './fused';
import { dequantizeNf4Range } from './nf4-format';
import type { Nf4Data } from './nf4-format';

/** A quantised weight [rows, columns] on a backend. Bytes lie four in an int32, since no backend has tensors of bytes. */
export interface Nf4Weight {
  readonly rows: number;
  readonly columns: number;
  readonly nestedOffset: number;
  readonly parts: Nf4Parts;
}

type Nf4Parts = Record<'weight' | 'absmax' | 'quantMap' | 'nestedAbsmax' | 'nestedQuantMap', tf.Tensor1D>;

const PART_NAMES = ['weight', 'absmax', 'quantMap', 'nestedAbsmax', 'nestedQuantMap'] as const;

/** Copies a quantised weight to the current backend. The caller disposes it with `disposeNf4Weight`. */
export function createNf4Weight(data: Nf4Data): Nf4Weight {
  const { rows, columns, nestedOffset } = data;
  const parts = {
    weight: tf.tensor1d(packBytes(data.weight), 'int32'),
    absmax: tf.tensor1d(packBytes(data.absmax), 'int32'),
    quantMap: tf.tensor1d(data.quantMap),
    nestedAbsmax: tf.tensor1d(data.nestedAbsmax),
    nestedQuantMap: tf.tensor1d(data.nestedQuantMap),
  };
  return { rows, columns, nestedOffset, parts };
}

export function disposeNf4Weight({ parts }: Nf4Weight): void {
  tf.dispose(parts);
}

/** x [rows, in], weight [out, in], bias [out] → x Wᵀ + b [rows, out]. The weight has no gradient. */
export function denseNf4(x: tf.Tensor2D, weight: Nf4Weight, bias?: tf.Tensor1D): tf.Tensor2D {
  requireDenseShapes(x, weight, bias);
  if (!hasKernel(FUSED_KERNELS.denseNf4)) return denseNf4Composite(x, weight, bias);
  const inputs = { x, ...weight.parts, ...(bias ? { bias } : {}) };
  return tf.engine().runKernel(FUSED_KERNELS.denseNf4, inputs, attributesOf(weight));
}

/** The reference: the whole weight, dequantised, in an ordinary dense layer. */
export function denseNf4Composite(x: tf.Tensor2D, weight: Nf4Weight, bias?: tf.Tensor1D): tf.Tensor2D {
  return denseComposite(x, dequantizeNf4Composite(weight), bias);
}

/** The whole weight as float32 [rows, columns], as a merge needs it. */
export function dequantizeNf4(weight: Nf4Weight): tf.Tensor2D {
  if (!hasKernel(FUSED_KERNELS.dequantizeNf4)) return dequantizeNf4Composite(weight);
  return tf.engine().runKernel(FUSED_KERNELS.dequantizeNf4, { ...weight.parts }, attributesOf(weight));
}

/** The reference, in JavaScript. */
export function dequantizeNf4Composite(weight: Nf4Weight): tf.Tensor2D {
  const { rows, columns } = weight;
  return tf.tensor2d(dequantizeNf4Range(readNf4Weight(weight), 0, rows * columns), [rows, columns]);
}

/** What `createNf4Weight` was given, read back from the backend. */
export function readNf4Weight({ rows, columns, nestedOffset, parts }: Nf4Weight): Nf4Data {
  return {
    rows,
    columns,
    nestedOffset,
    weight: unpackBytes(parts.weight),
    absmax: unpackBytes(parts.absmax),
    quantMap: Float32Array.from(parts.quantMap.dataSync<'float32'>()),
    nestedAbsmax: Float32Array.from(parts.nestedAbsmax.dataSync<'float32'>()),
    nestedQuantMap: Float32Array.from(parts.nestedQuantMap.dataSync<'float32'>()),
  };
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

function unpackBytes(tensor: tf.Tensor1D): Uint8Array {
  return new Uint8Array(Int32Array.from(tensor.dataSync<'int32'>()).buffer);
}

function requireDenseShapes(x: tf.Tensor2D, { rows, columns }: Nf4Weight, bias?: tf.Tensor1D): void {
  if (x.shape[1] === columns && (!bias || bias.shape[0] === rows)) return;
  throw new Error(
    `denseNf4: ${formatShapes({ x, bias })} do not fit a weight [${rows}, ${columns}]; expected [rows, ${columns}], [${rows}].`,
  );
}
