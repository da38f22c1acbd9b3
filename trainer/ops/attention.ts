/** Scaled dot-product attention over padded sequences, straight on the `[tokens, hidden]` layout of the dense layers. */
import * as tf from '../tensors';
import { formatShapes } from './format-shapes';
import { FUSED_KERNELS, hasKernel, registerFusedGradient } from './fused';

export interface AttentionInputs {
  /** [batch · length, hidden], as are key and value; head h owns columns h · size to (h + 1) · size. */
  query: tf.Tensor2D;
  key: tf.Tensor2D;
  value: tf.Tensor2D;
  /** [batch, length]; 1 at a real token, 0 at padding. */
  mask: tf.Tensor2D;
  heads: number;
}

/**
 * softmax(q kᵀ / √size) v per sequence and head, size = hidden / heads. A padded key gets a weight of exactly zero; a
 * sequence without a real token gives zeros. Returns [batch · length, hidden].
 */
export function maskedAttention({ query, key, value, mask, heads }: AttentionInputs): tf.Tensor2D {
  requireAttentionShapes({ query, key, value, mask, heads });
  const floatMask: tf.Tensor2D = tf.cast(mask, 'float32');
  if (!hasKernel(FUSED_KERNELS.attention)) return maskedAttentionComposite({ query, key, value, mask: floatMask, heads });
  return tf.engine().runKernel(FUSED_KERNELS.attention, { query, key, value, mask: floatMask }, { heads });
}

/** The reference, out of plain operations; mask as float32. */
export function maskedAttentionComposite({ query, key, value, mask, heads }: AttentionInputs): tf.Tensor2D {
  const [batch, length] = mask.shape;
  const hidden = query.shape[1];
  const size = hidden / heads;
  const split = (x: tf.Tensor2D) => tf.transpose(tf.reshape(x, [batch, length, heads, size]), [0, 2, 1, 3]);
  const scores = tf.mul(tf.matMul(split(query), split(key), false, true), 1 / Math.sqrt(size)); // [batch, heads, length, length]
  const context = tf.matMul(maskedSoftmax(scores, mask), split(value)); // [batch, heads, length, size]
  return tf.reshape(tf.transpose(context, [0, 2, 1, 3]), [batch * length, hidden]);
}

/** Softmax over the real keys; the last product makes the rows of an all-padding sequence zero. */
function maskedSoftmax(scores: tf.Tensor, mask: tf.Tensor2D): tf.Tensor {
  const [batch, length] = mask.shape;
  const keep: tf.Tensor4D = tf.reshape(mask, [batch, 1, 1, length]);
  const hidden = tf.where(tf.cast(keep, 'bool'), scores, tf.fill(scores.shape, -1e30));
  return tf.mul(tf.softmax(hidden), keep);
}

// The weights are recomputed in the backward pass: saved, they would be the largest tensors of a step.
registerFusedGradient(FUSED_KERNELS.attention, ['query', 'key', 'value', 'mask'], (dy, saved, attributes) => {
  const [dQuery, dKey, dValue] = tf.engine().runKernel<tf.Tensor[]>(FUSED_KERNELS.attentionGrad, { dy, ...saved }, attributes);
  if (!dQuery || !dKey || !dValue) throw new Error('maskedAttention: its gradient kernel must return three tensors.');
  return { query: () => dQuery, key: () => dKey, value: () => dValue, mask: () => tf.zerosLike(saved.mask) };
});

function requireAttentionShapes({ query, key, value, mask, heads }: AttentionInputs): void {
  const [batch, length] = mask.shape;
  const [tokens, hidden] = query.shape;
  const alike = [key, value].every((x) => x.shape[0] === tokens && x.shape[1] === hidden);
  if (alike && tokens === batch * length && Number.isInteger(heads) && heads > 0 && hidden % heads === 0) return;
  throw new Error(
    `maskedAttention: ${formatShapes({ query, key, value, mask })} and ${heads} heads do not fit; ` +
      'expected [batch · length, hidden] three times, [batch, length] and heads that divide hidden.',
  );
}
