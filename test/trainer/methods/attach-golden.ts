/** Methods attached to the tiny models of test/golden: BERT, Llama and GPT-2 with random weights, two layers each. */
import { createRandom } from '../../../dataset/seeded-random';
import { methodSchema } from '../../../protocol';
import type { Adapter, AttachOptions } from '../../../trainer/methods/method';
import { attachMethod } from '../../../trainer/methods/registry';
import type { LoadedModel } from '../../../trainer/model-folder';
import type { HeadKind } from '../../../trainer/models/model';
import { computeLogits } from '../../../trainer/models/run-backbone';
import * as tf from '../../../trainer/tensors';
import { loadGoldenModel } from '../../golden/golden-model';

export type Loaded = Omit<LoadedModel, 'tokenizer' | 'writing'>;

const heads: Readonly<Record<string, HeadKind>> = {
  'bert-sequence-classification': 'sequence-classification',
  'bert-masked-lm': 'masked-lm',
  'llama-causal-lm': 'causal-lm',
  'llama-causal-lm-tied': 'causal-lm',
  'gpt2-causal-lm': 'causal-lm',
};

export function loadBase(name: string): Promise<Loaded> {
  return loadGoldenModel(name, heads[name] ?? 'causal-lm', 3);
}

export function optionsFor({ architecture, tensors, packed, dir }: Loaded): AttachOptions {
  return { architecture, tensors, modelDir: dir, random: createRandom(7), ...(packed ? { packed } : {}) };
}

/** The method as temper.json would have it. */
export function attach(method: Record<string, unknown>, model: Loaded): Adapter {
  return attachMethod(methodSchema.parse(method), optionsFor(model));
}

export function countTrained({ trained }: Adapter): number {
  return [...trained.values()].reduce((sum, { size }) => sum + size, 0);
}

/** Of two short rows. */
export function logitsOf(model: Loaded, tuning: Adapter): Float32Array {
  const batch = { rows: 2, ids: Int32Array.of(9, 14, 30, 21, 8, 40, 11, 27), starts: Int32Array.of(0, 5, 8) };
  return tf.tidy(() => Float32Array.from(computeLogits(model, batch, { tuning }).dataSync<'float32'>()));
}

/** Every trained tensor gets values away from where it started. */
export function disturb({ trained }: Adapter, deviation = 0.3): void {
  const random = createRandom(3);
  for (const variable of trained.values()) {
    const values = Float32Array.from(variable.dataSync<'float32'>(), (value) => value + deviation * random.normal());
    const tensor = tf.tensor(values, variable.shape, 'float32');
    variable.assign(tensor);
    tensor.dispose();
  }
}
