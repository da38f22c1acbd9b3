/**
 * The pre-norm encoder of CLIP and its kin (Radford et al. 2021, https://arxiv.org/abs/2103.00020): one reads the text,
 * another the image, and both are made of these layers. What stands before, behind and around them is in the model's file.
 * N tokens of all rows, H hidden size, F intermediate size.
 * Not here: attention dropout (the fused attention has none; the run says so when the config asks for it).
 */
import { z } from 'zod';
import { activate, type Activation } from '../ops/activate';
import * as tf from '../tensors';
import { activation, count, rate } from './config-fields';
import { createLayerOf, type Declaration } from './declare-parts';
import type { AttentionSizes, Pass, States } from './model';
import { normOf } from './post-norm';
import { selfAttention } from './self-attention';

export interface TowerDefaults {
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly layerCount: number;
  readonly heads: number;
  readonly activation: Activation;
  readonly normEpsilon: number;
}

/** transformers leaves out of a tower's config what is as always: every field has its class's default. */
export function towerFields(defaults: TowerDefaults) {
  return {
    hidden_size: count.default(defaults.hiddenSize),
    intermediate_size: count.default(defaults.intermediateSize),
    num_hidden_layers: count.default(defaults.layerCount),
    num_attention_heads: count.default(defaults.heads),
    hidden_act: activation.default(defaults.activation),
    layer_norm_eps: z.number().positive().default(defaults.normEpsilon),
    attention_dropout: rate.default(0),
  };
}

interface TowerConfig {
  readonly hidden_size: number;
  readonly intermediate_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly hidden_act: Activation;
  readonly layer_norm_eps: number;
}

/** A part of a config that may be missing, or null: all of its defaults then. */
export function orDefaults<Schema extends z.ZodType>(schema: Schema) {
  return z
    .unknown()
    .optional()
    .transform((given): unknown => given ?? {})
    .pipe(schema);
}

/** A check for towers' schemas. */
export function hasWholeHeads(config: Pick<TowerConfig, 'hidden_size' | 'num_attention_heads'>): boolean {
  return config.hidden_size % config.num_attention_heads === 0;
}
export const wholeHeads = { error: 'hidden_size is not a multiple of num_attention_heads' };

export interface Tower {
  /** Of its modules, for instance `vision_model`. */
  readonly prefix: string;
  readonly config: TowerConfig;
  readonly attention: AttentionSizes;
  /** Whether a token sees only what is before it. */
  readonly causal: boolean;
  /** BLIP-2: one linear layer `qkv` makes queries, keys and values. With a bias or without. */
  readonly joint?: { readonly bias: boolean };
}

export function createTower(
  prefix: string,
  config: TowerConfig,
  options: Pick<Tower, 'joint'> & { causal?: boolean } = {},
): Tower {
  const { hidden_size: hiddenSize, num_attention_heads: heads } = config;
  const attention = { heads, keyHeads: heads, headSize: hiddenSize / heads };
  return { prefix, config, attention, causal: false, ...options };
}

/** What every backbone made of such layers has in common. */
export function describeTower({ config, attention, causal }: Tower) {
  const { hidden_size: hiddenSize, num_hidden_layers: layerCount } = config;
  const layerOf = createLayerOf(/\bencoder\.layers\.(\d+)\./, /embeddings\.|pre_layrnorm/, layerCount);
  return { hiddenSize, layerCount, attention, causal, layerOf };
}

export function towerLayer(tower: Tower, layer: number, asking: States, all: States, pass: Pass): tf.Tensor2D {
  const { tuning, random } = pass;
  const { hidden_act: activation, layer_norm_eps: epsilon } = tower.config;
  const name = `${tower.prefix}.encoder.layers.${layer}`;
  const output = tower.joint ? attendJointly(tower, layer, asking, all, pass) : attend(tower, layer, asking, all, pass); // [N, H]
  const y = tuning.join(`${name}.attention_adapters`, { output, residual: asking.x }); // [N, H]
  const normed = normOf(`${name}.layer_norm2`, epsilon, pass)(y); // [N, H]
  const expanded = activate(tuning.linear(`${name}.mlp.fc1`, normed, random), activation); // [N, F]
  const fed = tuning.linear(`${name}.mlp.fc2`, expanded, random); // [N, H]
  return tuning.join(`${name}.output_adapters`, { output: fed, residual: y }); // [N, H]
}

function attend(tower: Tower, layer: number, asking: States, all: States, pass: Pass): tf.Tensor2D {
  const name = `${tower.prefix}.encoder.layers.${layer}`;
  const norm = normOf(`${name}.layer_norm1`, tower.config.layer_norm_eps, pass);
  const project = (projection: string, x: tf.Tensor2D) => pass.tuning.linear(`${name}.self_attn.${projection}`, x, pass.random);
  const x = norm(all.x); // [N, H]
  const asked = asking === all ? x : norm(asking.x);
  const [query, key, value] = [project('q_proj', asked), project('k_proj', x), project('v_proj', x)];
  const inputs = { layer, query, key, value, asking: asking.starts, all: all.starts, causal: tower.causal };
  return project('out_proj', selfAttention(inputs, tower.attention, pass));
}

/** Where few ask, it still makes the queries of all. */
function attendJointly(tower: Tower, layer: number, asking: States, all: States, pass: Pass): tf.Tensor2D {
  const { hidden_size: H, layer_norm_eps: epsilon } = tower.config;
  const name = `${tower.prefix}.encoder.layers.${layer}`;
  const project = (x: tf.Tensor2D) =>
    pass.tuning.linear(`${name}.self_attn.qkv`, normOf(`${name}.layer_norm1`, epsilon, pass)(x), pass.random); // [N, 3 H]
  const part = (x: tf.Tensor2D, index: number): tf.Tensor2D => tf.slice(x, [0, index * H], [x.shape[0], H]); // [N, H]
  const joint = project(all.x);
  const asked = asking === all ? joint : project(asking.x);
  const inputs = { layer, query: part(asked, 0), key: part(joint, 1), value: part(joint, 2), causal: tower.causal };
  const attended = selfAttention({ ...inputs, asking: asking.starts, all: all.starts }, tower.attention, pass);
  return pass.tuning.linear(`${name}.self_attn.projection`, attended, pass.random);
}

export function declareLayers({ linear, norm }: Declaration, { prefix, config, joint }: Tower): void {
  const { hidden_size: H, intermediate_size: F } = config;
  for (let index = 0; index < config.num_hidden_layers; index++) {
    const layer = `${prefix}.encoder.layers.${index}`;
    if (joint) {
      linear(`${layer}.self_attn.qkv`, H, 3 * H, joint);
      linear(`${layer}.self_attn.projection`, H, H);
    } else for (const projection of ['k', 'v', 'q', 'out']) linear(`${layer}.self_attn.${projection}_proj`, H, H);
    norm(`${layer}.layer_norm1`, H);
    linear(`${layer}.mlp.fc1`, H, F);
    linear(`${layer}.mlp.fc2`, F, H);
    norm(`${layer}.layer_norm2`, H);
  }
}
