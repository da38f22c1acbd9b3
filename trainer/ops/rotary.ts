/** Rotary position embedding (Su et al. 2021) in the half-split layout of Llama and NeoX, straight on `[tokens, hidden]`. */
import * as tf from '../tensors';
import { formatShapes } from './format-shapes';
import { FUSED_KERNELS, hasKernel, registerFusedGradient } from './fused';

/** Cosine and sine of each position times each frequency, both [positions, rotated / 2]. The caller disposes them. */
export interface RotaryTables {
  readonly cos: tf.Tensor2D;
  readonly sin: tf.Tensor2D;
}

export interface RotaryOptions {
  /** Positions 0 to positions - 1 have a row. */
  readonly positions: number;
  /** How many elements of a head are turned; even, and the size of the head unless rotary is partial. */
  readonly rotated: number;
  /** The base of the frequencies theta^(-2 j / rotated): 10,000 in the first Llamas. */
  readonly theta: number;
}

/** In double precision, as float32 angles are wrong by whole degrees at long positions. */
export function createRotaryTables({ positions, rotated, theta }: RotaryOptions): RotaryTables {
  if (!Number.isInteger(rotated / 2)) throw new Error(`createRotaryTables: ${rotated} elements of a head cannot be paired.`);
  const half = rotated / 2;
  const angles = Float64Array.from({ length: positions * half }, (_, i) => {
    const position = Math.floor(i / half);
    return position * theta ** ((-2 * (i % half)) / rotated);
  });
  const toTable = (f: (angle: number) => number) => tf.tensor2d(Float32Array.from(angles, f), [positions, half]);
  return { cos: toTable(Math.cos), sin: toTable(Math.sin) };
}

/**
 * Per token and head of x [tokens, heads · size], with j below rotated / 2 and the angle a of (position, j):
 * (x_j, x_{j + rotated / 2}) ← (x_j cos a - x_{j + rotated / 2} sin a, x_{j + rotated / 2} cos a + x_j sin a); what is
 * beyond `rotated` stays. positions [tokens] int32. Throws for a position outside the tables where the backend can see it.
 */
export function rotary(x: tf.Tensor2D, { cos, sin }: RotaryTables, positions: tf.Tensor1D, heads: number): tf.Tensor2D {
  requireRotaryShapes(x, cos, sin, positions, heads);
  if (!hasKernel(FUSED_KERNELS.rotary)) return rotaryComposite(x, { cos, sin }, positions, heads);
  return tf.engine().runKernel(FUSED_KERNELS.rotary, { x, cos, sin, positions }, { heads, sign: 1 });
}

/** The reference, out of plain operations. */
export function rotaryComposite(x: tf.Tensor2D, { cos, sin }: RotaryTables, positions: tf.Tensor1D, heads: number): tf.Tensor2D {
  const [tokens, hidden] = x.shape;
  const half = cos.shape[1];
  const size = hidden / heads;
  const split: tf.Tensor3D = tf.reshape(x, [tokens, heads, size]);
  const low = tf.slice(split, [0, 0, 0], [tokens, heads, half]);
  const high = tf.slice(split, [0, 0, half], [tokens, heads, half]);
  const rest = tf.slice(split, [0, 0, 2 * half], [tokens, heads, size - 2 * half]);
  const c = tf.reshape(tf.gather(cos, positions), [tokens, 1, half]);
  const s = tf.reshape(tf.gather(sin, positions), [tokens, 1, half]);
  const turned = [tf.sub(tf.mul(low, c), tf.mul(high, s)), tf.add(tf.mul(high, c), tf.mul(low, s)), rest];
  return tf.reshape(tf.concat(turned, 2), [tokens, hidden]);
}

// Turning is orthogonal: its gradient turns back.
registerFusedGradient(FUSED_KERNELS.rotary, ['cos', 'sin', 'positions'], (dy, { cos, sin, positions }, attributes) => ({
  x: () => tf.engine().runKernel(FUSED_KERNELS.rotary, { x: dy, cos, sin, positions }, { ...attributes, sign: -1 }),
}));

function requireRotaryShapes(x: tf.Tensor2D, cos: tf.Tensor2D, sin: tf.Tensor2D, positions: tf.Tensor1D, heads: number): void {
  if (positions.dtype !== 'int32') throw new Error(`rotary: positions must be int32, not ${positions.dtype}.`);
  const [tokens, hidden] = x.shape;
  const size = hidden / heads;
  const tablesFit = tf.util.arraysEqual(cos.shape, sin.shape) && 2 * cos.shape[1] <= size;
  if (tablesFit && Number.isInteger(size) && positions.shape[0] === tokens) return;
  throw new Error(
    `rotary: ${formatShapes({ x, cos, sin, positions })} and ${heads} heads do not fit; ` +
      'expected [tokens, heads · size], [positions, half] twice with half at most size / 2, [tokens].',
  );
}
