/**
 * Dropout with a mask that is a pure function of (seed, element index): nothing is saved for the backward pass, each
 * backend draws the same mask, and a call takes exactly one number from the random source, whatever the size of x.
 */
import * as tf from '../tensors';
import { FUSED_KERNELS, hasKernel, registerFusedGradient } from './fused';

/** A source of randomness; `next` gives a uniform number in [0, 1). */
export interface Random {
  next(): number;
}

/** Sets each element to zero with probability `rate` (in [0, 1)) and scales the others by 1 / (1 - rate). */
export function dropout(x: tf.Tensor2D, rate: number, random: Random): tf.Tensor2D {
  if (!(rate >= 0 && rate < 1)) throw new Error(`dropout: rate must lie in [0, 1), not at ${rate}.`);
  if (rate === 0) return x;
  const seed = Math.floor(random.next() * 2 ** 32);
  if (!hasKernel(FUSED_KERNELS.dropout)) return dropoutComposite(x, rate, seed);
  return tf.engine().runKernel(FUSED_KERNELS.dropout, { x }, { rate, seed });
}

/** The reference: x times a tensor of zeros and 1 / (1 - rate). */
export function dropoutComposite(x: tf.Tensor2D, rate: number, seed: number): tf.Tensor2D {
  const threshold = dropThreshold(rate);
  const scale = 1 / (1 - rate);
  const factors = Float32Array.from({ length: x.size }, (_, i) => (elementHash(i, seed) < threshold ? 0 : scale));
  return tf.mul(x, tf.tensor2d(factors, x.shape));
}

/** An element is dropped when its 32-bit hash lies below this. */
export function dropThreshold(rate: number): number {
  return Math.floor(rate * 2 ** 32);
}

/** A uniform 32-bit hash of an element's index under a seed. */
export function elementHash(index: number, seed: number): number {
  return mixBits(mixBits(index) ^ seed);
}

registerFusedGradient(FUSED_KERNELS.dropout, [], (dy, _saved, attributes) => ({
  x: () => tf.engine().runKernel(FUSED_KERNELS.dropout, { x: dy }, attributes),
}));

/** Chris Wellons' lowbias32, a bijection of 32-bit integers with full avalanche (nullprogram.com, "hash prospector"). */
function mixBits(value: number): number {
  let bits = value ^ (value >>> 16);
  bits = Math.imul(bits, 0x7feb352d);
  bits ^= bits >>> 15;
  bits = Math.imul(bits, 0x846ca68b);
  return (bits ^ (bits >>> 16)) >>> 0;
}
