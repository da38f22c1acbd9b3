/**
 * LoRA (Hu et al. 2021, https://arxiv.org/abs/2106.09685): a frozen weight W gets a trained update of rank r,
 * y = W x + b + (alpha / r) · B A x, with A [r, in] and B [out, r]. B starts at zero, so the model starts unchanged. With
 * rsLoRA the update is scaled by alpha / √r (https://arxiv.org/abs/2312.03732); DoRA trains the length of each output apart.
 * Written in the layout of PEFT; like PEFT for sequence classification, the classifier is trained in full beside it.
 */
import { RunFailure, type LoraConfig } from '../../protocol';
import { isWithin, type Architecture } from '../models/architecture';
import * as tf from '../tensors';
import { createBaseLayers, type BaseLayers } from './base-layers';
import {
  applyToEmbedding,
  applyToLinear,
  createUpdate,
  disposeUpdate,
  mergeIntoLinear,
  mergeIntoTable,
  namesOf,
  type Update,
  type UpdatedWeight,
} from './low-rank-update';
import type { Adapter, AttachOptions } from './method';
import { assignValues, collectValues, countParameters, trainedOf } from './parameters';
import { loraConfigFile, peftPrefix, withPeftPrefix } from './peft-config';
import { findTargets, type Targets } from './targets';

/** @throws RunFailure 'bad-config' naming everything in the config that the model does not have */
export function attachLora(config: LoraConfig, options: AttachOptions): Adapter {
  const targets = findTargets(config, options.architecture);
  return attachUpdates(config, targets, options, createBaseLayers(options, trainedBeside(config, targets)));
}

/** Which of the base's own parameters are trained beside the updates. */
export function trainedBeside({ bias }: LoraConfig, { saved, linears }: Targets): (name: string) => boolean {
  const biases = new Set(linears.map((module) => `${module}.bias`));
  return (name) =>
    isWithin(name, saved) || (bias === 'all' && name.endsWith('.bias')) || (bias === 'lora_only' && biases.has(name));
}

/** Puts updates on a base that is there already, and that the adapter owns from now on. */
export function attachUpdates(
  config: LoraConfig,
  targets: Targets,
  options: AttachOptions,
  base: BaseLayers,
  mergingNote?: string,
): Adapter {
  const { architecture, random } = options;
  const updates = new Map(weightsOf(targets, base).map((weight) => [weight.module, createUpdate(config, weight, random)]));
  const trained = nameTrained(updates, targets, base);
  const transposed = withPeftPrefix(architecture.transposed);
  return {
    ...base.tuning,
    linear(name, x, random) {
      const update = base.isMerged() ? undefined : updates.get(name);
      return update ? applyToLinear(base.linear(name), update, x, { rate: config.dropout, random }) : base.tuning.linear(name, x);
    },
    embedding(name, ids) {
      const rows = base.tuning.embedding(name, ids);
      const update = base.isMerged() ? undefined : updates.get(name);
      return update ? applyToEmbedding(tableOf(base, name), rows, update, tf.tensor1d(ids, 'int32')) : rows;
    },
    trained,
    parameterCount: base.parameterCount + countParameters([...updates.values()].flatMap(trainedIn)),
    lowestTrainedLayer: Math.min(
      ...[...updates.keys(), ...trainedOf(base.parameters).keys()].map((name) => architecture.layerOf(name)),
    ),
    tensorFile: 'adapter_model.safetensors',
    collectTensors: () => collectValues(trained, transposed),
    configFiles: new Map([['adapter_config.json', loraConfigFile(config, targets, options)]]),
    assign: (values) => {
      assignValues(trained, values, transposed);
    },
    merging: base.mergingOf(() => mergeUpdates(updates, targets, base, architecture), mergingNote),
    dispose: () => {
      for (const update of updates.values()) disposeUpdate(update);
      base.dispose();
    },
  };
}

function weightsOf({ linears, embeddings }: Targets, base: BaseLayers): UpdatedWeight[] {
  const tables = embeddings.map((module): UpdatedWeight => {
    const table = tableOf(base, module);
    const [rows, width] = table.shape;
    return { module, kind: 'embedding', shape: [width, rows], squaredNorms: () => tf.sum(tf.square(table), 0) };
  });
  const layers = linears.map((module): UpdatedWeight => {
    const layer = base.linear(module);
    return { module, kind: 'linear', shape: layer.shape, squaredNorms: () => tf.sum(tf.square(layer.weight()), 1) };
  });
  return [...tables, ...layers];
}

/** The base's own, which a merge does not change. */
function tableOf({ parameters }: BaseLayers, module: string): tf.Tensor2D {
  return parameters.get(`${module}.weight`) as tf.Tensor2D; // shapes are checked when the file is read
}

function trainedIn({ a, b, direction }: Update): tf.Variable[] {
  return direction ? [a, b, direction.magnitude] : [a, b];
}

/** PEFT's names: a bias beside an update lies in the layer that the update wraps. */
function nameTrained(
  updates: ReadonlyMap<string, Update>,
  { linears }: Targets,
  { parameters }: BaseLayers,
): Map<string, tf.Variable> {
  const trained = new Map<string, tf.Variable>();
  for (const [module, update] of updates) {
    const kind = linears.includes(module) ? 'linear' : 'embedding';
    for (const [part, variable] of namesOf(update, kind)) trained.set(`${peftPrefix}${module}.${part}`, variable);
  }
  for (const [name, variable] of trainedOf(parameters)) {
    const module = name.replace(/\.bias$/, '');
    trained.set(peftPrefix + (name !== module && updates.has(module) ? `${module}.base_layer.bias` : name), variable);
  }
  return trained;
}

/** @throws RunFailure 'bad-config' when a merged table would also change the scores of the tokens */
function mergeUpdates(
  updates: ReadonlyMap<string, Update>,
  { embeddings }: Targets,
  base: BaseLayers,
  { vocabularyTable }: Architecture,
): Map<string, tf.Tensor> {
  const tied = embeddings.find((module) => `${module}.weight` === vocabularyTable);
  if (tied !== undefined) throw cannotMerge(tied);
  const merge = (module: string, update: Update) =>
    embeddings.includes(module) ? mergeIntoTable(tableOf(base, module), update) : mergeIntoLinear(base.linear(module), update);
  return new Map([...updates].map(([module, update]) => [`${module}.weight`, tf.tidy(() => merge(module, update))]));
}

function cannotMerge(module: string): RunFailure {
  return new RunFailure({
    code: 'bad-config',
    message: `The update of "${module}" cannot be merged: the same table scores the tokens at the end, where the update does not belong.`,
    hint: 'Use the adapter as it is, or train one without updates on the embeddings.',
  });
}
