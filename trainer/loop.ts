/**
 * The training loop: an async generator of events and nothing else. It reads no clock, file or random source but those
 * it is given, and its consumer decides where events go and when a checkpoint is written (the loop waits meanwhile).
 */
import type { Random } from '../dataset/seeded-random';
import { isBetter, type ControlRequest, type MetricForBest, type TrainingConfig, type UnnumberedEvent } from '../protocol';
import { createEpochBatches, packBatch, type EncodedRow } from './batches';
import type { FrozenLayers } from './frozen-layers';
import type { Adapter } from './methods/method';
import type { TextModel } from './models/model';
import type { Optimizer } from './optimizer';
import type { Schedule } from './schedule';
import { takeStep } from './step';
import type { EncodedSplit, Task } from './tasks/task';

export interface LoopOptions {
  readonly model: TextModel;
  readonly task: Task;
  readonly adapter: Adapter;
  readonly optimizer: Optimizer;
  readonly schedule: Schedule;
  readonly training: TrainingConfig;
  readonly rows: readonly EncodedRow[];
  readonly validation: EncodedSplit;
  readonly evaluateEvery: number;
  readonly evaluationBatchSize: number;
  readonly metric: MetricForBest;
  /** Evaluations without progress before the run ends; 0 never ends it. */
  readonly patience: number;
  readonly random: Random;
  /** Layers that are not trained, where there are such. */
  readonly frozen?: FrozenLayers | undefined;
  readonly surroundings: Surroundings;
}

/** All that the loop knows of the world. */
export interface Surroundings {
  nowMs(): number;
  memoryBytes(): number;
  /** Requests that came in since the last call. */
  requests(): readonly ControlRequest[];
  /** Lets timers and input run; called once a step. */
  rest(): Promise<void>;
  /** Waits a moment; called again and again while paused. */
  hold(): Promise<void>;
}

export type LoopEnd =
  | { readonly kind: 'completed' | 'early-stopped' | 'stopped'; readonly step: number }
  /** The loss or the gradients were not finite; the update was not applied. */
  | { readonly kind: 'diverged'; readonly step: number; readonly loss: number; readonly gradNorm: number };

export async function* trainLoop(options: LoopOptions): AsyncGenerator<UnnumberedEvent, LoopEnd> {
  const { schedule, rows, training } = options;
  const progress: Progress = { step: 0, best: undefined, evaluationsSinceBest: 0, evaluatedAt: 0 };
  const rowsPerStep = training.batchSize * training.gradientAccumulationSteps;
  const stepsPerEpoch = Math.ceil(rows.length / rowsPerStep);

  while (progress.step < schedule.totalSteps) {
    for (const group of createStepGroups(options)) {
      const wish = yield* attendRequests(options, progress);
      if (wish === 'stop') return { kind: 'stopped', step: progress.step };
      progress.step++;

      const batches = group.map((rowsOfBatch) => packBatch(rowsOfBatch));
      const result = await takeStep(options, batches, progress.step);
      if (!result.applied) return { kind: 'diverged', step: progress.step, loss: result.loss, gradNorm: result.gradNorm };
      const epoch = progress.step / stepsPerEpoch;
      yield { kind: 'step', step: progress.step, epoch, ...result.facts, memoryBytes: options.surroundings.memoryBytes() };

      const last = progress.step >= schedule.totalSteps;
      if (last || progress.step % options.evaluateEvery === 0) yield* evaluateStep(options, progress);
      if (last) break;
      if (options.patience > 0 && progress.evaluationsSinceBest >= options.patience)
        return { kind: 'early-stopped', step: progress.step };
      await options.surroundings.rest();
    }
  }
  return { kind: 'completed', step: progress.step };
}

interface Progress {
  step: number;
  best: number | undefined;
  evaluationsSinceBest: number;
  evaluatedAt: number;
}

/** The batches of one epoch, `gradientAccumulationSteps` to an optimizer step. */
function createStepGroups({ rows, training, random }: LoopOptions): EncodedRow[][][] {
  const batches = createEpochBatches(rows, training.batchSize, random);
  const size = training.gradientAccumulationSteps;
  return Array.from({ length: Math.ceil(batches.length / size) }, (_, index) => batches.slice(index * size, (index + 1) * size));
}

/** Hears what the controller wants between two steps; holds while paused. */
async function* attendRequests(options: LoopOptions, progress: Progress): AsyncGenerator<UnnumberedEvent, 'go-on' | 'stop'> {
  let paused = false;
  do {
    for (const request of options.surroundings.requests()) {
      if (request.kind === 'stop') {
        yield { kind: 'stopping' };
        return 'stop';
      }
      if (request.kind === 'evaluate-now' && progress.evaluatedAt !== progress.step) yield* evaluateStep(options, progress);
      const wasPaused: boolean = paused;
      if (request.kind === 'pause') paused = true;
      if (request.kind === 'continue') paused = false;
      if (paused !== wasPaused) yield { kind: paused ? 'paused' : 'continued' };
    }
    if (paused) await options.surroundings.hold();
  } while (paused);
  return 'go-on';
}

/** Measures the validation rows and says whether it is the best so far. */
async function* evaluateStep(options: LoopOptions, progress: Progress): AsyncGenerator<UnnumberedEvent, void> {
  const { task, adapter, validation, evaluationBatchSize: batchSize, frozen, metric, surroundings } = options;
  const startMs = surroundings.nowMs();
  const onProgress = () => surroundings.rest();
  const { metrics, accuracyInterval, rows } = await task.evaluate(adapter, validation, { batchSize, frozen, onProgress });
  progress.evaluatedAt = progress.step;
  const evaluationMs = surroundings.nowMs() - startMs;
  yield {
    kind: 'evaluated',
    step: progress.step,
    split: 'validation',
    subject: 'trained',
    rows,
    metrics,
    ...(accuracyInterval && { accuracyInterval }),
    evaluationMs,
  };
  if (task.sample) {
    const samples = await task.sample(adapter, validation);
    yield { kind: 'sampled', step: progress.step, subject: 'trained', samples };
  }

  const value = metrics[metric] ?? NaN;
  const improved = isBetter(metric, value, progress.best);
  progress.evaluationsSinceBest = improved ? 0 : progress.evaluationsSinceBest + 1;
  if (!improved) return;
  progress.best = value;
  yield { kind: 'improved', step: progress.step, metric, value };
}
