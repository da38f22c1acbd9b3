/**
 * LoRA (Hu et al. 2021, https://arxiv.org/abs/2106.09685): a frozen linear layer W gets a trained update of rank r,
 * y = W x + b + (alpha / r) · B A x, with A [r, in] and B [out, r]. B starts at zero, so the model starts unchanged.
 * Written in the layout of PEFT; like PEFT for sequence classification, the classifier is trained in full beside it.
 */
import type { Random } from '../../dataset/seeded-random';
import { RunFailure, type LoraConfig } from '../../protocol';
import { initializeKaimingUniform } from '../initializers';
import { dense } from '../ops/dense';
import { dropout } from '../ops/dropout';
import { lowRankDense } from '../ops/low-rank-dense';
import type { SequenceClassifier, Tuning } from '../models/model';
import * as tf from '../tensors';
import {
  collectValues,
  countParameters,
  createParameters,
  createVariable,
  disposeAll,
  plainTuning,
  type Adapter,
  type AttachOptions,
} from './method';

/** PEFT's prefix in front of a module's path. */
const peftPrefix = 'base_model.model.';

interface LowRankUpdate {
  readonly a: tf.Variable<tf.Rank.R2>;
  readonly b: tf.Variable<tf.Rank.R2>;
}

/** @throws RunFailure 'bad-config' when a target names no linear layer of the model */
export function attachLora(config: LoraConfig, { tensors, classifier, modelDir, random }: AttachOptions): Adapter {
  const targets = findTargets(config, classifier);
  const base = createParameters(tensors, (name) => classifier.headShapes.has(name));
  const updates = new Map(
    targets.map((module) => [module, createUpdate(config.r, classifier.baseShapes.get(`${module}.weight`) ?? [], random)]),
  );
  const plain = plainTuning(base);
  const trained = collectTrained(updates, base, [...classifier.headShapes.keys()]);
  return {
    ...plain,
    linear(name, x, random) {
      const update = updates.get(name);
      return update ? updatedLinear(config, plain, name, x, update, random) : plain.linear(name, x);
    },
    trained,
    parameterCount: countParameters(base.values()) + countParameters([...updates.values()].flatMap(({ a, b }) => [a, b])),
    tensorFile: 'adapter_model.safetensors',
    collectTensors: () => collectValues(trained),
    configFiles: new Map([['adapter_config.json', adapterConfig(config, modelDir)]]),
    dispose: () => {
      disposeAll(new Set([...base.values(), ...trained.values()]));
    },
  };
}

function updatedLinear(
  { alpha, r, dropout: rate }: LoraConfig,
  base: Tuning,
  name: string,
  x: tf.Tensor2D,
  { a, b }: LowRankUpdate,
  random?: Random,
): tf.Tensor2D {
  const scale = alpha / r;
  if (random !== undefined && rate > 0) {
    const low = tf.mul<tf.Tensor2D>(dense(dropout(x, rate, random), a), scale); // [N, r]
    return tf.add(base.linear(name, x), dense(low, b)); // [N, out]
  }
  const weight = base.parameter(`${name}.weight`) as tf.Tensor2D; // shapes are checked when the file is read
  const bias = base.parameter(`${name}.bias`) as tf.Tensor1D;
  return lowRankDense({ x, weight, bias, a, b, scale });
}

/** Modules of the chosen layers whose path ends in one of the names, in the model's order. */
function findTargets({ targetModules, layersToTransform }: LoraConfig, classifier: SequenceClassifier): string[] {
  requireLayers(layersToTransform, classifier.layerCount);
  const modules = [...classifier.baseShapes.keys()]
    .filter((name) => layersToTransform?.includes(classifier.layerOf(name)) ?? true)
    .filter((name) => name.endsWith('.weight') && !/embeddings|LayerNorm/.test(name))
    .map((name) => name.slice(0, -'.weight'.length));
  const matches = (module: string, target: string) => module === target || module.endsWith(`.${target}`);
  const unknown = targetModules.filter((target) => !modules.some((module) => matches(module, target)));
  if (unknown.length > 0) throw unknownTargets(unknown, modules);
  return modules.filter((module) => targetModules.some((target) => matches(module, target)));
}

function requireLayers(layers: readonly number[] = [], layerCount: number): void {
  const unknown = layers.filter((layer) => layer >= layerCount);
  if (unknown.length === 0) return;
  throw new RunFailure({
    code: 'bad-config',
    message: `"method.layersToTransform" names ${unknown.join(', ')}, and the layers of this model are 0 to ${layerCount - 1}.`,
    hint: 'Name layers that it has, or leave the setting out to take all.',
  });
}

function unknownTargets(unknown: readonly string[], modules: readonly string[]): RunFailure {
  const known = [...new Set(modules.map((module) => module.replace(/^.*layer\.\d+\./, '')))];
  return new RunFailure({
    code: 'bad-config',
    message: `"method.targetModules" names ${unknown.map((name) => `"${name}"`).join(', ')}, which is no linear layer of this model.`,
    hint: `Its linear layers are: ${known.join(', ')}.`,
  });
}

function createUpdate(r: number, [out = 0, inputs = 0]: readonly number[], random: Random): LowRankUpdate {
  const a = createVariable({ shape: [r, inputs], values: initializeKaimingUniform([r, inputs], random) });
  const b = createVariable({ shape: [out, r], values: new Float32Array(out * r) });
  return { a: a as tf.Variable<tf.Rank.R2>, b: b as tf.Variable<tf.Rank.R2> }; // both were made with two dimensions
}

function collectTrained(
  updates: ReadonlyMap<string, LowRankUpdate>,
  base: ReadonlyMap<string, tf.Tensor>,
  heads: readonly string[],
): Map<string, tf.Variable> {
  const trained = new Map<string, tf.Variable>();
  for (const [module, { a, b }] of updates) {
    trained.set(`${peftPrefix}${module}.lora_A.weight`, a);
    trained.set(`${peftPrefix}${module}.lora_B.weight`, b);
  }
  for (const name of heads) {
    const head: unknown = base.get(name);
    if (head instanceof tf.Variable) trained.set(peftPrefix + name, head as tf.Variable); // instanceof leaves its rank open
  }
  return trained;
}

/** The stable part of PEFT's LoraConfig: older versions warn about keys they do not know. */
function adapterConfig(config: LoraConfig, modelDir: string): unknown {
  return {
    auto_mapping: null,
    base_model_name_or_path: modelDir,
    bias: 'none',
    fan_in_fan_out: false,
    inference_mode: true,
    init_lora_weights: true,
    layers_pattern: null,
    layers_to_transform: config.layersToTransform ?? null,
    lora_alpha: config.alpha,
    lora_dropout: config.dropout,
    modules_to_save: ['classifier', 'score'],
    peft_type: 'LORA',
    r: config.r,
    rank_pattern: {},
    alpha_pattern: {},
    revision: null,
    target_modules: config.targetModules,
    task_type: 'SEQ_CLS',
    use_dora: false,
    use_rslora: false,
  };
}
