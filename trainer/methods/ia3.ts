/**
 * IA3 (Liu et al. 2022, https://arxiv.org/abs/2205.05638): what chosen linear layers give is multiplied by a trained vector,
 * y = l ⊙ (W x + b); of feed-forward layers it is what they take, y = W (l ⊙ x) + b. All of l starts at one, so the model
 * starts unchanged. Written in the layout of PEFT; the classifier is trained in full beside it.
 */
import { RunFailure, type Ia3Config } from '../../protocol';
import { isWithin, type Architecture } from '../models/architecture';
import * as tf from '../tensors';
import { createBaseLayers, type BaseLayers, type FrozenLinear } from './base-layers';
import type { Adapter, AttachOptions } from './method';
import { assignValues, collectValues, countParameters, createVariable, disposeAll, trainedOf } from './parameters';
import { ia3ConfigFile, peftPrefix, withPeftPrefix } from './peft-config';
import { findTargets, matches, type ModulePattern, type Targets } from './targets';

/** Of a feed-forward layer [1, in], else [out, 1]: PEFT's shapes. */
interface Factors {
  readonly vector: tf.Variable<tf.Rank.R2>;
  readonly isFeedforward: boolean;
}

interface Places {
  readonly targets: readonly string[];
  readonly feedforward: readonly string[];
}

/** @throws RunFailure 'bad-config' naming everything in the config that the model does not have */
export function attachIa3(config: Ia3Config, options: AttachOptions): Adapter {
  const { architecture } = options;
  const { targets, feedforward } = findPlaces(config, architecture);
  const base = createBaseLayers(options, (name) => isWithin(name, targets.saved));
  const factors = new Map(
    targets.linears.map((module) => [module, createFactors(base.linear(module), matches(feedforward, module))]),
  );
  const trained = nameTrained(factors, base);
  const transposed = withPeftPrefix(architecture.transposed);
  return {
    ...base.tuning,
    linear(name, x) {
      const found = base.isMerged() ? undefined : factors.get(name);
      return found ? applyFactors(base.linear(name), found, x) : base.tuning.linear(name, x);
    },
    trained,
    parameterCount: base.parameterCount + countParameters([...factors.values()].map(({ vector }) => vector)),
    lowestTrainedLayer: Math.min(
      ...[...factors.keys(), ...trainedOf(base.parameters).keys()].map((name) => architecture.layerOf(name)),
    ),
    tensorFile: 'adapter_model.safetensors',
    collectTensors: () => collectValues(trained, transposed),
    configFiles: new Map([['adapter_config.json', ia3ConfigFile(config, feedforward, targets, options)]]),
    assign: (values) => {
      assignValues(trained, values, transposed);
    },
    merging: base.mergingOf(() => mergeFactors(factors, base)),
    dispose: () => {
      disposeAll([...factors.values()].map(({ vector }) => vector));
      base.dispose();
    },
  };
}

/** As PEFT has them in utils/constants.py; the others are ours, in its manner. */
const usualPlaces: Readonly<Record<string, Places>> = {
  bert: { targets: ['key', 'value', 'output.dense'], feedforward: ['output.dense'] },
  roberta: { targets: ['key', 'value', 'output.dense'], feedforward: ['output.dense'] },
  distilbert: { targets: ['k_lin', 'v_lin', 'ffn.lin2'], feedforward: ['ffn.lin2'] },
  mpnet: { targets: ['attn.k', 'attn.v', 'output.dense'], feedforward: ['output.dense'] },
  modernbert: { targets: ['Wqkv', 'mlp.Wo'], feedforward: ['mlp.Wo'] },
  gpt2: { targets: ['c_attn', 'mlp.c_proj'], feedforward: ['mlp.c_proj'] },
  llama: { targets: ['k_proj', 'v_proj', 'down_proj'], feedforward: ['down_proj'] },
  mistral: { targets: ['k_proj', 'v_proj', 'down_proj'], feedforward: ['down_proj'] },
  smollm3: { targets: ['k_proj', 'v_proj', 'down_proj'], feedforward: ['down_proj'] },
  qwen2: { targets: ['q_proj', 'v_proj', 'down_proj'], feedforward: ['down_proj'] },
  qwen3: { targets: ['q_proj', 'v_proj', 'down_proj'], feedforward: ['down_proj'] },
  vit: { targets: ['key', 'value', 'output.dense'], feedforward: ['output.dense'] },
  clip: { targets: ['k_proj', 'v_proj', 'mlp.fc2'], feedforward: ['mlp.fc2'] },
  siglip: { targets: ['k_proj', 'v_proj', 'mlp.fc2'], feedforward: ['mlp.fc2'] },
};

interface ChosenPlaces {
  readonly targets: Targets;
  readonly feedforward: ModulePattern;
}

function findPlaces(config: Ia3Config, architecture: Architecture): ChosenPlaces {
  const usual = usualPlaces[architecture.type];
  const targetModules = config.targetModules ?? usual?.targets;
  if (targetModules === undefined) throw noUsualPlaces(architecture);
  const targets = findTargets({ ...config, targetModules }, { ...architecture, embeddings: [] });
  const feedforward = config.feedforwardModules ?? (config.targetModules === undefined ? usual?.feedforward : undefined) ?? [];
  const unknown =
    typeof feedforward === 'string'
      ? []
      : feedforward.filter((name) => !targets.linears.some((module) => matches([name], module)));
  if (unknown.length > 0) throw notAmongTargets(unknown, targets.linears);
  return { targets, feedforward };
}

function createFactors({ shape: [out, inputs] }: FrozenLinear, isFeedforward: boolean): Factors {
  const shape = isFeedforward ? [1, inputs] : [out, 1];
  const ones = new Float32Array(isFeedforward ? inputs : out).fill(1);
  return { vector: createVariable({ shape, values: ones }) as tf.Variable<tf.Rank.R2>, isFeedforward }; // made with two dimensions
}

function nameTrained(factors: ReadonlyMap<string, Factors>, { parameters }: BaseLayers): Map<string, tf.Variable> {
  const vectors = [...factors].map(([module, { vector }]) => [`${peftPrefix}${module}.ia3_l`, vector] as const);
  return new Map<string, tf.Variable>([
    ...vectors,
    ...[...trainedOf(parameters)].map(([name, variable]) => [peftPrefix + name, variable] as const),
  ]);
}

function applyFactors(layer: FrozenLinear, { vector, isFeedforward }: Factors, x: tf.Tensor2D): tf.Tensor2D {
  const row = tf.reshape(vector, [1, vector.size]);
  return isFeedforward ? layer.apply(tf.mul(x, row), layer.bias) : tf.mul(layer.apply(x, layer.bias), row);
}

/** Columns of a feed-forward layer's weight, else rows, and then the bias too. */
function mergeFactors(factors: ReadonlyMap<string, Factors>, base: BaseLayers): Map<string, tf.Tensor> {
  const merged = new Map<string, tf.Tensor>();
  for (const [module, { vector, isFeedforward }] of factors) {
    const layer = base.linear(module);
    merged.set(`${module}.weight`, tf.mul(layer.weight(), vector));
    if (layer.bias && !isFeedforward)
      merged.set(
        `${module}.bias`,
        tf.tidy(() => tf.mul(layer.bias ?? 0, tf.reshape(vector, [vector.size]))),
      );
  }
  return merged;
}

function noUsualPlaces({ type, linears }: Architecture): RunFailure {
  return new RunFailure({
    code: 'bad-config',
    message: `"method.targetModules" is absent, and where IA3 belongs in a ${type} model is not known.`,
    hint: `Name linear layers of the model, and those of them that are feed-forward in "method.feedforwardModules". There are: ${linears.slice(0, 12).join(', ')}.`,
  });
}

function notAmongTargets(names: readonly string[], targets: readonly string[]): RunFailure {
  return new RunFailure({
    code: 'bad-config',
    message: `"method.feedforwardModules" names ${names.map((name) => `"${name}"`).join(', ')}, which is none of the target modules.`,
    hint: `Name some of: ${targets.slice(0, 12).join(', ')}.`,
  });
}
