/**
 * What `temper train` writes, Python reads: a LoRA checkpoint loads in PEFT and a full one in transformers, each with the
 * logits that Temper computes. Needs a Python with the packages of requirements.txt: the one in TEMPER_PYTHON, else python3.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { packageRoot } from '../../inputs/assets';
import { packBatch, type EncodedRow } from '../../trainer/batches';
import { openCheckpoint, type OpenCheckpoint } from '../../trainer/open-checkpoint';
import { computeLogits } from '../../trainer/models/run-backbone';
import * as tf from '../../trainer/tensors';
import { hasPackages, python } from './python-here';

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

const methods = {
  'PEFT puts a LoRA adapter on the base model': { type: 'lora' },
  'PEFT puts a LoRA adapter on every linear layer': {
    type: 'lora',
    r: 4,
    alpha: 32,
    targetModules: ['query', 'key', 'value', 'dense'],
  },
  'PEFT puts a LoRA adapter on two of the layers': { type: 'lora', layersToTransform: [1, 3] },
  'PEFT puts rsLoRA and DoRA on every linear layer and trains its biases': {
    type: 'lora',
    targetModules: 'all-linear',
    useRslora: true,
    useDora: true,
    bias: 'lora_only',
  },
  'PEFT puts IA3 on the base model': { type: 'ia3' },
  'transformers opens a model of which the biases were tuned': { type: 'bias-only' },
  'transformers opens a fully tuned model': { type: 'full' },
  'transformers opens a model of which the last layer was tuned': { type: 'full', lastLayers: 1 },
  'transformers opens a model with a tuned head': { type: 'head-only' },
};

const answerSchema = z.object({ largestDifference: z.number(), rows: z.number(), labels: z.array(z.string()) });
const stateSchema = z.object({ global_step: z.number(), max_steps: z.number() });

interface Trained {
  readonly checkpointDir: string;
  readonly step: number;
  readonly labels: readonly string[];
  readonly logitsFile: string;
}

describe('a checkpoint read by Python (skipped where there is no Python with torch, transformers and peft)', function () {
  this.timeout(600_000);
  let folder: string | undefined;
  const trained: Trained[] = [];
  let answers: z.infer<typeof answerSchema>[] = [];

  before(async function () {
    if (!hasPackages(python, 'torch', 'transformers', 'peft')) {
      console.log(`      skipped: ${python} has no torch, transformers and peft (name another in TEMPER_PYTHON)`);
      this.skip();
    }
    folder = mkdtempSync(join(tmpdir(), 'temper-peft-'));
    const project = join(folder, 'project');
    await run(process.execPath, [temper, 'new', 'text-classification', project]);
    keepFewRows(project);
    for (const method of Object.values(methods)) trained.push(await trainAndCompute(project, method));
    answers = await askPython(trained);
  });
  after(() => {
    if (folder !== undefined) rmSync(folder, { recursive: true });
  });

  Object.keys(methods).forEach((what, index) => {
    it(`${what}, and it gives the logits of Temper (1e-4)`, () => {
      const { largestDifference, rows, labels } = answers[index] ?? assert.fail('Python said nothing');
      assert.ok(largestDifference <= 1e-4, `${largestDifference}`);
      assert.deepEqual([rows, labels], [texts.length, trained[index]?.labels]);
    });
  });

  it('trainer_state.json has the step, as transformers writes it', () => {
    for (const { checkpointDir, step } of trained) {
      const state = stateSchema.parse(JSON.parse(readFileSync(join(checkpointDir, 'trainer_state.json'), 'utf8')));
      assert.deepEqual(state, { global_step: step, max_steps: 4 });
    }
  });
});

/** Four steps at a rate that moves the weights far, so that an update left out would show. */
async function trainAndCompute(project: string, method: object): Promise<Trained> {
  const settings = {
    'training.maxSteps': 4,
    'training.warmupRatio': 0,
    'training.learningRate': 0.005,
    'evaluation.every': 4,
    threads: 2,
    method,
  };
  const set = Object.entries(settings).flatMap(([name, value]) => ['--set', `${name}=${JSON.stringify(value)}`]);
  const { stdout } = await run(process.execPath, [temper, 'train', project, '--json', ...set], { maxBuffer: 2 ** 26 });
  const { runDir } = z.object({ runDir: z.string() }).parse(JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? ''));

  const checkpoint = await openCheckpoint(runDir);
  const logitsFile = join(runDir, 'logits.json');
  writeFileSync(logitsFile, JSON.stringify({ texts, logits: logitsOf(checkpoint) }));
  checkpoint.adapter.dispose();
  const { checkpointDir, step, labels } = checkpoint;
  return { checkpointDir, step, labels, logitsFile };
}

function logitsOf({ model, adapter }: OpenCheckpoint): number[][] {
  const rows = texts.map((text, index): EncodedRow => ({
    ids: model.tokenizer.encode(text, model.backbone.maxLength),
    labels: Int32Array.of(0),
    index,
  }));
  return tf.tidy(() => computeLogits(model, packBatch(rows).batch, { tuning: adapter }).arraySync());
}

/** All in one process: importing torch takes longer than the rest. Its exit code is not looked at, each answer is. */
async function askPython(trained: readonly Trained[]): Promise<z.infer<typeof answerSchema>[]> {
  const script = join(packageRoot(), 'test', 'golden', 'check_peft.py');
  const args = [
    script,
    join(packageRoot(), 'models', 'tiny-encoder'),
    ...trained.flatMap(({ checkpointDir, logitsFile }) => [checkpointDir, logitsFile]),
  ];
  const { stdout, stderr } = await run(python, args).catch((thrown: unknown) => thrown as { stdout: string; stderr: string }); // execFile rejects with both
  const lines = stdout.split('\n').filter((line) => line.startsWith('{'));
  assert.equal(lines.length, trained.length, stderr);
  return lines.map((line) => answerSchema.parse(JSON.parse(line)));
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
