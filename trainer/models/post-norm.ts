/** What encoders with a norm behind each sublayer (BERT, RoBERTa, DistilBERT, MPNet) do alike around their sublayers. */
import { dropout } from '../ops/dropout';
import { layerNorm } from '../ops/layer-norm';
import type * as tf from '../tensors';
import type { Pass, Sublayer } from './model';

export type Norm = NonNullable<Sublayer['norm']>;

/** LayerNorm with the parameters `name`: of x, or of x + residual. */
export function normOf(name: string, epsilon: number, { tuning }: Pass): Norm {
  const gamma = tuning.parameter(`${name}.weight`) as tf.Tensor1D; // shapes are checked when the file is read
  const beta = tuning.parameter(`${name}.bias`) as tf.Tensor1D;
  return (x, residual) => layerNorm(x, gamma, beta, epsilon, residual);
}

/** Dropout while training. */
export function drop(x: tf.Tensor2D, probability: number, { random }: Pass): tf.Tensor2D {
  return random === undefined ? x : dropout(x, probability, random);
}
