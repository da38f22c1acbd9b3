/**
 * What Temper writes of LoRA, IA3 and merged models, PEFT and transformers read: the same scores to 1e-5. Needs a Python with
 * the packages of requirements.txt: the one in TEMPER_PYTHON, else python3.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { methodSchema } from '../../protocol';
import { attachMethod } from '../../trainer/methods/registry';
import type { Adapter } from '../../trainer/methods/method';
import { computeLogits } from '../../trainer/models/run-backbone';
import { encodeSafetensors, type NamedTensors } from '../../trainer/safetensors';
import * as tf from '../../trainer/tensors';
import { disturb } from '../trainer/methods/attach-golden';
import { startBackend, temporaryFolder } from '../trainer/tiny-training';
import { goldenDir } from './golden-dir';
import { methodsDir, optionsOf, readMethodCase, type MethodCase } from './method-case';
import { batchOf } from './model-case';
import { hasPackages, python } from './python-here';

const run = promisify(execFile);

const dora = { useDora: true, useRslora: true };
/** The base and the batch of a fixture, with another method on it. */
const cases: readonly [what: string, fixture: string, method: Record<string, unknown>][] = [
  ['LoRA with the usual targets', 'bert-lora', { type: 'lora' }],
  ['LoRA with the usual targets on Conv1D', 'gpt2-lora', { type: 'lora' }],
  ['rsLoRA and DoRA on all linear layers', 'bert-lora', { type: 'lora', ...dora, targetModules: 'all-linear' }],
  ['rsLoRA and DoRA on all linear layers of a decoder', 'llama-lora', { type: 'lora', ...dora, targetModules: 'all-linear' }],
  ['DoRA on Conv1D', 'gpt2-lora', { type: 'lora', ...dora, targetModules: ['c_attn', 'c_proj'] }],
  [
    'LoRA and DoRA on embeddings',
    'bert-lora',
    { type: 'lora', ...dora, targetModules: ['word_embeddings', 'position_embeddings', 'key'] },
  ],
  ['LoRA on the embeddings of a decoder', 'llama-lora', { type: 'lora', targetModules: ['embed_tokens', 'v_proj'] }],
  ['LoRA with all biases', 'gpt2-lora', { type: 'lora', bias: 'all' }],
  ['LoRA with the biases of its targets', 'bert-lora', { type: 'lora', bias: 'lora_only' }],
  [
    'LoRA with ranks and scales of their own',
    'llama-lora',
    { type: 'lora', rankPattern: { 'layers.0.self_attn.q_proj': 3 }, alphaPattern: { v_proj: 2 } },
  ],
  [
    'LoRA with a pattern and exceptions',
    'llama-lora',
    { type: 'lora', targetModules: String.raw`.*\.(q|k|o)_proj`, excludeModules: ['o_proj'] },
  ],
  ['LoRA with modules in full', 'llama-lora', { type: 'lora', modulesToSave: ['lm_head', 'embed_tokens'] }],
  ['LoRA with a Conv1D module in full', 'gpt2-lora', { type: 'lora', modulesToSave: ['h.1.attn.c_attn'] }],
  ['LoRA on one layer', 'bert-lora', { type: 'lora', layersToTransform: [1] }],
  ['IA3', 'bert-lora', { type: 'ia3' }],
  ['IA3 on a decoder', 'llama-lora', { type: 'ia3' }],
  ['IA3 on Conv1D', 'gpt2-lora', { type: 'ia3' }],
];
const merged: typeof cases = [
  ['merged DoRA', 'gpt2-lora', { type: 'lora', ...dora, bias: 'all' }],
  ['merged LoRA on embeddings', 'bert-lora', { type: 'lora', ...dora, targetModules: ['word_embeddings', 'query'] }],
  ['merged QLoRA', 'llama-lora', { type: 'qlora', targetModules: 'all-linear' }],
  ['merged IA3', 'llama-lora', { type: 'ia3' }],
  ['biases alone', 'bert-lora', { type: 'bias-only' }],
];

const answerSchema = z.object({ fixture: z.string(), largestDifference: z.number() });

describe('adapters read by PEFT, merged models by transformers (skipped where Python has no torch, transformers and peft)', function () {
  this.timeout(600_000);
  const folder = temporaryFolder('methods-python');
  let answers: z.infer<typeof answerSchema>[] = [];

  before(async function () {
    if (!hasPackages(python, 'torch', 'transformers', 'peft')) {
      console.log(`      skipped: ${python} has no torch, transformers and peft (name another in TEMPER_PYTHON)`);
      this.skip();
    }
    await startBackend('wasm');
    const written: string[] = [];
    for (const [index, [, fixture, method]] of [...cases, ...merged].entries()) {
      const dir = join(folder.path, String(index));
      mkdirSync(dir);
      await write(dir, await readMethodCase(fixture), method, index >= cases.length);
      written.push(join(methodsDir, fixture), dir, join(dir, 'logits.safetensors'));
    }
    answers = await askPython(written);
  });
  after(() => {
    folder.remove();
  });

  [...cases, ...merged].forEach(([what, fixture], index) => {
    it(`${what} (${fixture.split('-')[0]})`, () => {
      const answer = answers[index] ?? assert.fail('Python said nothing');
      assert.equal(answer.fixture, fixture);
      assert.ok(answer.largestDifference <= 1e-5, `${answer.largestDifference}`);
    });
  });
});

async function write(dir: string, golden: MethodCase, method: Record<string, unknown>, isMerged: boolean): Promise<void> {
  const adapter = attachMethod(methodSchema.parse(method), optionsOf(golden.model));
  disturb(adapter, 0.15);
  writeTensors(join(dir, 'logits.safetensors'), new Map([['logits', logitsOf(golden, adapter)]]));
  if (isMerged) {
    adapter.merging?.merge();
    writeTensors(join(dir, 'model.safetensors'), (await adapter.merging?.collectBase()) ?? assert.fail());
    copyFileSync(join(golden.model.dir, 'config.json'), join(dir, 'config.json'));
  } else {
    writeTensors(join(dir, adapter.tensorFile), await adapter.collectTensors());
    for (const [file, content] of adapter.configFiles) writeFileSync(join(dir, file), JSON.stringify(content));
  }
  adapter.dispose();
}

function logitsOf({ model, expected }: MethodCase, tuning: Adapter) {
  const logits = tf.tidy(() => computeLogits(model, batchOf(expected).batch, { tuning }));
  const values = Float32Array.from(logits.dataSync<'float32'>());
  logits.dispose();
  return { shape: logits.shape, values };
}

function writeTensors(file: string, tensors: NamedTensors): void {
  writeFileSync(file, encodeSafetensors(tensors));
}

/** All in one process: importing torch takes longer than the rest. Its exit code is not looked at, each answer is. */
async function askPython(paths: readonly string[]): Promise<z.infer<typeof answerSchema>[]> {
  const args = [join(goldenDir, 'check_written.py'), ...paths];
  const { stdout, stderr } = await run(python, args).catch((thrown: unknown) => thrown as { stdout: string; stderr: string }); // execFile rejects with both
  const lines = stdout.split('\n').filter((line) => line.startsWith('{'));
  assert.equal(lines.length, paths.length / 3, stderr);
  return lines.map((line) => answerSchema.parse(JSON.parse(line)));
}
