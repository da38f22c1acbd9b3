/**
 * MPNet, as Hugging Face's `mpnet` (Song et al. 2020, https://arxiv.org/abs/2004.09297): BERT's layers without segments,
 * with learnt positions as in RoBERTa and, beside them, a score that every layer adds for how far a key is from the
 * query. B rows, N tokens in all of them, H hidden size, F intermediate size.
 */
import { z } from 'zod';
import { activate } from '../ops/activate';
import * as tf from '../tensors';
import { activation, count, noteAttentionDropout, rate } from './config-fields';
import { createLayerOf, declareParts } from './declare-parts';
import type { Family, Head, Layout, Parts, Pass, States, TextBackbone, TokenBatch } from './model';
import { drop, normOf } from './post-norm';
import { selfAttention } from './self-attention';
import { layoutOfTokens, withPrompt } from './virtual-tokens';
import { vocabularyScores } from './vocabulary-scores';

/** The row of the first position. transformers counts from behind a padding id of 1, whatever the configuration says. */
const FIRST_POSITION = 2;
/** How many of the table's rows are used, half of them for each side; not configured either. */
const BUCKETS = 32;
/** From this distance on, all keys on a side share a bucket. */
const FARTHEST = 128;

const mpnetConfigSchema = z
  .object({
    model_type: z.literal('mpnet'),
    vocab_size: count,
    hidden_size: count,
    num_hidden_layers: count,
    num_attention_heads: count,
    intermediate_size: count,
    hidden_act: activation.default('gelu'),
    max_position_embeddings: count.gt(FIRST_POSITION),
    relative_attention_num_buckets: count.gte(BUCKETS).default(BUCKETS),
    layer_norm_eps: z.number().positive().default(1e-12),
    initializer_range: z.number().positive().default(0.02),
    hidden_dropout_prob: rate.default(0.1),
    attention_probs_dropout_prob: rate.default(0.1),
    tie_word_embeddings: z.boolean().default(true),
  })
  .refine((config) => config.hidden_size % config.num_attention_heads === 0, {
    error: 'hidden_size is not a multiple of num_attention_heads',
  });
type MpnetConfig = z.infer<typeof mpnetConfigSchema>;

export const mpnet: Family = {
  types: ['mpnet'],
  create: (input) => createBackbone(mpnetConfigSchema.parse(input)),
  heads: {
    'sequence-classification': (input, labels) => sequenceClassifier(mpnetConfigSchema.parse(input), labels),
    'token-classification': (input, labels) => tokenClassifier(mpnetConfigSchema.parse(input), labels),
    'masked-lm': (input) => maskedLanguageModel(mpnetConfigSchema.parse(input)),
  },
};

function createBackbone(config: MpnetConfig): TextBackbone {
  const { hidden_size: hiddenSize, num_hidden_layers: layerCount, num_attention_heads: heads } = config;
  return {
    ...baseParts(config),
    type: 'mpnet',
    basePrefix: 'mpnet.',
    hiddenSize,
    layerCount,
    attention: { heads, keyHeads: heads, headSize: hiddenSize / heads },
    causal: false,
    vocabularySize: config.vocab_size,
    maxLength: config.max_position_embeddings - FIRST_POSITION,
    layerOf: createLayerOf(/\bencoder\.layer\.(\d+)\./, /embeddings\.|relative_attention_bias/, layerCount),
    usualTargets: ['q', 'v'], // PEFT has none for it; these are BERT's query and value
    initializerRange: config.initializer_range,
    notes: noteAttentionDropout(config.attention_probs_dropout_prob),
    layout: layoutOfTokens,
    embed: (batch, layout, pass) => embed(config, batch, layout, pass),
    runLayer: (layer, asking, all, pass) => block(config, layer, asking, all, pass),
    finish: (x) => x,
  };
}

function embed(config: MpnetConfig, batch: TokenBatch, { positions }: Layout, pass: Pass): tf.Tensor2D {
  const { tuning } = pass;
  const words = withPrompt(tuning.embedding('mpnet.embeddings.word_embeddings', batch.ids), batch, pass); // [N, H]
  const places = tuning.embedding(
    'mpnet.embeddings.position_embeddings',
    positions.map((position) => position + FIRST_POSITION),
  );
  const norm = normOf('mpnet.embeddings.LayerNorm', config.layer_norm_eps, pass);
  return drop(norm(words, places), config.hidden_dropout_prob, pass);
}

function block(config: MpnetConfig, layer: number, asking: States, all: States, pass: Pass): tf.Tensor2D {
  const { tuning, random } = pass;
  const name = `mpnet.encoder.layer.${layer}`;
  const y = join(config, `${name}.attention`, attend(config, layer, asking, all, pass), asking.x, pass); // [N, H]
  const expanded = activate(tuning.linear(`${name}.intermediate.dense`, y, random), config.hidden_act); // [N, F]
  return join(config, `${name}.output`, tuning.linear(`${name}.output.dense`, expanded, random), y, pass); // [N, H]
}

function attend(config: MpnetConfig, layer: number, asking: States, all: States, pass: Pass): tf.Tensor2D {
  const { num_attention_heads: heads, hidden_size: H } = config;
  const project = (name: string, x: tf.Tensor2D) =>
    pass.tuning.linear(`mpnet.encoder.layer.${layer}.attention.attn.${name}`, x, pass.random);
  const [query, key, value] = [project('q', asking.x), project('k', all.x), project('v', all.x)];
  const distance = { positions: asking.positions, bias: (reach: number) => relativeBias(reach, pass) };
  const inputs = { layer, query, key, value, asking: asking.starts, all: all.starts, causal: false, distance };
  return project('o', selfAttention(inputs, { heads, keyHeads: heads, headSize: H / heads }, pass)); // [N, H]
}

/** What is added to the scores of keys `reach` places before the query up to `reach` behind it: [heads, 2 · reach + 1]. */
function relativeBias(reach: number, { tuning }: Pass): tf.Tensor2D {
  const buckets = Int32Array.from({ length: 2 * reach + 1 }, (_, i) => bucketOf(i - reach));
  return tf.transpose(tuning.embedding('mpnet.encoder.relative_attention_bias', buckets));
}

/**
 * T5's buckets (Raffel et al. 2019, https://arxiv.org/abs/1910.10683): one for each short distance, then ever wider ones;
 * the second half of them is for keys behind the query. In float32, as the reference has it.
 */
export function bucketOf(distance: number): number {
  const side = BUCKETS / 2;
  const first = distance > 0 ? side : 0;
  const away = Math.abs(distance);
  const exact = side / 2;
  if (away < exact) return first + away;
  const share = Math.fround(Math.fround(Math.log(away / exact)) / Math.fround(Math.log(FARTHEST / exact)));
  return first + Math.min(side - 1, exact + Math.floor(Math.fround(share * (side - exact))));
}

/** LayerNorm(x + dropout(sublayer)), and whatever a method puts there. */
function join(config: MpnetConfig, name: string, sublayer: tf.Tensor2D, residual: tf.Tensor2D, pass: Pass): tf.Tensor2D {
  const output = drop(sublayer, config.hidden_dropout_prob, pass);
  return pass.tuning.join(name, { output, residual, norm: normOf(`${name}.LayerNorm`, config.layer_norm_eps, pass) });
}

function baseParts(config: MpnetConfig): Parts {
  const { hidden_size: H, intermediate_size: F } = config;
  return declareParts(({ linear, norm, embedding }) => {
    embedding('mpnet.embeddings.word_embeddings', config.vocab_size, H);
    embedding('mpnet.embeddings.position_embeddings', config.max_position_embeddings, H);
    norm('mpnet.embeddings.LayerNorm', H);
    for (let index = 0; index < config.num_hidden_layers; index++) {
      const layer = `mpnet.encoder.layer.${index}`;
      for (const projection of ['q', 'k', 'v', 'o']) linear(`${layer}.attention.attn.${projection}`, H, H);
      norm(`${layer}.attention.LayerNorm`, H);
      linear(`${layer}.intermediate.dense`, H, F);
      linear(`${layer}.output.dense`, F, H);
      norm(`${layer}.output.LayerNorm`, H);
    }
    embedding('mpnet.encoder.relative_attention_bias', config.relative_attention_num_buckets, config.num_attention_heads);
  });
}

/** Two linear layers on the first token, both fresh with the task. */
function sequenceClassifier(config: MpnetConfig, labels: number): Head {
  const { hidden_size: H, hidden_dropout_prob: dropout } = config;
  return {
    ...declareParts(({ linear }) => {
      linear('classifier.dense', H, H);
      linear('classifier.out_proj', H, labels);
    }),
    kind: 'sequence-classification',
    architecture: 'MPNetForSequenceClassification',
    modules: ['classifier'],
    reads: 'first-token',
    apply: (x, _layout, pass) => {
      const dense = pass.tuning.linear('classifier.dense', drop(x, dropout, pass), pass.random); // [B, H]
      return pass.tuning.linear('classifier.out_proj', drop(activate(dense, 'tanh'), dropout, pass), pass.random); // [B, labels]
    },
  };
}

function tokenClassifier(config: MpnetConfig, labels: number): Head {
  return {
    ...declareParts(({ linear }) => {
      linear('classifier', config.hidden_size, labels);
    }),
    kind: 'token-classification',
    architecture: 'MPNetForTokenClassification',
    modules: ['classifier'],
    reads: 'every-token',
    apply: (x, _layout, pass) => pass.tuning.linear('classifier', drop(x, config.hidden_dropout_prob, pass), pass.random), // [N, labels]
  };
}

/** Scores over the vocabulary from a transformed state and the embedding table; its activation is not configured. */
function maskedLanguageModel(config: MpnetConfig): Head {
  const { hidden_size: H, vocab_size: V } = config;
  const decoder = config.tie_word_embeddings
    ? { table: 'mpnet.embeddings.word_embeddings.weight', bias: 'lm_head.bias' }
    : { table: 'lm_head.decoder.weight', bias: 'lm_head.decoder.bias' };
  const vocabulary = {
    ...decoder,
    transform: (x: tf.Tensor2D, pass: Pass) => {
      const y = activate(pass.tuning.linear('lm_head.dense', x, pass.random), 'gelu');
      return normOf('lm_head.layer_norm', config.layer_norm_eps, pass)(y); // [N, H]
    },
  };
  return {
    ...declareParts(({ linear, norm, tensor }) => {
      tensor(decoder.bias, [V]);
      linear('lm_head.dense', H, H);
      norm('lm_head.layer_norm', H);
      if (!config.tie_word_embeddings) tensor(decoder.table, [V, H]);
    }),
    kind: 'masked-lm',
    architecture: 'MPNetForMaskedLM',
    modules: [],
    reads: 'every-token',
    vocabulary,
    apply: (x, _layout, pass) => vocabularyScores(vocabulary, x, pass), // [N, vocabulary]
  };
}
