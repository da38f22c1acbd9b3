/** Llama (Touvron et al. 2023), as Hugging Face's `llama`: SmolLM and SmolLM2 are this too. It computes as decoder-block.ts says. */
import { z } from 'zod';
import { createDecoder } from './decoder-block';
import { decoderFields, headsFit, headsMisfit, shapeOf } from './decoder-config';
import { decoderHeads } from './decoder-heads';
import type { Family } from './model';

const llamaConfigSchema = z
  .object({
    ...decoderFields,
    model_type: z.literal('llama'),
    attention_bias: z.boolean().default(false),
    mlp_bias: z.boolean().default(false),
  })
  .refine(headsFit, headsMisfit);

export const llama: Family = {
  types: ['llama'],
  create: (input) => {
    const config = llamaConfigSchema.parse(input);
    return createDecoder({
      ...shapeOf('llama', config),
      attentionBias: config.attention_bias ? 'all' : 'none',
      feedForwardBias: config.mlp_bias,
    });
  },
  heads: decoderHeads('Llama', (input) => llamaConfigSchema.parse(input)),
};
