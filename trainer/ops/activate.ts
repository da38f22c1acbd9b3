/** The activations of transformer feed-forward blocks, under the names Hugging Face configs use. */
import * as tf from '../tensors';
import { FUSED_KERNELS, hasKernel, registerFusedGradient } from './fused';

/**
 * gelu: x Φ(x) by erf. gelu_new and gelu_pytorch_tanh: x/2 (1 + tanh(√(2/π) (x + 0.044715 x³))).
 * quick_gelu: x σ(1.702 x). silu: x σ(x). relu: max(x, 0).
 */
export type Activation = 'gelu' | 'gelu_new' | 'gelu_pytorch_tanh' | 'quick_gelu' | 'relu' | 'silu' | 'tanh';

/** Applies the activation to each element; the result has the shape of x. */
export function activate(x: tf.Tensor2D, kind: Activation): tf.Tensor2D {
  if (!hasKernel(FUSED_KERNELS.activate)) return activateComposite(x, kind);
  return tf.engine().runKernel(FUSED_KERNELS.activate, { x }, { kind });
}

/** The reference, out of plain operations. */
export function activateComposite(x: tf.Tensor2D, kind: Activation): tf.Tensor2D {
  switch (kind) {
    case 'gelu':
      return tf.mul(x, normalCdf(x));
    case 'gelu_new':
    case 'gelu_pytorch_tanh':
      return tf.mul(tf.mul(x, 0.5), tf.add(1, tf.tanh(geluTanhArgument(x))));
    case 'quick_gelu':
      return tf.mul(x, tf.sigmoid(tf.mul(x, 1.702)));
    case 'relu':
      return tf.relu(x);
    case 'silu':
      return tf.mul(x, tf.sigmoid(x));
    case 'tanh':
      return tf.tanh(x);
    default:
      return requireNoOther(kind);
  }
}

registerFusedGradient(FUSED_KERNELS.activate, ['x'], (dy, { x }, attributes) => ({
  x: () => tf.engine().runKernel(FUSED_KERNELS.activateGrad, { dy, x }, attributes),
}));

/** Φ(x) = (1 + erf(x / √2)) / 2. */
function normalCdf(x: tf.Tensor2D): tf.Tensor2D {
  return tf.mul(0.5, tf.add(1, tf.erf(tf.mul(x, Math.SQRT1_2))));
}

function geluTanhArgument(x: tf.Tensor2D): tf.Tensor2D {
  const cube: tf.Tensor2D = tf.mul(tf.mul(x, x), x);
  return tf.mul(Math.sqrt(2 / Math.PI), tf.add(x, tf.mul(0.044715, cube)));
}

function requireNoOther(kind: never): never {
  throw new Error(`activate: unknown activation ${String(kind)}.`);
}
