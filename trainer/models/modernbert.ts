/**
 * ModernBERT, as Hugging Face's `modernbert` (Warner et al. 2024, https://arxiv.org/abs/2412.13663): a pre-norm encoder
 * with rotary positions, a gated feed-forward block, and layers that see only their neighbourhood between those that see
 * the whole row. B rows, N tokens in all of them, H hidden size, F intermediate size.
 */
import { z } from 'zod';
import { activate } from '../ops/activate';
import { layerNorm } from '../ops/layer-norm';
import { meanPool } from '../ops/pool';
import * as tf from '../tensors';
import { activation, count, noteAttentionDropout, rate } from './config-fields';
import { createLayerOf, declareParts, type Declaration } from './declare-parts';
import type { Family, Head, Layout, Parts, Pass, States, TextBackbone } from './model';
import { drop } from './post-norm';
import { createRotation, type Rotation } from './rope';
import { selfAttention } from './self-attention';
import { layoutOfTokens, withPrompt } from './virtual-tokens';
import { vocabularyScores } from './vocabulary-scores';

const theta = z.number().positive();
const layerType = z.enum(['full_attention', 'sliding_attention']);
type LayerType = z.infer<typeof layerType>;

/** As transformers 5 writes it, per type of layer. */
const ropeParameters = z.object({ rope_type: z.literal('default').default('default'), rope_theta: theta.nullish() });

const modernbertConfigSchema = z
  .object({
    model_type: z.literal('modernbert'),
    vocab_size: count,
    hidden_size: count,
    num_hidden_layers: count,
    num_attention_heads: count,
    intermediate_size: count,
    hidden_activation: activation.default('gelu'),
    max_position_embeddings: count.default(8192),
    layer_types: z.array(layerType).nullish(),
    global_attn_every_n_layers: count.nullish(),
    local_attention: count.default(128),
    rope_parameters: z.object({ full_attention: ropeParameters.nullish(), sliding_attention: ropeParameters.nullish() }).nullish(),
    rope_scaling: z.null().optional(),
    global_rope_theta: theta.default(160_000),
    local_rope_theta: theta.nullish(),
    norm_eps: z.number().positive().default(1e-5),
    norm_bias: z.boolean().default(false),
    attention_bias: z.boolean().default(false),
    mlp_bias: z.boolean().default(false),
    decoder_bias: z.boolean().default(true),
    classifier_bias: z.boolean().default(false),
    classifier_activation: activation.default('gelu'),
    classifier_pooling: z.enum(['cls', 'mean']).default('cls'),
    initializer_range: z.number().positive().default(0.02),
    embedding_dropout: rate.default(0),
    attention_dropout: rate.default(0),
    mlp_dropout: rate.default(0),
    classifier_dropout: rate.default(0),
    tie_word_embeddings: z.boolean().default(true),
  })
  .refine((config) => config.hidden_size % (2 * config.num_attention_heads) === 0, {
    error: 'hidden_size / num_attention_heads is not a whole, even number',
  })
  .refine((config) => !config.layer_types || config.layer_types.length === config.num_hidden_layers, {
    error: 'layer_types does not name num_hidden_layers layers',
  });
type ModernbertConfig = z.infer<typeof modernbertConfigSchema>;

export const modernbert: Family = {
  types: ['modernbert'],
  create: (input) => createBackbone(modernbertConfigSchema.parse(input)),
  heads: {
    'sequence-classification': (input, labels) => sequenceClassifier(modernbertConfigSchema.parse(input), labels),
    'token-classification': (input, labels) => tokenClassifier(modernbertConfigSchema.parse(input), labels),
    'masked-lm': (input) => maskedLanguageModel(modernbertConfigSchema.parse(input)),
  },
};

/** What a layer of each type is like. */
interface LayerKind {
  readonly rotate: Rotation;
  /** How many tokens to each side a token sees; all of them when absent. */
  readonly window?: number;
}

type Encoder = ModernbertConfig & { readonly kinds: Readonly<Record<LayerType, LayerKind>> };

function createBackbone(config: ModernbertConfig): TextBackbone {
  const { hidden_size: hiddenSize, num_hidden_layers: layerCount, num_attention_heads: heads } = config;
  const encoder = { ...config, kinds: createLayerKinds(config) };
  return {
    ...baseParts(config),
    type: 'modernbert',
    basePrefix: 'model.',
    hiddenSize,
    layerCount,
    attention: { heads, keyHeads: heads, headSize: hiddenSize / heads },
    causal: false,
    vocabularySize: config.vocab_size,
    maxLength: config.max_position_embeddings,
    layerOf: createLayerOf(/\blayers\.(\d+)\./, /embeddings\./, layerCount),
    // PEFT has none for it. Queries, keys and values are one matrix, as in GPT-2, where PEFT takes that one; `Wo` would
    // name the last matrix of the feed-forward block too.
    usualTargets: ['Wqkv'],
    initializerRange: config.initializer_range,
    notes: noteAttentionDropout(config.attention_dropout),
    layout: layoutOfTokens,
    embed: (batch, _layout, pass) => {
      const words = withPrompt(pass.tuning.embedding('model.embeddings.tok_embeddings', batch.ids), batch, pass); // [N, H]
      return drop(norm(config, 'model.embeddings.norm', words, pass), config.embedding_dropout, pass);
    },
    runLayer: (layer, asking, all, pass) => block(encoder, layer, asking, all, pass),
    finish: (x, pass) => norm(config, 'model.final_norm', x, pass), // [N, H]
  };
}

function createLayerKinds(config: ModernbertConfig): Record<LayerType, LayerKind> {
  const { rope_parameters: rope, global_rope_theta: wide, local_attention: span } = config;
  const rotation = (base: number) => {
    const size = config.hidden_size / config.num_attention_heads;
    return createRotation(Float64Array.from({ length: size / 2 }, (_, pair) => base ** ((-2 * pair) / size)));
  };
  // An absent theta of the local layers means 10,000; null means that of the others.
  const narrow = config.local_rope_theta === null ? wide : (config.local_rope_theta ?? 10_000);
  return {
    full_attention: { rotate: rotation(rope?.full_attention?.rope_theta ?? wide) },
    sliding_attention: { rotate: rotation(rope?.sliding_attention?.rope_theta ?? narrow), window: Math.floor(span / 2) },
  };
}

function typeOf({ layer_types: types, global_attn_every_n_layers: every }: ModernbertConfig, layer: number): LayerType {
  return types?.[layer] ?? (layer % (every ?? 3) === 0 ? 'full_attention' : 'sliding_attention');
}

function block(encoder: Encoder, layer: number, asking: States, all: States, pass: Pass): tf.Tensor2D {
  const { tuning, random } = pass;
  const name = `model.layers.${layer}`;
  const attended = tuning.linear(`${name}.attn.Wo`, attend(encoder, layer, asking, all, pass), random); // [N, H]
  const output = drop(attended, encoder.attention_dropout, pass);
  const y = tuning.join(`${name}.attention_adapters`, { output, residual: asking.x }); // [N, H]
  const fed = feedForward(encoder, name, norm(encoder, `${name}.mlp_norm`, y, pass), pass); // [N, H]
  return tuning.join(`${name}.output_adapters`, { output: fed, residual: y }); // [N, H]
}

function attend(encoder: Encoder, layer: number, asking: States, all: States, pass: Pass): tf.Tensor2D {
  const { num_attention_heads: heads, hidden_size: H } = encoder;
  const { rotate, window } = encoder.kinds[typeOf(encoder, layer)];
  const ofAll = project(encoder, layer, all.x, pass); // [N, 3 H]
  const ofAsking = asking === all ? ofAll : project(encoder, layer, asking.x, pass);
  const query = rotate(columns(ofAsking, 0, H), asking.positions, heads); // [N, H]
  const key = rotate(columns(ofAll, H, H), all.positions, heads);
  const value = columns(ofAll, 2 * H, H);
  const distance = window === undefined ? undefined : { positions: asking.positions, window };
  const inputs = { layer, query, key, value, asking: asking.starts, all: all.starts, causal: false, distance };
  return selfAttention(inputs, { heads, keyHeads: heads, headSize: H / heads }, pass);
}

/** Queries, keys and values beside one another. What enters the first layer has been normalised already. */
function project(config: ModernbertConfig, layer: number, x: tf.Tensor2D, pass: Pass): tf.Tensor2D {
  const name = `model.layers.${layer}`;
  const normed = layer === 0 ? x : norm(config, `${name}.attn_norm`, x, pass);
  return pass.tuning.linear(`${name}.attn.Wqkv`, normed, pass.random);
}

/** The gated product of Shazeer 2020 (GeGLU with the usual activation): the first half is activated. */
function feedForward(config: ModernbertConfig, name: string, x: tf.Tensor2D, pass: Pass): tf.Tensor2D {
  const { intermediate_size: F, hidden_activation: kind, mlp_dropout: dropout } = config;
  const both = pass.tuning.linear(`${name}.mlp.Wi`, x, pass.random); // [N, 2 F]
  const gated = tf.mul<tf.Tensor2D>(activate(columns(both, 0, F), kind), columns(both, F, F)); // [N, F]
  return pass.tuning.linear(`${name}.mlp.Wo`, drop(gated, dropout, pass), pass.random);
}

function columns(x: tf.Tensor2D, first: number, width: number): tf.Tensor2D {
  return tf.slice(x, [0, first], [x.shape[0], width]);
}

function norm({ norm_eps: epsilon, norm_bias: biased }: ModernbertConfig, name: string, x: tf.Tensor2D, { tuning }: Pass): tf.Tensor2D {
  const gamma = tuning.parameter(`${name}.weight`) as tf.Tensor1D; // shapes are checked when the file is read
  const beta = biased ? (tuning.parameter(`${name}.bias`) as tf.Tensor1D) : tf.zeros<tf.Rank.R1>(gamma.shape);
  return layerNorm(x, gamma, beta, epsilon);
}

function baseParts(config: ModernbertConfig): Parts {
  const { hidden_size: H, intermediate_size: F } = config;
  return declareParts(({ linear, norm, embedding }) => {
    const bias = { bias: config.norm_bias };
    embedding('model.embeddings.tok_embeddings', config.vocab_size, H);
    norm('model.embeddings.norm', H, bias);
    for (let index = 0; index < config.num_hidden_layers; index++) {
      const layer = `model.layers.${index}`;
      if (index > 0) norm(`${layer}.attn_norm`, H, bias);
      linear(`${layer}.attn.Wqkv`, H, 3 * H, { bias: config.attention_bias });
      linear(`${layer}.attn.Wo`, H, H, { bias: config.attention_bias });
      norm(`${layer}.mlp_norm`, H, bias);
      linear(`${layer}.mlp.Wi`, H, 2 * F, { bias: config.mlp_bias });
      linear(`${layer}.mlp.Wo`, F, H, { bias: config.mlp_bias });
    }
    norm('model.final_norm', H, bias);
  });
}

/** The layer that the language model and the classifiers share: it comes with the base, and is frozen where that is. */
function declarePredictionHead(config: ModernbertConfig, { linear, norm }: Declaration): void {
  linear('head.dense', config.hidden_size, config.hidden_size, { bias: config.classifier_bias });
  norm('head.norm', config.hidden_size, { bias: config.norm_bias });
}

function predictionHead(config: ModernbertConfig, x: tf.Tensor2D, pass: Pass): tf.Tensor2D {
  const dense = pass.tuning.linear('head.dense', x, pass.random);
  return norm(config, 'head.norm', activate(dense, config.classifier_activation), pass); // [N, H]
}

/** Reads the first token, or the mean of all. */
function sequenceClassifier(config: ModernbertConfig, labels: number): Head {
  const readsMean = config.classifier_pooling === 'mean';
  return {
    ...classifierParts(config, labels),
    kind: 'sequence-classification',
    architecture: 'ModernBertForSequenceClassification',
    modules: ['classifier'],
    reads: readsMean ? 'every-token' : 'first-token',
    apply: (x, { starts }: Layout, pass) => classify(config, readsMean ? meanPool(x, starts) : x, pass), // [B, labels]
  };
}

function tokenClassifier(config: ModernbertConfig, labels: number): Head {
  return {
    ...classifierParts(config, labels),
    kind: 'token-classification',
    architecture: 'ModernBertForTokenClassification',
    modules: ['classifier'],
    reads: 'every-token',
    apply: (x, _layout, pass) => classify(config, x, pass), // [N, labels]
  };
}

function classifierParts(config: ModernbertConfig, labels: number): Parts {
  return declareParts((parts) => {
    declarePredictionHead(config, parts);
    parts.linear('classifier', config.hidden_size, labels);
  });
}

function classify(config: ModernbertConfig, x: tf.Tensor2D, pass: Pass): tf.Tensor2D {
  const transformed = drop(predictionHead(config, x, pass), config.classifier_dropout, pass);
  return pass.tuning.linear('classifier', transformed, pass.random);
}

/** Scores over the vocabulary from a transformed state and the embedding table. */
function maskedLanguageModel(config: ModernbertConfig): Head {
  const { hidden_size: H, vocab_size: V, tie_word_embeddings: tied } = config;
  const vocabulary = {
    table: tied ? 'model.embeddings.tok_embeddings.weight' : 'decoder.weight',
    ...(config.decoder_bias ? { bias: 'decoder.bias' } : {}),
    transform: (x: tf.Tensor2D, pass: Pass) => predictionHead(config, x, pass), // [N, H]
  };
  return {
    ...declareParts((parts) => {
      declarePredictionHead(config, parts);
      if (!tied) parts.tensor('decoder.weight', [V, H]);
      if (config.decoder_bias) parts.tensor('decoder.bias', [V]);
    }),
    kind: 'masked-lm',
    architecture: 'ModernBertForMaskedLM',
    modules: [],
    reads: 'every-token',
    vocabulary,
    apply: (x, _layout, pass) => vocabularyScores(vocabulary, x, pass), // [N, vocabulary]
  };
}
