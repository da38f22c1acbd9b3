/**
 * Prefixes, prompts and bottleneck adapters that Temper writes, read by the libraries that own the formats: PEFT by the
 * Python in TEMPER_PYTHON (else python3), the adapters library by the one in TEMPER_PYTHON_ADAPTERS.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { createRandom } from '../../dataset/seeded-random';
import { packBatch } from '../../trainer/batches';
import type { Adapter } from '../../trainer/methods/method';
import { attachMethod } from '../../trainer/methods/registry';
import type { HeadKind } from '../../trainer/models/model';
import { computeLogits } from '../../trainer/models/run-backbone';
import { encodeSafetensors } from '../../trainer/safetensors';
import * as tf from '../../trainer/tensors';
import { temporaryFolder } from '../trainer/temporary-folder';
import { configWith, startBackend } from '../trainer/tiny-training';
import { goldenDir } from './golden-dir';
import { loadGoldenModel } from './golden-model';
import { hasPackages, python as usualPython } from './python-here';

const run = promisify(execFile);
const script = join(goldenDir, 'check_added_methods.py');
const ids = [[14, 26, 9, 20, 21, 30], [38], [35, 49, 48, 45, 33, 44, 22, 11, 13, 8, 39]];

interface Base {
  readonly folder: string;
  readonly head: HeadKind;
  readonly labels: number;
  /** Whose config.json both releases of transformers understand. */
  readonly config: string;
}
const bert: Base = {
  folder: 'bert-sequence-classification',
  config: 'bert-sequence-classification',
  head: 'sequence-classification',
  labels: 3,
};
const llama: Base = { folder: 'llama-causal-lm', config: 'llama-causal-lm-v4-config', head: 'causal-lm', labels: 0 };

type Settings = Readonly<Record<string, unknown>>;
const virtual: readonly Settings[] = [
  { type: 'prefix-tuning', numVirtualTokens: 5, initText: '7 31 18' },
  { type: 'prefix-tuning', numVirtualTokens: 3, prefixProjection: true, encoderHiddenSize: 9 },
  { type: 'prompt-tuning', numVirtualTokens: 6 },
];
const bottlenecks: readonly Settings[] = [
  { type: 'bottleneck-adapter', preset: 'pfeiffer', reductionFactor: 4, leaveOut: [0] },
  { type: 'bottleneck-adapter', preset: 'houlsby', reductionFactor: 3, nonLinearity: 'gelu', name: 'my-task' },
  { type: 'bottleneck-adapter', preset: 'parallel' },
];

const libraries = [
  { library: 'peft', python: usualPython, variable: 'TEMPER_PYTHON', methods: virtual },
  {
    library: 'adapters',
    python: process.env['TEMPER_PYTHON_ADAPTERS'] ?? 'python3',
    variable: 'TEMPER_PYTHON_ADAPTERS',
    methods: bottlenecks,
  },
] as const;

for (const { library, python, variable, methods } of libraries) {
  describe(`what Temper writes for ${library}, read by it (skipped where ${variable} has no torch and ${library})`, function () {
    this.timeout(600_000);
    const folder = temporaryFolder(`for-${library}`);
    const cases = [bert, llama].flatMap((base) => methods.map((settings) => ({ base, settings })));
    let differences: number[] = [];

    before(async function () {
      if (!hasPackages(python, 'torch', 'transformers', library)) {
        console.log(`      skipped: ${python} has no torch, transformers and ${library} (name another in ${variable})`);
        return this.skip();
      }
      await startBackend('wasm');
      const written = await Promise.all(
        cases.map(({ base, settings }, index) => writeCase(base, settings, join(folder.path, String(index)))),
      );
      writeFileSync(join(folder.path, 'cases.json'), JSON.stringify(written.map((each) => ({ library, ...each }))));
      differences = await askPython(python, join(folder.path, 'cases.json'));
    });
    after(() => {
      folder.remove();
    });

    cases.forEach(({ base, settings }, index) => {
      it(`${JSON.stringify(settings)} on ${base.folder} gives the logits of Temper (1e-5)`, () => {
        const difference = differences[index] ?? assert.fail('Python said nothing');
        assert.ok(difference <= 1e-5, `${difference}`);
      });
    });
  });
}

/** An adapter of which nothing is zero, as a checkpoint has it, and what it makes of some rows. */
async function writeCase(base: Base, settings: Settings, dir: string) {
  const model = await loadGoldenModel(base.folder, base.head, base.labels);
  const { architecture, backbone, tensors } = model;
  const encode = (text: string) => Int32Array.from(text.split(' '), Number);
  const random = createRandom(3);
  const adapter = attachMethod(configWith({ method: settings }).method, {
    architecture,
    backbone,
    tensors,
    modelDir: model.dir,
    random,
    encode,
  });
  shake(adapter);
  await writeAdapter(adapter, dir);
  const rows = ids.map((row, index) => ({ ids: Int32Array.from(row), labels: Int32Array.of(0), index }));
  const logits = tf.tidy(() => [...computeLogits(model, packBatch(rows).batch, { tuning: adapter }).dataSync<'float32'>()]);
  adapter.dispose();
  const path = (name: string) => join(goldenDir, 'models', name);
  return { head: base.head, base: path(base.folder), config: path(base.config), folder: dir, ids, logits };
}

function shake({ trained }: Adapter): void {
  const random = createRandom(11);
  for (const variable of trained.values()) {
    tf.tidy(() => {
      const noise = tf.tensor(
        Float32Array.from({ length: variable.size }, () => 0.2 * random.normal()),
        variable.shape,
      );
      variable.assign(tf.add(variable, noise));
    });
  }
}

async function writeAdapter(adapter: Adapter, dir: string): Promise<void> {
  mkdirSync(dir);
  writeFileSync(join(dir, adapter.tensorFile), encodeSafetensors(await adapter.collectTensors()));
  for (const [name, part] of adapter.tensorParts ?? []) writeFileSync(join(dir, name), encodeSafetensors(await part.collect()));
  for (const [name, value] of adapter.configFiles) writeFileSync(join(dir, name), JSON.stringify(value));
}

async function askPython(python: string, cases: string): Promise<number[]> {
  const { stdout } = await run(python, [script, cases]);
  const lines = stdout.split('\n').filter((line) => line.startsWith('{'));
  return lines.map((line) => z.object({ largestDifference: z.number() }).parse(JSON.parse(line)).largestDifference);
}
