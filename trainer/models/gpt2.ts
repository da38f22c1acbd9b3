/**
 * GPT-2 (Radford et al. 2019), as Hugging Face's `gpt2`: a pre-norm decoder with learnt positions, read from top to bottom.
 * B rows, N tokens in all of them, H hidden size, F inner size. Its linear layers are Conv1D in the file: [in, out].
 * Not here: attention dropout (the fused attention has none; the run says so when the config asks for it).
 */
import { z } from 'zod';
import { activate } from '../ops/activate';
import * as tf from '../tensors';
import { activation, count, noteAttentionDropout, rate } from './config-fields';
import { createLayerOf, declareParts } from './declare-parts';
import { causalLanguageModel, lastTokenClassifier } from './decoder-heads';
import type { Family, Layout, Parts, Pass, States, TextBackbone, TokenBatch } from './model';
import { drop, normOf } from './post-norm';
import { selfAttention } from './self-attention';
import { layoutOfTokens, withPrompt } from './virtual-tokens';

/** What a few descendants ask for and Temper does not compute. */
const onlyTrue = z.literal(true, { error: 'Temper computes GPT-2 with true only' }).default(true);
const onlyFalse = z.literal(false, { error: 'Temper computes GPT-2 with false only' }).default(false);

const gpt2ConfigSchema = z
  .object({
    model_type: z.literal('gpt2'),
    vocab_size: count,
    n_embd: count,
    n_layer: count,
    n_head: count,
    n_positions: count.default(1024),
    n_inner: count.nullish(),
    activation_function: activation.default('gelu_new'),
    layer_norm_epsilon: z.number().positive().default(1e-5),
    initializer_range: z.number().positive().default(0.02),
    embd_pdrop: rate.default(0.1),
    resid_pdrop: rate.default(0.1),
    attn_pdrop: rate.default(0.1),
    tie_word_embeddings: z.boolean().default(true),
    scale_attn_weights: onlyTrue,
    scale_attn_by_inverse_layer_idx: onlyFalse,
    add_cross_attention: onlyFalse,
  })
  .refine((config) => config.n_embd % config.n_head === 0, { error: 'n_embd is not a multiple of n_head' });
type Gpt2Config = z.infer<typeof gpt2ConfigSchema>;

export const gpt2: Family = {
  types: ['gpt2'],
  create: (input) => createBackbone(gpt2ConfigSchema.parse(input)),
  heads: {
    'causal-lm': (input) => {
      const { n_embd: hiddenSize, vocab_size: vocabularySize, tie_word_embeddings: tied } = gpt2ConfigSchema.parse(input);
      const tiedTo = tied ? 'transformer.wte' : undefined;
      return causalLanguageModel({ architecture: 'GPT2LMHeadModel', hiddenSize, vocabularySize, tiedTo });
    },
    'sequence-classification': (input, labels) =>
      lastTokenClassifier('GPT2ForSequenceClassification', gpt2ConfigSchema.parse(input).n_embd, labels),
  },
};

function createBackbone(config: Gpt2Config): TextBackbone {
  const { n_embd: hiddenSize, n_layer: layerCount, n_head: heads } = config;
  const parts = baseParts(config);
  return {
    ...parts,
    type: 'gpt2',
    basePrefix: 'transformer.',
    hiddenSize,
    layerCount,
    attention: { heads, keyHeads: heads, headSize: hiddenSize / heads },
    causal: true,
    vocabularySize: config.vocab_size,
    maxLength: config.n_positions,
    layerOf: createLayerOf(/\bh\.(\d+)\./, /\bw[tp]e\b/, layerCount),
    transposed: new Set(parts.linears),
    usualTargets: ['c_attn'],
    initializerRange: config.initializer_range,
    notes: noteAttentionDropout(config.attn_pdrop),
    layout: layoutOfTokens,
    embed: (batch, layout, pass) => embed(config, batch, layout, pass),
    runLayer: (layer, asking, all, pass) => block(config, layer, asking, all, pass),
    finish: (x, pass) => normOf('transformer.ln_f', config.layer_norm_epsilon, pass)(x), // [N, H]
  };
}

function embed(config: Gpt2Config, batch: TokenBatch, { positions }: Layout, pass: Pass): tf.Tensor2D {
  const { tuning } = pass;
  const words = withPrompt(tuning.embedding('transformer.wte', batch.ids), batch, pass); // [N, H]
  return drop(tf.add(words, tuning.embedding('transformer.wpe', positions)), config.embd_pdrop, pass);
}

function block(config: Gpt2Config, layer: number, asking: States, all: States, pass: Pass): tf.Tensor2D {
  const { tuning, random } = pass;
  const name = `transformer.h.${layer}`;
  const join = (adapters: string, sublayer: tf.Tensor2D, residual: tf.Tensor2D) =>
    tuning.join(`${name}.${adapters}`, { output: drop(sublayer, config.resid_pdrop, pass), residual });
  const attended = attend(config, layer, asking, all, pass); // [N, H]
  const y = join('attention_adapters', tuning.linear(`${name}.attn.c_proj`, attended, random), asking.x); // [N, H]
  const normed = normOf(`${name}.ln_2`, config.layer_norm_epsilon, pass)(y); // [N, H]
  const expanded = activate(tuning.linear(`${name}.mlp.c_fc`, normed, random), config.activation_function); // [N, F]
  return join('output_adapters', tuning.linear(`${name}.mlp.c_proj`, expanded, random), y); // [N, H]
}

/** One linear layer makes queries, keys and values; where few ask, it still makes the queries of all. */
function attend(config: Gpt2Config, layer: number, asking: States, all: States, pass: Pass): tf.Tensor2D {
  const { n_head: heads, n_embd: H } = config;
  const project = (x: tf.Tensor2D) => {
    const normed = normOf(`transformer.h.${layer}.ln_1`, config.layer_norm_epsilon, pass)(x); // [N, H]
    return pass.tuning.linear(`transformer.h.${layer}.attn.c_attn`, normed, pass.random); // [N, 3 H]
  };
  const part = (x: tf.Tensor2D, index: number): tf.Tensor2D => tf.slice(x, [0, index * H], [x.shape[0], H]); // [N, H]
  const joint = project(all.x);
  const asked = asking === all ? joint : project(asking.x);
  const inputs = { layer, query: part(asked, 0), key: part(joint, 1), value: part(joint, 2), causal: true };
  const sizes = { heads, keyHeads: heads, headSize: H / heads };
  return selfAttention({ ...inputs, asking: asking.starts, all: all.starts }, sizes, pass);
}

function baseParts(config: Gpt2Config): Parts {
  const { n_embd: H } = config;
  const F = config.n_inner ?? 4 * H;
  const transposed = { transposed: true };
  return declareParts(({ linear, norm, embedding }) => {
    embedding('transformer.wte', config.vocab_size, H);
    embedding('transformer.wpe', config.n_positions, H);
    for (let index = 0; index < config.n_layer; index++) {
      const layer = `transformer.h.${index}`;
      norm(`${layer}.ln_1`, H);
      linear(`${layer}.attn.c_attn`, H, 3 * H, transposed);
      linear(`${layer}.attn.c_proj`, H, H, transposed);
      norm(`${layer}.ln_2`, H);
      linear(`${layer}.mlp.c_fc`, H, F, transposed);
      linear(`${layer}.mlp.c_proj`, F, H, transposed);
    }
    norm('transformer.ln_f', H);
  });
}
