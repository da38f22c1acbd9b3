/**
 * RoBERTa, as Hugging Face's `roberta` (Liu et al. 2019, https://arxiv.org/abs/1907.11692), and XLM-R and CamemBERT, which
 * differ in their vocabulary alone: BERT's layers; positions that are counted from behind the padding token's id; a
 * classifier of two layers on the first token. B rows, N tokens in all of them, H hidden size, F intermediate size.
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

const robertaConfigSchema = z
  .object({
    model_type: z.enum(['roberta', 'xlm-roberta', 'camembert']),
    vocab_size: count,
    hidden_size: count,
    num_hidden_layers: count,
    num_attention_heads: count,
    intermediate_size: count,
    hidden_act: activation.default('gelu'),
    max_position_embeddings: count,
    type_vocab_size: count.default(2),
    pad_token_id: z.number().int().nonnegative().nullish(),
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
  })
  .refine((config) => config.max_position_embeddings > firstPosition(config), {
    error: 'max_position_embeddings leaves no position behind the padding token',
  });
type RobertaConfig = z.infer<typeof robertaConfigSchema>;

/** What transformers calls its classes for each type. */
const classNames = { roberta: 'Roberta', 'xlm-roberta': 'XLMRoberta', camembert: 'Camembert' } as const;

export const roberta: Family = {
  types: robertaConfigSchema.shape.model_type.options,
  create: (input) => createBackbone(robertaConfigSchema.parse(input)),
  heads: {
    'sequence-classification': (input, labels) => sequenceClassifier(robertaConfigSchema.parse(input), labels),
    'token-classification': (input, labels) => tokenClassifier(robertaConfigSchema.parse(input), labels),
    'masked-lm': (input) => maskedLanguageModel(robertaConfigSchema.parse(input)),
  },
};

function createBackbone(config: RobertaConfig): TextBackbone {
  const { hidden_size: hiddenSize, num_hidden_layers: layerCount, num_attention_heads: heads } = config;
  return {
    ...baseParts(config),
    type: config.model_type,
    basePrefix: 'roberta.',
    hiddenSize,
    layerCount,
    attention: { heads, keyHeads: heads, headSize: hiddenSize / heads },
    causal: false,
    vocabularySize: config.vocab_size,
    maxLength: config.max_position_embeddings - firstPosition(config),
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

/** The position embeddings have a row for the padding token, at its id, and none of the rows up to it is used. */
function firstPosition({ pad_token_id: pad }: { readonly pad_token_id?: number | null | undefined }): number {
  return (pad ?? 1) + 1;
}

function embed(config: RobertaConfig, batch: TokenBatch, layout: Layout, pass: Pass): tf.Tensor2D {
  const { tuning } = pass;
  const words = withPrompt(tuning.embedding('roberta.embeddings.word_embeddings', batch.ids), batch, pass); // [N, H]
  const first = firstPosition(config);
  const places = tf.add<tf.Tensor2D>(
    tuning.embedding(
      'roberta.embeddings.position_embeddings',
      layout.positions.map((position) => position + first),
    ),
    tuning.embedding('roberta.embeddings.token_type_embeddings', segmentsOf(batch, layout)),
  );
  const norm = normOf('roberta.embeddings.LayerNorm', config.layer_norm_eps, pass);
  return drop(norm(words, places), config.hidden_dropout_prob, pass);
}

function block(config: RobertaConfig, layer: number, asking: States, all: States, pass: Pass): tf.Tensor2D {
  const { tuning, random } = pass;
  const name = `roberta.encoder.layer.${layer}`;
  const attended = attend(config, layer, asking, all, pass); // [N, H]
  const projected = tuning.linear(`${name}.attention.output.dense`, attended, random);
  const y = join(config, `${name}.attention.output`, projected, asking.x, pass); // [N, H]
  const expanded = activate(tuning.linear(`${name}.intermediate.dense`, y, random), config.hidden_act); // [N, F]
  return join(config, `${name}.output`, tuning.linear(`${name}.output.dense`, expanded, random), y, pass); // [N, H]
}

function attend(config: RobertaConfig, layer: number, asking: States, all: States, pass: Pass): tf.Tensor2D {
  const { num_attention_heads: heads, hidden_size: H } = config;
  const project = (name: string, x: tf.Tensor2D) =>
    pass.tuning.linear(`roberta.encoder.layer.${layer}.attention.self.${name}`, x, pass.random);
  const [query, key, value] = [project('query', asking.x), project('key', all.x), project('value', all.x)];
  const inputs = { layer, query, key, value, asking: asking.starts, all: all.starts, causal: false };
  return selfAttention(inputs, { heads, keyHeads: heads, headSize: H / heads }, pass);
}

/** LayerNorm(x + dropout(sublayer)), and whatever a method puts there. */
function join(config: RobertaConfig, name: string, sublayer: tf.Tensor2D, residual: tf.Tensor2D, pass: Pass): tf.Tensor2D {
  const output = drop(sublayer, config.hidden_dropout_prob, pass);
  return pass.tuning.join(name, { output, residual, norm: normOf(`${name}.LayerNorm`, config.layer_norm_eps, pass) });
}

function baseParts(config: RobertaConfig): Parts {
  const { hidden_size: H, intermediate_size: F } = config;
  return declareParts(({ linear, norm, embedding }) => {
    embedding('roberta.embeddings.word_embeddings', config.vocab_size, H);
    embedding('roberta.embeddings.position_embeddings', config.max_position_embeddings, H);
    embedding('roberta.embeddings.token_type_embeddings', config.type_vocab_size, H);
    norm('roberta.embeddings.LayerNorm', H);
    for (let index = 0; index < config.num_hidden_layers; index++) {
      const layer = `roberta.encoder.layer.${index}`;
      for (const projection of ['query', 'key', 'value']) linear(`${layer}.attention.self.${projection}`, H, H);
      linear(`${layer}.attention.output.dense`, H, H);
      norm(`${layer}.attention.output.LayerNorm`, H);
      linear(`${layer}.intermediate.dense`, H, F);
      linear(`${layer}.output.dense`, F, H);
      norm(`${layer}.output.LayerNorm`, H);
    }
  });
}

/** Two linear layers on the first token, both fresh with the task: there is no pretrained pooler. */
function sequenceClassifier(config: RobertaConfig, labels: number): Head {
  const { hidden_size: H } = config;
  return {
    ...declareParts(({ linear }) => {
      linear('classifier.dense', H, H);
      linear('classifier.out_proj', H, labels);
    }),
    kind: 'sequence-classification',
    architecture: `${classNames[config.model_type]}ForSequenceClassification`,
    modules: ['classifier'],
    reads: 'first-token',
    apply: (x, _layout, pass) => {
      const { tuning, random } = pass;
      const dense = tuning.linear('classifier.dense', drop(x, headDropout(config), pass), random);
      return tuning.linear('classifier.out_proj', drop(activate(dense, 'tanh'), headDropout(config), pass), random); // [B, labels]
    },
  };
}

function tokenClassifier(config: RobertaConfig, labels: number): Head {
  return {
    ...declareParts(({ linear }) => {
      linear('classifier', config.hidden_size, labels);
    }),
    kind: 'token-classification',
    architecture: `${classNames[config.model_type]}ForTokenClassification`,
    modules: ['classifier'],
    reads: 'every-token',
    apply: (x, _layout, pass) => pass.tuning.linear('classifier', drop(x, headDropout(config), pass), pass.random), // [N, labels]
  };
}

function headDropout(config: RobertaConfig): number {
  return config.classifier_dropout ?? config.hidden_dropout_prob;
}

/** Scores over the vocabulary from a transformed state and the embedding table; its activation is not configured. */
function maskedLanguageModel(config: RobertaConfig): Head {
  const { hidden_size: H, vocab_size: V } = config;
  const decoder = config.tie_word_embeddings
    ? { table: 'roberta.embeddings.word_embeddings.weight', bias: 'lm_head.bias' }
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
    architecture: `${classNames[config.model_type]}ForMaskedLM`,
    modules: [],
    reads: 'every-token',
    vocabulary,
    apply: (x, _layout, pass) => vocabularyScores(vocabulary, x, pass), // [N, vocabulary]
  };
}
