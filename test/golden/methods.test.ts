/**
 * LoRA in all its forms, IA3, QLoRA, biases and heads alone, against PEFT, bitsandbytes and plain PyTorch: what they
 * compute on tiny random models, losses, gradients, twenty AdamW steps, merged weights, and files both ways.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { attachPeft } from '../../trainer/methods/peft-folder';
import type { Adapter } from '../../trainer/methods/method';
import { attachMethod } from '../../trainer/methods/registry';
import { families } from '../../trainer/models/registry';
import { computeLogits } from '../../trainer/models/run-backbone';
import { createOptimizer } from '../../trainer/optimizer';
import { encodeSafetensors, readSafetensors, type NamedTensors } from '../../trainer/safetensors';
import { computeGradients, takeStep } from '../../trainer/step';
import * as tf from '../../trainer/tensors';
import { createRandom } from '../../dataset/seeded-random';
import { describeWithTensorFlow, useTensorFlow } from '../trainer/tensorflow/tensorflow-here';
import { configWith, startBackend } from '../trainer/tiny-training';
import { assertClose, assertRelativelyClose, assertSteps } from './golden-assertions';
import { hasAdapterFile, methodsDir, optionsOf, readMethodCase, type MethodCase } from './method-case';
import { batchOf, readExpected } from './model-case';

const ours = /^\w+-(lora.*|ia3|qlora|bias-only|head-only)$/;
const onEveryBackend = new Set(['bert-lora-rslora-dora', 'llama-lora', 'gpt2-lora-bias-all', 'bert-ia3', 'llama-qlora']);
const isServed = (name: string) => families.has(readExpected(join(methodsDir, name)).model_type);
const names = readdirSync(methodsDir).filter((name) => ours.test(name) && isServed(name));

for (const backend of ['wasm', 'cpu'] as const) {
  describe(`LoRA, IA3 and parts of the model, against PEFT, on ${backend}`, () => {
    before(() => startBackend(backend));
    for (const name of names.sort()) if (backend === 'wasm' || onEveryBackend.has(name)) describeMethod(name);
  });
}
describeWithTensorFlow('LoRA, IA3 and parts of the model, against PEFT, on tensorflow', () => {
  before(useTensorFlow);
  for (const name of names.filter((wanted) => onEveryBackend.has(wanted))) describeMethod(name);
});

function describeMethod(name: string): void {
  describe(name, () => {
    let golden: MethodCase;
    let adapter: Adapter;
    const scores = (tuning: Adapter) => tf.tidy(() => computeLogits(golden.model, batchOf(golden.expected).batch, { tuning }));
    const stepOptions = () => {
      const { weightDecay = 0, maxGradNorm = 1 } = golden.expected.optimizer ?? {};
      const { training } = configWith({ training: { weightDecay, maxGradNorm } });
      return { model: golden.model, adapter, training, random: createRandom(0) };
    };
    before(async () => {
      golden = await readMethodCase(name);
    });
    beforeEach(async () => {
      adapter = await attach(golden);
    });
    afterEach(() => {
      adapter.dispose();
    });

    it('trains as many parameters as the library', () => {
      const trained = [...adapter.trained.values()].reduce((sum, { size }) => sum + size, 0);
      assert.equal(trained, golden.expected.parameterCount);
    });

    it('gives the same scores from the file that the library wrote', () => {
      const logits = scores(adapter);
      assertClose('logits', logits, golden.tensors.get('logits') ?? assert.fail('no logits'), 1e-5);
      logits.dispose();
    });

    it('has the same loss and the same gradient of everything that is trained', async () => {
      const computed = await computeGradients(stepOptions(), [batchOf(golden.expected)]);
      const expected = golden.expected.loss ?? NaN;
      assert.ok(Math.abs(computed.loss - expected) <= 1e-5 * Math.max(1, expected), `loss ${computed.loss} against ${expected}`);
      await assertRelativelyClose(adapter, computed.gradients, golden.tensors, golden.model.architecture.transposed, 1e-4);
      tf.dispose(computed.gradients);
    });

    it('learns the same in twenty steps', async () => {
      const { optimizer: settings } = golden.expected;
      assert.ok(settings);
      const optimizer = createOptimizer(adapter.trained, stepOptions().training);
      const schedule = { kind: 'linear', peak: settings.learningRate, ...settings } as const;
      const options = { ...stepOptions(), optimizer, schedule, surroundings: { nowMs: () => 0 } };
      await assertSteps(adapter, golden.expected, golden.tensors, (step) => takeStep(options, [batchOf(golden.expected)], step));
      optimizer.dispose();
    });

    it('merges into weights that compute the same, and takes them out again', async () => {
      const { merging } = adapter;
      assert.ok(merging);
      const before = scores(adapter);
      merging.merge();
      assertClose('merged logits', scores(adapter), asNamed(before), 1e-5);
      const merged = await merging.collectBase();
      merging.unmerge();
      assertClose('logits after a merge undone', scores(adapter), asNamed(before), 0);
      const plain = attachMethod({ type: 'full' }, optionsOf(golden.model, merged));
      assertClose('logits of the merged weights by themselves', scores(plain), asNamed(before), 1e-5);
      plain.dispose();
      assertMerged(golden, merged, hasAdapterFile(name));
    });

    if (!hasAdapterFile(name)) return;

    it('writes tensors of the names and shapes that the library writes', async () => {
      const theirs = [...(await readSafetensors(join(golden.dir, 'adapter_model.safetensors')))];
      const copies = /\.(modules_to_save|original_module)\.|embed_tokens\.base_layer\.weight$/; // what Temper need not write
      const shapes = (tensors: Iterable<readonly [string, { readonly shape: readonly number[] }]>) =>
        Object.fromEntries([...tensors].map(([key, { shape }]) => [key, shape.join()] as const).sort());
      assert.deepEqual(shapes(await adapter.collectTensors()), shapes(theirs.filter(([key]) => !copies.test(key))));
    });

    it('writes a configuration that says what the library says', () => {
      const theirs = record.parse(JSON.parse(readFileSync(join(golden.dir, 'adapter_config.json'), 'utf8')));
      const written = record.parse(adapter.configFiles.get('adapter_config.json'));
      const elsewhere = new Set(['base_model_name_or_path', 'modules_to_save']);
      for (const [key, value] of Object.entries(written)) {
        if (!elsewhere.has(key)) assert.deepEqual(sorted(value), sorted(theirs[key]), key);
      }
    });

    it('opens what it has written, bit by bit', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'temper-methods-'));
      try {
        writeFileSync(join(folder, adapter.tensorFile), encodeSafetensors(await adapter.collectTensors()));
        for (const [file, content] of adapter.configFiles) writeFileSync(join(folder, file), JSON.stringify(content));
        const again = await attachPeft(folder, optionsOf(golden.model));
        assertClose('logits', scores(again), asNamed(scores(adapter)), 0);
        again.dispose();
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  });
}

const record = z.record(z.string(), z.unknown());

/** Python's sets have no order. */
function sorted(value: unknown): unknown {
  return Array.isArray(value) ? value.map(String).sort() : value;
}

/** An adapter as the library saved it, or a method without a file of its own. */
function attach({ dir, name, method, model }: MethodCase): Promise<Adapter> | Adapter {
  if (hasAdapterFile(name)) return attachPeft(dir, optionsOf(model));
  return attachMethod(configWith({ method: { type: method } }).method, optionsOf(model));
}

function asNamed(tensor: tf.Tensor): { shape: number[]; values: Float32Array } {
  return { shape: tensor.shape, values: Float32Array.from(tensor.dataSync<'float32'>()) };
}

/** What the library's merge changes has its values, and everything else those of the base. */
function assertMerged({ tensors, model }: MethodCase, merged: NamedTensors, isMerged: boolean): void {
  const changed = [...tensors.keys()].filter((key) => key.startsWith('merged.')).map((key) => key.slice('merged.'.length));
  assert.equal(changed.length > 0, isMerged, 'the fixture has merged weights');
  for (const [name, { shape, values }] of merged) {
    const expected = tensors.get(`merged.${name}`) ?? model.tensors.get(name);
    if (expected === undefined) continue; // packed, and not a target
    const tensor = tf.tensor(values, [...shape], 'float32');
    assertClose(`merged ${name}`, tensor, expected, 1e-5);
    tensor.dispose();
  }
  assert.ok(changed.every((name) => merged.has(name)));
}
