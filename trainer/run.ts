/**
 * The recipe of a run, from top to bottom: read and gate the data, choose the backend, load the base, open the run
 * folder, attach the method, measure the untouched base, loop, restore the best, measure the test and
 * out-of-distribution rows. Everything a person or a program learns of it goes through the event log.
 */
import { loadSplits } from '../dataset/load-splits';
import { createRandom, type Random } from '../dataset/seeded-random';
import { requireTrainableSplits } from '../dataset/trainable-rows';
import { describeThrown, initialRunState, protocolVersion, reduceRun, RunFailure, type RunState } from '../protocol';
import { openEventLog } from '../runs/event-log';
import { startHeartbeat } from '../runs/liveness';
import { attachOptionsOf } from './attach-options';
import { chooseBackend } from './backends/choose';
import { loadCheckpoint } from './checkpoint';
import { encodeSplits, type EncodedSplits } from './encode-splits';
import { createFrozenLayers } from './frozen-layers';
import { trainLoop, type LoopEnd, type LoopOptions } from './loop';
import { attachMethod } from './methods/registry';
import { loadModel } from './model-folder';
import { createOptimizer } from './optimizer';
import { planRun } from './plan';
import { save } from './run-checkpoints';
import type { Run, RunRequest, Training } from './run-context';
import { createRunDir } from './run-dir';
import { describeEnd, divergedError, endFailed } from './run-end';
import { heldOutSplits, measure, measureBaselines } from './run-measurements';
import { createSchedule } from './schedule';
import { createTask, headOf } from './tasks/registry';
import type { Task } from './tasks/task';

export type { RunRequest } from './run-context';

export interface RunOutcome {
  readonly runId: string;
  readonly runDir: string;
  readonly state: RunState;
}

/** @throws RunFailure for what is wrong before there is a run: config, data, model, backend. Later faults end the run. */
export async function runTraining(request: RunRequest): Promise<RunOutcome> {
  const { config, dir: projectDir } = request.project;
  const data = await loadSplits(request.project, request.allowLeaks === true ? 'allow' : 'refuse');
  requireTrainableSplits(request.project, data);
  const backend = await chooseBackend({ backend: config.backend, threads: config.threads, projectDir });
  const { initialWeights, training } = config;
  const { model: name, task } = config;
  const head = headOf(task);
  const model = await loadModel({
    model: name,
    projectDir,
    head,
    labels: data.labels.length,
    initialWeights,
    seed: training.seed,
  });
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

async function conductRun(run: Run): Promise<void> {
  const { config } = run.request.project;
  run.say({
    kind: 'hello',
    protocol: protocolVersion,
    backend: run.backend.name,
    threads: run.backend.threads,
    refused: [...run.backend.refused],
  });
  const task = createTask(config, run.model, run.data.labels);
  const { splits, notices } = await encodeSplits(run.data, task, (done, total) => {
    run.say({ kind: 'progress', activity: 'Reading text', done, total });
    return run.surroundings.rest();
  });

  const random = createRandom(config.training.seed);
  const training = prepareTraining(run, task, splits, random);
  const { adapter, optimizer, frozen } = training;
  try {
    announcePlan(run, training);
    const frozenNotice = frozen ? [frozen.notice] : [];
    for (const message of [...run.data.notices, ...run.model.notes, ...notices, ...frozenNotice])
      run.say({ kind: 'notice', message });
    await measureBaselines(run, training);
    const end = await consumeLoop(run, training, trainLoop(loopOptions(run, training, random)));
    await finishRun(run, training, end);
  } finally {
    frozen?.dispose();
    optimizer.dispose();
    adapter.dispose();
  }
}

function prepareTraining({ request, data, model, runDir }: Run, task: Task, splits: EncodedSplits, random: Random): Training {
  const { config } = request.project;
  const adapter = attachMethod(config.method, attachOptionsOf(model, data.labels, random));
  model.tensors.clear();
  model.packed?.clear();
  const rows = Object.values(splits).flatMap(({ encoded }) => encoded);
  return {
    task,
    splits,
    adapter,
    optimizer: createOptimizer(adapter.trained, config.training),
    plan: planRun(config, { rows: splits.train.encoded.length, parameterCount: adapter.parameterCount }),
    frozen: createFrozenLayers({ model, adapter, rows, dir: runDir, keep: config.training.keepFrozenStates }),
  };
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

function loopOptions(run: Run, { task, splits, adapter, optimizer, plan, frozen }: Training, random: Random): LoopOptions {
  const { training, evaluation } = run.request.project.config;
  return {
    model: run.model,
    task,
    adapter,
    optimizer,
    schedule: createSchedule(training, plan.learningRate, plan.totalSteps),
    training,
    rows: splits.train.encoded,
    validation: splits.validation,
    evaluateEvery: plan.evaluateEvery,
    evaluationBatchSize: evaluation.batchSize,
    metric: evaluation.metric,
    patience: evaluation.earlyStoppingPatience,
    random,
    frozen,
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
