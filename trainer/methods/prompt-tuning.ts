/**
 * Prompt tuning (Lester et al. 2021, https://arxiv.org/abs/2104.08691): trained embeddings of tokens that nobody typed stand
 * in front of every row and go through the frozen model as the others do. Written in the layout of PEFT. A head that reads
 * the first token reads the first of these, as in PEFT; losses over tokens leave them out.
 */
import type { PromptTuningConfig } from '../../protocol';
import type * as tf from '../tensors';
import { createFrozenBase } from './frozen-base';
import type { Adapter, AttachOptions } from './method';
import { assignValues, collectValues, countParameters, createVariable, disposeAll } from './parameters';
import {
  chooseInitialTokens,
  drawNormal,
  promptLearningConfig,
  promptTensor,
  requireRoom,
  underPeftNames,
} from './virtual-tokens';

/** @throws RunFailure 'bad-config' when the model has no room for the prompt */
export function attachPromptTuning(config: PromptTuningConfig, options: AttachOptions): Adapter {
  requireRoom(config.numVirtualTokens, options.architecture);
  const prompt = createPrompt(config, options);
  const { parameters, tuning, fresh } = createFrozenBase(options);
  const trained = new Map([[promptTensor, prompt], ...underPeftNames(fresh)]);
  return {
    ...tuning,
    base: tuning,
    prompt: () => prompt,
    promptLength: config.numVirtualTokens,
    trained,
    parameterCount: countParameters(parameters.values()) + prompt.size,
    lowestTrainedLayer: -1,
    tensorFile: 'adapter_model.safetensors',
    collectTensors: () => collectValues(trained),
    configFiles: new Map([['adapter_config.json', adapterConfig(config, options)]]),
    assign: (values) => {
      assignValues(trained, values);
    },
    dispose: () => {
      disposeAll(new Set([...parameters.values(), prompt]));
    },
  };
}

/** [virtual tokens, hidden] */
function createPrompt(config: PromptTuningConfig, options: AttachOptions): tf.Variable<tf.Rank.R2> {
  const shape = [config.numVirtualTokens, options.architecture.hiddenSize] as const;
  const values = initialValues(config, shape, options);
  return createVariable({ shape, values }) as tf.Variable<tf.Rank.R2>; // it was made with two dimensions
}

function initialValues(
  { numVirtualTokens: count, initText, initialisation }: PromptTuningConfig,
  shape: readonly [number, number],
  options: AttachOptions,
): Float32Array {
  if (initText === undefined && initialisation === 'random') return drawNormal(shape, options.random);
  return readEmbeddings(chooseInitialTokens({ count, initText }, options), options);
}

function readEmbeddings(ids: Int32Array, { tensors, architecture }: AttachOptions): Float32Array {
  const { embeddings, hiddenSize, vocabularySize } = architecture;
  const tables = embeddings.flatMap((name) => tensors.get(`${name}.weight`) ?? []);
  const words = tables.find(({ shape }) => shape[0] === vocabularySize && shape[1] === hiddenSize);
  if (words === undefined) throw new Error(`The model has no embeddings of shape [${vocabularySize}, ${hiddenSize}].`);
  const rows = new Float32Array(ids.length * hiddenSize);
  ids.forEach((id, token) => {
    rows.set(words.values.subarray(id * hiddenSize, (id + 1) * hiddenSize), token * hiddenSize);
  });
  return rows;
}

function adapterConfig({ numVirtualTokens }: PromptTuningConfig, options: AttachOptions): unknown {
  const { attention, hiddenSize } = options.architecture;
  return {
    ...promptLearningConfig(numVirtualTokens, options),
    num_attention_heads: attention.heads,
    peft_type: 'PROMPT_TUNING',
    prompt_tuning_init: 'RANDOM', // only read when a prompt is made, and this one is
    prompt_tuning_init_text: null,
    token_dim: hiddenSize,
    tokenizer_kwargs: null,
    tokenizer_name_or_path: null,
  };
}
