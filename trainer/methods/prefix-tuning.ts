/**
 * Prefix tuning (Li and Liang 2021, https://arxiv.org/abs/2101.00190): in every layer of a frozen model, trained keys and
 * values stand in front of each row's own, and the row's positions begin behind them. Written in the layout of PEFT. With a
 * projection PEFT keeps only what it makes; the projection goes into a file of its own, so that a run can be resumed.
 */
import { RunFailure, type PrefixTuningConfig } from '../../protocol';
import type { Prefix, Tuning } from '../models/model';
import type { NamedTensors } from '../safetensors';
import * as tf from '../tensors';
import { createFrozenBase } from './frozen-base';
import { keysAndValuesOf } from './keys-and-values';
import type { Adapter, AttachOptions } from './method';
import { assignValues, collectValues, countParameters, disposeAll } from './parameters';
import { createPrefixTable, createProjection, tableWidth, type PrefixEncoder, type PrefixSizes } from './prefix-encoder';
import { partOf } from './tensor-part';
import {
  chooseInitialTokens,
  drawNormal,
  promptLearningConfig,
  promptTensor,
  requireRoom,
  underPeftNames,
} from './virtual-tokens';

export const projectionFile = 'prefix_projection.safetensors';

/** @throws RunFailure 'bad-config' when the model has no room for the prefix, or when settings contradict each other */
export function attachPrefixTuning(config: PrefixTuningConfig, options: AttachOptions): Adapter {
  requireRoom(config.numVirtualTokens, options.architecture);
  requireOneStart(config);
  const sizes = sizesOf(config, options);
  const tokens = initialTokens(config, options);
  const { parameters, tuning, fresh } = createFrozenBase(options);
  const encoder = createEncoder(config, sizes, { ...options, tuning, tokens });
  const trained = new Map([...encoder.trained, ...underPeftNames(fresh)]);
  return {
    ...tuning,
    base: tuning,
    prefix: createPrefix(encoder, sizes),
    prefixLength: sizes.virtualTokens,
    trained,
    parameterCount: countParameters([...parameters.values(), ...encoder.trained.values()]),
    lowestTrainedLayer: -1,
    tensorFile: 'adapter_model.safetensors',
    ...filesOf(config, encoder, underPeftNames(fresh)),
    configFiles: new Map([['adapter_config.json', adapterConfig(config, options)]]),
    dispose: () => {
      disposeAll(new Set([...parameters.values(), ...encoder.trained.values()]));
    },
  };
}

function requireOneStart({ prefixProjection, encoderHiddenSize, initText, initialisation }: PrefixTuningConfig): void {
  const wrong = [
    ...(prefixProjection && initText !== undefined ? ['initText'] : []),
    ...(prefixProjection && initialisation === 'sampled-vocabulary' ? ['initialisation: "sampled-vocabulary"'] : []),
    ...(!prefixProjection && encoderHiddenSize !== undefined ? ['encoderHiddenSize'] : []),
  ];
  if (wrong.length === 0) return;
  throw new RunFailure({
    code: 'bad-config',
    message: `"method.prefixProjection" is ${prefixProjection}, which goes with no ${wrong.join(' and no ')}: ${prefixProjection ? 'the prefix comes out of the weights of the projection' : 'only a projection has a width'}.`,
    hint: `Leave it out, or set prefixProjection to ${!prefixProjection}.`,
  });
}

function sizesOf({ numVirtualTokens }: PrefixTuningConfig, { architecture }: AttachOptions): PrefixSizes {
  const { attention, layerCount } = architecture;
  return { virtualTokens: numVirtualTokens, layerCount, width: attention.keyHeads * attention.headSize };
}

/** Those whose keys and values the prefix starts as, if it starts so. */
function initialTokens(config: PrefixTuningConfig, options: AttachOptions): Int32Array | undefined {
  const { prefixProjection, initText, initialisation = 'sampled-vocabulary', numVirtualTokens: count } = config;
  const startsElsewhere = prefixProjection || (initText === undefined && initialisation !== 'sampled-vocabulary');
  return startsElsewhere ? undefined : chooseInitialTokens({ count, initText }, options);
}

/** With the base to start from. */
interface StartOptions extends AttachOptions {
  readonly tuning: Tuning;
  readonly tokens: Int32Array | undefined;
}

function createEncoder(config: PrefixTuningConfig, sizes: PrefixSizes, options: StartOptions): PrefixEncoder {
  const { prefixProjection, encoderHiddenSize, initialisation } = config;
  if (!prefixProjection) return createPrefixTable(initialTable(initialisation, sizes, options));
  return createProjection(encoderHiddenSize ?? sizes.width, sizes, initialisation === 'zero' ? 'zero' : 'random', options.random);
}

/** [virtual tokens, 2 · layers · width] */
function initialTable(
  initialisation: PrefixTuningConfig['initialisation'],
  sizes: PrefixSizes,
  { tokens, backbone, tuning, random }: StartOptions,
): tf.Tensor2D {
  const shape: [number, number] = [sizes.virtualTokens, tableWidth(sizes)];
  if (tokens === undefined) return initialisation === 'zero' ? tf.zeros(shape) : tf.tensor2d(drawNormal(shape, random), shape);
  if (backbone === undefined) throw new Error('A prefix that starts from tokens was attached without a backbone.');
  return keysAndValuesOf(tokens, backbone, tuning);
}

/**
 * A layer's keys and values: two of the table's 2 · layers parts. The table is made and cut once a pass, when the first
 * layer asks, so that its gradient is put together once and not once for every layer.
 */
function createPrefix(encoder: PrefixEncoder, sizes: PrefixSizes): (layer: number) => Prefix {
  let parts: tf.Tensor2D[] = [];
  return (layer) => {
    const isStale = layer === 0 || (parts[0]?.isDisposed ?? true);
    if (isStale) parts = cutTable(encoder.encode(), sizes);
    const [key, value] = parts.slice(2 * layer, 2 * layer + 2);
    if (key === undefined || value === undefined)
      throw new Error(`The prefix has ${sizes.layerCount} layers, and ${layer} is none of them.`);
    return { key, value };
  };
}

/** Part by part [virtual tokens, width]. They are laid one behind the other first: cutting columns is slow. */
function cutTable(table: tf.Tensor2D, { virtualTokens, layerCount, width }: PrefixSizes): tf.Tensor2D[] {
  const count = 2 * layerCount;
  const parts = tf.transpose(tf.reshape(table, [virtualTokens, count, width]), [1, 0, 2]);
  return tf.split(tf.reshape<tf.Rank.R2>(parts, [count * virtualTokens, width]), count);
}

type Files = Pick<Adapter, 'collectTensors' | 'assign' | 'tensorParts'>;

function filesOf(
  { prefixProjection }: PrefixTuningConfig,
  encoder: PrefixEncoder,
  head: ReadonlyMap<string, tf.Variable>,
): Files {
  const collectTensors = () => collectTable(encoder, head);
  if (!prefixProjection) {
    const trained = new Map([...encoder.trained, ...head]);
    return { collectTensors, assign: assignTo(trained) };
  }
  return {
    collectTensors,
    assign: assignTo(head), // the table follows from the projection's own file
    tensorParts: new Map([[projectionFile, partOf(encoder.trained)]]),
  };
}

function assignTo(trained: ReadonlyMap<string, tf.Variable>): (values: NamedTensors) => void {
  return (values) => {
    assignValues(trained, values);
  };
}

async function collectTable(encoder: PrefixEncoder, head: ReadonlyMap<string, tf.Variable>): Promise<NamedTensors> {
  const table = tf.tidy(() => tf.clone<tf.Tensor>(encoder.encode()));
  try {
    return await collectValues(new Map([[promptTensor, table], ...head]));
  } finally {
    table.dispose();
  }
}

function adapterConfig(config: PrefixTuningConfig, options: AttachOptions): unknown {
  const { width } = sizesOf(config, options);
  return {
    ...promptLearningConfig(config.numVirtualTokens, options),
    encoder_hidden_size: config.encoderHiddenSize ?? width,
    init_weights: null,
    num_attention_heads: options.architecture.attention.keyHeads,
    peft_type: 'PREFIX_TUNING',
    prefix_projection: config.prefixProjection,
    token_dim: width,
  };
}
