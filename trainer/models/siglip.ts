/**
 * SigLIP, as Hugging Face's `siglip` (Zhai et al. 2023, https://arxiv.org/abs/2303.15343), read from top to bottom: two
 * encoders as in CLIP, but that texts are not causal, images have no class token, and an image is what a learnt probe finds
 * in it. Texts are padded to the full length, and the padding is read: the last token stands for the text. Also the image
 * encoder by itself, with a classifier on top. B rows, N tokens in all of them, H hidden size.
 */
import { z } from 'zod';
import { activate } from '../ops/activate';
import { attention } from '../ops/attention';
import { dense } from '../ops/dense';
import { meanPool } from '../ops/pool';
import { startsOf } from '../ops/sequences';
import * as tf from '../tensors';
import { count, noteAttentionDropout } from './config-fields';
import { declareParts } from './declare-parts';
import { cosines, joinParts, toUnitLength, type DualEncoder, type DualEncoderFamily } from './dual-encoder';
import { layerIn } from './clip';
import type { Head, ImageBackbone, ImageFamily, Parts, Pass, States, TextBackbone } from './model';
import { createGrid, embedPatches, imageFields, layoutOfImages } from './patches';
import { normOf } from './post-norm';
import { runBackbone } from './run-backbone';
import { createTower, declareLayers, describeTower, hasWholeHeads, orDefaults, towerFields, towerLayer, wholeHeads } from './tower';
import { layoutOfTokens } from './virtual-tokens';

const defaults = {
  hiddenSize: 768,
  intermediateSize: 3072,
  layerCount: 12,
  heads: 12,
  activation: 'gelu_pytorch_tanh',
  normEpsilon: 1e-6,
} as const;
const textConfigSchema = z
  .object({
    ...towerFields(defaults),
    vocab_size: count.default(32000),
    max_position_embeddings: count.default(64),
    projection_size: count.nullish(),
  })
  .refine(hasWholeHeads, wholeHeads);
const visionConfigSchema = z
  .object({ ...towerFields(defaults), ...imageFields(16), vision_use_head: z.boolean().default(true) })
  .refine(hasWholeHeads, wholeHeads);
type TextConfig = z.infer<typeof textConfigSchema>;
type VisionConfig = z.infer<typeof visionConfigSchema>;

const siglipConfigSchema = z.object({
  model_type: z.literal('siglip'),
  text_config: orDefaults(textConfigSchema),
  vision_config: orDefaults(visionConfigSchema),
});

/** Without the probe an image has no vector. */
const pairConfigSchema = siglipConfigSchema.refine(({ vision_config }) => vision_config.vision_use_head, {
  path: ['vision_config', 'vision_use_head'],
  error: 'is false, and without that head an image has no embedding',
});
type PairConfig = z.infer<typeof pairConfigSchema>;

export const siglip: DualEncoderFamily = {
  types: ['siglip'],
  create: (input) => createDualEncoder(pairConfigSchema.parse(input)),
};

export const siglipImages: ImageFamily = {
  types: ['siglip'],
  create: (input) => createVision(siglipConfigSchema.parse(input).vision_config),
  heads: {
    'image-classification': (input, labels) => imageClassifier(siglipConfigSchema.parse(input).vision_config, labels),
  },
};

function createText(config: TextConfig): TextBackbone {
  const tower = createTower('text_model', config);
  const embeddings = 'text_model.embeddings';
  return {
    ...declareParts((parts) => {
      parts.embedding(`${embeddings}.token_embedding`, config.vocab_size, config.hidden_size);
      parts.embedding(`${embeddings}.position_embedding`, config.max_position_embeddings, config.hidden_size);
      declareLayers(parts, tower);
      parts.norm('text_model.final_layer_norm', config.hidden_size);
    }),
    ...describeTower(tower),
    type: 'siglip',
    basePrefix: '',
    vocabularySize: config.vocab_size,
    maxLength: config.max_position_embeddings,
    usualTargets: ['q_proj', 'v_proj'],
    initializerRange: config.hidden_size ** -0.5,
    notes: noteAttentionDropout(config.attention_dropout),
    layout: layoutOfTokens,
    embed: ({ ids }, { positions }, { tuning }) =>
      tf.add(tuning.embedding(`${embeddings}.token_embedding`, ids), tuning.embedding(`${embeddings}.position_embedding`, positions)),
    runLayer: (layer, asking, all, pass) => towerLayer(tower, layer, asking, all, pass),
    finish: (x, pass) => normOf('text_model.final_layer_norm', config.layer_norm_eps, pass)(x), // [N, H]
  };
}

function createVision(config: VisionConfig): ImageBackbone {
  const tower = createTower('vision_model', config);
  const grid = createGrid(config, 0);
  const { hidden_size: H } = config;
  const projection = 'vision_model.embeddings.patch_embedding';
  const layers = declareParts((parts) => {
    parts.tensor(`${projection}.weight`, [H, 3, grid.patch.height, grid.patch.width]);
    parts.tensor(`${projection}.bias`, [H]);
    parts.embedding('vision_model.embeddings.position_embedding', grid.tokens, H);
    declareLayers(parts, tower);
    parts.norm('vision_model.post_layernorm', H);
  });
  return {
    ...(config.vision_use_head ? joinParts(layers, probeParts(config)) : layers),
    ...describeTower(tower),
    type: 'siglip',
    basePrefix: '',
    imageSize: grid.image,
    usualTargets: ['q_proj', 'v_proj'],
    initializerRange: H ** -0.5, // of a classifier; nothing else starts fresh
    notes: noteAttentionDropout(config.attention_dropout),
    layout: (batch) => layoutOfImages(batch, grid),
    embed: (batch, { positions }, pass) =>
      tf.add(
        embedPatches(batch, grid, { projection, bias: true }, pass),
        pass.tuning.embedding('vision_model.embeddings.position_embedding', positions),
      ), // [N, H]
    runLayer: (layer, asking, all, pass) => towerLayer(tower, layer, asking, all, pass),
    finish: (x, pass) => normOf('vision_model.post_layernorm', config.layer_norm_eps, pass)(x), // [N, H]
  };
}

/** PyTorch's MultiheadAttention: queries, keys and values in one matrix. No adapter sits on it, nor does PEFT put one there that works. */
function probeParts({ hidden_size: H, intermediate_size: F }: VisionConfig): Parts {
  const head = 'vision_model.head';
  return declareParts(({ linear, norm, tensor }) => {
    tensor(`${head}.probe`, [1, 1, H]);
    tensor(`${head}.attention.in_proj_weight`, [3 * H, H]);
    tensor(`${head}.attention.in_proj_bias`, [3 * H]);
    tensor(`${head}.attention.out_proj.weight`, [H, H]);
    tensor(`${head}.attention.out_proj.bias`, [H]);
    norm(`${head}.layernorm`, H);
    linear(`${head}.mlp.fc1`, H, F);
    linear(`${head}.mlp.fc2`, F, H);
  });
}

/** What the probe finds in each image: [B, H]. */
function probe(config: VisionConfig, seen: States, pass: Pass): tf.Tensor2D {
  const { tuning, random } = pass;
  const head = 'vision_model.head';
  const found = attendWithProbe(config, seen, pass); // [B, H]
  const normed = normOf(`${head}.layernorm`, config.layer_norm_eps, pass)(found);
  const expanded = activate(tuning.linear(`${head}.mlp.fc1`, normed, random), config.hidden_act); // [B, F]
  return tf.add(found, tuning.linear(`${head}.mlp.fc2`, expanded, random));
}

/** The same query for every image, over all of its patches. Shapes are checked when the file is read. */
function attendWithProbe(config: VisionConfig, { x, starts }: States, { tuning }: Pass): tf.Tensor2D {
  const { hidden_size: H, num_attention_heads: heads } = config;
  const name = 'vision_model.head.attention';
  const weight = tuning.parameter(`${name}.in_proj_weight`) as tf.Tensor2D; // [3 H, H]
  const bias = tuning.parameter(`${name}.in_proj_bias`) as tf.Tensor1D;
  const project = (input: tf.Tensor2D, part: number): tf.Tensor2D =>
    dense(input, tf.slice(weight, [part * H, 0], [H, H]), tf.slice(bias, [part * H], [H]));
  const rows = starts.length - 1;
  const query = tf.tile(project(tf.reshape(tuning.parameter('vision_model.head.probe'), [1, H]), 0), [rows, 1]); // [B, H]
  const queryStarts = startsOf(Array.from({ length: rows }, () => 1));
  const found = attention({ query, key: project(x, 1), value: project(x, 2), queryStarts, keyStarts: starts, heads }); // [B, H]
  const [out, outBias] = [tuning.parameter(`${name}.out_proj.weight`), tuning.parameter(`${name}.out_proj.bias`)];
  return dense(found, out as tf.Tensor2D, outBias as tf.Tensor1D);
}

/** A linear layer on the mean of the patches; the probe has no part in it. */
function imageClassifier({ hidden_size: H }: VisionConfig, labels: number): Head {
  return {
    ...declareParts(({ linear }) => {
      linear('classifier', H, labels);
    }),
    kind: 'image-classification',
    architecture: 'SiglipForImageClassification',
    modules: ['classifier'],
    reads: 'every-token',
    apply: (x, { starts }, { tuning, random }) => tuning.linear('classifier', meanPool(x, starts), random), // [B, labels]
  };
}

function createDualEncoder({ text_config, vision_config }: PairConfig): DualEncoder {
  const text = createText(text_config);
  const vision = createVision(vision_config);
  const rest = declareParts(({ linear, tensor }) => {
    tensor('logit_scale', [1]);
    tensor('logit_bias', [1]);
    linear('text_model.head', text.hiddenSize, text_config.projection_size ?? text.hiddenSize);
  });
  return {
    ...joinParts(text, vision, rest),
    type: 'siglip',
    architecture: 'SiglipModel',
    vision,
    text,
    layerOf: (name) => layerIn(name, text, vision),
    usualTargets: ['q_proj', 'v_proj'],
    notes: [...new Set([...text.notes, ...vision.notes])],
    objective: 'sigmoid',
    reads: 'every-token',
    vectorsPerImage: 1,
    embedTexts: (texts, pass) => {
      const { x } = runBackbone(text, texts, pass, 'last-token'); // [B, H]
      return toUnitLength(pass.tuning.linear('text_model.head', x, pass.random));
    },
    embedSeen: (seen, pass) => toUnitLength(probe(vision_config, seen, pass)), // [B, H]
    similarity: (images, texts, { tuning }) => {
      const scaled = tf.mul(cosines(images, texts), tf.exp(tuning.parameter('logit_scale')));
      return tf.add(scaled, tuning.parameter('logit_bias'));
    },
  };
}
