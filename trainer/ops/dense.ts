/** A dense layer: y = x Wᵀ + b, with the weight stored as Hugging Face stores it. */
import * as tf from '../tensors';
import { activate } from './activate';
import type { Activation } from './activate';
import { formatShapes } from './format-shapes';
import { FUSED_KERNELS, hasKernel, registerFusedGradient } from './fused';

/** x [rows, in], weight [out, in], bias [out] → [rows, out]. */
export function dense(x: tf.Tensor2D, weight: tf.Tensor2D, bias?: tf.Tensor1D): tf.Tensor2D {
  requireDenseShapes(x, weight, bias);
  if (!hasKernel(FUSED_KERNELS.dense)) return denseComposite(x, weight, bias);
  return tf.engine().runKernel(FUSED_KERNELS.dense, bias ? { x, weight, bias } : { x, weight });
}

/** `activate(dense(x, weight, bias), kind)`; the bias is added within the product where the backend can. */
export function denseActivate(x: tf.Tensor2D, weight: tf.Tensor2D, bias: tf.Tensor1D, kind: Activation): tf.Tensor2D {
  return activate(dense(x, weight, bias), kind);
}

/** The reference: a transposed product and a broadcast addition. */
export function denseComposite(x: tf.Tensor2D, weight: tf.Tensor2D, bias?: tf.Tensor1D): tf.Tensor2D {
  const product: tf.Tensor2D = tf.matMul(x, weight, false, true);
  return bias ? tf.add(product, bias) : product;
}

registerFusedGradient(FUSED_KERNELS.dense, ['x', 'weight'], (dy, { x, weight }) => ({
  x: () => tf.matMul(dy, weight), // [rows, out] [out, in]
  weight: () => tf.matMul(dy, x, true, false), // [out, rows] [rows, in]
  bias: () => tf.sum(dy, 0),
}));

function requireDenseShapes(x: tf.Tensor2D, weight: tf.Tensor2D, bias?: tf.Tensor1D): void {
  const [out, width] = weight.shape;
  if (x.shape[1] === width && (!bias || bias.shape[0] === out)) return;
  throw new Error(`dense: ${formatShapes({ x, weight, bias })} do not fit; expected [rows, in], [out, in], [out].`);
}
