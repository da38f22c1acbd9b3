/**
 * BERT, as Hugging Face's `bert` (Devlin et al. 2018, https://arxiv.org/abs/1810.04805): a post-norm encoder with learnt
 * positions, read from top to bottom. B rows, N tokens in all of them, H hidden size, F intermediate size.
 * Not here: attention dropout (the fused attention has none; the run says so when the config asks for it).
 */
import { z } from 'zod';
import { activate } from '../ops/activate';
import * as tf from '../tensors';
import { activation, count, noteAttentionDropout, rate } from './config-fields';
import { createLayerOf, declareParts } from './declare-parts';
import type { Family, Head, Layout, Parts, Pass, States, TextBackbone, TokenBatch } from './model';
import { drop, normOf } from './post-norm';
import { selfAttention } from './self-attention';
import { layoutOfTokens, segmentsOf, withPrompt } from './virtual-tokens';
import { vocabularyScores } from './vocabulary-scores';

const bertConfigSchema = z
  .object({
    model_type: z.literal('bert'),
    vocab_size: count,
    hidden_size: count,
    num_hidden_layers: count,
    num_attention_heads: count,
    intermediate_size: count,
    hidden_act: activation.default('gelu'),
    max_position_embeddings: count,
    type_vocab_size: count.default(2),
    layer_norm_eps: z.number().positive().default(1e-12),
    initializer_range: z.number().positive().default(0.02),
    hidden_dropout_prob: rate.default(0.1),
    attention_probs_dropout_prob: rate.default(0.1),
    classifier_dropout: rate.nullish(),
    position_embedding_type: z.literal('absolute').nullish(),
    tie_word_embeddings: z.boolean().default(true),
  })
  .refine((config) => config.hidden_size % config.num_attention_heads === 0, {
    error: 'hidden_size is not a multiple of num_attention_heads',
  });
type BertConfig = z.infer<typeof bertConfigSchema>;

export const bert: Family = {
  types: ['bert'],
  create: (input) => createBackbone(bertConfigSchema.parse(input)),
  heads: {
    'sequence-classification': (input, labels) => sequenceClassifier(bertConfigSchema.parse(input), labels),
    'token-classification': (input, labels) => tokenClassifier(bertConfigSchema.parse(input), labels),
    'masked-lm': (input) => maskedLanguageModel(bertConfigSchema.parse(input)),
  },
};

function createBackbone(config: BertConfig): TextBackbone {
  const { hidden_size: hiddenSize, num_hidden_layers: layerCount, num_attention_heads: heads } = config;
  return {
    ...baseParts(config),
    type: 'bert',
    basePrefix: 'bert.',
    hiddenSize,
    layerCount,
    attention: { heads, keyHeads: heads, headSize: hiddenSize / heads },
    causal: false,
    vocabularySize: config.vocab_size,
    maxLength: config.max_position_embeddings,
    layerOf: createLayerOf(/\bencoder\.layer\.(\d+)\./, /embeddings\./, layerCount),
    usualTargets: ['query', 'value'],
    initializerRange: config.initializer_range,
    notes: noteAttentionDropout(config.attention_probs_dropout_prob),
    layout: layoutOfTokens,
    embed: (batch, layout, pass) => embed(config, batch, layout, pass),
    runLayer: (layer, asking, all, pass) => block(config, layer, asking, all, pass),
    finish: (x) => x,
  };
}

function embed(config: BertConfig, batch: TokenBatch, layout: Layout, pass: Pass): tf.Tensor2D {
  const { tuning } = pass;
  const words = withPrompt(tuning.embedding('bert.embeddings.word_embeddings', batch.ids), batch, pass); // [N, H]
  const places = tf.add<tf.Tensor2D>(
    tuning.embedding('bert.embeddings.position_embeddings', layout.positions),
    tuning.embedding('bert.embeddings.token_type_embeddings', segmentsOf(batch, layout)),
  );
  const norm = normOf('bert.embeddings.LayerNorm', config.layer_norm_eps, pass);
  return drop(norm(words, places), config.hidden_dropout_prob, pass);
}

function block(config: BertConfig, layer: number, asking: States, all: States, pass: Pass): tf.Tensor2D {
  const { tuning, random } = pass;
  const name = `bert.encoder.layer.${layer}`;
  const attended = attend(config, layer, asking, all, pass); // [N, H]
  const projected = tuning.linear(`${name}.attention.output.dense`, attended, random);
  const y = join(config, `${name}.attention.output`, projected, asking.x, pass); // [N, H]
  const expanded = activate(tuning.linear(`${name}.intermediate.dense`, y, random), config.hidden_act); // [N, F]
  return join(config, `${name}.output`, tuning.linear(`${name}.output.dense`, expanded, random), y, pass); // [N, H]
}

function attend(config: BertConfig, layer: number, asking: States, all: States, pass: Pass): tf.Tensor2D {
  const { num_attention_heads: heads, hidden_size: H } = config;
  const project = (name: string, x: tf.Tensor2D) =>
    pass.tuning.linear(`bert.encoder.layer.${layer}.attention.self.${name}`, x, pass.random);
  const [query, key, value] = [project('query', asking.x), project('key', all.x), project('value', all.x)];
  const inputs = { layer, query, key, value, asking: asking.starts, all: all.starts, causal: false };
  return selfAttention(inputs, { heads, keyHeads: heads, headSize: H / heads }, pass);
}

/** LayerNorm(x + dropout(sublayer)), and whatever a method puts there. */
function join(config: BertConfig, name: string, sublayer: tf.Tensor2D, residual: tf.Tensor2D, pass: Pass): tf.Tensor2D {
  const output = drop(sublayer, config.hidden_dropout_prob, pass);
  return pass.tuning.join(name, { output, residual, norm: normOf(`${name}.LayerNorm`, config.layer_norm_eps, pass) });
}

function baseParts(config: BertConfig): Parts {
  const { hidden_size: H, intermediate_size: F } = config;
  return declareParts(({ linear, norm, embedding }) => {
    embedding('bert.embeddings.word_embeddings', config.vocab_size, H);
    embedding('bert.embeddings.position_embeddings', config.max_position_embeddings, H);
    embedding('bert.embeddings.token_type_embeddings', config.type_vocab_size, H);
    norm('bert.embeddings.LayerNorm', H);
    for (let index = 0; index < config.num_hidden_layers; index++) {
      const layer = `bert.encoder.layer.${index}`;
      for (const projection of ['query', 'key', 'value']) linear(`${layer}.attention.self.${projection}`, H, H);
      linear(`${layer}.attention.output.dense`, H, H);
      norm(`${layer}.attention.output.LayerNorm`, H);
      linear(`${layer}.intermediate.dense`, H, F);
      linear(`${layer}.output.dense`, F, H);
      norm(`${layer}.output.LayerNorm`, H);
    }
  });
}

/** A linear layer on the pooled first token. The pooler belongs to the base: it is frozen where the base is. */
function sequenceClassifier(config: BertConfig, labels: number): Head {
  const { hidden_size: H } = config;
  return {
    ...declareParts(({ linear }) => {
      linear('bert.pooler.dense', H, H);
      linear('classifier', H, labels);
    }),
    kind: 'sequence-classification',
    architecture: 'BertForSequenceClassification',
    modules: ['classifier'],
    reads: 'first-token',
    apply: (x, _layout, pass) => {
      const { tuning, random } = pass;
      const pooled = activate(tuning.linear('bert.pooler.dense', x, random), 'tanh'); // [B, H]
      return tuning.linear('classifier', drop(pooled, headDropout(config), pass), random); // [B, labels]
    },
  };
}

function tokenClassifier(config: BertConfig, labels: number): Head {
  return {
    ...declareParts(({ linear }) => {
      linear('classifier', config.hidden_size, labels);
    }),
    kind: 'token-classification',
    architecture: 'BertForTokenClassification',
    modules: ['classifier'],
    reads: 'every-token',
    apply: (x, _layout, pass) => pass.tuning.linear('classifier', drop(x, headDropout(config), pass), pass.random), // [N, labels]
  };
}

function headDropout(config: BertConfig): number {
  return config.classifier_dropout ?? config.hidden_dropout_prob;
}

/** Scores over the vocabulary from a transformed state and the embedding table. */
function maskedLanguageModel(config: BertConfig): Head {
  const { hidden_size: H, vocab_size: V } = config;
  const decoder = config.tie_word_embeddings
    ? { table: 'bert.embeddings.word_embeddings.weight', bias: 'cls.predictions.bias' }
    : { table: 'cls.predictions.decoder.weight', bias: 'cls.predictions.decoder.bias' };
  const vocabulary = {
    ...decoder,
    transform: (x: tf.Tensor2D, pass: Pass) => {
      const y = activate(pass.tuning.linear('cls.predictions.transform.dense', x, pass.random), config.hidden_act);
      return normOf('cls.predictions.transform.LayerNorm', config.layer_norm_eps, pass)(y); // [N, H]
    },
  };
  return {
    ...declareParts(({ linear, norm, tensor }) => {
      tensor(decoder.bias, [V]);
      linear('cls.predictions.transform.dense', H, H);
      norm('cls.predictions.transform.LayerNorm', H);
      if (!config.tie_word_embeddings) tensor(decoder.table, [V, H]);
    }),
    kind: 'masked-lm',
    architecture: 'BertForMaskedLM',
    modules: [],
    reads: 'every-token',
    vocabulary,
    apply: (x, _layout, pass) => vocabularyScores(vocabulary, x, pass), // [N, vocabulary]
  };
}
