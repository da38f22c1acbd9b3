/** Qwen 3 (Yang et al. 2025), as Hugging Face's `qwen3`: a Llama whose heads are normalised before they are turned. */
import { z } from 'zod';
import { createDecoder } from './decoder-block';
import { decoderFields, headsFit, headsMisfit, shapeOf, switchedWindowFields, switchedWindowOf } from './decoder-config';
import { decoderHeads } from './decoder-heads';
import type { Family } from './model';

const qwen3ConfigSchema = z
  .object({
    ...decoderFields,
    ...switchedWindowFields,
    model_type: z.literal('qwen3'),
    head_dim: z.number().int().positive().default(128),
    attention_bias: z.boolean().default(false),
  })
  .refine(headsFit, headsMisfit);

export const qwen3: Family = {
  types: ['qwen3'],
  create: (input) => {
    const config = qwen3ConfigSchema.parse(input);
    return createDecoder({
      ...shapeOf('qwen3', config),
      windowOf: switchedWindowOf(config),
      attentionBias: config.attention_bias ? 'all' : 'none',
      headNorms: true,
    });
  },
  heads: decoderHeads('Qwen3', (input) => qwen3ConfigSchema.parse(input)),
};
