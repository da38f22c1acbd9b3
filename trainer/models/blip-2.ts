/**
 * BLIP-2 for retrieval, as Hugging Face's `blip-2` in the class Blip2ForImageTextRetrieval (Li et al. 2023,
 * https://arxiv.org/abs/2301.12597): an image encoder, and a Q-Former (q-former.ts) that reads texts, finds in an image what
 * its queries ask for, and judges whether the two match. The language model of the other classes has no part in it.
 * B rows, N tokens in all of them, H hidden size, Q queries, P size of the shared space.
 */
import { z } from 'zod';
import { firstToken } from '../ops/pool';
import * as tf from '../tensors';
import { count, noteAttentionDropout } from './config-fields';
import { createLayerOf, declareParts } from './declare-parts';
import { cosines, joinParts, toUnitLength, type DualEncoder, type DualEncoderFamily } from './dual-encoder';
import type { ImageBackbone, Pass } from './model';
import { createGrid, embedPatches, embedPositions, imageFields, layoutOfImages } from './patches';
import { normOf } from './post-norm';
import { declareQFormer, qFormerConfigSchema, query, queryWithWords, readWords, type QFormerConfig } from './q-former';
import { createTower, declareLayers, describeTower, hasWholeHeads, orDefaults, towerFields, towerLayer, wholeHeads } from './tower';

const visionDefaults = {
  hiddenSize: 1408,
  intermediateSize: 6144,
  layerCount: 39,
  heads: 16,
  activation: 'gelu',
  normEpsilon: 1e-6,
} as const;
const visionConfigSchema = z
  .object({ ...towerFields(visionDefaults), ...imageFields(14), qkv_bias: z.boolean().default(true) })
  .refine(hasWholeHeads, wholeHeads);
type VisionConfig = z.infer<typeof visionConfigSchema>;

export const blip2ConfigSchema = z.object({
  model_type: z.literal('blip-2'),
  vision_config: orDefaults(visionConfigSchema),
  qformer_config: orDefaults(qFormerConfigSchema),
  num_query_tokens: count.default(32),
  image_text_hidden_size: count.default(256),
});
type Blip2Config = z.infer<typeof blip2ConfigSchema>;

export const blip2: DualEncoderFamily = {
  types: ['blip-2'],
  create: (input) => createDualEncoder(blip2ConfigSchema.parse(input)),
};

function createVision(config: VisionConfig): ImageBackbone {
  const tower = createTower('vision_model', config, { joint: { bias: config.qkv_bias } });
  const grid = createGrid(config, 1);
  const { hidden_size: H } = config;
  const embeddings = 'vision_model.embeddings';
  return {
    ...declareParts((parts) => {
      parts.tensor(`${embeddings}.class_embedding`, [1, 1, H]);
      parts.tensor(`${embeddings}.position_embedding`, [1, grid.tokens, H]);
      parts.tensor(`${embeddings}.patch_embedding.weight`, [H, 3, grid.patch.height, grid.patch.width]);
      parts.tensor(`${embeddings}.patch_embedding.bias`, [H]);
      declareLayers(parts, tower);
      parts.norm('vision_model.post_layernorm', H);
    }),
    ...describeTower(tower),
    type: 'blip-2',
    basePrefix: '',
    imageSize: grid.image,
    usualTargets: ['qkv'],
    initializerRange: 0.02,
    notes: noteAttentionDropout(config.attention_dropout),
    layout: (batch) => layoutOfImages(batch, grid),
    embed: (batch, layout, pass) => {
      const { tuning } = pass;
      const classToken = tf.reshape<tf.Rank.R2>(tuning.parameter(`${embeddings}.class_embedding`), [1, H]);
      const patches = embedPatches(batch, grid, { projection: `${embeddings}.patch_embedding`, bias: true, classToken }, pass);
      return tf.add(patches, embedPositions(tuning.parameter(`${embeddings}.position_embedding`), layout)); // [N, H]
    },
    runLayer: (layer, asking, all, pass) => towerLayer(tower, layer, asking, all, pass),
    finish: (x, pass) => normOf('vision_model.post_layernorm', config.layer_norm_eps, pass)(x), // [N, H]
  };
}

function createDualEncoder(config: Blip2Config): DualEncoder {
  const { qformer_config: qFormer, num_query_tokens: Q } = config;
  const { hidden_size: H } = qFormer;
  const vision = createVision(config.vision_config);
  const layerCount = Math.max(qFormer.num_hidden_layers, vision.layerCount);
  const isBelow = /embeddings\.|query_tokens|qformer\.layernorm/;
  const queries = ({ tuning }: Pass) => tf.reshape<tf.Rank.R2>(tuning.parameter('query_tokens'), [Q, H]);
  return {
    ...joinParts(vision, ownParts(config, vision.hiddenSize)),
    type: 'blip-2',
    architecture: 'Blip2ForImageTextRetrieval',
    vision,
    text: describeText(qFormer),
    layerOf: createLayerOf(/\bencoder\.layers?\.(\d+)\./, isBelow, layerCount),
    usualTargets: ['query', 'value'], // of the Q-Former; PEFT's `q` and `v` are in the language model
    notes: [...new Set([...vision.notes, ...noteAttentionDropout(qFormer.attention_probs_dropout_prob)])],
    objective: 'contrastive-and-matching',
    reads: 'every-token',
    vectorsPerImage: Q,
    embedTexts: (texts, pass) => {
      const x = firstToken(readWords(qFormer, texts, pass), texts.starts); // [B, H]
      return toUnitLength(pass.tuning.linear('text_projection', x, pass.random)); // [B, P]
    },
    embedSeen: (seen, pass) => {
      const x = query(qFormer, queries(pass), seen, pass); // [B · Q, H]
      return toUnitLength(pass.tuning.linear('vision_projection', x, pass.random)); // [B · Q, P]
    },
    similarity: (images, texts) => bestOfQueries(images, texts, Q),
    match: (seen, texts, pass) => {
      const x = queryWithWords(qFormer, queries(pass), { image: seen, texts }, pass); // [B · Q, H]
      const scores = pass.tuning.linear('itm_head', x, pass.random); // [B · Q, 2]
      return tf.mean(tf.reshape(scores, [texts.rows, Q, 2]), 1); // [B, 2]
    },
  };
}

/** A text counts as close as the query that it is closest to: [images, texts]. */
function bestOfQueries(images: tf.Tensor2D, texts: tf.Tensor2D, queryCount: number): tf.Tensor2D {
  const [rows] = images.shape;
  return tf.max(tf.reshape(cosines(images, texts), [rows / queryCount, queryCount, texts.shape[0]]), 1);
}

function describeText(config: QFormerConfig): DualEncoder['text'] {
  const { hidden_size: hiddenSize, num_attention_heads: heads } = config;
  return {
    hiddenSize,
    layerCount: config.num_hidden_layers,
    vocabularySize: config.vocab_size,
    maxLength: config.max_position_embeddings,
    attention: { heads, keyHeads: heads, headSize: hiddenSize / heads },
  };
}

function ownParts({ qformer_config: qFormer, num_query_tokens: Q, image_text_hidden_size: P }: Blip2Config, imageSize: number) {
  const { hidden_size: H } = qFormer;
  return declareParts((parts) => {
    parts.tensor('query_tokens', [1, Q, H]);
    declareQFormer(parts, qFormer, imageSize);
    parts.linear('vision_projection', H, P);
    parts.linear('text_projection', H, P);
    parts.linear('itm_head', H, 2);
  });
}
