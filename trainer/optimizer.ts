/**
 * AdamW over named variables (Loshchilov and Hutter 2019, https://arxiv.org/abs/1711.05101), with the defaults of
 * PyTorch and transformers: decoupled decay, none on biases and norms, the global gradient norm clipped beforehand.
 */
import type { TrainingConfig } from '../protocol';
import { adamWStep } from './ops/adamw';
import * as tf from './tensors';

const beta1 = 0.9;
const beta2 = 0.999;
const epsilon = 1e-8;

interface Moments {
  readonly first: tf.Variable;
  readonly second: tf.Variable;
}

/** Gradients by the variable's own name, as `tf.variableGrads` returns them. */
export type Gradients = Readonly<Record<string, tf.Tensor>>;

export interface Optimizer {
  /** One update, counted from 1. `gradNorm` is the global norm of the gradients, before clipping. Frees nothing it was given. */
  update(step: number, learningRate: number, gradients: Gradients, gradNorm: number): void;
  /** Both moments of every parameter, for optimizer.safetensors. */
  readonly moments: ReadonlyMap<string, tf.Variable>;
  dispose(): void;
}

export function createOptimizer(
  trained: ReadonlyMap<string, tf.Variable>,
  { weightDecay, maxGradNorm }: TrainingConfig,
): Optimizer {
  const moments = new Map([...trained].map(([name, variable]) => [name, createMoments(variable)]));
  return {
    update(step, learningRate, gradients, gradNorm) {
      const gradientScale = Math.min(1, maxGradNorm / (gradNorm + 1e-6));
      for (const [name, parameter] of trained) {
        const gradient = gradients[parameter.name];
        const state = moments.get(name);
        if (gradient === undefined || state === undefined) continue; // a parameter no loss depends on stays as it is
        const decay = hasDecay(parameter) ? weightDecay : 0;
        const { first: firstMoment, second: secondMoment } = state;
        adamWStep({
          parameter,
          gradient,
          firstMoment,
          secondMoment,
          step,
          learningRate,
          beta1,
          beta2,
          epsilon,
          weightDecay: decay,
          gradientScale,
        });
      }
    },
    moments: new Map(
      [...moments].flatMap(([name, { first, second }]) => [
        [`${name}.exp_avg`, first] as const,
        [`${name}.exp_avg_sq`, second] as const,
      ]),
    ),
    dispose() {
      for (const { first, second } of moments.values()) tf.dispose([first, second]);
    },
  };
}

/** transformers' Trainer leaves biases and norms without decay: vectors, whatever they are called. */
export function hasDecay({ shape }: Pick<tf.Tensor, 'shape'>): boolean {
  return shape.length > 1;
}

function createMoments(parameter: tf.Variable): Moments {
  return { first: createZeros(parameter), second: createZeros(parameter) };
}

function createZeros(parameter: tf.Variable): tf.Variable {
  const zeros = tf.zerosLike(parameter);
  const variable = tf.variable(zeros, false);
  zeros.dispose();
  return variable;
}
