/** What a method may know of a loaded model when it attaches to it. */
import type { Random } from '../dataset/seeded-random';
import type { AttachOptions } from './methods/method';
import type { LoadedModel } from './model-folder';

export function attachOptionsOf(model: LoadedModel, labels: readonly string[], random: Random): AttachOptions {
  const { architecture, backbone, tensors, packed, dir: modelDir, tokenizer } = model;
  const encode = (text: string) => tokenizer.encodeParts(text, { addSpecialTokens: false });
  return { architecture, backbone, tensors, ...(packed ? { packed } : {}), modelDir, random, labels, encode };
}
