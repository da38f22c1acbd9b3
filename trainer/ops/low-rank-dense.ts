/** A dense layer with a low-rank update, as LoRA has it: y = x Wᵀ + b + s · (x Aᵀ) Bᵀ, with or without the bias b. */
import * as tf from '../tensors';
import { dense } from './dense';
import { formatShapes } from './format-shapes';
import { FUSED_KERNELS, hasKernel, registerFusedGradient } from './fused';

export interface LowRankDenseInputs {
  /** [rows, in] */
  x: tf.Tensor2D;
  /** [out, in] */
  weight: tf.Tensor2D;
  /** [out] */
  bias?: tf.Tensor1D | undefined;
  /** [r, in] */
  a: tf.Tensor2D;
  /** [out, r] */
  b: tf.Tensor2D;
  scale: number;
}

/** Returns [rows, out]. Where the backend can, the update is added within the product, forwards and backwards. */
export function lowRankDense(inputs: LowRankDenseInputs): tf.Tensor2D {
  requireShapes(inputs);
  if (!hasKernel(FUSED_KERNELS.lowRankDense)) return lowRankDenseComposite(inputs);
  const { x, weight, bias, a, b, scale } = inputs;
  const tensors = { x, weight, a, b, ...(bias ? { bias } : {}) };
  return tf.engine().runKernel(FUSED_KERNELS.lowRankDense, tensors, { scale });
}

/** The reference: three dense layers. */
export function lowRankDenseComposite({ x, weight, bias, a, b, scale }: LowRankDenseInputs): tf.Tensor2D {
  return tf.add(dense(x, weight, bias), dense(tf.mul(dense(x, a), scale), b));
}

registerFusedGradient(FUSED_KERNELS.lowRankDense, ['x', 'weight', 'a', 'b'], (dy, { x, weight, a, b }, { scale }) => {
  const times = (small: tf.Tensor) => tf.mul(small, Number(scale));
  const dLow = times(tf.matMul(dy, b)); // [rows, r], for x and for a
  return {
    x: () => tf.engine().runKernel(FUSED_KERNELS.lowRankDenseGrad, { dy, weight, dLow, a }), // dy W + dLow A
    weight: () => tf.matMul(dy, x, true, false), // [out, rows] [rows, in]
    bias: () => tf.sum(dy, 0),
    a: () => tf.matMul(dLow, x, true, false), // [r, rows] [rows, in]
    b: () => times(tf.matMul(dy, tf.matMul(x, a, false, true), true, false)), // [out, rows] [rows, r]
  };
});

function requireShapes({ x, weight, bias, a, b }: LowRankDenseInputs): void {
  const [out, width] = weight.shape;
  const [r] = a.shape;
  const fits =
    x.shape[1] === width && (!bias || bias.shape[0] === out) && a.shape[1] === width && b.shape[0] === out && b.shape[1] === r;
  if (fits) return;
  throw new Error(
    `lowRankDense: ${formatShapes({ x, weight, bias, a, b })} do not fit; expected [rows, in], [out, in], [out], [r, in], [out, r].`,
  );
}
