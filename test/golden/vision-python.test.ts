/**
 * What Temper writes of models that see, transformers and PEFT read: the same scores to 1e-5. Needs a Python with the
 * packages of requirements.txt: the one in TEMPER_PYTHON, else python3.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { methodSchema } from '../../protocol';
import { attachMethod } from '../../trainer/methods/registry';
import { encodeSafetensors, type NamedTensors } from '../../trainer/safetensors';
import { disturb } from '../trainer/methods/attach-golden';
import { startBackend, temporaryFolder } from '../trainer/tiny-training';
import { goldenDir } from './golden-dir';
import { readModelCase } from './model-case';
import { attachOptions, loadSeeing, scoresOf } from './vision-case';
import { hasPackages, python } from './python-here';

const cases: readonly [what: string, fixture: string, method: Record<string, unknown>, merged?: 'merged'][] = [
  ['LoRA with the usual targets', 'vit-image-classification', { type: 'lora' }],
  ['DoRA on all linear layers', 'vit-image-classification', { type: 'lora', useDora: true, targetModules: 'all-linear' }],
  [
    'LoRA with a pattern, ranks of its own and exceptions',
    'vit-image-classification',
    {
      type: 'lora',
      targetModules: String.raw`.*\.(query|dense)`,
      excludeModules: ['intermediate.dense'],
      rankPattern: { query: 3 },
      alphaPattern: { 'layer.1.output.dense': 2 },
    },
  ],
  ['IA3', 'vit-image-classification', { type: 'ia3' }],
  ['LoRA with the usual targets', 'clip-image-classification', { type: 'lora' }],
  ['LoRA with the usual targets', 'siglip-image-classification', { type: 'lora' }],
  ['LoRA with the usual targets', 'clip-dual-encoder', { type: 'lora' }],
  ['IA3', 'clip-dual-encoder', { type: 'ia3' }],
  ['LoRA with the usual targets', 'siglip-dual-encoder', { type: 'lora' }],
  ['LoRA with the usual targets', 'blip-2-retrieval', { type: 'lora' }],
  ['LoRA on all linear layers', 'blip-2-retrieval', { type: 'lora', targetModules: 'all-linear' }],
  ['all weights', 'vit-image-classification', { type: 'full' }, 'merged'],
  ['merged LoRA', 'vit-image-classification', { type: 'lora' }, 'merged'],
  ['all weights', 'clip-image-classification', { type: 'full' }, 'merged'],
  ['all weights', 'siglip-dual-encoder', { type: 'full' }, 'merged'],
  ['merged LoRA', 'clip-dual-encoder', { type: 'lora' }, 'merged'],
  ['all weights', 'blip-2-retrieval', { type: 'full' }, 'merged'],
];

const answerSchema = z.object({ fixture: z.string(), largestDifference: z.number() });

describe('models that see, read by transformers and PEFT (skipped where Python has no torch, transformers and peft)', function () {
  this.timeout(600_000);
  const folder = temporaryFolder('vision-python');
  let answers: z.infer<typeof answerSchema>[] = [];

  before(async function () {
    if (!hasPackages(python, 'torch', 'transformers', 'peft')) {
      console.log(`      skipped: ${python} has no torch, transformers and peft (name another in TEMPER_PYTHON)`);
      this.skip();
    }
    await startBackend('wasm');
    const paths: string[] = [];
    for (const [index, [, fixture, method, merged]] of cases.entries()) {
      const dir = join(folder.path, String(index));
      mkdirSync(dir);
      await write(dir, join(goldenDir, 'models', fixture), method, merged !== undefined);
      paths.push(join(goldenDir, 'models', fixture), dir, join(dir, 'scores.safetensors'));
    }
    answers = await askPython(paths);
  });
  after(() => {
    folder.remove();
  });

  cases.forEach(([what, fixture], index) => {
    it(`${what} (${fixture})`, () => {
      const answer = answers[index] ?? assert.fail('Python said nothing');
      assert.equal(answer.fixture, fixture);
      assert.ok(answer.largestDifference <= 1e-5, `${answer.largestDifference}`);
    });
  });
});

async function write(dir: string, fixture: string, method: Record<string, unknown>, isMerged: boolean): Promise<void> {
  const [golden, model] = await Promise.all([readModelCase(fixture), loadSeeing(fixture)]);
  const adapter = attachMethod(methodSchema.parse(method), attachOptions(model));
  disturb(adapter, 0.15);
  const scores = scoresOf(model, golden, adapter);
  writeTensors(
    join(dir, 'scores.safetensors'),
    new Map([['scores', { shape: scores.shape, values: Float32Array.from(scores.dataSync<'float32'>()) }]]),
  );
  scores.dispose();
  if (isMerged) {
    adapter.merging?.merge();
    writeTensors(join(dir, 'model.safetensors'), (await adapter.merging?.collectBase()) ?? assert.fail());
    copyFileSync(join(fixture, 'config.json'), join(dir, 'config.json'));
  } else {
    writeTensors(join(dir, adapter.tensorFile), await adapter.collectTensors());
    for (const [file, content] of adapter.configFiles) writeFileSync(join(dir, file), JSON.stringify(content));
  }
  adapter.dispose();
}

function writeTensors(file: string, tensors: NamedTensors): void {
  writeFileSync(file, encodeSafetensors(tensors));
}

/** All in one process: importing torch takes longer than the rest. Its exit code is not looked at, each answer is. */
async function askPython(paths: readonly string[]): Promise<z.infer<typeof answerSchema>[]> {
  const args = [join(goldenDir, 'check_vision_written.py'), ...paths];
  const { stdout, stderr } = await promisify(execFile)(python, args).catch(
    (thrown: unknown) => thrown as { stdout: string; stderr: string }, // execFile rejects with both
  );
  const lines = stdout.split('\n').filter((line) => line.startsWith('{'));
  assert.equal(lines.length, paths.length / 3, stderr);
  return lines.map((line) => answerSchema.parse(JSON.parse(line)));
}
