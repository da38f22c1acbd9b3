/**
 * BERT, as Hugging Face's `bert` (Devlin et al. 2018, https://arxiv.org/abs/1810.04805): a post-norm encoder with learnt
 * positions, read from top to bottom. B rows, N tokens in all of them, H hidden size, F intermediate size.
 * Not here: attention dropout (the fused attention has none; the run says so when the config asks for it).
 */
import { z } from 'zod';
import type { Random } from '../../dataset/seeded-random';
import { activate, type Activation } from '../ops/activate';
import { attention } from '../ops/attention';
import { dropout } from '../ops/dropout';
import { embedding } from '../ops/embedding';
import { layerNorm } from '../ops/layer-norm';
import { firstToken } from '../ops/pool';
import { lengthsOf, positionsOf, startsOf, type Starts } from '../ops/sequences';
import * as tf from '../tensors';
import type { HiddenStates, SequenceClassifier, Shapes, TokenBatch, Tuning } from './model';

const count = z.number().int().positive();
const rate = z.number().min(0).lt(1);

const bertConfigSchema = z.object({
  model_type: z.literal('bert'),
  vocab_size: count,
  hidden_size: count,
  num_hidden_layers: count,
  num_attention_heads: count,
  intermediate_size: count,
  hidden_act: z.enum(['gelu', 'gelu_new', 'gelu_pytorch_tanh', 'relu', 'silu', 'tanh']).default('gelu'),
  max_position_embeddings: count,
  type_vocab_size: count.default(2),
  layer_norm_eps: z.number().positive().default(1e-12),
  initializer_range: z.number().positive().default(0.02),
  hidden_dropout_prob: rate.default(0.1),
  attention_probs_dropout_prob: rate.default(0.1),
  classifier_dropout: rate.nullish(),
  position_embedding_type: z.literal('absolute').nullish(),
});
type BertConfig = z.infer<typeof bertConfigSchema>;

/** @throws ZodError when the configuration is not a BERT's */
export function createBertClassifier(input: unknown, labels: number): SequenceClassifier {
  const config = bertConfigSchema.refine(headsFit, { error: 'hidden_size is not a multiple of num_attention_heads' }).parse(input);
  return {
    type: 'bert',
    vocabularySize: config.vocab_size,
    maxLength: config.max_position_embeddings,
    baseShapes: baseShapes(config),
    headShapes: new Map([
      ['classifier.weight', [labels, config.hidden_size]],
      ['classifier.bias', [labels]],
    ]),
    basePrefix: 'bert.',
    initializerRange: config.initializer_range,
    notes: notesOn(config),
    hiddenSize: config.hidden_size,
    layerCount: config.num_hidden_layers,
    layerOf: (name) => layerOf(config, name),
    hiddenStates: (tuning, batch, layer) =>
      runLayers(config, tuning, batch.starts, { layer: 0, x: embed(config, tuning, batch) }, layer),
    logits: (tuning, batch, random, from) => logits(config, tuning, batch, random, from),
  };
}

function headsFit(config: BertConfig): boolean {
  return config.hidden_size % config.num_attention_heads === 0;
}

function notesOn({ attention_probs_dropout_prob: asked }: BertConfig): string[] {
  return asked === 0 ? [] : [`The model's config.json asks for dropout of ${asked} on attention weights; Temper trains without it.`];
}

/** The number behind `encoder.layer.`, under whatever prefix. */
function layerOf(config: BertConfig, name: string): number {
  const found = /\bencoder\.layer\.(\d+)\./.exec(name);
  if (found) return Number(found[1]);
  return name.includes('embeddings.') ? -1 : config.num_hidden_layers;
}

function logits(config: BertConfig, tuning: Tuning, batch: TokenBatch, random?: Random, from?: HiddenStates): tf.Tensor2D {
  const lowest = from ?? { layer: 0, x: embed(config, tuning, batch, random) };
  const summary = runLayers(config, tuning, batch.starts, lowest, config.num_hidden_layers, random); // [B, H]
  const pooled = activate(tuning.linear('bert.pooler.dense', summary, random), 'tanh'); // [B, H]
  const kept = drop(pooled, config.classifier_dropout ?? config.hidden_dropout_prob, random);
  return tuning.linear('classifier', kept, random); // [B, labels]
}

/** The layers `from` up to `end`. Of the last one's output nobody reads more than the first token of each row: [B, H]. */
function runLayers(config: BertConfig, tuning: Tuning, starts: Starts, from: HiddenStates, end: number, random?: Random): tf.Tensor2D {
  let { x } = from; // [N, H]
  for (let layer = from.layer; layer < end; layer++) {
    const all = { x, starts };
    const asking = layer === config.num_hidden_layers - 1 ? firstTokens(all) : all;
    x = block(config, tuning, `bert.encoder.layer.${layer}`, asking, all, random);
  }
  return x;
}

function firstTokens({ x, starts }: States): States {
  return { x: firstToken(x, starts), starts: startsOf(lengthsOf(starts).map(() => 1)) };
}

function embed(config: BertConfig, tuning: Tuning, { ids, starts }: TokenBatch, random?: Random): tf.Tensor2D {
  const look = (table: string, indices: Int32Array) =>
    embedding(tuning.parameter(`bert.embeddings.${table}.weight`) as tf.Tensor2D, tf.tensor1d(indices, 'int32')); // shapes are checked when the file is read
  const words = look('word_embeddings', ids); // [N, H]
  const places = tf.add(look('position_embeddings', positionsOf(starts)), look('token_type_embeddings', new Int32Array(ids.length)));
  return drop(norm(config, tuning, 'bert.embeddings.LayerNorm', words, places as tf.Tensor2D), config.hidden_dropout_prob, random);
}

/** Hidden states and the rows that they belong to. */
interface States {
  readonly x: tf.Tensor2D;
  readonly starts: Starts;
}

/** New states for the `asking` tokens, which attend to all tokens of their rows. */
function block(config: BertConfig, tuning: Tuning, name: string, asking: States, all: States, random?: Random): tf.Tensor2D {
  const attended = attend(config, tuning, `${name}.attention.self`, asking, all, random); // [N, H]
  const projected = tuning.linear(`${name}.attention.output.dense`, attended, random);
  const y = residual(config, tuning, `${name}.attention.output`, projected, asking.x, random); // [N, H]
  const expanded = activate(tuning.linear(`${name}.intermediate.dense`, y, random), config.hidden_act satisfies Activation); // [N, F]
  return residual(config, tuning, `${name}.output`, tuning.linear(`${name}.output.dense`, expanded, random), y, random); // [N, H]
}

function attend(config: BertConfig, tuning: Tuning, name: string, asking: States, all: States, random?: Random): tf.Tensor2D {
  return attention({
    query: tuning.linear(`${name}.query`, asking.x, random),
    key: tuning.linear(`${name}.key`, all.x, random),
    value: tuning.linear(`${name}.value`, all.x, random),
    queryStarts: asking.starts,
    keyStarts: all.starts,
    heads: config.num_attention_heads,
  });
}

/** LayerNorm(x + dropout(sublayer)) */
function residual(config: BertConfig, tuning: Tuning, name: string, sublayer: tf.Tensor2D, x: tf.Tensor2D, random?: Random): tf.Tensor2D {
  return norm(config, tuning, `${name}.LayerNorm`, tuning.site(name, drop(sublayer, config.hidden_dropout_prob, random)), x);
}

function norm(config: BertConfig, tuning: Tuning, name: string, x: tf.Tensor2D, residual: tf.Tensor2D): tf.Tensor2D {
  const gamma = tuning.parameter(`${name}.weight`) as tf.Tensor1D; // shapes are checked when the file is read
  const beta = tuning.parameter(`${name}.bias`) as tf.Tensor1D;
  return layerNorm(x, gamma, beta, config.layer_norm_eps, residual);
}

function drop(x: tf.Tensor2D, probability: number, random: Random | undefined): tf.Tensor2D {
  return random === undefined ? x : dropout(x, probability, random);
}

function baseShapes(config: BertConfig): Shapes {
  const { hidden_size: H, intermediate_size: F } = config;
  const shapes = new Map<string, readonly number[]>();
  const linear = (name: string, inputs: number, outputs: number) => shapes.set(`${name}.weight`, [outputs, inputs]).set(`${name}.bias`, [outputs]);
  const norm = (name: string) => shapes.set(`${name}.weight`, [H]).set(`${name}.bias`, [H]);

  shapes.set('bert.embeddings.word_embeddings.weight', [config.vocab_size, H]);
  shapes.set('bert.embeddings.position_embeddings.weight', [config.max_position_embeddings, H]);
  shapes.set('bert.embeddings.token_type_embeddings.weight', [config.type_vocab_size, H]);
  norm('bert.embeddings.LayerNorm');
  for (let index = 0; index < config.num_hidden_layers; index++) {
    const layer = `bert.encoder.layer.${index}`;
    for (const projection of ['query', 'key', 'value']) linear(`${layer}.attention.self.${projection}`, H, H);
    linear(`${layer}.attention.output.dense`, H, H);
    norm(`${layer}.attention.output.LayerNorm`);
    linear(`${layer}.intermediate.dense`, H, F);
    linear(`${layer}.output.dense`, F, H);
    norm(`${layer}.output.LayerNorm`);
  }
  linear('bert.pooler.dense', H, H);
  return shapes;
}
