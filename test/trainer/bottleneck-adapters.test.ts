/** Bottleneck adapters on the tiny random models of test/golden: where they sit, what they start as, what folders are refused. */
import assert from 'node:assert/strict';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRandom } from '../../dataset/seeded-random';
import { RunFailure } from '../../protocol';
import { packBatch, type EncodedRow } from '../../trainer/batches';
import { createFrozenLayers } from '../../trainer/frozen-layers';
import { createKeyValueCache } from '../../trainer/generate/key-value-cache';
import { attachAdaptersFolder, isAdaptersLibrary } from '../../trainer/methods/adapters-folder';
import type { Adapter, AttachOptions } from '../../trainer/methods/method';
import { attachMethod } from '../../trainer/methods/registry';
import type { LoadedModel } from '../../trainer/model-folder';
import { computeLogits } from '../../trainer/models/run-backbone';
import { startsOf } from '../../trainer/ops/sequences';
import { encodeSafetensors, readSafetensors } from '../../trainer/safetensors';
import { computeGradients } from '../../trainer/step';
import * as tf from '../../trainer/tensors';
import { goldenDir } from '../golden/golden-dir';
import { loadGoldenModel } from '../golden/golden-model';
import { assertClose, assertSameBits } from './numbers';
import { read } from './on-backends';
import { temporaryFolder } from './temporary-folder';
import { configWith, startBackend } from './tiny-training';

type Model = Omit<LoadedModel, 'tokenizer'>;
type Settings = Readonly<Record<string, unknown>>;

const rows = [[14, 26, 9, 20, 21], [38], [35, 49, 48, 45, 33, 44, 22, 11, 13]];
const decoders = ['gpt2', 'llama', 'mistral', 'qwen2', 'qwen3', 'smollm3'];
const encoders = ['bert', 'roberta', 'distilbert', 'mpnet', 'modernbert'];

describe('bottleneck adapters', () => {
  before(() => startBackend('wasm'));

  for (const type of [...encoders, ...decoders]) {
    it(`sit in every layer of ${type}; parallel ones leave it at first as it is, to the bit`, async () => {
      const model = await load(type);
      const plain = await withTuning(model, { type: 'full' }, (adapter) => logits(model, adapter));
      await withTuning(model, { preset: 'parallel' }, (adapter) => {
        assert.equal(layersWith(model, adapter).size, model.backbone.layerCount);
        assertSameBits(logits(model, adapter), plain, 'parallel');
      });
      await withTuning(model, { preset: 'houlsby', reductionFactor: 4 }, (adapter) => {
        assert.equal(adapter.trained.size, 2 * 4 * model.backbone.layerCount, 'two in each layer, of four tensors');
        const moved = logits(model, adapter);
        assertClose(moved, plain, 0.05, 'close to it, since N(0, 0.02) is small');
        assert.notDeepEqual(moved, plain);
      });
    });
  }

  describe('what is trained', () => {
    // bert: hidden 20, 2 layers, a head of 20 · 3 + 3
    const cases: [string, Settings, number][] = [
      ['2 H d + d + H a layer and the head', { preset: 'pfeiffer', reductionFactor: 4 }, 2 * (2 * 20 * 5 + 5 + 20) + 63],
      ['twice that for houlsby', { preset: 'houlsby', reductionFactor: 4 }, 2 * 2 * (2 * 20 * 5 + 5 + 20) + 63],
      ['with half the width for parallel', { preset: 'parallel' }, 2 * (2 * 20 * 10 + 10 + 20) + 63],
      ['with the width rounded down', { preset: 'pfeiffer', reductionFactor: 3 }, 2 * (2 * 20 * 6 + 6 + 20) + 63],
      ['with a width of 1 at least', { preset: 'pfeiffer', reductionFactor: 64 }, 2 * (2 * 20 + 1 + 20) + 63],
      [
        'in the layers that are not left out',
        { preset: 'pfeiffer', reductionFactor: 4, leaveOut: [0] },
        2 * 20 * 5 + 5 + 20 + 63,
      ],
    ];
    for (const [formula, settings, expected] of cases) {
      it(`is ${formula}: ${expected}`, async () => {
        const model = await loadClassifier();
        const base = [...model.tensors.values()].reduce((sum, { values }) => sum + values.length, 0);
        await withTuning(model, settings, (adapter) => {
          assert.equal(
            [...adapter.trained.values()].reduce((sum, { size }) => sum + size, 0),
            expected,
          );
          assert.equal(adapter.parameterCount, base + expected - 63);
        });
      });
    }
  });

  it('leave the layers below the first of them frozen, and give the same with what was kept of those', async () => {
    const model = await loadClassifier();
    const folder = temporaryFolder('bottleneck');
    const encoded = encode(rows).map((row) => ({ ...row, labels: Int32Array.of(row.index) }));
    await withTuning(model, { leaveOut: [0], reductionFactor: 4 }, async (adapter) => {
      assert.equal(adapter.lowestTrainedLayer, 1);
      const frozen =
        createFrozenLayers({ model, adapter, rows: encoded, dir: folder.path, keep: true }) ?? assert.fail('nothing is frozen');
      const compute = (kept?: typeof frozen) =>
        computeGradients({ model, adapter, training: { labelSmoothing: 0 }, random: createRandom(0), frozen: kept }, [
          packBatch(encoded),
        ]);
      const whole = await compute();
      const kept = await compute(frozen);
      assert.equal(kept.loss, whole.loss);
      for (const [name, gradient] of Object.entries(whole.gradients))
        assertClose(read(kept.gradients[name] ?? assert.fail(name)), read(gradient), 1e-6, name);
      tf.dispose([whole.gradients, kept.gradients]);
      frozen.dispose();
    });
    folder.remove();
  });

  it('compute the same through a cache, token by token', async () => {
    const model = await load('llama');
    await withTuning(model, { preset: 'houlsby', reductionFactor: 4 }, (adapter) => {
      const cache = createKeyValueCache(1);
      const row = rows[2] ?? [];
      const scores = row.flatMap((id) => {
        const batch = { rows: 1, ids: Int32Array.of(id), starts: startsOf([1]) };
        const found = tf.tidy(() => [...read(computeLogits(model, batch, { tuning: adapter, cache }))]);
        cache.endPass();
        return found;
      });
      cache.dispose();
      assertClose(scores, logits(model, adapter, [row]), 1e-5, 'logits');
    });
  });

  it('give a row beside others what it gets alone, and leave nothing behind', async () => {
    const model = await load('bert');
    const before = tf.memory().numTensors;
    await withTuning(model, { preset: 'houlsby', reductionFactor: 4 }, (adapter) => {
      const alone = rows.flatMap((row) => [...logits(model, adapter, [row])]);
      const attached = tf.memory().numTensors;
      assertSameBits(Float32Array.from(alone), logits(model, adapter), 'alone and together');
      assert.equal(tf.memory().numTensors, attached);
    });
    assert.equal(tf.memory().numTensors, before);
  });

  it('come back from their two files, the head from its own', async () => {
    const model = await loadClassifier();
    const {
      adapter: written,
      head,
      scores,
    } = await withTuning(model, { preset: 'houlsby' }, async (adapter) => ({
      adapter: await adapter.collectTensors(),
      head: (await adapter.tensorParts?.get('model_head.safetensors')?.collect()) ?? assert.fail('no head'),
      scores: logits(model, adapter),
    }));
    assert.deepEqual([...head.keys()].sort(), ['classifier.bias', 'classifier.weight']);
    assert.ok([...written.keys()].every((name) => name.includes('.adapters.temper.adapter_')));
    await withTuning(
      model,
      { preset: 'houlsby' },
      (adapter) => {
        assert.notDeepEqual(logits(model, adapter), scores, 'another seed starts elsewhere');
        adapter.assign(written);
        adapter.tensorParts?.get('model_head.safetensors')?.assign(head);
        assertSameBits(logits(model, adapter), scores, 'read back');
      },
      9,
    );
  });

  it('write their scaling as a number that Python takes for a float', async () => {
    const model = await load('llama');
    await withTuning(model, { preset: 'parallel' }, (adapter) => {
      const text = JSON.stringify(adapter.configFiles.get('adapter_config.json'));
      const written = /"scaling":([^,}]+)/.exec(text)?.[1] ?? '';
      assert.match(written, /\./);
      assert.equal(Math.fround(Number(written)), 4);
    });
  });

  it('say so when a model joins where none of them has a place, instead of doing nothing there', async () => {
    const model = await load('bert');
    await withTuning(model, {}, (adapter) => {
      const x = tf.zeros<tf.Rank.R2>([1, 20]);
      assert.throws(
        () => adapter.join('bert.encoder.layer.0.elsewhere', { output: x, residual: x }),
        /joins at "bert\.encoder\.layer\.0\.elsewhere"/,
      );
      x.dispose();
    });
  });

  it('are refused for layers that the model does not have, and for none at all', async () => {
    const model = await load('bert');
    const refuses = (leaveOut: number[], message: RegExp) => {
      assert.throws(
        () => attach(model, { leaveOut }),
        (thrown) => thrown instanceof RunFailure && message.test(thrown.error.message),
      );
    };
    refuses([1, 5, 7], /names 5, 7, and the layers of this model are 0 to 1/);
    refuses([0, 1], /names every layer/);
  });

  describe('a folder of the adapters library', () => {
    const source = join(goldenDir, 'methods', 'bert-seq-bn');
    let folder: ReturnType<typeof temporaryFolder>;
    beforeEach(() => {
      folder = temporaryFolder('adapters-library');
      cpSync(source, folder.path, { recursive: true });
    });
    afterEach(() => {
      folder.remove();
    });

    it('is told from one of PEFT', () => {
      assert.ok(isAdaptersLibrary(readConfig()));
      assert.ok(!isAdaptersLibrary({ peft_type: 'LORA' }));
    });

    it('is refused with everything that does not fit at once', async () => {
      const tensors = new Map(await readSafetensors(join(source, 'adapter.safetensors')));
      const names = [...tensors.keys()].sort();
      const [missing = '', reshaped = ''] = names;
      tensors.delete(missing);
      tensors.set(reshaped, { shape: [2, 2], values: new Float32Array(4) });
      tensors.set('stray.weight', { shape: [1], values: new Float32Array(1) });
      writeFileSync(join(folder.path, 'adapter.safetensors'), encodeSafetensors(tensors));
      rmSync(join(folder.path, 'model_head.safetensors'));
      writeConfig({ ...readConfig(), model_type: 'roberta', hidden_size: 24 });
      await assertRefused([missing, reshaped, 'stray.weight', 'classifier.weight', '"roberta"', '24']);
    });

    it('is refused by the names of all settings that Temper does not have', async () => {
      const config = readConfig();
      writeConfig({
        ...config,
        config: {
          ...config.config,
          ln_before: true,
          phm_layer: true,
          use_gating: true,
          non_linearity: 'leakyrelu',
          scaling: 'learned',
        },
      });
      await assertRefused(['ln_before', 'phm_layer', 'use_gating', 'non_linearity', 'scaling']);
    });

    it('is refused when it is for another method of the library', async () => {
      const config = readConfig();
      writeConfig({ ...config, config: { ...config.config, architecture: 'lora' } });
      await assertRefused(['architecture']);
    });

    it('may give every layer a reduction factor of its own, and must give one to each', async () => {
      const config = readConfig();
      writeConfig({ ...config, config: { ...config.config, reduction_factor: { '0': 4, default: 4 } } });
      (await open()).dispose();
      writeConfig({ ...config, config: { ...config.config, reduction_factor: { '0': 4 } } });
      await assertRefused(['reduction_factor', 'layers 1']);
    });

    it('is refused without its configuration, and nothing stays in memory', async () => {
      const { numTensors } = tf.memory();
      rmSync(join(folder.path, 'adapter_config.json'));
      await assertRefused(['adapter_config.json']);
      assert.equal(tf.memory().numTensors, numTensors);
    });

    it('may hold the whole head of the base, as the library saves it, but no other one', async () => {
      const model = await load('llama');
      cpSync(join(goldenDir, 'methods', 'llama-seq-bn'), folder.path, { recursive: true });
      const head = model.tensors.get('lm_head.weight') ?? assert.fail('llama has a head of its own');
      writeFileSync(join(folder.path, 'model_head.safetensors'), encodeSafetensors(new Map([['lm_head.weight', head]])));
      (await attachAdaptersFolder(folder.path, optionsOf(model))).dispose();
      const other = { ...head, values: head.values.map((value) => value + 1) };
      writeFileSync(join(folder.path, 'model_head.safetensors'), encodeSafetensors(new Map([['lm_head.weight', other]])));
      await assert.rejects(attachAdaptersFolder(folder.path, optionsOf(model)), /lm_head\.weight/);
    });

    function readConfig(): { config: Record<string, unknown> } & Record<string, unknown> {
      return JSON.parse(readFileSync(join(source, 'adapter_config.json'), 'utf8')) as ReturnType<typeof readConfig>; // a fixture
    }

    function writeConfig(config: unknown): void {
      writeFileSync(join(folder.path, 'adapter_config.json'), JSON.stringify(config));
    }

    async function open(): Promise<Adapter> {
      return attachAdaptersFolder(folder.path, optionsOf(await loadClassifier()));
    }

    async function assertRefused(named: readonly string[]): Promise<void> {
      await assert.rejects(open(), (thrown) => {
        assert.ok(thrown instanceof RunFailure);
        assert.equal(thrown.error.code, 'bad-checkpoint');
        for (const name of named) assert.ok(thrown.error.message.includes(name), `${name} in: ${thrown.error.message}`);
        return true;
      });
    }
  });
});

function load(type: string): Promise<Model> {
  return decoders.includes(type)
    ? loadGoldenModel(`${type}-causal-lm`, 'causal-lm')
    : loadGoldenModel(`${type}-masked-lm`, 'masked-lm');
}

function loadClassifier(): Promise<Model> {
  return loadGoldenModel('bert-sequence-classification', 'sequence-classification', 3);
}

function optionsOf(model: Model, seed = 1): AttachOptions {
  const { architecture, backbone, tensors, dir } = model;
  return { architecture, backbone, tensors, modelDir: dir, random: createRandom(seed) };
}

function attach(model: Model, settings: Settings, seed?: number): Adapter {
  return attachMethod(configWith({ method: { type: 'bottleneck-adapter', ...settings } }).method, optionsOf(model, seed));
}

async function withTuning<Result>(
  model: Model,
  settings: Settings,
  use: (adapter: Adapter) => Result | Promise<Result>,
  seed?: number,
): Promise<Result> {
  const adapter = attach(model, settings, seed);
  try {
    return await use(adapter);
  } finally {
    adapter.dispose();
  }
}

function layersWith({ backbone }: Model, adapter: Adapter): Set<number> {
  return new Set(
    [...adapter.trained.keys()]
      .map((name) => backbone.layerOf(name))
      .filter((layer) => layer >= 0 && layer < backbone.layerCount),
  );
}

function encode(texts: readonly number[][]): EncodedRow[] {
  return texts.map((ids, index) => ({ ids: Int32Array.from(ids), labels: new Int32Array(ids.length), index }));
}

function logits(model: Model, adapter: Adapter, texts: readonly number[][] = rows): Float32Array {
  return tf.tidy(() => read(computeLogits(model, packBatch(encode(texts)).batch, { tuning: adapter })));
}
