/**
 * LoRA on models that see, against PEFT (test/golden/make_vision_methods.py): what it computes, learns and merges to, and
 * files both ways. PEFT on transformers 5 names ViT's modules otherwise than the model's file does, and than PEFT once did.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { attachFull } from '../../trainer/methods/full';
import type { Adapter } from '../../trainer/methods/method';
import { attachPeft } from '../../trainer/methods/peft-folder';
import type { Tuning } from '../../trainer/models/model';
import { encodeSafetensors, readSafetensors, type NamedTensors } from '../../trainer/safetensors';
import type { Tensor } from '../../trainer/tensors';
import { startBackend, temporaryFolder } from '../trainer/tiny-training';
import { assertClose } from './golden-assertions';
import { goldenDir } from './golden-dir';
import { readModelCase, type ModelCase } from './model-case';
import { assertGradients, assertTwentySteps, attachOptions, loadSeeing, lossOf, scoresOf, type Seeing } from './vision-case';

const methodsDir = join(goldenDir, 'methods');
const record = z.record(z.string(), z.unknown());

describe('LoRA on models that see, against PEFT', () => {
  before(() => startBackend('wasm'));
  for (const name of ['vit-lora', 'vit-lora-all-linear', 'clip-lora']) describeAdapter(name);
});

function describeAdapter(name: string): void {
  describe(name, () => {
    const folder = temporaryFolder('vision-adapters');
    let golden: ModelCase;
    let model: Seeing;
    let adapter: Adapter;
    const scores = (tuning: Tuning) => scoresOf(model, golden, tuning);
    const loss = () => lossOf(model, golden, adapter);
    before(async () => {
      const { tensors, ...written } = await readModelCase(join(methodsDir, name));
      const { base } = z.object({ base: z.string() }).parse(readJson(join(written.dir, 'expected.json')));
      const { tensors: baseTensors } = await readModelCase(join(goldenDir, 'models', base));
      golden = { ...written, tensors: new Map([...pick(baseTensors, 'batch.'), ...tensors]) };
      model = await loadSeeing(join(goldenDir, 'models', base));
    });
    beforeEach(async () => {
      adapter = await attachPeft(golden.dir, attachOptions(model));
    });
    afterEach(() => {
      adapter.dispose();
    });
    after(() => {
      folder.remove();
    });

    it('trains as many parameters as the library', () => {
      const trained = [...adapter.trained.values()].reduce((sum, { size }) => sum + size, 0);
      assert.equal(trained, golden.expected.parameterCount);
    });

    it('gives the same scores from the file that the library wrote', () => {
      const found = scores(adapter);
      assertClose('scores', found, golden.tensors.get('logits') ?? assert.fail('no logits'), 1e-5);
      found.dispose();
    });

    it('has the same loss and the same gradient of everything that is trained', () => assertGradients(golden, adapter, loss));

    it('learns the same in twenty steps', () => assertTwentySteps(golden, adapter, loss));

    it('merges into the weights of the library, under the names of the model file', async () => {
      const before = asNamed(scores(adapter));
      adapter.merging?.merge();
      const merged = (await adapter.merging?.collectBase()) ?? assert.fail('it does not merge');
      const changed = pick(golden.tensors, 'merged.');
      assert.ok(changed.size > 0);
      for (const [key, { values }] of changed) assertAlike(key, merged.get(key.slice('merged.'.length))?.values, values);
      const plain = attachFull({ type: 'full' }, { ...attachOptions(model), tensors: merged });
      assertClose('scores of the merged weights', scores(plain), before, 1e-5);
      plain.dispose();
    });

    it('writes tensors and a configuration that say what the library says', async () => {
      const theirs = await readSafetensors(join(golden.dir, 'adapter_model.safetensors'));
      assert.deepEqual(shapesOf(await adapter.collectTensors()), shapesOf(theirs));
      const config = record.parse(adapter.configFiles.get('adapter_config.json'));
      const spelt = z.array(z.string()).parse(config['target_modules']);
      const targets = [...theirs.keys()].flatMap((key) => /^base_model\.model\.(.*)\.lora_A\.weight$/.exec(key)?.[1] ?? []);
      const isMeant = (module: string) => spelt.some((target) => module === target || module.endsWith(`.${target}`));
      assert.ok(targets.every(isMeant), spelt.join());
    });

    it('opens what it has written, bit by bit', async () => {
      writeAdapter(folder.path, await adapter.collectTensors(), adapter.configFiles.get('adapter_config.json'));
      const again = await attachPeft(folder.path, attachOptions(model));
      assertClose('scores', scores(again), asNamed(scores(adapter)), 0);
      again.dispose();
    });

    if (!name.startsWith('vit')) return;

    it('opens what PEFT wrote on older versions of transformers', async () => {
      const config = record.parse(readJson(join(golden.dir, 'adapter_config.json')));
      const targets = z.array(z.string()).parse(config['target_modules']);
      const old = new Map(
        [...(await readSafetensors(join(golden.dir, 'adapter_model.safetensors')))].map(([key, tensor]) => [
          spellAsOnce(key),
          tensor,
        ]),
      );
      writeAdapter(folder.path, old, { ...config, target_modules: targets.map(spellAsOnce) });
      const opened = await attachPeft(folder.path, attachOptions(model));
      assertClose('scores', scores(opened), asNamed(scores(adapter)), 0);
      opened.dispose();
    });
  });
}

/** By hand, from the names of transformers 4. */
function spellAsOnce(name: string): string {
  return name
    .replace('vit.layers.', 'vit.encoder.layer.')
    .replace(/(attention\.)?\bq_proj/, '$1attention.query')
    .replace(/(attention\.)?\bk_proj/, '$1attention.key')
    .replace(/(attention\.)?\bv_proj/, '$1attention.value')
    .replace('attention.o_proj', 'attention.output.dense')
    .replace('mlp.fc1', 'intermediate.dense')
    .replace('mlp.fc2', 'output.dense');
}

function writeAdapter(dir: string, tensors: NamedTensors, config: unknown): void {
  writeFileSync(join(dir, 'adapter_model.safetensors'), encodeSafetensors(tensors));
  writeFileSync(join(dir, 'adapter_config.json'), JSON.stringify(config));
}

function shapesOf(tensors: NamedTensors): Record<string, string> {
  return Object.fromEntries([...tensors].map(([key, { shape }]) => [key, shape.join()] as const).sort());
}

function pick(tensors: NamedTensors, prefix: string): NamedTensors {
  return new Map([...tensors].filter(([key]) => key.startsWith(prefix)));
}

function assertAlike(name: string, found: Float32Array | undefined, expected: Float32Array): void {
  const difference = expected.reduce((largest, value, index) => Math.max(largest, Math.abs(value - (found?.[index] ?? NaN))), 0);
  assert.ok(difference <= 1e-5, `${name} differs by ${difference}`);
}

/** The tensor is disposed. */
function asNamed(tensor: Tensor): { shape: number[]; values: Float32Array } {
  const values = Float32Array.from(tensor.dataSync<'float32'>());
  tensor.dispose();
  return { shape: tensor.shape, values };
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}
