/**
 * The decoder of Llama (Touvron et al. 2023, https://arxiv.org/abs/2302.13971) and its descendants, read from top to
 * bottom: pre-norm layers of grouped-query attention with rotary positions and a gated feed-forward block. What sets a
 * descendant apart is in `DecoderShape`; which configuration asks for what, in the file named for its `model_type`.
 * B rows, N tokens in all of them, H hidden size, F intermediate size, D head size.
 * Not here: attention dropout (the fused attention has none; the run says so when the config asks for it).
 */
import { activate, type Activation } from '../ops/activate';
import { swiglu } from '../ops/gated';
import { rmsNorm } from '../ops/rms-norm';
import * as tf from '../tensors';
import { createLayerOf, declareParts } from './declare-parts';
import type { Parts, Pass, States, TextBackbone } from './model';
import { createRotation, type Rotation } from './rope';
import { selfAttention } from './self-attention';
import { layoutOfTokens, withPrompt } from './virtual-tokens';

export interface DecoderShape {
  readonly type: string;
  readonly hiddenSize: number;
  readonly layerCount: number;
  readonly intermediateSize: number;
  readonly heads: number;
  readonly keyHeads: number;
  /** Not always hiddenSize / heads. */
  readonly headSize: number;
  readonly activation: Activation;
  readonly normEpsilon: number;
  readonly vocabularySize: number;
  readonly maxLength: number;
  readonly initializerRange: number;
  /** Of rotary positions, [rotated / 2]. */
  readonly frequencies: Float64Array;
  /** Whether this layer turns queries and keys at all. */
  readonly rotates: (layer: number) => boolean;
  /** How many tokens this layer's tokens see, themselves and those before them; undefined for all. */
  readonly windowOf: (layer: number) => number | undefined;
  /** Which of the attention's linear layers have a bias. */
  readonly attentionBias: 'none' | 'query-key-value' | 'all';
  readonly feedForwardBias: boolean;
  /** Whether every head of queries and keys is normalised before it is turned. */
  readonly headNorms: boolean;
  readonly usualTargets: readonly string[];
  readonly notes: readonly string[];
}

interface Decoder extends DecoderShape {
  readonly rotate: Rotation;
}

export function createDecoder(shape: DecoderShape): TextBackbone {
  const decoder = { ...shape, rotate: createRotation(shape.frequencies) };
  const { type, hiddenSize, layerCount, heads, keyHeads, headSize, vocabularySize, maxLength } = shape;
  return {
    ...baseParts(shape),
    type,
    basePrefix: 'model.',
    hiddenSize,
    layerCount,
    attention: { heads, keyHeads, headSize },
    causal: true,
    vocabularySize,
    maxLength,
    layerOf: createLayerOf(/\blayers\.(\d+)\./, /embed_tokens/, layerCount),
    usualTargets: shape.usualTargets,
    initializerRange: shape.initializerRange,
    notes: shape.notes,
    layout: layoutOfTokens,
    embed: (batch, _layout, pass) => withPrompt(pass.tuning.embedding('model.embed_tokens', batch.ids), batch, pass), // [N, H]
    runLayer: (layer, asking, all, pass) => block(decoder, layer, asking, all, pass),
    finish: (x, pass) => norm(decoder, 'model.norm', x, pass), // [N, H]
  };
}

function block(decoder: Decoder, layer: number, asking: States, all: States, pass: Pass): tf.Tensor2D {
  const { tuning, random } = pass;
  const name = `model.layers.${layer}`;
  const attended = attend(decoder, layer, asking, all, pass); // [N, heads · D]
  const output = tuning.linear(`${name}.self_attn.o_proj`, attended, random); // [N, H]
  const y = tuning.join(`${name}.attention_adapters`, { output, residual: asking.x }); // [N, H]
  const fed = feedForward(decoder, name, norm(decoder, `${name}.post_attention_layernorm`, y, pass), pass); // [N, H]
  return tuning.join(`${name}.output_adapters`, { output: fed, residual: y }); // [N, H]
}

function attend(decoder: Decoder, layer: number, asking: States, all: States, pass: Pass): tf.Tensor2D {
  const { heads, keyHeads } = decoder;
  const name = `model.layers.${layer}`;
  const x = norm(decoder, `${name}.input_layernorm`, all.x, pass); // [N, H]
  const asked = asking === all ? x : norm(decoder, `${name}.input_layernorm`, asking.x, pass);
  const project = (projection: string, input: tf.Tensor2D) =>
    pass.tuning.linear(`${name}.self_attn.${projection}_proj`, input, pass.random);
  const place = (projection: 'q' | 'k', input: tf.Tensor2D, { positions }: States, count: number) => {
    const projected = normHeads(decoder, `${name}.self_attn.${projection}_norm`, project(projection, input), pass);
    return decoder.rotates(layer) ? decoder.rotate(projected, positions, count) : projected;
  };
  const query = place('q', asked, asking, heads); // [N, heads · D]
  const key = place('k', x, all, keyHeads); // [N, keyHeads · D]
  const value = project('v', x); // [N, keyHeads · D]
  const window = decoder.windowOf(layer);
  const distance = window === undefined ? undefined : { positions: asking.positions, window: window - 1 };
  return selfAttention({ layer, query, key, value, asking: asking.starts, all: all.starts, causal: true, distance }, decoder, pass);
}

/** Every head by itself, with one gamma [D] for all of them. */
function normHeads({ headNorms, headSize, normEpsilon }: Decoder, name: string, x: tf.Tensor2D, { tuning }: Pass): tf.Tensor2D {
  if (!headNorms) return x;
  const [tokens, width] = x.shape;
  const gamma = tuning.parameter(`${name}.weight`) as tf.Tensor1D; // shapes are checked when the file is read
  const heads = tf.reshape<tf.Rank.R2>(x, [(tokens * width) / headSize, headSize]);
  return tf.reshape(rmsNorm(heads, gamma, normEpsilon), [tokens, width]);
}

function feedForward({ activation }: Decoder, name: string, x: tf.Tensor2D, { tuning, random }: Pass): tf.Tensor2D {
  const gate = tuning.linear(`${name}.mlp.gate_proj`, x, random); // [N, F]
  const up = tuning.linear(`${name}.mlp.up_proj`, x, random); // [N, F]
  const gated = activation === 'silu' ? swiglu(gate, up) : tf.mul<tf.Tensor2D>(activate(gate, activation), up);
  return tuning.linear(`${name}.mlp.down_proj`, gated, random);
}

function norm({ normEpsilon }: DecoderShape, name: string, x: tf.Tensor2D, { tuning }: Pass): tf.Tensor2D {
  return rmsNorm(x, tuning.parameter(`${name}.weight`) as tf.Tensor1D, normEpsilon); // shapes are checked when the file is read
}

function baseParts(shape: DecoderShape): Parts {
  const { hiddenSize: H, intermediateSize: F, headSize: D, heads, keyHeads, attentionBias } = shape;
  const projections = { bias: attentionBias !== 'none' };
  const feedForward = { bias: shape.feedForwardBias };
  return declareParts(({ linear, norm, embedding }) => {
    embedding('model.embed_tokens', shape.vocabularySize, H);
    for (let index = 0; index < shape.layerCount; index++) {
      const layer = `model.layers.${index}`;
      linear(`${layer}.self_attn.q_proj`, H, heads * D, projections);
      linear(`${layer}.self_attn.k_proj`, H, keyHeads * D, projections);
      linear(`${layer}.self_attn.v_proj`, H, keyHeads * D, projections);
      linear(`${layer}.self_attn.o_proj`, heads * D, H, { bias: attentionBias === 'all' });
      if (shape.headNorms) for (const side of ['q', 'k']) norm(`${layer}.self_attn.${side}_norm`, D, { bias: false });
      linear(`${layer}.mlp.gate_proj`, H, F, feedForward);
      linear(`${layer}.mlp.up_proj`, H, F, feedForward);
      linear(`${layer}.mlp.down_proj`, F, H, feedForward);
      norm(`${layer}.input_layernorm`, H, { bias: false });
      norm(`${layer}.post_attention_layernorm`, H, { bias: false });
    }
    norm('model.norm', H, { bias: false });
  });
}
