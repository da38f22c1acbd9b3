/**
 * Models of images, and of images with texts, against transformers: tiny random models (test/golden/make_vision.py), their
 * states, outputs, losses, gradients and twenty AdamW steps. The tolerances are float32's: 1e-5 for outputs, 1e-4 relative
 * for gradients. Whether photographs get the right words cannot be seen here: there are no pretrained weights.
 */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readImageModel, type LoadedDualEncoder, type LoadedImageModel } from '../../trainer/image-model-folder';
import { attachFull } from '../../trainer/methods/full';
import type { Adapter } from '../../trainer/methods/method';
import { blip2ConfigSchema } from '../../trainer/models/blip-2';
import { embedImages, seeImages, type DualEncoder } from '../../trainer/models/dual-encoder';
import type { Pass, TextBackbone } from '../../trainer/models/model';
import { readWords } from '../../trainer/models/q-former';
import { computeLogits, runBackbone } from '../../trainer/models/run-backbone';
import type * as tf from '../../trainer/tensors';
import { startBackend } from '../trainer/tiny-training';
import { goldenDir } from './golden-dir';
import { readModelCase, type ModelCase } from './model-case';
import {
  assertGradients,
  assertOutputs,
  assertTwentySteps,
  attachOptions,
  imagesOf,
  loadPairs,
  lossOf,
  pairsOf,
} from './vision-case';

const modelsDir = join(goldenDir, 'models');
const fixtures = readdirSync(modelsDir).sort();
const classifiers = fixtures.filter((name) => name.endsWith('-image-classification'));
const pairs = fixtures.filter((name) => /-dual-encoder|-retrieval/.test(name));
const onEveryBackend = new Set(['vit-image-classification', 'clip-dual-encoder']);

for (const backend of ['wasm', 'cpu'] as const) {
  describe(`models of images, against transformers, on ${backend}`, () => {
    before(() => startBackend(backend));
    const isRun = (name: string) => backend === 'wasm' || onEveryBackend.has(name);
    for (const name of classifiers.filter(isRun)) describeClassifier(name);
    for (const name of pairs.filter(isRun)) describePairs(name);
  });
}

function describeClassifier(name: string): void {
  describe(name, () => {
    let golden: ModelCase;
    let model: LoadedImageModel;
    let adapter: Adapter;
    before(async () => {
      golden = await readModelCase(join(modelsDir, name));
      model = await readImageModel(golden.dir, { labels: 3, seed: 0 });
    });
    beforeEach(() => {
      adapter = attachFull({ type: 'full' }, attachOptions(model));
    });
    afterEach(() => {
      adapter.dispose();
    });

    it('has the parameters that the file has', () => {
      assert.equal(adapter.parameterCount, golden.expected.parameterCount);
    });

    it('gives the same states and the same scores', () => {
      assertOutputs(golden, {
        hidden: () => runBackbone(model.backbone, imagesOf(golden), { tuning: adapter }, 'every-token').x,
        logits: () => computeLogits(model, imagesOf(golden), { tuning: adapter }),
      });
    });

    it('gives the same loss and the same gradient of every parameter', () => assertGradients(golden, adapter, loss));

    it('takes the same twenty steps', () => assertTwentySteps(golden, adapter, loss));

    const loss = () => lossOf(model, golden, adapter);
  });
}

function describePairs(name: string): void {
  describe(name, () => {
    let golden: ModelCase;
    let loaded: LoadedDualEncoder;
    let adapter: Adapter;
    before(async () => {
      golden = await readModelCase(join(modelsDir, name));
      loaded = await loadPairs(golden);
    });
    beforeEach(() => {
      adapter = attachFull({ type: 'full' }, attachOptions(loaded));
    });
    afterEach(() => {
      adapter.dispose();
    });

    it('has the parameters that the file has', function () {
      const { parameterCount } = golden.expected;
      if (parameterCount === undefined) return this.skip(); // a fixture of outputs only
      assert.equal(adapter.parameterCount, parameterCount);
    });

    it('gives the same states, vectors and scores', () => {
      const { model } = loaded;
      const pass = { tuning: adapter };
      const { images, texts } = pairsOf(golden);
      const { match } = model;
      assertOutputs(golden, {
        'hidden.vision': () => runBackbone(model.vision, images, pass, 'every-token').x,
        'hidden.text': () => statesOfTexts(loaded, golden, pass),
        image_embeds: () => embedImages(model, images, pass),
        text_embeds: () => model.embedTexts(texts, pass),
        logits_per_image: () => model.similarity(embedImages(model, images, pass), model.embedTexts(texts, pass), pass),
        ...(match ? { logits: () => match(seeImages(model, images, pass), texts, pass) } : {}),
      });
    });

    it('gives the same loss and the same gradient of every parameter', async function () {
      if (golden.expected.loss === undefined) return this.skip(); // a fixture of outputs only
      await assertGradients(golden, adapter, loss);
    });

    it('takes the same twenty steps', async function () {
      if (!golden.expected.optimizer) return this.skip(); // a fixture of outputs only
      await assertTwentySteps(golden, adapter, loss);
    });

    const loss = () => lossOf(loaded, golden, adapter);
  });
}

/** Of the Q-Former, which is no backbone, by its own function. */
function statesOfTexts({ model, config }: LoadedDualEncoder, golden: ModelCase, pass: Pass): tf.Tensor2D {
  const { texts } = pairsOf(golden);
  if (isBackbone(model.text)) return runBackbone(model.text, texts, pass, 'every-token').x;
  return readWords(blip2ConfigSchema.parse(config).qformer_config, texts, pass);
}

function isBackbone(text: DualEncoder['text']): text is TextBackbone {
  return 'runLayer' in text;
}
