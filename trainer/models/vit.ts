/**
 * The Vision Transformer, as Hugging Face's `vit` (Dosovitskiy et al. 2020, https://arxiv.org/abs/2010.11929): a pre-norm
 * encoder over the patches of an image and a class token, read from top to bottom. Names are those of the file; transformers
 * 5 has others in memory, and so have the adapters that PEFT writes with it (vit-spelling.ts).
 * B images, N tokens in all of them, H hidden size, F intermediate size.
 * Not here: attention dropout (the fused attention has none; the run says so when the config asks for it).
 */
import { z } from 'zod';
import { activate } from '../ops/activate';
import * as tf from '../tensors';
import { activation, count, noteAttentionDropout, rate } from './config-fields';
import { createLayerOf, declareParts } from './declare-parts';
import type { Head, ImageBackbone, ImageBatch, ImageFamily, Layout, Parts, Pass, States } from './model';
import { createGrid, embedPatches, embedPositions, imageFields, layoutOfImages, type PatchGrid } from './patches';
import { drop, normOf } from './post-norm';
import { selfAttention } from './self-attention';
import { vitSpelling } from './vit-spelling';

const vitConfigSchema = z
  .object({
    model_type: z.literal('vit'),
    ...imageFields(16),
    hidden_size: count.default(768),
    num_hidden_layers: count.default(12),
    num_attention_heads: count.default(12),
    intermediate_size: count.default(3072),
    hidden_act: activation.default('gelu'),
    qkv_bias: z.boolean().default(true),
    layer_norm_eps: z.number().positive().default(1e-12),
    initializer_range: z.number().positive().default(0.02),
    hidden_dropout_prob: rate.default(0),
    attention_probs_dropout_prob: rate.default(0),
  })
  .refine((config) => config.hidden_size % config.num_attention_heads === 0, {
    error: 'hidden_size is not a multiple of num_attention_heads',
  });
type VitConfig = z.infer<typeof vitConfigSchema>;

export const vit: ImageFamily = {
  types: ['vit'],
  create: (input) => createBackbone(vitConfigSchema.parse(input)),
  heads: { 'image-classification': (input, labels) => imageClassifier(vitConfigSchema.parse(input), labels) },
};

function createBackbone(config: VitConfig): ImageBackbone {
  const { hidden_size: hiddenSize, num_hidden_layers: layerCount, num_attention_heads: heads } = config;
  const grid = createGrid(config, 1);
  return {
    ...baseParts(config, grid),
    type: 'vit',
    basePrefix: 'vit.',
    hiddenSize,
    layerCount,
    attention: { heads, keyHeads: heads, headSize: hiddenSize / heads },
    causal: false,
    imageSize: grid.image,
    layerOf: createLayerOf(/\bencoder\.layer\.(\d+)\./, /embeddings\./, layerCount),
    usualTargets: ['query', 'value'],
    peftSpelling: vitSpelling,
    initializerRange: config.initializer_range,
    notes: noteAttentionDropout(config.attention_probs_dropout_prob),
    layout: (batch) => layoutOfImages(batch, grid),
    embed: (batch, layout, pass) => embed(config, grid, batch, layout, pass),
    runLayer: (layer, asking, all, pass) => block(config, layer, asking, all, pass),
    finish: (x, pass) => normOf('vit.layernorm', config.layer_norm_eps, pass)(x), // [N, H]
  };
}

function embed(config: VitConfig, grid: PatchGrid, batch: ImageBatch, layout: Layout, pass: Pass): tf.Tensor2D {
  const { tuning } = pass;
  const projection = 'vit.embeddings.patch_embeddings.projection';
  const classToken = tf.reshape<tf.Rank.R2>(tuning.parameter('vit.embeddings.cls_token'), [1, config.hidden_size]);
  const patches = embedPatches(batch, grid, { projection, bias: true, classToken }, pass); // [N, H]
  const places = embedPositions(tuning.parameter('vit.embeddings.position_embeddings'), layout); // [N, H]
  return drop(tf.add(patches, places), config.hidden_dropout_prob, pass);
}

function block(config: VitConfig, layer: number, asking: States, all: States, pass: Pass): tf.Tensor2D {
  const { tuning, random } = pass;
  const name = `vit.encoder.layer.${layer}`;
  const join = (adapters: string, sublayer: tf.Tensor2D, residual: tf.Tensor2D) =>
    tuning.join(`${name}.${adapters}`, { output: drop(sublayer, config.hidden_dropout_prob, pass), residual });
  const attended = tuning.linear(`${name}.attention.output.dense`, attend(config, layer, asking, all, pass), random);
  const y = join('attention_adapters', attended, asking.x); // [N, H]
  const normed = normOf(`${name}.layernorm_after`, config.layer_norm_eps, pass)(y); // [N, H]
  const expanded = activate(tuning.linear(`${name}.intermediate.dense`, normed, random), config.hidden_act); // [N, F]
  return join('output.output_adapters', tuning.linear(`${name}.output.dense`, expanded, random), y); // [N, H]
}

function attend(config: VitConfig, layer: number, asking: States, all: States, pass: Pass): tf.Tensor2D {
  const { num_attention_heads: heads, hidden_size: H } = config;
  const name = `vit.encoder.layer.${layer}`;
  const norm = normOf(`${name}.layernorm_before`, config.layer_norm_eps, pass);
  const project = (projection: string, x: tf.Tensor2D) =>
    pass.tuning.linear(`${name}.attention.attention.${projection}`, x, pass.random);
  const x = norm(all.x); // [N, H]
  const asked = asking === all ? x : norm(asking.x);
  const [query, key, value] = [project('query', asked), project('key', x), project('value', x)];
  const inputs = { layer, query, key, value, asking: asking.starts, all: all.starts, causal: false };
  return selfAttention(inputs, { heads, keyHeads: heads, headSize: H / heads }, pass);
}

function baseParts(config: VitConfig, { tokens, patch }: PatchGrid): Parts {
  const { hidden_size: H, intermediate_size: F } = config;
  return declareParts(({ linear, norm, tensor }) => {
    tensor('vit.embeddings.cls_token', [1, 1, H]);
    tensor('vit.embeddings.position_embeddings', [1, tokens, H]);
    tensor('vit.embeddings.patch_embeddings.projection.weight', [H, 3, patch.height, patch.width]);
    tensor('vit.embeddings.patch_embeddings.projection.bias', [H]);
    for (let index = 0; index < config.num_hidden_layers; index++) {
      const layer = `vit.encoder.layer.${index}`;
      for (const projection of ['query', 'key', 'value'])
        linear(`${layer}.attention.attention.${projection}`, H, H, { bias: config.qkv_bias });
      linear(`${layer}.attention.output.dense`, H, H);
      linear(`${layer}.intermediate.dense`, H, F);
      linear(`${layer}.output.dense`, F, H);
      norm(`${layer}.layernorm_before`, H);
      norm(`${layer}.layernorm_after`, H);
    }
    norm('vit.layernorm', H);
  });
}

/** A linear layer on the class token. */
function imageClassifier({ hidden_size: H }: VitConfig, labels: number): Head {
  return {
    ...declareParts(({ linear }) => {
      linear('classifier', H, labels);
    }),
    kind: 'image-classification',
    architecture: 'ViTForImageClassification',
    modules: ['classifier'],
    reads: 'first-token',
    apply: (x, _layout, { tuning, random }) => tuning.linear('classifier', x, random), // [B, labels]
  };
}
