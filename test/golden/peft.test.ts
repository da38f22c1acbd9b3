/**
 * What `temper train` writes, Python reads: a LoRA checkpoint loads in PEFT and a full one in transformers, each with the
 * logits that Temper computes. Needs a Python with the packages of requirements.txt: the one in TEMPER_PYTHON, else python3.
 */
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { packageRoot } from '../../trainer/assets';
import { padBatch, type EncodedRow } from '../../trainer/batches';
import { openCheckpoint, type OpenCheckpoint } from '../../trainer/open-checkpoint';
import * as tf from '../../trainer/tensors';

const python = process.env['TEMPER_PYTHON'] ?? 'python3';
const temper = join(packageRoot(), 'bin', 'temper.cjs');
const run = promisify(execFile);

const texts = [
  'I was charged twice this month, please give me my money back.',
  'The app crashes as soon as I open the settings page!!',
  'Where is my parcel? It should have arrived on Tuesday.',
  'cant log in, it says wrong password but it is right',
  'How do I change the language of my invoices to Français?',
  'x',
];

const checkSchema = z.object({ largestDifference: z.number(), rows: z.number(), labels: z.array(z.string()) });
const stateSchema = z.object({ global_step: z.number(), max_steps: z.number() });

describe('a checkpoint read by Python (skipped where there is no Python with torch, transformers and peft)', function () {
  this.timeout(300_000);
  let folder: string | undefined;
  let project = '';

  before(async function () {
    const { status } = spawnSync(python, ['-c', 'import torch, transformers, peft'], { stdio: 'ignore' });
    if (status !== 0) {
      console.log(`      skipped: ${python} cannot import torch, transformers and peft (name another in TEMPER_PYTHON)`);
      this.skip();
    }
    folder = mkdtempSync(join(tmpdir(), 'temper-peft-'));
    project = join(folder, 'project');
    await run(process.execPath, [temper, 'new', 'text-classification', project]);
    keepFewRows(project);
  });
  after(() => {
    if (folder !== undefined) rmSync(folder, { recursive: true });
  });

  for (const [method, reader] of [
    ['{"type":"lora"}', 'PEFT puts a LoRA adapter on the base model'],
    [
      '{"type":"lora","r":4,"alpha":32,"targetModules":["query","key","value","dense"]}',
      'PEFT puts a LoRA adapter with all layers as targets on the base model',
    ],
    ['{"type":"full"}', 'transformers opens a fully tuned model'],
    ['{"type":"head-only"}', 'transformers opens a model with a tuned head'],
  ] as const) {
    it(`${reader} and gives the logits of Temper (1e-4)`, async () => {
      const runDir = await train(method);
      const checkpoint = await openCheckpoint(runDir);
      const logitsFile = join(project, 'logits.json');
      writeFileSync(logitsFile, JSON.stringify({ texts, logits: computeLogits(checkpoint) }));
      checkpoint.adapter.dispose();

      const script = join(packageRoot(), 'test', 'golden', 'check_peft.py');
      const { stdout } = await run(python, [
        script,
        join(packageRoot(), 'models', 'tiny-encoder'),
        checkpoint.checkpointDir,
        logitsFile,
      ]);
      const { largestDifference, rows, labels } = checkSchema.parse(JSON.parse(stdout));
      assert.ok(largestDifference <= 1e-4, `${largestDifference}`);
      assert.deepEqual([rows, labels], [texts.length, checkpoint.labels]);
      const state = stateSchema.parse(JSON.parse(readFileSync(join(checkpoint.checkpointDir, 'trainer_state.json'), 'utf8')));
      assert.deepEqual(state, { global_step: checkpoint.step, max_steps: 4 });
    });
  }

  /** Four steps at a rate that moves the weights far, so that an update left out would show. */
  async function train(method: string): Promise<string> {
    const settings = [
      `method=${method}`,
      'training.maxSteps=4',
      'training.warmupRatio=0',
      'training.learningRate=0.005',
      'evaluation.every=4',
      'threads=2',
    ];
    const args = [temper, 'train', project, '--json', ...settings.flatMap((setting) => ['--set', setting])];
    const { stdout } = await run(process.execPath, args, { maxBuffer: 2 ** 26 });
    const { runDir } = z.object({ runDir: z.string() }).parse(JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? ''));
    return runDir;
  }
});

function computeLogits({ model, adapter }: OpenCheckpoint): number[][] {
  const rows = texts.map((text, index): EncodedRow => ({
    ids: model.tokenizer.encode(text, model.classifier.maxLength),
    label: 0,
    index,
  }));
  return tf.tidy(() => model.classifier.logits(adapter, padBatch(rows, model.tokenizer.padId).batch).arraySync());
}

/** The template's rows are more than four steps need. */
function keepFewRows(project: string): void {
  for (const [name, count] of [
    ['train', 64],
    ['validation', 16],
    ['test', 8],
    ['ood', 8],
  ] as const) {
    const file = join(project, 'data', `${name}.jsonl`);
    writeFileSync(file, readFileSync(file, 'utf8').split('\n').slice(0, count).join('\n'));
  }
}
