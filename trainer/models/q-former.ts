/**
 * The Q-Former of BLIP-2 (Li et al. 2023, https://arxiv.org/abs/2301.12597): a BERT whose rows begin with learnt queries.
 * Every second layer lets the queries look at an image; queries and words share the attention and have feed-forward layers
 * of their own. A row is queries, or words, or queries with words behind them.
 * N tokens of all rows, H hidden size, F intermediate size.
 * Not here: attention dropout (the fused attention has none; the run says so when the config asks for it).
 */
import { z } from 'zod';
import { activate } from '../ops/activate';
import { attention } from '../ops/attention';
import { embedding } from '../ops/embedding';
import { prependToRows } from '../ops/prepend-to-rows';
import { lengthsOf, positionsOf, startsOf, type Starts } from '../ops/sequences';
import * as tf from '../tensors';
import { activation, count, rate } from './config-fields';
import type { Declaration } from './declare-parts';
import type { Pass, States, TokenBatch } from './model';
import { drop, normOf } from './post-norm';

const readsTexts = z.literal(true, {
  error: 'Temper computes the retrieval model only, whose Q-Former reads texts: it must be true',
});

export const qFormerConfigSchema = z
  .object({
    vocab_size: count.default(30522),
    hidden_size: count.default(768),
    num_hidden_layers: count.default(12),
    num_attention_heads: count.default(12),
    intermediate_size: count.default(3072),
    hidden_act: activation.default('gelu'),
    hidden_dropout_prob: rate.default(0.1),
    attention_probs_dropout_prob: rate.default(0.1),
    max_position_embeddings: count.default(512),
    initializer_range: z.number().positive().default(0.02),
    layer_norm_eps: z.number().positive().default(1e-12),
    cross_attention_frequency: count.default(2),
    use_qformer_text_input: readsTexts,
  })
  .refine((config) => config.hidden_size % config.num_attention_heads === 0, {
    error: 'hidden_size is not a multiple of num_attention_heads',
  });
export type QFormerConfig = z.infer<typeof qFormerConfigSchema>;

/** Where in the rows the queries are, and where the words. Either may be none. */
interface Places {
  readonly starts: Starts;
  readonly queries: Int32Array;
  readonly words: Int32Array;
}

/** Every row of the words by itself: [tokens, hidden]. */
export function readWords(config: QFormerConfig, texts: TokenBatch, pass: Pass): tf.Tensor2D {
  const places = placesIn(0, texts.starts);
  return runLayers(config, embedWords(texts, pass), places, undefined, pass);
}

/** The queries look at each image: [images · queries, hidden]. */
export function query(config: QFormerConfig, queries: tf.Tensor2D, image: States, pass: Pass): tf.Tensor2D {
  const rows = image.starts.length - 1;
  const places = placesIn(queries.shape[0], startsOf(Array.from({ length: rows }, () => 0)));
  return runLayers(config, tf.tile(queries, [rows, 1]), places, image, pass);
}

/** The queries look at each image and the text at its place; what became of the queries: [images · queries, hidden]. */
export function queryWithWords(
  config: QFormerConfig,
  queries: tf.Tensor2D,
  { image, texts }: { readonly image: States; readonly texts: TokenBatch },
  pass: Pass,
): tf.Tensor2D {
  const places = placesIn(queries.shape[0], texts.starts);
  const { x } = prependToRows(queries, embedWords(texts, pass), texts.starts); // [N, H]
  return pick(runLayers(config, x, places, image, pass), places.queries);
}

function placesIn(queryCount: number, words: Starts): Places {
  const starts = startsOf(lengthsOf(words).map((length) => queryCount + length));
  const all = [...positionsOf(starts).entries()];
  const where = (isWanted: (position: number) => boolean) =>
    Int32Array.from(all.filter(([, position]) => isWanted(position)).map(([token]) => token));
  return { starts, queries: where((position) => position < queryCount), words: where((position) => position >= queryCount) };
}

function embedWords({ ids, starts }: TokenBatch, { tuning }: Pass): tf.Tensor2D {
  const places = tuning.embedding('embeddings.position_embeddings', positionsOf(starts));
  return tf.add(tuning.embedding('embeddings.word_embeddings', ids), places); // [N, H]
}

function runLayers(config: QFormerConfig, x: tf.Tensor2D, places: Places, image: States | undefined, pass: Pass): tf.Tensor2D {
  const normed = normOf('qformer.layernorm', config.layer_norm_eps, pass)(x);
  let states = drop(normed, config.hidden_dropout_prob, pass);
  for (let layer = 0; layer < config.num_hidden_layers; layer++) states = block(config, layer, states, { places, image }, pass);
  return states;
}

interface Surroundings {
  readonly places: Places;
  readonly image: States | undefined;
}

function block(config: QFormerConfig, layer: number, x: tf.Tensor2D, { places, image }: Surroundings, pass: Pass): tf.Tensor2D {
  const name = `qformer.encoder.layer.${layer}`;
  const { starts } = places;
  const attended = attend(config, `${name}.attention`, { x, starts }, { x, starts }, pass); // [N, H]
  const asked = pick(attended, places.queries);
  const looked = image && looksAtImage(config, layer) ? look(config, `${name}.crossattention`, asked, image, pass) : asked;
  const queries = feedForward(config, name, '_query', looked, pass);
  return arrange(queries, feedForward(config, name, '', pick(attended, places.words), pass), places); // [N, H]
}

function looksAtImage({ cross_attention_frequency: frequency }: QFormerConfig, layer: number): boolean {
  return layer % frequency === 0;
}

function look(config: QFormerConfig, name: string, queries: tf.Tensor2D, image: States, pass: Pass): tf.Tensor2D {
  const rows = image.starts.length - 1;
  const starts = startsOf(Array.from({ length: rows }, () => queries.shape[0] / rows));
  return attend(config, name, { x: queries, starts }, image, pass); // [images · queries, H]
}

type PackedRows = Pick<States, 'x' | 'starts'>;

/** LayerNorm(x + attention of x to what it sees). */
function attend(config: QFormerConfig, name: string, asking: PackedRows, seen: PackedRows, pass: Pass): tf.Tensor2D {
  const { tuning, random } = pass;
  const project = (projection: string, x: tf.Tensor2D) => tuning.linear(`${name}.attention.${projection}`, x, random);
  const context = attention({
    query: project('query', asking.x),
    key: project('key', seen.x),
    value: project('value', seen.x),
    queryStarts: asking.starts,
    keyStarts: seen.starts,
    heads: config.num_attention_heads,
  }); // [N, H]
  return join(config, `${name}.output`, tuning.linear(`${name}.output.dense`, context, random), asking.x, pass);
}

/** `kind` is what sets the modules of the queries apart. */
function feedForward(config: QFormerConfig, layer: string, kind: '' | '_query', x: tf.Tensor2D, pass: Pass): tf.Tensor2D {
  if (x.shape[0] === 0) return x;
  const { tuning, random } = pass;
  const expanded = activate(tuning.linear(`${layer}.intermediate${kind}.dense`, x, random), config.hidden_act); // [N, F]
  const output = `${layer}.output${kind}`;
  return join(config, output, tuning.linear(`${output}.dense`, expanded, random), x, pass); // [N, H]
}

/** LayerNorm(x + dropout(sublayer)), and whatever a method puts there. */
function join(config: QFormerConfig, name: string, sublayer: tf.Tensor2D, residual: tf.Tensor2D, pass: Pass): tf.Tensor2D {
  const output = drop(sublayer, config.hidden_dropout_prob, pass);
  return pass.tuning.join(name, { output, residual, norm: normOf(`${name}.LayerNorm`, config.layer_norm_eps, pass) });
}

/** Some tokens of x. */
function pick(x: tf.Tensor2D, tokens: Int32Array): tf.Tensor2D {
  return tokens.length === x.shape[0] ? x : embedding(x, tf.tensor1d(tokens, 'int32'));
}

/** Puts queries and words back to their places. */
function arrange(queries: tf.Tensor2D, words: tf.Tensor2D, places: Places): tf.Tensor2D {
  if (places.words.length === 0) return queries;
  if (places.queries.length === 0) return words;
  const order = new Int32Array(places.queries.length + places.words.length);
  [...places.queries, ...places.words].forEach((token, index) => (order[token] = index));
  return embedding(tf.concat2d([queries, words], 0), tf.tensor1d(order, 'int32'));
}

/** `imageSize` is the hidden size of what sees the image. */
export function declareQFormer({ linear, norm, embedding: table }: Declaration, config: QFormerConfig, imageSize: number): void {
  const { hidden_size: H, intermediate_size: F } = config;
  const declareAttention = (name: string, seen: number) => {
    linear(`${name}.attention.query`, H, H);
    for (const projection of ['key', 'value']) linear(`${name}.attention.${projection}`, seen, H);
    linear(`${name}.output.dense`, H, H);
    norm(`${name}.output.LayerNorm`, H);
  };
  table('embeddings.word_embeddings', config.vocab_size, H);
  table('embeddings.position_embeddings', config.max_position_embeddings, H);
  norm('qformer.layernorm', H);
  for (let index = 0; index < config.num_hidden_layers; index++) {
    const layer = `qformer.encoder.layer.${index}`;
    declareAttention(`${layer}.attention`, H);
    if (looksAtImage(config, index)) declareAttention(`${layer}.crossattention`, imageSize);
    for (const kind of ['', '_query']) {
      linear(`${layer}.intermediate${kind}.dense`, H, F);
      linear(`${layer}.output${kind}.dense`, F, H);
      norm(`${layer}.output${kind}.LayerNorm`, H);
    }
  }
}
