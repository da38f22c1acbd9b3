/**
 * A real GPT of 85,296 parameters (minGPT's gpt-nano, trained to sort) against what PyTorch computed with it: everything
 * that its first layer gives between its steps, what leaves each layer, the final norm, the scores and their softmax.
 * Not compared: the attention's weights, which the fused attention never has.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { createRandom } from '../../../dataset/seeded-random';
import type { Adapter } from '../../../trainer/methods/method';
import { attachMethod } from '../../../trainer/methods/registry';
import { readModel, type LoadedModel } from '../../../trainer/model-folder';
import type { Tuning } from '../../../trainer/models/model';
import { computeLogits, hiddenStatesBelow, runBackbone } from '../../../trainer/models/run-backbone';
import { startsOf } from '../../../trainer/ops/sequences';
import * as tf from '../../../trainer/tensors';
import { assertClose } from '../numbers';
import { encodeRaw } from '../tiny-model';
import { configWith, startBackend } from '../tiny-training';
import { temporaryFolder } from '../temporary-folder';
import { float32, readJsonFile, sharedFile, skipWithout } from './shared-data';

const modelFile = sharedFile('weights-gpt-nano-sort', 'gpt-nano-sort-model.json');
const activationsFile = sharedFile('weights-gpt-nano-sort', 'gpt-nano-sort-t0-partials.json');

const tensor = z.object({ shape: z.array(z.number()), data: z.string() }).transform(({ shape, data }) => {
  const bytes = Uint8Array.from(Buffer.from(data, 'base64'));
  return { shape, values: new Float32Array(bytes.buffer) };
});
const sizes = z.object({
  n_layer: z.number(),
  n_head: z.number(),
  n_embd: z.number(),
  vocab_size: z.number(),
  block_size: z.number(),
});
const fileSchema = z.object({ config: sizes }).catchall(tensor);
type Stored = z.infer<typeof tensor>;

describe('gpt-nano-sort', () => {
  let stored: (name: string) => Stored;
  let model: Omit<LoadedModel, 'tokenizer'>;
  let tuning: Adapter;
  before(async function () {
    skipWithout(this, modelFile);
    await startBackend('wasm');
    const { config: _, ...activations } = fileSchema.parse(readJsonFile(activationsFile));
    stored = (name) => activations[name] ?? assert.fail(`${activationsFile} has no ${name}`);
    model = await convertAndRead();
    const { architecture, tensors, dir } = model;
    const { method } = configWith({ method: { type: 'full' } });
    tuning = attachMethod(method, { architecture, tensors, modelDir: dir, random: createRandom(0) });
  });

  it('gives what leaves each layer, the scores and the probabilities', () => {
    tf.tidy(() => {
      const batch = readBatch(stored('idx'));
      const below = (layer: number) => hiddenStatesBelow(model.backbone, batch, { tuning }, layer, 'every-token');
      const logits = computeLogits(model, batch, { tuning });
      const computed = {
        x: below(0),
        block0: below(1),
        block1: below(2),
        block2: below(3),
        ln_f: runBackbone(model.backbone, batch, { tuning }, 'every-token').x,
        lm_head: logits,
        probs: tf.softmax(logits),
      };
      for (const [name, found] of Object.entries(computed)) assertStored(name, found);
    });
  });

  it('gives what the first layer has between its steps', () => {
    tf.tidy(() => {
      const steps = new Map<string, tf.Tensor>();
      computeLogits(model, readBatch(stored('idx')), { tuning: recording(tuning, steps) });
      const layer = 'transformer.h.0';
      const computed = {
        ln1: steps.get(`into ${layer}.attn.c_attn`),
        qkv: steps.get(`${layer}.attn.c_attn`),
        y: steps.get(`into ${layer}.attn.c_proj`),
        yProj: steps.get(`${layer}.attn.c_proj`),
        attnResid: steps.get(`${layer}.attention_adapters`),
        ln2: steps.get(`into ${layer}.mlp.c_fc`),
        fc: steps.get(`${layer}.mlp.c_fc`),
        gelu: steps.get(`into ${layer}.mlp.c_proj`),
        mlp: steps.get(`${layer}.mlp.c_proj`),
        mlpResid: steps.get(`${layer}.output_adapters`),
      };
      for (const [name, found] of Object.entries(computed)) assertStored(name, found ?? assert.fail(`${name} was not computed`));
    });
  });

  /** Relative to the largest of them: the states of the last layer reach 5, the scores 8. */
  function assertStored(name: string, found: tf.Tensor): void {
    const { values } = stored(name);
    const scale = Math.max(1, ...values.map(Math.abs));
    assertClose(found.dataSync<'float32'>(), values, 1e-5 * scale, name);
  }
});

/** minGPT's linear layers lie [out, in], Hugging Face's GPT-2 has them [in, out]. */
async function convertAndRead(): Promise<Omit<LoadedModel, 'tokenizer'>> {
  const { config, ...tensors } = fileSchema.parse(readJsonFile(modelFile));
  const { n_layer, n_head, n_embd, vocab_size, block_size: n_positions } = config;
  const gpt2 = { model_type: 'gpt2', n_layer, n_head, n_embd, vocab_size, n_positions, tie_word_embeddings: false };
  const isConv1d = (name: string) => /\.c_\w+\.weight$/.test(name);
  const converted = Object.entries(tensors).map(([name, stored]) => [name, isConv1d(name) ? turn(stored) : stored] as const);
  const folder = temporaryFolder('gpt-nano-sort');
  try {
    writeFileSync(join(folder.path, 'config.json'), JSON.stringify(gpt2));
    const raw = new Map(converted.map(([name, { shape, values }]) => [name, float32(shape, values)]));
    writeFileSync(join(folder.path, 'model.safetensors'), encodeRaw(raw));
    return await readModel(folder.path, { head: 'causal-lm', labels: 0, initialWeights: 'pretrained', seed: 0 });
  } finally {
    folder.remove();
  }
}

function turn({ shape: [rows = 0, columns = 0], values }: Stored): Stored {
  const turned = Float32Array.from(values, (_, i) => values[(i % rows) * columns + Math.floor(i / rows)] ?? NaN);
  return { shape: [columns, rows], values: turned };
}

/** Token ids are stored as floats. */
function readBatch({ shape: [rows = 0, length = 0], values }: Stored) {
  return { rows, ids: Int32Array.from(values), starts: startsOf(Array.from({ length: rows }, () => length)) };
}

/** Notes what goes into and comes out of every linear layer, and what every sublayer ends in. */
function recording(tuning: Tuning, steps: Map<string, tf.Tensor>): Tuning {
  const note = <Found extends tf.Tensor>(name: string, found: Found) => {
    steps.set(name, found);
    return found;
  };
  return {
    ...tuning,
    linear: (name, x, random) => note(name, tuning.linear(name, note(`into ${name}`, x), random)),
    join: (name, sublayer) => note(name, tuning.join(name, sublayer)),
  };
}
