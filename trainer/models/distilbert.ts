/**
 * DistilBERT, as Hugging Face's `distilbert` (Sanh et al. 2019, https://arxiv.org/abs/1910.01108): BERT's layers under
 * shorter names, without segments and without a pooler. B rows, N tokens in all of them, H hidden size (`dim`), F the
 * size between (`hidden_dim`).
 */
import { z } from 'zod';
import { activate } from '../ops/activate';
import type * as tf from '../tensors';
import { activation, count, noteAttentionDropout, rate } from './config-fields';
import { createLayerOf, declareParts } from './declare-parts';
import type { Family, Head, Layout, Parts, Pass, States, TextBackbone, TokenBatch } from './model';
import { drop, normOf } from './post-norm';
import { selfAttention } from './self-attention';
import { layoutOfTokens, withPrompt } from './virtual-tokens';
import { vocabularyScores } from './vocabulary-scores';

/** Not configured. */
const EPSILON = 1e-12;

const distilbertConfigSchema = z
  .object({
    model_type: z.literal('distilbert'),
    vocab_size: count,
    dim: count,
    n_layers: count,
    n_heads: count,
    hidden_dim: count,
    activation: activation.default('gelu'),
    max_position_embeddings: count,
    initializer_range: z.number().positive().default(0.02),
    dropout: rate.default(0.1),
    attention_dropout: rate.default(0.1),
    seq_classif_dropout: rate.default(0.2),
    tie_word_embeddings: z.boolean().default(true),
  })
  .refine((config) => config.dim % config.n_heads === 0, { error: 'dim is not a multiple of n_heads' });
type DistilbertConfig = z.infer<typeof distilbertConfigSchema>;

export const distilbert: Family = {
  types: ['distilbert'],
  create: (input) => createBackbone(distilbertConfigSchema.parse(input)),
  heads: {
    'sequence-classification': (input, labels) => sequenceClassifier(distilbertConfigSchema.parse(input), labels),
    'token-classification': (input, labels) => tokenClassifier(distilbertConfigSchema.parse(input), labels),
    'masked-lm': (input) => maskedLanguageModel(distilbertConfigSchema.parse(input)),
  },
};

function createBackbone(config: DistilbertConfig): TextBackbone {
  const { dim: hiddenSize, n_layers: layerCount, n_heads: heads } = config;
  return {
    ...baseParts(config),
    type: 'distilbert',
    basePrefix: 'distilbert.',
    hiddenSize,
    layerCount,
    attention: { heads, keyHeads: heads, headSize: hiddenSize / heads },
    causal: false,
    vocabularySize: config.vocab_size,
    maxLength: config.max_position_embeddings,
    layerOf: createLayerOf(/\btransformer\.layer\.(\d+)\./, /embeddings\./, layerCount),
    usualTargets: ['q_lin', 'v_lin'], // PEFT has none for it; these are BERT's query and value
    initializerRange: config.initializer_range,
    notes: noteAttentionDropout(config.attention_dropout),
    layout: layoutOfTokens,
    embed: (batch, layout, pass) => embed(config, batch, layout, pass),
    runLayer: (layer, asking, all, pass) => block(config, layer, asking, all, pass),
    finish: (x) => x,
  };
}

function embed(config: DistilbertConfig, batch: TokenBatch, { positions }: Layout, pass: Pass): tf.Tensor2D {
  const { tuning } = pass;
  const words = withPrompt(tuning.embedding('distilbert.embeddings.word_embeddings', batch.ids), batch, pass); // [N, H]
  const places = tuning.embedding('distilbert.embeddings.position_embeddings', positions);
  return drop(normOf('distilbert.embeddings.LayerNorm', EPSILON, pass)(words, places), config.dropout, pass);
}

/** The places where a method may put a module are named as the adapters library names them. */
function block(config: DistilbertConfig, layer: number, asking: States, all: States, pass: Pass): tf.Tensor2D {
  const { tuning } = pass;
  const name = `distilbert.transformer.layer.${layer}`;
  const y = tuning.join(`${name}.attention_adapters`, {
    output: attend(config, layer, asking, all, pass), // without dropout, other than in BERT
    residual: asking.x,
    norm: normOf(`${name}.sa_layer_norm`, EPSILON, pass),
  }); // [N, H]
  return tuning.join(`${name}.output_adapters`, {
    output: feedForward(config, layer, y, pass),
    residual: y,
    norm: normOf(`${name}.output_layer_norm`, EPSILON, pass),
  }); // [N, H]
}

function attend(config: DistilbertConfig, layer: number, asking: States, all: States, pass: Pass): tf.Tensor2D {
  const { n_heads: heads, dim: H } = config;
  const project = (name: string, x: tf.Tensor2D) =>
    pass.tuning.linear(`distilbert.transformer.layer.${layer}.attention.${name}`, x, pass.random);
  const [query, key, value] = [project('q_lin', asking.x), project('k_lin', all.x), project('v_lin', all.x)];
  const inputs = { layer, query, key, value, asking: asking.starts, all: all.starts, causal: false };
  return project('out_lin', selfAttention(inputs, { heads, keyHeads: heads, headSize: H / heads }, pass)); // [N, H]
}

function feedForward(config: DistilbertConfig, layer: number, x: tf.Tensor2D, pass: Pass): tf.Tensor2D {
  const { tuning, random } = pass;
  const name = `distilbert.transformer.layer.${layer}.ffn`;
  const expanded = activate(tuning.linear(`${name}.lin1`, x, random), config.activation); // [N, F]
  return drop(tuning.linear(`${name}.lin2`, expanded, random), config.dropout, pass); // [N, H]
}

function baseParts(config: DistilbertConfig): Parts {
  const { dim: H, hidden_dim: F } = config;
  return declareParts(({ linear, norm, embedding }) => {
    embedding('distilbert.embeddings.word_embeddings', config.vocab_size, H);
    embedding('distilbert.embeddings.position_embeddings', config.max_position_embeddings, H);
    norm('distilbert.embeddings.LayerNorm', H);
    for (let index = 0; index < config.n_layers; index++) {
      const layer = `distilbert.transformer.layer.${index}`;
      for (const projection of ['q_lin', 'k_lin', 'v_lin', 'out_lin']) linear(`${layer}.attention.${projection}`, H, H);
      norm(`${layer}.sa_layer_norm`, H);
      linear(`${layer}.ffn.lin1`, H, F);
      linear(`${layer}.ffn.lin2`, F, H);
      norm(`${layer}.output_layer_norm`, H);
    }
  });
}

/** Two linear layers on the first token. Both are fresh with the task, though PEFT by itself would keep only the second. */
function sequenceClassifier(config: DistilbertConfig, labels: number): Head {
  const { dim: H } = config;
  return {
    ...declareParts(({ linear }) => {
      linear('pre_classifier', H, H);
      linear('classifier', H, labels);
    }),
    kind: 'sequence-classification',
    architecture: 'DistilBertForSequenceClassification',
    modules: ['pre_classifier', 'classifier'],
    reads: 'first-token',
    apply: (x, _layout, pass) => {
      const dense = activate(pass.tuning.linear('pre_classifier', x, pass.random), 'relu'); // [B, H]
      return pass.tuning.linear('classifier', drop(dense, config.seq_classif_dropout, pass), pass.random); // [B, labels]
    },
  };
}

function tokenClassifier(config: DistilbertConfig, labels: number): Head {
  return {
    ...declareParts(({ linear }) => {
      linear('classifier', config.dim, labels);
    }),
    kind: 'token-classification',
    architecture: 'DistilBertForTokenClassification',
    modules: ['classifier'],
    reads: 'every-token',
    apply: (x, _layout, pass) => pass.tuning.linear('classifier', drop(x, config.dropout, pass), pass.random), // [N, labels]
  };
}

/** Scores over the vocabulary from a transformed state and the embedding table. */
function maskedLanguageModel(config: DistilbertConfig): Head {
  const { dim: H, vocab_size: V } = config;
  const vocabulary = {
    table: config.tie_word_embeddings ? 'distilbert.embeddings.word_embeddings.weight' : 'vocab_projector.weight',
    bias: 'vocab_projector.bias',
    transform: (x: tf.Tensor2D, pass: Pass) => {
      const y = activate(pass.tuning.linear('vocab_transform', x, pass.random), config.activation);
      return normOf('vocab_layer_norm', EPSILON, pass)(y); // [N, H]
    },
  };
  return {
    ...declareParts(({ linear, norm, tensor }) => {
      linear('vocab_transform', H, H);
      norm('vocab_layer_norm', H);
      tensor(vocabulary.bias, [V]);
      if (!config.tie_word_embeddings) tensor(vocabulary.table, [V, H]);
    }),
    kind: 'masked-lm',
    architecture: 'DistilBertForMaskedLM',
    modules: [],
    reads: 'every-token',
    vocabulary,
    apply: (x, _layout, pass) => vocabularyScores(vocabulary, x, pass), // [N, vocabulary]
  };
}
