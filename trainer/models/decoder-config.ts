/**
 * What the configurations of Llama and its descendants have in common, and the plain Llama that they describe. Defaults
 * that differ, and what a descendant adds, stand in the file named for its `model_type`.
 */
import { z } from 'zod';
import { activation, count, noteAttentionDropout, rate } from './config-fields';
import type { DecoderShape } from './decoder-block';
import { ropeFields, ropeFrequencies } from './rope';

export const decoderFields = {
  vocab_size: count,
  hidden_size: count,
  intermediate_size: count,
  num_hidden_layers: count,
  num_attention_heads: count,
  num_key_value_heads: count.nullish(),
  head_dim: count.nullish(),
  hidden_act: activation.default('silu'),
  max_position_embeddings: count,
  rms_norm_eps: z.number().positive().default(1e-6),
  initializer_range: z.number().positive().default(0.02),
  tie_word_embeddings: z.boolean().default(false),
  attention_dropout: rate.nullish(),
  /** How far back a token sees, itself included; null for to the beginning. */
  sliding_window: count.nullish(),
  ...ropeFields,
};

/** Of Qwen and SmolLM3, whose window stands in the configuration whether it is used or not. */
export const switchedWindowFields = {
  use_sliding_window: z.boolean().default(false),
  layer_types: z.array(z.string()).nullish(),
  /** Before there were `layer_types`: this layer and those above it have the window. */
  max_window_layers: z.number().int().min(0).nullish(),
};

export type DecoderConfig = z.infer<z.ZodObject<typeof decoderFields>>;
type SwitchedWindow = z.infer<z.ZodObject<typeof switchedWindowFields>>;

/** What transformers takes when nothing is said. */
const usualLowest = 28;

/** For `refine`. */
export const headsFit = (config: Pick<DecoderConfig, 'hidden_size' | 'num_attention_heads' | 'num_key_value_heads' | 'head_dim'>) =>
  config.num_attention_heads % (config.num_key_value_heads ?? config.num_attention_heads) === 0 && headSizeOf(config) % 2 === 0;

export const headsMisfit = {
  error: 'num_attention_heads is not a multiple of num_key_value_heads, or head_dim (else hidden_size / num_attention_heads) is odd',
};

/** A Llama without biases. */
export function shapeOf(type: string, config: DecoderConfig, usualTheta?: number): DecoderShape {
  const headSize = headSizeOf(config);
  return {
    type,
    hiddenSize: config.hidden_size,
    layerCount: config.num_hidden_layers,
    intermediateSize: config.intermediate_size,
    heads: config.num_attention_heads,
    keyHeads: config.num_key_value_heads ?? config.num_attention_heads,
    headSize,
    activation: config.hidden_act,
    normEpsilon: config.rms_norm_eps,
    vocabularySize: config.vocab_size,
    maxLength: config.max_position_embeddings,
    initializerRange: config.initializer_range,
    frequencies: ropeFrequencies(config, headSize, usualTheta),
    rotates: () => true,
    windowOf: () => config.sliding_window ?? undefined,
    attentionBias: 'none',
    feedForwardBias: false,
    headNorms: false,
    usualTargets: ['q_proj', 'v_proj'],
    notes: noteAttentionDropout(config.attention_dropout ?? 0),
  };
}

function headSizeOf(config: Pick<DecoderConfig, 'hidden_size' | 'num_attention_heads' | 'head_dim'>): number {
  return config.head_dim ?? config.hidden_size / config.num_attention_heads;
}

/** The window of the layers that have one: by their types, and before there were types from a layer on. */
export function switchedWindowOf(config: DecoderConfig & SwitchedWindow): DecoderShape['windowOf'] {
  const { use_sliding_window: isOn, sliding_window: window, layer_types: types, max_window_layers: lowest } = config;
  const slides = (layer: number) => (types ? types[layer] === 'sliding_attention' : layer >= (lowest ?? usualLowest));
  return (layer) => (isOn && slides(layer) ? (window ?? undefined) : undefined);
}
