/** What goes out of a run computes what the run did: merged into the base, or as an adapter on it; and what comes from PEFT opens. */
import assert from 'node:assert/strict';
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readProject } from '../../dataset/project';
import { createRandom } from '../../dataset/seeded-random';
import { RunFailure } from '../../protocol';
import { attachOptionsOf } from '../../trainer/attach-options';
import { exportModel } from '../../trainer/export-model';
import { attachMethod } from '../../trainer/methods/registry';
import { loadModel } from '../../trainer/model-folder';
import { computeLogits } from '../../trainer/models/run-backbone';
import type { TextModel, Tuning } from '../../trainer/models/model';
import type { OpenModel } from '../../trainer/open-adapter';
import { openCheckpoint, openModel } from '../../trainer/open-checkpoint';
import { runTraining } from '../../trainer/run';
import * as tf from '../../trainer/tensors';
import { writeTinyProject } from '../cli/tiny-project';
import { goldenDir } from '../golden/golden-dir';
import { readModelCase } from '../golden/model-case';
import { assertClose } from './numbers';
import { quietSurroundings, startBackend, temporaryFolder } from './tiny-training';

const folder = temporaryFolder('export');
const batch = { rows: 2, ids: Int32Array.from([2, 7, 8, 9, 3, 2, 10, 3]), starts: Int32Array.of(0, 5, 8) };
const logitsOf = (model: TextModel, tuning: Tuning, asked = batch) =>
  tf.tidy(() => Float32Array.from(computeLogits(model, asked, { tuning }).dataSync<'float32'>()));

async function train(name: string, method: Record<string, unknown>): Promise<string> {
  const dir = writeTinyProject(join(folder.path, name), { method });
  const request = {
    project: await readProject(dir),
    runId: 'run',
    surroundings: () => quietSurroundings(),
    onEvent: () => undefined,
  };
  return (await runTraining(request)).runDir;
}

describe('exporting', () => {
  before(() => startBackend('wasm'));
  let opened: OpenModel | undefined;
  afterEach(() => {
    opened?.adapter.dispose();
    opened = undefined;
  });
  after(() => {
    folder.remove();
  });

  for (const method of [
    { type: 'lora', r: 4 },
    { type: 'lora', r: 2, targetModules: 'all-linear', useDora: true },
    { type: 'ia3' },
    { type: 'bias-only' },
    { type: 'full' },
  ]) {
    it(`merged gives a model that computes the same (${JSON.stringify(method)})`, async () => {
      const name = `merged-${JSON.stringify(method).length}-${method.type}`;
      opened = await openCheckpoint(await train(name, method));
      const expected = logitsOf(opened.model, opened.adapter);
      const dir = join(folder.path, `${name}-out`);
      const files = await exportModel(opened, 'merged', dir);
      assert.deepEqual(files, ['README.md', 'config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json']);
      assertClose(logitsOf(opened.model, opened.adapter), expected, 1e-6, 'what was merged is taken out again');

      const model = await loadModel({
        model: dir,
        projectDir: dir,
        head: 'sequence-classification',
        labels: 2,
        initialWeights: 'pretrained',
        seed: 9,
      });
      const plain = attachMethod({ type: 'head-only' }, attachOptionsOf(model, opened.labels, createRandom(9)));
      assertClose(logitsOf(model, plain), expected, 1e-5, 'merged');
      plain.dispose();
    });
  }

  it('peft gives an adapter that opens by itself, labels and all', async () => {
    opened = await openCheckpoint(await train('adapter', { type: 'lora', r: 4 }));
    const expected = logitsOf(opened.model, opened.adapter);
    const dir = join(folder.path, 'adapter-out');
    await exportModel(opened, 'peft', dir);
    assert.deepEqual(
      ['MANIFEST.json', 'optimizer.safetensors', 'adapter_model.safetensors', 'config.json'].map((name) =>
        existsSync(join(dir, name)),
      ),
      [false, false, true, true],
    );
    const alone = await openModel(dir);
    assert.deepEqual([alone.labels, alone.config.task.type], [['bad', 'good'], 'text-classification']);
    assertClose(logitsOf(alone.model, alone.adapter), expected, 1e-6, 'adapter');
    alone.adapter.dispose();
  });

  it('says why not: a folder that is not empty, a method that does not merge, a model without an adapter', async () => {
    opened = await openCheckpoint(await train('prefix', { type: 'prefix-tuning', numVirtualTokens: 2 }));
    await assert.rejects(exportModel(opened, 'merged', join(folder.path, 'no')), isFailure(/prefix-tuning .* cannot be merged/));
    await assert.rejects(exportModel(opened, 'peft', folder.path), isFailure(/not empty/));
    opened.adapter.dispose();
    opened = await openCheckpoint(await train('full', { type: 'full' }));
    await assert.rejects(exportModel(opened, 'peft', join(folder.path, 'no')), isFailure(/no adapter to take out/));
    assert.deepEqual(
      readdirSync(folder.path).filter((name) => name === 'no' || name.endsWith('.tmp')),
      [],
    );
  });
});

describe('an adapter that PEFT made', () => {
  before(() => startBackend('wasm'));

  for (const name of ['bert-lora', 'bert-ia3', 'bert-prefix-tuning', 'bert-prompt-tuning', 'bert-seq-bn']) {
    it(`opens on its base and gives the logits that it had there (${name})`, async () => {
      const dir = join(folder.path, name);
      const { expected, tensors } = await readModelCase(join(goldenDir, 'methods', name));
      const base = prepareBase(join(folder.path, `${name}-base`), 'bert-sequence-classification');
      cpSync(join(goldenDir, 'methods', name), dir, { recursive: true });
      const { model, adapter, labels } = await openModel(dir, base);
      assert.deepEqual(labels, ['LABEL_0', 'LABEL_1', 'LABEL_2']);
      const ids = expected.batch.ids;
      const starts = Int32Array.from([
        0,
        ...ids.map((_, row) => ids.slice(0, row + 1).reduce((sum, { length }) => sum + length, 0)),
      ]);
      const logits = logitsOf(model, adapter, { rows: ids.length, ids: Int32Array.from(ids.flat()), starts });
      assertClose(logits, tensors.get('logits')?.values ?? assert.fail(), 1e-5, name);
      adapter.dispose();
    });
  }

  it('says which base it wants when that is not here', async () => {
    const dir = join(folder.path, 'nowhere');
    cpSync(join(goldenDir, 'methods', 'bert-lora'), dir, { recursive: true });
    await assert.rejects(
      openModel(dir),
      (thrown) => thrown instanceof RunFailure && thrown.error.hint.includes('--model takes another'),
    );
  });
});

/** The fixtures have no tokenizer; any that is small enough does. */
function prepareBase(dir: string, fixture: string): string {
  cpSync(join(goldenDir, 'models', fixture), dir, { recursive: true });
  const vocab = { '[PAD]': 0, '[UNK]': 1, a: 2 };
  const model = { type: 'WordPiece', unk_token: '[UNK]', continuing_subword_prefix: '##', max_input_chars_per_word: 100, vocab };
  const rest = {
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: { type: 'WhitespaceSplit' },
    post_processor: null,
    decoder: null,
  };
  if (!existsSync(join(dir, 'tokenizer.json')))
    writeFileSync(
      join(dir, 'tokenizer.json'),
      JSON.stringify({ version: '1.0', truncation: null, padding: null, ...rest, model }),
    );
  assert.ok(readFileSync(join(dir, 'config.json'), 'utf8').length > 0);
  return dir;
}

function isFailure(says: RegExp): (thrown: unknown) => boolean {
  return (thrown) => thrown instanceof RunFailure && says.test(thrown.message);
}
