/**
 * What fixtures cannot show of models that see: configurations that leave things out, images and texts that do not fit,
 * methods that have no place in two encoders, and the losses by hand.
 */
import assert from 'node:assert/strict';
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRandom } from '../../../dataset/seeded-random';
import { methodSchema, RunFailure } from '../../../protocol';
import { readDualEncoder, readImageModel, type LoadedDualEncoder } from '../../../trainer/image-model-folder';
import { attachFull } from '../../../trainer/methods/full';
import type { Adapter } from '../../../trainer/methods/method';
import { attachMethod } from '../../../trainer/methods/registry';
import { packImages } from '../../../trainer/models/image-batch';
import type { TokenBatch } from '../../../trainer/models/model';
import { dualEncoderFamilies, imageFamilies } from '../../../trainer/models/registry';
import { computeLogits } from '../../../trainer/models/run-backbone';
import { startsOf } from '../../../trainer/ops/sequences';
import { encodeSafetensors, readSafetensors } from '../../../trainer/safetensors';
import { contrastiveLoss, drawQuestions, sigmoidLoss } from '../../../trainer/tasks/dual-encoder-loss';
import * as tf from '../../../trainer/tensors';
import { goldenDir } from '../../golden/golden-dir';
import { attachOptions, type Seeing } from '../../golden/vision-case';
import { startBackend, temporaryFolder } from '../tiny-training';

const folderOf = (name: string) => join(goldenDir, 'models', name);
const attachPlain = (model: Seeing) => attachFull({ type: 'full' }, attachOptions(model));

describe('models that see', () => {
  before(() => startBackend('wasm'));

  it('have the sizes of their class where config.json leaves them out', () => {
    const siglip = dualEncoderFamilies.get('siglip')?.create({ model_type: 'siglip', text_config: { model_type: 'siglip_text_model' } });
    assert.deepEqual(siglip?.shapes.get('vision_model.embeddings.patch_embedding.weight'), [768, 3, 16, 16]);
    assert.deepEqual(siglip.shapes.get('vision_model.embeddings.position_embedding.weight'), [196, 768]);
    assert.deepEqual(siglip.shapes.get('text_model.embeddings.position_embedding.weight'), [64, 768]);
    const clip = dualEncoderFamilies.get('clip')?.create({ model_type: 'clip', vision_config: null });
    assert.deepEqual(clip?.shapes.get('vision_model.embeddings.position_embedding.weight'), [50, 768]); // (224 / 32)² + 1
    assert.deepEqual(clip.shapes.get('text_model.embeddings.token_embedding.weight'), [49408, 512]);
  });

  it('believe an old CLIP folder that says things twice', () => {
    const text = { hidden_size: 16, num_attention_heads: 4 };
    const clip = dualEncoderFamilies.get('clip')?.create({ model_type: 'clip', text_config: text, text_config_dict: { ...text, hidden_size: 32 } });
    assert.deepEqual(clip?.shapes.get('text_model.final_layer_norm.weight'), [32]);
  });

  it('leave out what does not fill a patch', () => {
    const config = { model_type: 'siglip', vision_config: { image_size: 384, patch_size: 14 } };
    const shapes = imageFamilies.get('siglip')?.create(config).shapes;
    assert.deepEqual(shapes?.get('vision_model.embeddings.position_embedding.weight'), [729, 768]); // 27²
  });

  it('need a head for an embedding, and none for classes', () => {
    const config = { model_type: 'siglip', vision_config: { vision_use_head: false } };
    assert.throws(() => dualEncoderFamilies.get('siglip')?.create(config), /vision_use_head/);
    const shapes = imageFamilies.get('siglip')?.create(config).shapes;
    assert.ok(shapes && ![...shapes.keys()].some((name) => name.includes('.head.')));
  });

  it('refuse a Q-Former that reads no texts', () => {
    const create = () => dualEncoderFamilies.get('blip-2')?.create({ model_type: 'blip-2', qformer_config: {} });
    assert.throws(create, /use_qformer_text_input/);
  });

  it('say everything that is missing, and what types there are', async () => {
    const folder = temporaryFolder('vision');
    try {
      copyFileSync(join(folderOf('clip-dual-encoder'), 'config.json'), join(folder.path, 'config.json'));
      const tensors = new Map(await readSafetensors(join(folderOf('clip-dual-encoder'), 'model.safetensors')));
      for (const name of ['logit_scale', 'vision_model.pre_layrnorm.bias']) tensors.delete(name);
      writeFileSync(join(folder.path, 'model.safetensors'), encodeSafetensors(tensors));
      await rejectsWith(() => readDualEncoder(folder.path), /"vision_model\.pre_layrnorm\.bias" \[24\] is missing.*"logit_scale" \[\] is missing/);
    } finally {
      folder.remove();
    }
    await rejectsWith(() => readDualEncoder(folderOf('vit-image-classification')), /"vit"; .*: clip, siglip, blip-2/);
    await rejectsWith(() => readImageModel(folderOf('bert-sequence-classification'), { labels: 2, seed: 0 }), /"bert"; .*: vit, clip, siglip/);
  });

  it('take the image encoder out of a whole CLIP, with a fresh head of as many classes as asked', async () => {
    const model = await readImageModel(folderOf('clip-dual-encoder'), { labels: 7, seed: 0 });
    assert.deepEqual(model.tensors.get('classifier.weight')?.shape, [7, 24]);
    const deviation = Math.hypot(...(model.tensors.get('classifier.weight')?.values ?? [])) / Math.sqrt(7 * 24);
    assert.ok(Math.abs(deviation - 24 ** -0.5) < 0.03, `${deviation}`); // as transformers draws it
    assert.ok(![...model.tensors.keys()].some((name) => name.startsWith('text_model.')));
  });

  it('refuse images of another size, and a batch of two sizes', async () => {
    const model = await readImageModel(folderOf('vit-image-classification'), { labels: 3, seed: 0 });
    const adapter = attachPlain(model);
    const image = (height: number, width: number) => ({ shape: [3, height, width] as const, values: new Float32Array(3 * height * width) });
    const look = () => tf.tidy(() => computeLogits(model, packImages([image(16, 36)]), { tuning: adapter })); // as many pixels as 24 × 24
    assert.throws(look, (thrown) => thrown instanceof RunFailure && thrown.error.code === 'bad-data' && /36 × 16.*24 × 24/.test(thrown.message));
    assert.throws(() => packImages([image(24, 24), image(24, 16)]), /3 × 24 × 16/);
    adapter.dispose();
  });
});

describe('a text for CLIP', () => {
  let model: LoadedDualEncoder;
  let adapter: Adapter;
  before(async () => {
    await startBackend('wasm');
    model = await readDualEncoder(folderOf('clip-dual-encoder'));
    adapter = attachPlain(model);
  });
  after(() => {
    adapter.dispose();
  });
  const embed = (...rows: readonly (readonly number[])[]) =>
    tf.tidy(() => [...model.model.embedTexts(packTexts(rows), { tuning: adapter }).dataSync<'float32'>()]);

  it('is the same with padding behind its end', () => {
    assert.deepEqual(embed([7, 9, 40, 40, 40, 1]), embed([7, 9, 40]));
  });

  it('is the same whatever else is in the batch', () => {
    const alone = embed([7, 9, 40]);
    const third = embed([30, 40], [5, 6, 7, 8, 40], [7, 9, 40]).slice(24);
    assert.ok(alone.every((value, index) => Math.abs(value - (third[index] ?? NaN)) < 1e-6));
  });

  it('is refused without its end', () => {
    assert.throws(() => embed([7, 9]), (thrown) => thrown instanceof RunFailure && thrown.message.includes('token 40'));
  });
});

describe('methods on models that see', () => {
  before(() => startBackend('wasm'));

  it('put LoRA on both encoders, and start with the same scores', async () => {
    const model = await readDualEncoder(folderOf('clip-dual-encoder'));
    const adapter = attachMethod(methodSchema.parse({ type: 'lora', r: 4 }), attachOptions(model));
    const trained = [...adapter.trained.values()].reduce((sum, { size }) => sum + size, 0);
    assert.equal(trained, 2 * 2 * 4 * (16 + 16) + 2 * 2 * 4 * (24 + 24)); // layers · targets · r · (in + out), of each encoder
    const plain = attachPlain(model);
    const texts = packTexts([[7, 9, 40]]);
    const [tuned, untouched] = [adapter, plain].map((tuning) => model.model.embedTexts(texts, { tuning }).dataSync<'float32'>());
    assert.deepEqual(tuned, untouched);
    adapter.dispose();
    plain.dispose();
  });

  it('put bottleneck adapters on ViT where the adapters library has them', async () => {
    const model = await readImageModel(folderOf('vit-image-classification'), { labels: 3, seed: 0 });
    const adapter = attachMethod(methodSchema.parse({ type: 'bottleneck-adapter' }), attachOptions(model));
    const names = [...(await adapter.collectTensors()).keys()];
    const layer = 'vit.encoder.layer.0.output.output_adapters.adapters.temper'; // recorded from version 1.3.0
    const parts = ['adapter_down.0.weight', 'adapter_down.0.bias', 'adapter_up.weight', 'adapter_up.bias'];
    assert.ok(
      parts.every((part) => names.includes(`${layer}.${part}`)),
      names.join(),
    );
    adapter.dispose();
  });

  for (const method of [
    { type: 'prompt-tuning', numVirtualTokens: 2 },
    { type: 'prefix-tuning', numVirtualTokens: 2 },
    { type: 'bottleneck-adapter' },
  ]) {
    it(`say that ${method.type} has no place in two encoders`, async () => {
      const model = await readDualEncoder(folderOf('clip-dual-encoder'));
      const attach = () => attachMethod(methodSchema.parse(method), attachOptions(model));
      assert.throws(attach, (thrown) => thrown instanceof RunFailure && thrown.error.code === 'bad-config');
    });
  }
});

describe('losses of images with texts', () => {
  before(() => startBackend('cpu'));

  it('are those of CLIP and SigLIP by hand', () => {
    const scores = tf.tensor2d([2, 0, 1, 1], [2, 2]);
    // rows: ln(1 + e^-2), ln 2; columns: ln(1 + e^-1), ln(1 + e^-1)
    const contrastive = ((Math.log1p(Math.exp(-2)) + Math.LN2) / 2 + Math.log1p(Math.exp(-1))) / 2;
    assert.ok(Math.abs(valueOf(contrastiveLoss(scores)) - contrastive) < 1e-6);
    // right pairs: 2 and 1; others: 0 and 1
    const sigmoid = (Math.log1p(Math.exp(-2)) + Math.log1p(Math.exp(-1)) + Math.LN2 + Math.log1p(Math.exp(1))) / 2;
    assert.ok(Math.abs(valueOf(sigmoidLoss(scores)) - sigmoid) < 1e-6);
  });

  it('ask BLIP-2 for each row its own pair and two others, never a wrong one for right', () => {
    for (const seed of [0, 1, 2, 3]) {
      const questions = drawQuestions(4, createRandom(seed));
      assert.equal(questions.length, 12);
      for (const { image, text, answer } of questions) {
        assert.equal(image === text, answer);
        assert.ok([image, text].every((row) => row >= 0 && row < 4));
      }
    }
    assert.deepEqual(drawQuestions(1, createRandom(0)), [{ image: 0, text: 0, answer: true }]);
  });
});

function packTexts(rows: readonly (readonly number[])[]): TokenBatch {
  return { rows: rows.length, ids: Int32Array.from(rows.flat()), starts: startsOf(rows.map(({ length }) => length)) };
}

function valueOf(scalar: tf.Scalar): number {
  return scalar.dataSync<'float32'>()[0] ?? NaN;
}

async function rejectsWith(read: () => Promise<unknown>, message: RegExp): Promise<void> {
  await assert.rejects(read, (thrown) => {
    assert.ok(thrown instanceof RunFailure && thrown.error.code === 'bad-model');
    assert.match(thrown.message, message);
    return true;
  });
}
