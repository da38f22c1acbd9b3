/**
 * Runs in a process of its own, where a Vulkan driver can be chosen: trains tiny models on cpu and on webgpu with the
 * trainer's own code and writes what came out to the file named on the command line. The test beside it judges.
 */
import { writeFileSync } from 'node:fs';
import { chooseBackend, reportBackends, type BackendReport } from '../../../trainer/backends/choose';
import { computeGradients, takeStep } from '../../../trainer/step';
import { computeLogits } from '../../../trainer/models/run-backbone';
import * as tf from '../../../trainer/tensors';
import { createTinyTraining, firstBatch, type TinyTraining } from '../tiny-training';

export interface Computed {
  /** What auto says of it. */
  readonly report: BackendReport | undefined;
  readonly runs: Record<MethodName, Record<'cpu' | 'webgpu', Outcome>>;
  readonly blockingRead: string;
  readonly readAfterFault: string;
}

/** Numbers as arrays, so that they pass through JSON. */
export interface Outcome {
  readonly logits: readonly number[];
  readonly firstLoss: number;
  readonly gradients: Record<string, readonly number[]>;
  readonly losses: readonly number[];
  readonly gradNorms: readonly number[];
  readonly parameters: Record<string, readonly number[]>;
  /** How many tensors there were after each step. */
  readonly tensorCounts: readonly number[];
  readonly tensorsLeft: number;
}

export type MethodName = 'lora' | 'full';
const methods = {
  lora: { method: { type: 'lora', r: 3, alpha: 6, dropout: 0.1, targetModules: ['query', 'value'] }, learningRate: 0.03 },
  full: { method: { type: 'full' }, learningRate: 0.003 },
};
const steps = 20;

async function computeAll(projectDir: string): Promise<Computed> {
  const reports = await reportBackends({ backend: 'auto', threads: 1, projectDir });
  const runs = { lora: await trainOnBoth('lora', projectDir), full: await trainOnBoth('full', projectDir) };
  const report = reports.find(({ name }) => name === 'webgpu');
  return { report, runs, blockingRead: readBlocking(), readAfterFault: await readAfterFault() };
}

async function trainOnBoth(method: MethodName, projectDir: string): Promise<Record<'cpu' | 'webgpu', Outcome>> {
  const cpu = await trainOn('cpu', method, projectDir);
  return { cpu, webgpu: await trainOn('webgpu', method, projectDir) };
}

/** Rows of different lengths, dropout in model and method: whatever a run does. */
async function trainOn(backend: 'cpu' | 'webgpu', method: MethodName, projectDir: string): Promise<Outcome> {
  await chooseBackend({ backend, threads: 1, projectDir });
  if (backend === 'webgpu') tf.env().set('WEBGPU_CPU_FORWARD', false); // else tensors as small as ours stay on the processor
  const before = tf.memory().numTensors;
  const { learningRate } = methods[method];
  const training = await createTinyTraining({
    rows: 8,
    labels: ['good', 'bad', 'unsure'],
    steps,
    method: methods[method].method,
    model: { dropout: 0.1 },
    training: { batchSize: 8, learningRate, warmupRatio: 0, lrScheduler: 'constant' },
  });
  const outcome = { ...(await lookOnce(training)), ...(await trainSteps(training)) };
  training.dispose();
  return { ...outcome, tensorsLeft: tf.memory().numTensors - before };
}

async function lookOnce(training: TinyTraining): Promise<Pick<Outcome, 'logits' | 'firstLoss' | 'gradients'>> {
  const { model, adapter } = training.options;
  const logits = tf.tidy(() => computeLogits(model, firstBatch(training).batch, { tuning: adapter }));
  const values = [...(await logits.data())];
  logits.dispose();
  const { loss, gradients } = await computeGradients(training.options, [firstBatch(training, 0, 5), firstBatch(training, 5)]);
  const named = await readAll(
    [...adapter.trained].flatMap(([name, { name: id }]) => (gradients[id] ? [[name, gradients[id]]] : [])),
  );
  tf.dispose(gradients);
  return { logits: values, firstLoss: loss, gradients: named };
}

async function trainSteps(
  training: TinyTraining,
): Promise<Omit<Outcome, keyof Awaited<ReturnType<typeof lookOnce>> | 'tensorsLeft'>> {
  const [losses, gradNorms, tensorCounts]: [number[], number[], number[]] = [[], [], []];
  for (let step = 1; step <= steps; step++) {
    const result = await takeStep(training.options, [firstBatch(training)], step);
    if (!result.applied) throw new Error(`Step ${step} gave the loss ${result.loss} and the norm ${result.gradNorm}.`);
    losses.push(result.facts.loss);
    gradNorms.push(result.facts.gradNorm);
    tensorCounts.push(tf.memory().numTensors);
  }
  const collected = await training.adapter.collectTensors();
  const parameters = Object.fromEntries([...collected].map(([name, { values }]) => [name, [...values]]));
  return { losses, gradNorms, parameters, tensorCounts };
}

async function readAll(tensors: readonly (readonly [string, tf.Tensor])[]): Promise<Record<string, readonly number[]>> {
  const read = tensors.map(async ([name, tensor]) => [name, [...(await tensor.data())]] as const);
  return Object.fromEntries(await Promise.all(read));
}

/** What a read says that cannot wait for the GPU. */
function readBlocking(): string {
  const sum = tf.tidy(() => tf.add(tf.ones([2, 2]), 1));
  try {
    return `read ${sum.dataSync().join()}`;
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
  } finally {
    sum.dispose();
  }
}

/** What the next read says after the GPU has refused something: here, a tensor larger than any buffer may be. */
async function readAfterFault(): Promise<string> {
  const large = tf.tidy(() => tf.fill([2 ** 16, 2 ** 16], 1));
  const sum = tf.tidy(() => tf.sum(large));
  try {
    return `read ${(await sum.data()).join()}`;
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
  } finally {
    tf.dispose([large, sum]);
  }
}

const [, , projectDir, output] = process.argv;
if (projectDir !== undefined && output !== undefined) {
  void computeAll(projectDir).then((computed) => {
    writeFileSync(output, JSON.stringify(computed));
  });
}
