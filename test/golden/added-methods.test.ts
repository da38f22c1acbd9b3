/**
 * Prefix tuning and prompt tuning against PEFT, bottleneck adapters against the adapters library: what they compute on tiny
 * random models, their losses, gradients and twenty AdamW steps, and that the libraries' files open here and ours have the
 * same names and shapes. Fixtures: make_methods.py, make_adapters.py.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { createRandom } from '../../dataset/seeded-random';
import type { MethodConfig } from '../../protocol';
import { attachAdaptersFolder } from '../../trainer/methods/adapters-folder';
import type { Adapter, AttachOptions } from '../../trainer/methods/method';
import { attachPeftPrefix, attachPeftPrompt } from '../../trainer/methods/peft-prompt-folder';
import { attachMethod } from '../../trainer/methods/registry';
import { readModel, type LoadedModel } from '../../trainer/model-folder';
import type { HeadKind } from '../../trainer/models/model';
import { computeLogits } from '../../trainer/models/run-backbone';
import { createOptimizer } from '../../trainer/optimizer';
import { readSafetensors, type NamedTensors } from '../../trainer/safetensors';
import { computeGradients, takeStep } from '../../trainer/step';
import * as tf from '../../trainer/tensors';
import { describeWithTensorFlow, useTensorFlow } from '../trainer/tensorflow/tensorflow-here';
import { configWith, startBackend } from '../trainer/tiny-training';
import { goldenDir } from './golden-dir';
import { assertClose, assertRelativelyClose, assertSteps } from './golden-assertions';
import { batchOf, readModelCase, type ModelCase } from './model-case';

type Config = Extract<MethodConfig, { type: 'prefix-tuning' | 'prompt-tuning' | 'bottleneck-adapter' }>;

const prefix: Config = { type: 'prefix-tuning', numVirtualTokens: 4, prefixProjection: false, initialisation: 'random' };
const bottleneck: Config = { type: 'bottleneck-adapter', preset: 'pfeiffer', name: 'golden', leaveOut: [], reductionFactor: 4 };
/** As the scripts configure them. */
const methods: Readonly<Record<string, Config>> = {
  'prefix-tuning': prefix,
  'prefix-tuning-projection': { ...prefix, prefixProjection: true, encoderHiddenSize: 10 },
  'prompt-tuning': { type: 'prompt-tuning', numVirtualTokens: 4, initialisation: 'random' },
  'seq-bn': bottleneck,
  'double-seq-bn': { ...bottleneck, preset: 'houlsby' },
  'par-bn': { ...bottleneck, preset: 'parallel', reductionFactor: 2 },
};
const onEveryBackend = new Set(['llama-prefix-tuning', 'bert-prompt-tuning', 'bert-seq-bn']);

const title = 'prefixes, prompts and bottlenecks, against PEFT and the adapters library, on';
describe(`${title} wasm`, () => {
  before(() => startBackend('wasm'));
  describeMethods(() => true);
});
describe(`${title} cpu`, () => {
  before(() => startBackend('cpu'));
  describeMethods((name) => onEveryBackend.has(name));
});
describeWithTensorFlow(`${title} tensorflow`, () => {
  before(useTensorFlow);
  describeMethods((name) => onEveryBackend.has(name));
});

function describeMethods(isWanted: (name: string) => boolean): void {
  for (const type of ['bert', 'llama']) {
    for (const [method, config] of Object.entries(methods)) {
      const name = `${type}-${method}`;
      if (isWanted(name)) describeMethod(name, config);
    }
  }
}

function describeMethod(name: string, config: Config): void {
  describe(name, () => {
    const dir = join(goldenDir, 'methods', name);
    let golden: ModelCase;
    let model: Omit<LoadedModel, 'tokenizer'>;
    let adapter: Adapter;
    const options = (): AttachOptions => {
      const { architecture, tensors, dir: modelDir, backbone } = model;
      return { architecture, tensors, modelDir, backbone, random: createRandom(0) };
    };
    before(async () => {
      golden = await readModelCase(dir);
      model = await readBase(dir, golden);
    });
    beforeEach(async () => {
      adapter = attachMethod(config, options());
      await assignInitial(adapter, dir, golden.tensors);
    });
    afterEach(() => {
      adapter.dispose();
    });

    it('trains as many parameters', () => {
      const trained = [...adapter.trained.values()].reduce((sum, { size }) => sum + size, 0);
      assert.equal(trained, golden.expected.parameterCount);
    });

    it('gives the same scores, from the file as the library wrote it', async () => {
      const opened = await openFolder(config, dir, options());
      try {
        compareLogits(opened);
      } finally {
        opened.dispose();
      }
      compareLogits(adapter);
    });

    it('writes what the library writes: the same tensors, and a configuration with the same fields', async () => {
      const theirs = await readAll(dir, adapter);
      const ours = await collectAll(adapter);
      for (const [part, tensors] of theirs) assert.deepEqual(shapesOf(ours.get(part)), shapesOf(tensors), part);
      for (const [file, value] of adapter.configFiles) {
        const written = z.record(z.string(), z.unknown()).parse(JSON.parse(readFileSync(join(dir, file), 'utf8')));
        assert.deepEqual(facts(value), facts(written), file);
      }
    });

    it('has the same loss and the same gradients', async () => {
      const { loss, gradients } = await computeGradients(
        { model, adapter, training: { labelSmoothing: 0 }, random: createRandom(0) },
        [batchOf(golden.expected)],
      );
      const expected = golden.expected.loss ?? NaN;
      assert.ok(Math.abs(loss - expected) <= 1e-5 * Math.max(1, expected), `loss ${loss} against ${expected}`);
      await assertRelativelyClose(adapter, gradients, golden.tensors, new Set(), 1e-4);
      tf.dispose(gradients);
    });

    it('learns the same in twenty steps', async () => {
      const {
        weightDecay = 0,
        maxGradNorm = 1,
        learningRate = 0,
        warmupSteps = 0,
        totalSteps = 20,
      } = golden.expected.optimizer ?? {};
      const { training } = configWith({ training: { weightDecay, maxGradNorm } });
      const optimizer = createOptimizer(adapter.trained, training);
      const schedule = { kind: 'linear', peak: learningRate, warmupSteps, totalSteps } as const;
      const surroundings = { nowMs: () => 0 };
      const everything = {
        ...adapter,
        collectTensors: async () => new Map([...(await collectAll(adapter)).values()].flatMap((part) => [...part])),
      };
      await assertSteps(everything, golden.expected, golden.tensors, (step) =>
        takeStep(
          { model, adapter, training, random: createRandom(0), optimizer, schedule, surroundings },
          [batchOf(golden.expected)],
          step,
        ),
      );
      optimizer.dispose();
    });

    function compareLogits(tuning: Adapter): void {
      tf.tidy(() => {
        const logits = computeLogits(model, batchOf(golden.expected).batch, { tuning });
        assertClose('logits', logits, golden.tensors.get('logits') ?? assert.fail('no logits'), 1e-5);
      });
    }
  });
}

async function readBase(dir: string, { expected, tensors }: ModelCase): Promise<Omit<LoadedModel, 'tokenizer'>> {
  const { base } = z.object({ base: z.string() }).parse(JSON.parse(readFileSync(join(dir, 'expected.json'), 'utf8')));
  const head = z.enum(['sequence-classification', 'causal-lm'] satisfies HeadKind[]).parse(expected.head);
  const labels = tensors.get('logits')?.shape[1] ?? 0;
  return readModel(join(goldenDir, 'models', base), { head, labels, initialWeights: 'pretrained', seed: 0 });
}

/** A projection's own weights are nowhere but in the fixture. */
async function assignInitial(adapter: Adapter, dir: string, tensors: NamedTensors): Promise<void> {
  adapter.assign(await readSafetensors(join(dir, adapter.tensorFile)));
  const initial = new Map(
    [...tensors].flatMap(([name, tensor]) =>
      name.startsWith('initial.') ? [[name.slice('initial.'.length), tensor] as const] : [],
    ),
  );
  for (const [file, part] of adapter.tensorParts ?? []) {
    part.assign(initial.size > 0 ? initial : await readSafetensors(join(dir, file)));
  }
}

function openFolder(config: Config, dir: string, options: AttachOptions): Promise<Adapter> {
  const written: unknown = JSON.parse(readFileSync(join(dir, 'adapter_config.json'), 'utf8'));
  if (config.type === 'prefix-tuning') return attachPeftPrefix(dir, written, options);
  if (config.type === 'prompt-tuning') return attachPeftPrompt(dir, written, options);
  return attachAdaptersFolder(dir, options);
}

/** The files that the library has too: a projection it throws away. */
async function readAll(dir: string, adapter: Adapter): Promise<Map<string, NamedTensors>> {
  const files = [adapter.tensorFile, ...(adapter.tensorParts?.keys() ?? [])].filter(
    (file) => file !== 'prefix_projection.safetensors',
  );
  return new Map(await Promise.all(files.map(async (file) => [file, await readSafetensors(join(dir, file))] as const)));
}

async function collectAll(adapter: Adapter): Promise<Map<string, NamedTensors>> {
  const parts = [...(adapter.tensorParts ?? [])].map(async ([file, part]) => [file, await part.collect()] as const);
  return new Map([[adapter.tensorFile, await adapter.collectTensors()], ...(await Promise.all(parts))]);
}

function shapesOf(tensors: NamedTensors = new Map()): Record<string, string> {
  return Object.fromEntries([...tensors].map(([name, { shape }]) => [name, shape.join()] as const).sort());
}

/** Without what says where and by whom it was written. PEFT names the head's modules for every model, and twice. */
function facts(config: unknown): Record<string, unknown> {
  const origin = new Set(['base_model_name_or_path', 'model_name', 'peft_version', 'modules_to_save', 'label2id']);
  // 1.0 and what stands for it, which is the same in float32
  const rounded: unknown = JSON.parse(JSON.stringify(config), (_key, value: unknown) =>
    typeof value === 'number' ? Math.fround(value) : value,
  );
  const fields = Object.entries(z.record(z.string(), z.unknown()).parse(rounded));
  return Object.fromEntries(fields.filter(([field]) => !origin.has(field)));
}
