/**
 * What prefix tuning and prompt tuning share: how many tokens they put in front of a row and whether there is room for
 * them, which tokens those start as, and the names that PEFT gives to what is trained beside them.
 */
import type { Random } from '../../dataset/seeded-random';
import { RunFailure, type MethodConfig } from '../../protocol';
import type { Architecture } from '../models/architecture';
import type * as tf from '../tensors';
import type { AttachOptions } from './method';

/** PEFT's prefix in front of a module's path, one `model.` fewer than beside LoRA. */
const peftPrefix = 'base_model.';
export const promptTensor = 'prompt_embeddings';

/** Tokens that a method puts in front of every row: a text has room for as many fewer. */
export function countVirtualTokens(method: MethodConfig): number {
  return method.type === 'prefix-tuning' || method.type === 'prompt-tuning' ? method.numVirtualTokens : 0;
}

/** Tokens that a text may have in front of a model with `maxLength` positions. @throws RunFailure 'bad-config' when it is none */
export function roomForText(method: MethodConfig, maxLength: number): number {
  const virtual = countVirtualTokens(method);
  requireRoom(virtual, { maxLength });
  return maxLength - virtual;
}

/** @throws RunFailure 'bad-config' when no token of a text would find a position */
export function requireRoom(numVirtualTokens: number, { maxLength }: Pick<Architecture, 'maxLength'>): void {
  if (numVirtualTokens < maxLength) return;
  throw new RunFailure({
    code: 'bad-config',
    message: `"method.numVirtualTokens" is ${numVirtualTokens}, and this model has positions for ${maxLength} tokens: none is left for a text.`,
    hint: `Set it well below ${maxLength}; 10 to 50 are usual.`,
  });
}

interface InitialTokens {
  readonly count: number;
  readonly initText?: string | undefined;
}

/** The text's tokens, repeated or cut, or random ones of the vocabulary. */
export function chooseInitialTokens({ count, initText }: InitialTokens, options: AttachOptions): Int32Array {
  if (initText === undefined) return sampleVocabulary(count, options);
  const { encode } = options;
  if (encode === undefined) throw new Error('A method that starts from a text was attached without a tokenizer.');
  const ids = encode(initText);
  if (ids.length === 0) throw emptyText(initText);
  return Int32Array.from({ length: count }, (_, place) => ids[place % ids.length] ?? 0);
}

function sampleVocabulary(count: number, { architecture, random }: AttachOptions): Int32Array {
  return Int32Array.from({ length: count }, () => random.integer(architecture.vocabularySize));
}

function emptyText(text: string): RunFailure {
  return new RunFailure({
    code: 'bad-config',
    message: `"method.initText" is ${JSON.stringify(text)}, which has no tokens.`,
    hint: 'Write a sentence that describes the task, or leave it out.',
  });
}

/** N(0, 1), as PyTorch fills an embedding. */
export function drawNormal(shape: readonly [number, number], random: Random): Float32Array {
  return Float32Array.from({ length: shape[0] * shape[1] }, () => random.normal());
}

/** Fresh modules under the names that they have in PEFT's file. */
export function underPeftNames(fresh: ReadonlyMap<string, tf.Variable>): Map<string, tf.Variable> {
  return new Map([...fresh].map(([name, variable]) => [peftPrefix + name, variable]));
}

/** What both configurations have in adapter_config.json. */
export function promptLearningConfig(
  numVirtualTokens: number,
  { architecture, modelDir }: AttachOptions,
): Record<string, unknown> {
  const { freshModules, layerCount, peftTask } = architecture;
  return {
    auto_mapping: null,
    base_model_name_or_path: modelDir,
    inference_mode: true,
    modules_to_save: freshModules.length > 0 ? freshModules : null,
    num_layers: layerCount,
    num_transformer_submodules: 1,
    num_virtual_tokens: numVirtualTokens,
    revision: null,
    task_type: peftTask,
  };
}
