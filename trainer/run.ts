/**
 * The recipe of a run, from top to bottom: read and gate the data, choose the backend, load the base, open the run
 * folder, attach the method, measure the untouched base, loop, restore the best, measure the test and
 * out-of-distribution rows. Everything a person or a program learns of it goes through the event log.
 */
import { loadSplits, type LoadedData } from '../dataset/load-splits';
import type { Project } from '../dataset/project';
import { createRandom } from '../dataset/seeded-random';
import {
  describeThrown,
  initialRunState,
  isBetter,
  protocolVersion,
  reduceRun,
  RunFailure,
  type EndState,
  type MetricValues,
  type RunError,
  type RunEvent,
  type RunState,
  type Split,
  type UnnumberedEvent,
} from '../protocol';
import { removeCheckpoint } from '../runs/checkpoint-folder';
import { openEventLog } from '../runs/event-log';
import { startHeartbeat } from '../runs/liveness';
import { runPaths } from '../runs/paths';
import { chooseBackend, type ChosenBackend } from './backends/choose';
import { loadCheckpoint, saveCheckpoint } from './checkpoint';
import { encodeSplits, type EncodedSplits } from './encode-splits';
import { evaluate } from './evaluate';
import { trainLoop, type LoopEnd, type Surroundings } from './loop';
import type { Adapter } from './methods/method';
import { attachMethod } from './methods/registry';
import { loadModel, type LoadedModel } from './model-folder';
import { createOptimizer, type Optimizer } from './optimizer';
import { planRun, type Plan } from './plan';
import { superfluousCheckpoints } from './retention';
import { createRunDir } from './run-dir';
import { createSchedule } from './schedule';
import { measureMajority } from './tasks/classification-metrics';

export interface RunRequest {
  readonly project: Project;
  readonly runId: string | undefined;
  readonly surroundings: (runDir: string) => Surroundings;
  /** Hears every event after it is in the log. */
  readonly onEvent: (event: RunEvent) => void;
}

export interface RunOutcome {
  readonly runId: string;
  readonly runDir: string;
  readonly state: RunState;
}

/** @throws RunFailure for what is wrong before there is a run: config, data, model, backend. Later faults end the run. */
export async function runTraining(request: RunRequest): Promise<RunOutcome> {
  const { config, dir: projectDir } = request.project;
  const data = await loadSplits(request.project);
  const backend = await chooseBackend({ backend: config.backend, threads: config.threads, projectDir });
  const { initialWeights, training } = config;
  const model = await loadModel({ model: config.model, projectDir, labels: data.labels, initialWeights, seed: training.seed });
  const { runId, runDir } = await createRunDir(request.project, data, model, request.runId);

  const surroundings = request.surroundings(runDir);
  const log = openEventLog(runDir, surroundings);
  const heartbeat = startHeartbeat(runDir);
  const run: Run = { request, data, backend, model, runDir, surroundings, state: initialRunState, say: () => undefined };
  run.say = (event) => {
    const numbered = log.append(event);
    run.state = reduceRun(run.state, numbered);
    request.onEvent(numbered);
  };
  try {
    await conductRun(run);
  } catch (thrown) {
    endFailed(run, describeThrown(thrown));
  } finally {
    heartbeat.stop();
    log.close();
  }
  return { runId, runDir, state: run.state };
}

interface Run {
  readonly request: RunRequest;
  readonly data: LoadedData;
  readonly backend: ChosenBackend;
  readonly model: LoadedModel;
  readonly runDir: string;
  readonly surroundings: Surroundings;
  state: RunState;
  say: (event: UnnumberedEvent) => void;
}

/** Everything that lives while it trains. */
interface Training {
  readonly splits: EncodedSplits;
  readonly adapter: Adapter;
  readonly optimizer: Optimizer;
  readonly plan: Plan;
}

async function conductRun(run: Run): Promise<void> {
  const { config } = run.request.project;
  run.say({
    kind: 'hello',
    protocol: protocolVersion,
    backend: run.backend.name,
    threads: run.backend.threads,
    refused: [...run.backend.refused],
  });
  const { splits, notices } = await encodeSplits(run.data, run.model, config, (done, total) => {
    run.say({ kind: 'progress', activity: 'Reading text', done, total });
    return run.surroundings.rest();
  });

  const random = createRandom(config.training.seed);
  const { classifier, tensors, dir: modelDir } = run.model;
  const adapter = attachMethod(config.method, { classifier, tensors, modelDir, random });
  const optimizer = createOptimizer(adapter.trained, config.training);
  const plan = planRun(config, { rows: splits.train.encoded.length, parameterCount: adapter.parameterCount });
  const training: Training = { splits, adapter, optimizer, plan };
  try {
    announcePlan(run, training);
    for (const message of [...run.model.classifier.notes, ...notices]) run.say({ kind: 'notice', message });
    await measureBaselines(run, training);
    const end = await consumeLoop(run, training, trainLoop(loopOptions(run, training, random)));
    await finishRun(run, training, end);
  } finally {
    optimizer.dispose();
    adapter.dispose();
  }
}

function announcePlan({ request, data, say }: Run, { splits, adapter, plan }: Training): void {
  const rows = Object.fromEntries(Object.entries(splits).map(([split, { rows }]) => [split, rows.length]));
  const trained = [...adapter.trained.values()].reduce((sum, { size }) => sum + size, 0);
  const { epochs, totalSteps, stepsPerEpoch, evaluateEvery, learningRate, chosen } = plan;
  const parameters = { total: adapter.parameterCount, trained };
  const { metric } = request.project.config.evaluation;
  say({
    kind: 'planned',
    rows,
    labels: [...data.labels],
    epochs,
    totalSteps,
    stepsPerEpoch,
    evaluateEvery,
    learningRate,
    parameters,
    metric,
    chosen: [...chosen],
  });
}

/** What guessing the commonest label reaches, and the untouched base with its fresh head. */
async function measureBaselines(run: Run, training: Training): Promise<void> {
  const trainLabels = training.splits.train.encoded.map(({ label }) => label);
  for (const split of heldOutSplits(training.splits)) {
    const heldOut = training.splits[split]?.encoded.map(({ label }) => label) ?? [];
    const { rows, metrics, accuracyInterval } = measureMajority(trainLabels, heldOut, run.data.labels);
    run.say({ kind: 'evaluated', step: 0, split, subject: 'majority', rows, metrics, accuracyInterval, evaluationMs: 0 });
    await measure(run, training, split, 0, 'base');
  }
}

async function measure(
  run: Run,
  { splits, adapter }: Training,
  split: Split,
  step: number,
  subject: 'base' | 'trained',
): Promise<void> {
  const encoded = splits[split];
  if (encoded === undefined) return;
  const { surroundings } = run;
  const startMs = surroundings.nowMs();
  const { batchSize } = run.request.project.config.evaluation;
  const { labels } = run.data;
  const total = encoded.rows.length;
  const onProgress = (done: number) => {
    run.say({ kind: 'progress', activity: `Measuring ${split} rows`, done, total });
    return surroundings.rest();
  };
  const { rows, metrics, accuracyInterval } = await evaluate(run.model.classifier, adapter, encoded, {
    labels,
    batchSize,
    padId: run.model.tokenizer.padId,
    onProgress,
  });
  run.say({
    kind: 'evaluated',
    step,
    split,
    subject,
    rows,
    metrics,
    accuracyInterval,
    evaluationMs: surroundings.nowMs() - startMs,
  });
}

function loopOptions(run: Run, { splits, adapter, optimizer, plan }: Training, random: ReturnType<typeof createRandom>) {
  const { training, evaluation } = run.request.project.config;
  return {
    classifier: run.model.classifier,
    adapter,
    optimizer,
    schedule: createSchedule(training, plan.learningRate, plan.totalSteps),
    training,
    labels: run.data.labels,
    rows: splits.train.encoded,
    validation: splits.validation,
    evaluateEvery: plan.evaluateEvery,
    evaluationBatchSize: evaluation.batchSize,
    metric: evaluation.metric,
    patience: evaluation.earlyStoppingPatience,
    padId: run.model.tokenizer.padId,
    random,
    surroundings: run.surroundings,
  };
}

/** Passes the loop's events on, and saves a checkpoint after each evaluation and when it is told to stop. */
async function consumeLoop(run: Run, training: Training, loop: ReturnType<typeof trainLoop>): Promise<LoopEnd> {
  for (;;) {
    const { done, value } = await loop.next();
    if (done === true) return value;
    run.say(value);
    if (value.kind === 'evaluated') await save(run, training);
    if (value.kind === 'stopping' && (run.state.lastStep?.step ?? 0) > 0) await save(run, training);
  }
}

/** Saves the parameters as they are now, unless that is done already, and deletes what need not stay. */
async function save(run: Run, { adapter, optimizer, plan }: Training): Promise<void> {
  const { project } = run.request;
  const { state, runDir, model } = run;
  const step = state.lastStep?.step ?? 0;
  if (state.checkpoints.some((checkpoint) => checkpoint.step === step)) return;
  const metrics =
    state.evaluations.findLast((evaluation) => evaluation.step === step && evaluation.subject === 'trained')?.metrics ?? {};
  const progress = {
    epoch: state.lastStep?.epoch ?? 0,
    epochs: plan.epochs,
    totalSteps: plan.totalSteps,
    metrics,
    best: bestSoFar(run, step, metrics),
  };
  const saved = await saveCheckpoint({
    runDir,
    step,
    config: project.config,
    labels: run.data.labels,
    model,
    adapter,
    optimizer,
    progress,
  });
  run.say({ kind: 'saved', step, ...saved, metrics });

  const { evaluation, checkpoints } = project.config;
  for (const old of superfluousCheckpoints(run.state.checkpoints, evaluation.metric, checkpoints)) {
    await removeCheckpoint(runDir, old);
    run.say({ kind: 'removed', step: old });
  }
}

/** With this checkpoint counted in: that it improved is said only after it is saved. */
function bestSoFar({ request, state }: Run, step: number, metrics: MetricValues): RunState['best'] {
  const { metric } = request.project.config.evaluation;
  const value = metrics[metric];
  return value !== undefined && isBetter(metric, value, state.best?.value) ? { step, value } : state.best;
}

async function finishRun(run: Run, training: Training, end: LoopEnd): Promise<void> {
  if (end.kind === 'diverged') throw new RunFailure(divergedError(end, training.plan.learningRate));
  const best = run.state.checkpoints.find(({ step }) => step === run.state.best?.step);
  if (end.kind !== 'stopped' && best !== undefined) {
    await loadCheckpoint(`${run.runDir}/${best.path}`, training.adapter);
    for (const split of heldOutSplits(training.splits))
      if (split !== 'validation') await measure(run, training, split, best.step, 'trained');
  }
  run.say({ kind: 'ended', state: end.kind, ...(best && { bestStep: best.step }), reason: describeEnd(end, training.plan) });
}

function heldOutSplits(splits: EncodedSplits): Split[] {
  return (['validation', 'test', 'ood'] as const).filter((split) => splits[split] !== undefined);
}

function describeEnd(end: LoopEnd, { totalSteps }: Plan): string {
  if (end.kind === 'completed') return `All ${totalSteps} steps are done.`;
  if (end.kind === 'early-stopped')
    return `No progress on the validation rows any more; ended after ${end.step} of ${totalSteps} steps.`;
  return `Stopped on request after ${end.step} of ${totalSteps} steps.`;
}

function divergedError({ step, loss, gradNorm }: LoopEnd & { kind: 'diverged' }, learningRate: number): RunError {
  const found = Number.isFinite(loss) ? `norm of the gradients became ${gradNorm}` : `loss became ${loss}`;
  return {
    code: 'diverged',
    message: `The ${found} at step ${step}; the update was not applied.`,
    hint: `Lower "training.learningRate" (it is ${learningRate}), for instance to ${learningRate / 3}. The last checkpoint is as good as it was.`,
  };
}

/** A run that cannot go on still says so, unless even the log cannot be written any more. */
function endFailed(run: Run, error: RunError): void {
  const state: EndState = error.code === 'diverged' || error.code === 'out-of-memory' ? error.code : 'failed';
  const ended: UnnumberedEvent & { kind: 'ended' } = {
    kind: 'ended',
    state,
    ...(run.state.best && { bestStep: run.state.best.step }),
    reason: error.message,
    error,
  };
  try {
    run.say(ended);
  } catch {
    run.state = reduceRun(run.state, { ...ended, seq: run.state.lastSeq + 1, atMs: 0 }); // a full disk: the caller still hears of it
    process.stderr.write(`${error.message} The event log in ${runPaths(run.runDir).events} could not be written.\n`);
  }
}
