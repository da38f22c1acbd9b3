/** Mistral (Jiang et al. 2023), as Hugging Face's `mistral`: a Llama whose first version looked back 4096 tokens. */
import { z } from 'zod';
import { createDecoder } from './decoder-block';
import { decoderFields, headsFit, headsMisfit, shapeOf } from './decoder-config';
import { decoderHeads } from './decoder-heads';
import type { Family } from './model';

const mistralConfigSchema = z
  .object({
    ...decoderFields,
    model_type: z.literal('mistral'),
    num_key_value_heads: decoderFields.num_key_value_heads.default(8),
    sliding_window: decoderFields.sliding_window.default(4096),
  })
  .refine(headsFit, headsMisfit);

export const mistral: Family = {
  types: ['mistral'],
  create: (input) => createDecoder(shapeOf('mistral', mistralConfigSchema.parse(input))),
  heads: decoderHeads('Mistral', (input) => mistralConfigSchema.parse(input)),
};
