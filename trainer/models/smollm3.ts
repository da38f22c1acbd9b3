/** SmolLM3 (Hugging Face 2025), as Hugging Face's `smollm3`: a Llama of which every fourth layer knows no positions (NoPE). */
import { z } from 'zod';
import { createDecoder } from './decoder-block';
import { decoderFields, headsFit, headsMisfit, shapeOf, switchedWindowFields, switchedWindowOf } from './decoder-config';
import { decoderHeads } from './decoder-heads';
import type { Family } from './model';

const smollm3ConfigSchema = z
  .object({
    ...decoderFields,
    ...switchedWindowFields,
    model_type: z.literal('smollm3'),
    num_key_value_heads: decoderFields.num_key_value_heads.default(4),
    tie_word_embeddings: z.boolean().default(true),
    attention_bias: z.boolean().default(false),
    mlp_bias: z.boolean().default(false),
    /** Despite its name, 1 for a layer that does rotate and 0 for one that does not. */
    no_rope_layers: z.array(z.union([z.literal(0), z.literal(1)])).nullish(),
    no_rope_layer_interval: z.number().int().positive().default(4),
  })
  .refine(headsFit, headsMisfit)
  .refine((config) => (config.no_rope_layers?.length ?? Infinity) >= config.num_hidden_layers, {
    error: 'no_rope_layers has fewer entries than num_hidden_layers',
  });

export const smollm3: Family = {
  types: ['smollm3'],
  create: (input) => {
    const config = smollm3ConfigSchema.parse(input);
    const { no_rope_layers: marks, no_rope_layer_interval: interval } = config;
    const rotates = (layer: number) => (marks ? marks[layer] === 1 : (layer + 1) % interval !== 0);
    // Before there were types of layers, those without rotary positions had the window.
    const types = Array.from({ length: config.num_hidden_layers }, (_, layer) => (rotates(layer) ? 'full_attention' : 'sliding_attention'));
    return createDecoder({
      ...shapeOf('smollm3', config, 2_000_000),
      rotates,
      windowOf: switchedWindowOf({ ...config, layer_types: config.layer_types ?? types }),
      attentionBias: config.attention_bias ? 'all' : 'none',
      feedForwardBias: config.mlp_bias,
    });
  },
  heads: decoderHeads('SmolLM3', (input) => smollm3ConfigSchema.parse(input)),
};
