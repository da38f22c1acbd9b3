/** Qwen 2 and 2.5 (Yang et al. 2024), as Hugging Face's `qwen2`: a Llama with biases on queries, keys and values. */
import { z } from 'zod';
import { createDecoder } from './decoder-block';
import { decoderFields, headsFit, headsMisfit, shapeOf, switchedWindowFields, switchedWindowOf } from './decoder-config';
import { decoderHeads } from './decoder-heads';
import type { Family } from './model';

const qwen2ConfigSchema = z
  .object({ ...decoderFields, ...switchedWindowFields, model_type: z.literal('qwen2') })
  .refine(headsFit, headsMisfit);

export const qwen2: Family = {
  types: ['qwen2'],
  create: (input) => {
    const config = qwen2ConfigSchema.parse(input);
    return createDecoder({ ...shapeOf('qwen2', config), windowOf: switchedWindowOf(config), attentionBias: 'query-key-value' });
  },
  heads: decoderHeads('Qwen2', (input) => qwen2ConfigSchema.parse(input)),
};
