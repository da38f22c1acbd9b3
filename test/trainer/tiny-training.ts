/** A tiny model with a method attached and everything the loop asks for: the surroundings are made up, the tensors are real. */
import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { createRandom } from '../../dataset/seeded-random';
import { parseConfig, type BackendName, type ControlRequest, type RunConfig, type UnnumberedEvent } from '../../protocol';
import { attachOptionsOf } from '../../trainer/attach-options';
import { chooseBackend } from '../../trainer/backends/choose';
import { packBatch, type EncodedRow, type LabelledBatch } from '../../trainer/batches';
import { trainLoop, type LoopEnd, type LoopOptions, type Surroundings } from '../../trainer/loop';
import type { Adapter } from '../../trainer/methods/method';
import { attachMethod } from '../../trainer/methods/registry';
import { loadModel, type LoadedModel } from '../../trainer/model-folder';
import { createOptimizer, type Optimizer } from '../../trainer/optimizer';
import { createSchedule } from '../../trainer/schedule';
import type { EncodedSplit } from '../../trainer/tasks/task';
import { createTextClassification } from '../../trainer/tasks/text-classification';
import type { Tensor } from '../../trainer/tensors';
import { temporaryFolder } from './temporary-folder';
import { tinyRows, writeTinyModel, type TinyLabel, type TinyModelOptions } from './tiny-model';

export { temporaryFolder };

/** Anew each time: the former backend of that name ends, and its tensors with it. */
export async function startBackend(backend: BackendName, threads = 1): Promise<void> {
  await chooseBackend({ backend, threads, projectDir: tmpdir() });
}

/** A whole config from the parts that matter to a test. */
export function configWith(parts: Record<string, unknown> = {}): RunConfig {
  const parsed = parseConfig({ data: { train: 'unused.jsonl' }, ...parts });
  return parsed.kind === 'valid' ? parsed.config : assert.fail(parsed.problems.map(({ message }) => message).join('\n'));
}

export async function loadTiny(labels: readonly string[], options: TinyModelOptions = {}, seed = 0): Promise<LoadedModel> {
  const folder = temporaryFolder('tiny-model');
  try {
    writeTinyModel(folder.path, options);
    const request = { head: 'sequence-classification', labels: labels.length, initialWeights: 'pretrained', seed } as const;
    return await loadModel({ model: folder.path, projectDir: folder.path, ...request });
  } finally {
    folder.remove();
  }
}

export interface TinyTraining {
  readonly model: LoadedModel;
  readonly adapter: Adapter;
  readonly optimizer: Optimizer;
  readonly options: LoopOptions;
  dispose(): void;
}

export interface TinyTrainingOptions {
  readonly rows?: number;
  readonly labels?: readonly TinyLabel[];
  readonly model?: TinyModelOptions;
  /** As in temper.json. */
  readonly method?: Record<string, unknown>;
  readonly training?: Record<string, unknown>;
  readonly steps?: number;
  readonly evaluateEvery?: number;
  readonly patience?: number;
  readonly surroundings?: Surroundings;
}

/** On the current backend. What is learnt is also what is measured: the rows are both. */
export async function createTinyTraining(wanted: TinyTrainingOptions = {}): Promise<TinyTraining> {
  const { rows = 16, labels = ['good', 'bad'], steps = 6, evaluateEvery = steps, patience = 0 } = wanted;
  const config = configWith({ method: wanted.method ?? { type: 'full' }, training: wanted.training ?? {} });
  const { training } = config;
  const model = await loadTiny(labels, wanted.model, training.seed);
  const split = encodeTiny(model, rows, labels);
  const random = createRandom(training.seed);
  const adapter = attachMethod(config.method, attachOptionsOf(model, labels, random));
  const task = createTextClassification(model, labels, 32);
  const optimizer = createOptimizer(adapter.trained, training);
  const options: LoopOptions = {
    ...{ model, task, adapter, optimizer, training, evaluateEvery, patience, random },
    schedule: createSchedule(training, training.learningRate ?? 1e-3, steps),
    rows: split.encoded,
    validation: split,
    evaluationBatchSize: 8,
    metric: 'accuracy',
    surroundings: wanted.surroundings ?? quietSurroundings(),
  };
  const dispose = () => {
    optimizer.dispose();
    adapter.dispose();
  };
  return { model, adapter, optimizer, options, dispose };
}

export function encodeTiny(model: LoadedModel, count: number, labels: readonly TinyLabel[]): EncodedSplit {
  const rows = tinyRows(count, labels).map((row, index) => ({ kind: 'classification' as const, ...row, line: index + 1 }));
  const encoded = rows.map(({ text, label }, index): EncodedRow => ({
    ids: model.tokenizer.encode(text, 32),
    labels: Int32Array.of(labels.indexOf(label)),
    index,
  }));
  return { file: 'rows.jsonl', rows, encoded };
}

/** The first rows in one batch. */
export function firstBatch({ options }: TinyTraining, from = 0, to = options.rows.length): LabelledBatch {
  return packBatch(options.rows.slice(from, to));
}

/** Nobody asks for anything, and a second passes whenever somebody looks. */
export function quietSurroundings(
  requests: () => readonly ControlRequest[] = () => [],
): Surroundings & { readonly holds: () => number } {
  let nowMs = 0;
  let holds = 0;
  return {
    nowMs: () => (nowMs += 1000),
    memoryBytes: () => 0,
    requests,
    rest: () => Promise.resolve(),
    hold: () => {
      holds++;
      return Promise.resolve();
    },
    holds: () => holds,
  };
}

export interface LoopOutcome {
  readonly events: readonly UnnumberedEvent[];
  readonly end: LoopEnd;
  readonly losses: readonly number[];
}

export async function runLoop(
  options: LoopOptions,
  onEvent: (event: UnnumberedEvent) => void = () => undefined,
): Promise<LoopOutcome> {
  const events: UnnumberedEvent[] = [];
  const loop = trainLoop(options);
  for (;;) {
    const { done, value } = await loop.next();
    if (done === true)
      return { events, end: value, losses: events.flatMap((event) => (event.kind === 'step' ? [event.loss] : [])) };
    events.push(value);
    onEvent(value);
  }
}

/** A copy of every value, by name. */
export function copyValues(tensors: ReadonlyMap<string, Tensor>): Map<string, Float32Array> {
  return new Map([...tensors].map(([name, tensor]) => [name, Float32Array.from(tensor.dataSync<'float32'>())]));
}
