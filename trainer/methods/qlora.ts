/**
 * QLoRA (Dettmers et al. 2023, https://arxiv.org/abs/2305.14314): LoRA on a base whose linear layers are kept in 4 bits, in
 * NF4 with double quantisation as bitsandbytes has it, and dequantised piece by piece on use. Embeddings, norms, biases and
 * heads stay float32. The model starts as its quantised base, and its merged weights are those of that base, dequantised.
 */
import type { LoraConfig, QloraConfig } from '../../protocol';
import { createPackedLayers } from './base-layers';
import { attachUpdates, trainedBeside } from './lora';
import type { Adapter, AttachOptions } from './method';
import { findTargets } from './targets';

const mergingNote =
  'The merged weights are the 4-bit base, dequantised, with the update added: the model that was trained, not the original base with an update.';

/** @throws RunFailure 'bad-config' naming everything in the config that the model does not have */
export function attachQlora(config: Omit<QloraConfig, 'type'>, options: AttachOptions): Adapter {
  const lora: LoraConfig = { ...config, type: 'lora' };
  const targets = findTargets(lora, options.architecture);
  const base = createPackedLayers(options, trainedBeside(lora, targets), targets.saved);
  return attachUpdates(lora, targets, options, base, mergingNote);
}
