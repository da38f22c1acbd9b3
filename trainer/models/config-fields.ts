/** What the config.json of many models spells alike: sizes, rates, activations. */
import { z } from 'zod';
import type { Activation } from '../ops/activate';

export const count = z.number().int().positive();
export const rate = z.number().min(0).lt(1);

/** Hugging Face's names of activations; some are two names for one function. */
const activations = {
  gelu: 'gelu',
  gelu_python: 'gelu',
  gelu_new: 'gelu_new',
  gelu_fast: 'gelu_new',
  gelu_pytorch_tanh: 'gelu_pytorch_tanh',
  quick_gelu: 'quick_gelu',
  relu: 'relu',
  silu: 'silu',
  swish: 'silu',
  tanh: 'tanh',
} as const satisfies Record<string, Activation>;

/** An unknown name is refused with the list of those that are known. */
export const activation = z
  .enum(Object.keys(activations) as (keyof typeof activations)[]) // keys() forgets which they are
  .transform((name): Activation => activations[name]);

/** Where training differs from what the configuration asks for: the fused attention has no dropout. */
export function noteAttentionDropout(asked: number): string[] {
  return asked === 0 ? [] : [`The model's config.json asks for dropout of ${asked} on attention weights; Temper trains without it.`];
}
