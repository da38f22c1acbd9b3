/**
 * CLIP, as Hugging Face's `clip` (Radford et al. 2021, https://arxiv.org/abs/2103.00020), read from top to bottom: a causal
 * encoder for texts, one for images, and a projection of each into a space that both share. Also its image encoder by
 * itself, with a classifier on top. B rows, N tokens in all of them, H hidden size, P size of the shared space.
 */
import { z } from 'zod';
import { startsOf } from '../ops/sequences';
import { firstToken, weighTokens } from '../ops/pool';
import { RunFailure } from '../../protocol';
import * as tf from '../tensors';
import { count, noteAttentionDropout } from './config-fields';
import { declareParts } from './declare-parts';
import { cosines, joinParts, toUnitLength, type DualEncoder, type DualEncoderFamily } from './dual-encoder';
import type { Head, ImageBackbone, ImageBatch, ImageFamily, Layout, Pass, TextBackbone, TokenBatch } from './model';
import { createGrid, embedPatches, imageFields, layoutOfImages, type PatchGrid } from './patches';
import { normOf } from './post-norm';
import { runBackbone } from './run-backbone';
import { createTower, declareLayers, describeTower, hasWholeHeads, towerFields, towerLayer, wholeHeads } from './tower';
import { layoutOfTokens } from './virtual-tokens';

/** Of folders from before transformers knew better: it means the highest id of the row, not the token 2. */
const LEGACY_END = 2;

const shared = { layerCount: 12, activation: 'quick_gelu', normEpsilon: 1e-5 } as const;
const textConfigSchema = z
  .object({
    ...towerFields({ ...shared, hiddenSize: 512, intermediateSize: 2048, heads: 8 }),
    vocab_size: count.default(49408),
    max_position_embeddings: count.default(77),
    eos_token_id: z.number().int().default(49407),
    initializer_range: z.number().positive().default(0.02),
  })
  .refine(hasWholeHeads, wholeHeads);
const visionConfigSchema = z
  .object({
    ...towerFields({ ...shared, hiddenSize: 768, intermediateSize: 3072, heads: 12 }),
    ...imageFields(32),
    initializer_range: z.number().positive().default(0.02),
  })
  .refine(hasWholeHeads, wholeHeads);
type TextConfig = z.infer<typeof textConfigSchema>;
type VisionConfig = z.infer<typeof visionConfigSchema>;

/** Where an old folder says a thing twice, `*_config_dict` counts, with the defaults of all that it leaves out. */
const clipConfigSchema = z
  .object({
    model_type: z.literal('clip'),
    text_config: z.unknown().optional(),
    text_config_dict: z.unknown().optional(),
    vision_config: z.unknown().optional(),
    vision_config_dict: z.unknown().optional(),
    projection_dim: count.default(512),
  })
  .transform(({ text_config, text_config_dict, vision_config, vision_config_dict, projection_dim }) => ({
    text_config: text_config_dict ?? text_config ?? {},
    vision_config: vision_config_dict ?? vision_config ?? {},
    projection_dim,
  }))
  .pipe(z.object({ text_config: textConfigSchema, vision_config: visionConfigSchema, projection_dim: count }));
type ClipConfig = z.infer<typeof clipConfigSchema>;

export const clip: DualEncoderFamily = {
  types: ['clip'],
  create: (input) => createDualEncoder(clipConfigSchema.parse(input)),
};

export const clipImages: ImageFamily = {
  types: ['clip'],
  create: (input) => createVision(clipConfigSchema.parse(input).vision_config),
  heads: { 'image-classification': (input, labels) => imageClassifier(clipConfigSchema.parse(input), labels) },
};

function createText(config: TextConfig): TextBackbone {
  const tower = createTower('text_model', config, { causal: true });
  const embeddings = 'text_model.embeddings';
  return {
    ...declareParts((parts) => {
      parts.embedding(`${embeddings}.token_embedding`, config.vocab_size, config.hidden_size);
      parts.embedding(`${embeddings}.position_embedding`, config.max_position_embeddings, config.hidden_size);
      declareLayers(parts, tower);
      parts.norm('text_model.final_layer_norm', config.hidden_size);
    }),
    ...describeTower(tower),
    type: 'clip',
    basePrefix: '',
    vocabularySize: config.vocab_size,
    maxLength: config.max_position_embeddings,
    usualTargets: ['q_proj', 'v_proj'],
    initializerRange: config.initializer_range,
    notes: noteAttentionDropout(config.attention_dropout),
    layout: layoutOfTokens,
    embed: ({ ids }, { positions }, { tuning }) =>
      tf.add(tuning.embedding(`${embeddings}.token_embedding`, ids), tuning.embedding(`${embeddings}.position_embedding`, positions)),
    runLayer: (layer, asking, all, pass) => towerLayer(tower, layer, asking, all, pass),
    finish: (x, pass) => normOf('text_model.final_layer_norm', config.layer_norm_eps, pass)(x), // [N, H]
  };
}

/** What comes out of the last layer has no norm: only the class token gets one, where it is read. */
function createVision(config: VisionConfig): ImageBackbone {
  const tower = createTower('vision_model', config);
  const grid = createGrid(config, 1);
  const { hidden_size: H } = config;
  return {
    ...declareParts((parts) => {
      parts.tensor('vision_model.embeddings.class_embedding', [H]);
      parts.tensor('vision_model.embeddings.patch_embedding.weight', [H, 3, grid.patch.height, grid.patch.width]);
      parts.embedding('vision_model.embeddings.position_embedding', grid.tokens, H);
      parts.norm('vision_model.pre_layrnorm', H); // sic
      declareLayers(parts, tower);
      parts.norm('vision_model.post_layernorm', H);
    }),
    ...describeTower(tower),
    type: 'clip',
    basePrefix: '',
    imageSize: grid.image,
    usualTargets: ['q_proj', 'v_proj'],
    initializerRange: H ** -0.5, // of a classifier; nothing else starts fresh
    notes: noteAttentionDropout(config.attention_dropout),
    layout: (batch) => layoutOfImages(batch, grid),
    embed: (batch, layout, pass) => embedImage(config, grid, batch, layout, pass),
    runLayer: (layer, asking, all, pass) => towerLayer(tower, layer, asking, all, pass),
    finish: (x) => x,
  };
}

function embedImage(config: VisionConfig, grid: PatchGrid, batch: ImageBatch, layout: Layout, pass: Pass): tf.Tensor2D {
  const { tuning } = pass;
  const projection = 'vision_model.embeddings.patch_embedding';
  const classToken = tf.reshape<tf.Rank.R2>(tuning.parameter('vision_model.embeddings.class_embedding'), [1, config.hidden_size]);
  const patches = embedPatches(batch, grid, { projection, bias: false, classToken }, pass); // [N, H]
  const places = tuning.embedding('vision_model.embeddings.position_embedding', layout.positions); // [N, H]
  return normOf('vision_model.pre_layrnorm', config.layer_norm_eps, pass)(tf.add<tf.Tensor2D>(patches, places));
}

/** A linear layer on the mean of the patches. As in transformers the norm above the class token has no part in it. */
function imageClassifier({ vision_config }: ClipConfig, labels: number): Head {
  return {
    ...declareParts(({ linear }) => {
      linear('classifier', vision_config.hidden_size, labels);
    }),
    kind: 'image-classification',
    architecture: 'CLIPForImageClassification',
    modules: ['classifier'],
    reads: 'every-token',
    apply: (x, { starts }, { tuning, random }) => {
      const pooled = weighTokens(x, starts, (place, tokens) => (place === 0 ? 0 : 1 / (tokens - 1))); // [B, H]
      return tuning.linear('classifier', pooled, random); // [B, labels]
    },
  };
}

function createDualEncoder(config: ClipConfig): DualEncoder {
  const { text_config, vision_config, projection_dim: P } = config;
  const text = createText(text_config);
  const vision = createVision(vision_config);
  const projections = declareParts(({ linear, tensor }) => {
    tensor('logit_scale', []);
    linear('visual_projection', vision.hiddenSize, P, { bias: false });
    linear('text_projection', text.hiddenSize, P, { bias: false });
  });
  return {
    ...joinParts(text, vision, projections),
    type: 'clip',
    architecture: 'CLIPModel',
    vision,
    text,
    layerOf: (name) => layerIn(name, text, vision),
    usualTargets: ['q_proj', 'v_proj'],
    notes: [...new Set([...text.notes, ...vision.notes])],
    objective: 'contrastive',
    reads: 'first-token',
    vectorsPerImage: 1,
    embedTexts: (texts, pass) => {
      const { x } = runBackbone(text, cutAtEnd(texts, text_config), pass, 'last-token'); // [B, H]
      return toUnitLength(pass.tuning.linear('text_projection', x, pass.random)); // [B, P]
    },
    embedSeen: ({ x, starts }, pass) => {
      const norm = normOf('vision_model.post_layernorm', vision_config.layer_norm_eps, pass);
      return toUnitLength(pass.tuning.linear('visual_projection', norm(firstToken(x, starts)), pass.random)); // [B, P]
    },
    similarity: (images, texts, { tuning }) => tf.mul(cosines(images, texts), tf.exp(tuning.parameter('logit_scale'))),
  };
}

/** What is on top of the layers is on top of both encoders. */
export function layerIn(name: string, text: TextBackbone, vision: ImageBackbone): number {
  const isVision = name.startsWith('vision_model.');
  const own = isVision ? vision.layerOf(name) : text.layerOf(name);
  return own === (isVision ? vision : text).layerCount ? Math.max(text.layerCount, vision.layerCount) : own;
}

/** A text is what its closing token has seen, so what stands behind that, which is padding, need not be computed. */
function cutAtEnd({ rows, ids, starts }: TokenBatch, { eos_token_id: end }: TextConfig): TokenBatch {
  const kept = Array.from({ length: rows }, (_, row) => {
    const own = ids.subarray(starts[row], starts[row + 1]);
    const last = end === LEGACY_END ? own.indexOf(Math.max(...own)) : own.indexOf(end);
    if (last < 0) throw noEnd(end);
    return own.subarray(0, last + 1);
  });
  const shortened = startsOf(kept.map(({ length }) => length));
  const joined = new Int32Array(shortened.at(-1) ?? 0);
  kept.forEach((own, row) => {
    joined.set(own, shortened[row]);
  });
  return { rows, ids: joined, starts: shortened };
}

function noEnd(end: number): RunFailure {
  return new RunFailure({
    code: 'bad-model',
    message: `A text does not have the token ${end}, which closes every text according to "eos_token_id" in config.json.`,
    hint: 'Use the tokenizer.json that came with these weights.',
  });
}
