/** One AdamW update of one parameter (Loshchilov and Hutter 2019, as PyTorch computes it). */
import * as tf from '../tensors';
import { formatShapes } from './format-shapes';
import { FUSED_KERNELS, hasKernel } from './fused';

export interface AdamWStep {
  /** Updated, as are both moments. All have the parameter's shape; the moments start as zeros. */
  parameter: tf.Variable;
  /** Not disposed, not changed. */
  gradient: tf.Tensor;
  firstMoment: tf.Variable;
  secondMoment: tf.Variable;
  /** 1 at the first update: corrects the bias of the moments. */
  step: number;
  learningRate: number;
  beta1: number;
  beta2: number;
  epsilon: number;
  /** Decoupled: the parameter shrinks by learningRate · weightDecay, apart from the gradient. */
  weightDecay: number;
  /** Multiplies the gradient first; below 1 when the global norm is clipped. */
  gradientScale: number;
}

/**
 * p ← p (1 - lr · wd); m ← β₁ m + (1 - β₁) g; v ← β₂ v + (1 - β₂) g²;
 * p ← p - lr / (1 - β₁ᵗ) · m / (√v / √(1 - β₂ᵗ) + ε). In place where the backend can; a tensor that shares the
 * parameter's values (a clone) keeps the old ones.
 */
export function adamWStep(update: AdamWStep): void {
  requireAdamWShapes(update);
  const written = [update.parameter, update.firstMoment, update.secondMoment];
  if (!hasKernel(FUSED_KERNELS.adamW) || written.some(isShared)) {
    adamWStepComposite(update);
    return;
  }
  const { parameter, gradient, firstMoment, secondMoment, ...attributes } = update;
  tf.engine().runKernel<tf.Tensor[]>(FUSED_KERNELS.adamW, { parameter, gradient, firstMoment, secondMoment }, attributes);
}

/** The reference: three new tensors, assigned. */
export function adamWStepComposite(update: AdamWStep): void {
  const { parameter, firstMoment, secondMoment, step, learningRate, beta1, beta2, epsilon, weightDecay } = update;
  tf.tidy(() => {
    const gradient = tf.mul(update.gradient, update.gradientScale);
    const first = tf.add(tf.mul(firstMoment, beta1), tf.mul(gradient, 1 - beta1));
    const second = tf.add(tf.mul(secondMoment, beta2), tf.mul(tf.square(gradient), 1 - beta2));
    const denominator = tf.add(tf.div(tf.sqrt(second), Math.sqrt(1 - beta2 ** step)), epsilon);
    const change = tf.mul(tf.div(first, denominator), learningRate / (1 - beta1 ** step));
    parameter.assign(tf.sub(tf.mul(parameter, 1 - learningRate * weightDecay), change));
    firstMoment.assign(first);
    secondMoment.assign(second);
  });
}

/** Whether another tensor holds the same values, so that writing in place would change that one as well. */
function isShared(variable: tf.Variable): boolean {
  return tf.engine().backend.refCount(variable.dataId) > 1;
}

function requireAdamWShapes({ parameter, gradient, firstMoment, secondMoment }: AdamWStep): void {
  const others = [gradient, firstMoment, secondMoment];
  if (others.every((tensor) => tf.util.arraysEqual(tensor.shape, parameter.shape))) return;
  throw new Error(`adamWStep: ${formatShapes({ parameter, gradient, firstMoment, secondMoment })} must have one shape.`);
}
