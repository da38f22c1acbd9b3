/** From a state per token to one per sequence: the first token's, or the mean over the real tokens. */
import * as tf from '../tensors';
import { formatShapes } from './format-shapes';
import { FUSED_KERNELS, hasKernel, registerFusedGradient } from './fused';

/** Rows 0, length, 2 · length … of x [batch · length, hidden] → [batch, hidden]. */
export function firstToken(x: tf.Tensor2D, batch: number, length: number): tf.Tensor2D {
  if (x.shape[0] !== batch * length) throw new Error(`firstToken: ${formatShapes({ x })} is not ${batch} · ${length} rows.`);
  if (!hasKernel(FUSED_KERNELS.firstToken)) return firstTokenComposite(x, batch, length);
  return tf.engine().runKernel(FUSED_KERNELS.firstToken, { x }, { batch, length });
}

/** The reference. */
export function firstTokenComposite(x: tf.Tensor2D, batch: number, length: number): tf.Tensor2D {
  const hidden = x.shape[1];
  const sequences: tf.Tensor3D = tf.reshape(x, [batch, length, hidden]);
  return tf.reshape(tf.slice(sequences, [0, 0, 0], [batch, 1, hidden]), [batch, hidden]);
}

/**
 * Mean of the rows whose mask is 1, as sentence-transformers pools: x [batch · length, hidden], mask [batch, length] →
 * [batch, hidden]. A sequence without a real token gives zeros.
 */
export function meanPool(x: tf.Tensor2D, mask: tf.Tensor2D): tf.Tensor2D {
  const [batch, length] = mask.shape;
  const hidden = x.shape[1];
  const keep: tf.Tensor2D = tf.cast(mask, 'float32');
  const share = tf.div(keep, tf.maximum(tf.sum(keep, 1, true), 1e-9)); // [batch, length], rows sum to 1
  const sums = tf.matMul(tf.reshape(share, [batch, 1, length]), tf.reshape(x, [batch, length, hidden])); // [batch, 1, hidden]
  return tf.reshape(sums, [batch, hidden]);
}

registerFusedGradient(FUSED_KERNELS.firstToken, [], (dy, _saved, attributes) => ({
  x: () => tf.engine().runKernel(FUSED_KERNELS.firstTokenGrad, { dy }, attributes),
}));
