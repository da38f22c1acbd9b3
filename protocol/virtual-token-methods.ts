/** The settings of methods that put trained tokens in front of every row: prefix tuning and prompt tuning. */
import { z } from 'zod';

const positiveInteger = z.number().int().positive();
const numVirtualTokens = positiveInteger.default(20).describe('How many trained tokens stand in front of every row.');
const initText = z
  .string()
  .min(1)
  .optional()
  .describe('The tokens start as those of this text, repeated or cut to numVirtualTokens; otherwise as initialisation says.');

export const prefixTuningMethodSchema = z.strictObject({
  type: z.literal('prefix-tuning').describe('Trained keys and values in front of every row, in every layer.'),
  numVirtualTokens,
  prefixProjection: z
    .boolean()
    .default(false)
    .describe('Whether a small network that is trained with them makes the keys and values. It is not needed afterwards.'),
  encoderHiddenSize: positiveInteger
    .optional()
    .describe('Width of that network. As wide as the keys of a layer when absent; only with prefixProjection.'),
  initialisation: z
    .enum(['sampled-vocabulary', 'random', 'zero'])
    .optional()
    .describe(
      "What the prefix starts as: keys and values that the base has for random tokens, numbers from N(0, 1), or zeros. sampled-vocabulary when absent; with prefixProjection it is the network's weights, and random.",
    ),
  initText,
});

export const promptTuningMethodSchema = z.strictObject({
  type: z.literal('prompt-tuning').describe('Trained embeddings in front of every row.'),
  numVirtualTokens,
  initialisation: z
    .enum(['sampled-vocabulary', 'random'])
    .default('sampled-vocabulary')
    .describe('What the prompt starts as: embeddings of random tokens, or numbers from N(0, 1).'),
  initText,
});

export type PrefixTuningConfig = z.infer<typeof prefixTuningMethodSchema>;
export type PromptTuningConfig = z.infer<typeof promptTuningMethodSchema>;
