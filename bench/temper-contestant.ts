/**
 * Temper as a contestant (messages.ts): the trainer's own model, method, optimizer and step.
 * usage: temper-contestant JOB --backend wasm [--threads 2]
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { createRandom } from '../dataset/seeded-random';
import { temperVersion } from '../inputs/assets';
import { backendNames, loraMethodSchema, parseConfig, RunFailure, type MethodConfig, type TrainingConfig } from '../protocol';
import { chooseBackend, type ChosenBackend } from '../trainer/backends/choose';
import { packBatch, type LabelledBatch } from '../trainer/batches';
import type { Adapter } from '../trainer/methods/method';
import { collectValues } from '../trainer/methods/parameters';
import { attachMethod } from '../trainer/methods/registry';
import { loadModel } from '../trainer/model-folder';
import { isWithin, type Architecture } from '../trainer/models/architecture';
import { createOptimizer } from '../trainer/optimizer';
import { encodeSafetensors } from '../trainer/safetensors';
import { createSchedule } from '../trainer/schedule';
import { takeStep, type StepOptions } from '../trainer/step';
import { predictRows } from '../trainer/tasks/text-classification';
import { readBatches } from './batches';
import { jobSchema, turnSchema, type Answer, type BenchBatch, type Job } from './messages';
import { readPeakBytes } from './peak-memory';

interface Training {
  readonly options: StepOptions;
  readonly batches: readonly LabelledBatch[];
  step: number;
}

async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { backend: { type: 'string' }, threads: { type: 'string' } },
  });
  const job = jobSchema.parse(JSON.parse(readFileSync(positionals[0] ?? '', 'utf8')));
  const backend = await start(values.backend, values.threads);
  if (backend === undefined) return;
  const training = await prepare(job);
  answer({
    kind: 'ready',
    threads: backend.threads,
    trainedParameters: [...training.options.adapter.trained.values()].reduce((sum, { size }) => sum + size, 0),
    versions: { temper: temperVersion(), node: process.version },
  });
  for await (const line of createInterface({ input: process.stdin })) {
    const turn = turnSchema.parse(JSON.parse(line));
    await ('steps' in turn ? takeTurn(training, turn.steps) : predict(training, turn.predict));
  }
}

async function start(wanted: string | undefined, threads: string | undefined): Promise<ChosenBackend | undefined> {
  const backend = backendNames.find((name) => name === wanted) ?? 'wasm';
  try {
    return await chooseBackend({
      backend,
      threads: threads === undefined ? undefined : Number(threads),
      projectDir: process.cwd(),
    });
  } catch (thrown) {
    if (!(thrown instanceof RunFailure)) throw thrown;
    answer({ kind: 'refused', reason: thrown.message });
    return undefined;
  }
}

async function prepare(job: Job): Promise<Training> {
  const model = await loadModel({
    model: job.model,
    projectDir: process.cwd(),
    head: 'sequence-classification',
    labels: job.labels,
    initialWeights: 'pretrained',
    seed: job.seed,
  });
  const random = createRandom(job.seed);
  const { architecture, tensors, dir: modelDir } = model;
  const adapter = attachMethod(methodOf(job), { architecture, tensors, modelDir, random });
  await writeInitialWeights(job.initialWeights, architecture, adapter);
  const training = trainingOf(job);
  const optimizer = createOptimizer(adapter.trained, training);
  const schedule = {
    ...createSchedule(training, job.learningRate, 1),
    ...(job.schedule && { kind: 'linear' as const, ...job.schedule }),
  };
  const options = {
    model,
    adapter,
    optimizer,
    schedule,
    training,
    random,
    surroundings: { nowMs: () => performance.now() },
  };
  return { options, batches: readBatches(job.batches).map((batch) => toBatch(batch)), step: 0 };
}

/** What is trained and not in the model's folder. The base would double the memory that is measured. */
async function writeInitialWeights(file: string, { shapes, freshModules }: Architecture, { trained }: Adapter): Promise<void> {
  const fresh = new Map([...trained].filter(([name]) => !shapes.has(name) || isWithin(name, freshModules)));
  writeFileSync(file, encodeSafetensors(await collectValues(fresh)));
}

function methodOf({ method, lora }: Job): MethodConfig {
  return method === 'full' ? { type: 'full' } : loraMethodSchema.parse({ type: 'lora', ...lora });
}

/** The defaults of temper.json, but for what the job settles. */
function trainingOf({ weightDecay, maxGradNorm }: Job): TrainingConfig {
  const training = { weightDecay, maxGradNorm, lrScheduler: 'constant', warmupRatio: 0 };
  const parsed = parseConfig({ data: { train: 'unused.jsonl' }, training });
  if (parsed.kind !== 'valid') throw new Error(`The job is no training config: ${JSON.stringify(training)}.`);
  return parsed.config.training;
}

function toBatch({ ids, labels }: BenchBatch): LabelledBatch {
  return packBatch(ids.map((row, index) => ({ ids: Int32Array.from(row), labels: Int32Array.of(labels[index] ?? 0), index })));
}

async function takeTurn(training: Training, steps: number): Promise<void> {
  const { options, batches } = training;
  const stepSeconds: number[] = [];
  const losses: number[] = [];
  let tokens = 0;
  for (let count = 0; count < steps; count++) {
    const batch = batches[training.step % batches.length];
    if (batch === undefined) throw new Error('The job has no batches.');
    training.step++;
    const startMs = performance.now();
    const result = await takeStep(options, [batch], training.step);
    stepSeconds.push((performance.now() - startMs) / 1000);
    losses.push(result.applied ? result.facts.loss : NaN);
    tokens += batch.batch.ids.length;
  }
  answer({ kind: 'ran', stepSeconds, losses, tokens, peakBytes: readPeakBytes() });
}

async function predict({ options }: Training, file: string): Promise<void> {
  const labels: number[] = [];
  for (const batch of readBatches(file).map(toBatch)) {
    const rows = await predictRows(options.model, options.adapter, batch.encoded, { batchSize: batch.batch.rows });
    labels.push(...rows.map(({ predicted }) => predicted));
  }
  answer({ kind: 'predicted', labels });
}

function answer(message: Answer): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

void main().then(
  () => process.exit(0),
  (thrown: unknown) => {
    console.error(thrown);
    process.exit(1);
  },
);
