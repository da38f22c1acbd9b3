/** A whole run in this process: real folder, real tensors; nobody asks for anything meanwhile. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadSplits } from '../../dataset/load-splits';
import { readProject } from '../../dataset/project';
import type { RunEvent } from '../../protocol';
import { listCheckpoints } from '../../runs/checkpoint-folder';
import { readRun, readRunRecord } from '../../runs/read-run';
import { openCheckpoint } from '../../trainer/open-checkpoint';
import { runTraining, type RunOutcome } from '../../trainer/run';
import { createRunDir } from '../../trainer/run-dir';
import * as tf from '../../trainer/tensors';
import { writeTinyProject } from '../cli/tiny-project';
import { loadTiny, quietSurroundings, startBackend, temporaryFolder } from './tiny-training';

interface FinishedRun extends RunOutcome {
  readonly events: readonly RunEvent[];
}

describe('a run', function () {
  this.timeout(60_000);
  const folder = temporaryFolder('run');
  const project = join(folder.path, 'project');
  before(() => {
    writeTinyProject(project);
  });
  after(() => {
    folder.remove();
  });

  async function train(runId: string, ...settings: string[]): Promise<FinishedRun> {
    const events: RunEvent[] = [];
    const outcome = await runTraining({
      project: await readProject(project, settings),
      runId,
      surroundings: () => quietSurroundings(),
      onEvent: (event) => events.push(event),
    });
    return { ...outcome, events };
  }
  const ofKind = <Kind extends RunEvent['kind']>({ events }: FinishedRun, kind: Kind) =>
    events.filter((event): event is Extract<RunEvent, { kind: Kind }> => event.kind === kind);

  it('leaves no tensor behind', async () => {
    await startBackend('wasm');
    const { numTensors, numDataBuffers } = tf.memory();
    const run = await train('tidy');
    assert.equal(run.state.phase.kind, 'ended');
    assert.deepEqual([tf.memory().numTensors, tf.memory().numDataBuffers], [numTensors, numDataBuffers]);
  });

  for (const method of ['lora', 'full']) {
    it(`of the same config writes the same bytes twice, moments of the optimizer included (${method})`, async () => {
      const settings = [`method={"type":"${method}"}`, 'training.maxSteps=5', 'evaluation.every=5'];
      const runs = [await train(`${method}-1`, ...settings), await train(`${method}-2`, ...settings)];
      const [first, second] = runs.map((run) => ofKind(run, 'step').map(({ loss, gradNorm }) => [loss, gradNorm]));
      assert.equal(first?.length, 5);
      assert.deepEqual(second, first);
      const [one = '', two = ''] = runs.map(({ runDir }) => join(runDir, 'checkpoints', 'step-000005'));
      for (const name of readdirSync(one).filter((file) => file.endsWith('.safetensors'))) {
        assert.ok(readFileSync(join(one, name)).equals(readFileSync(join(two, name))), name);
      }
    });
  }

  it('keeps the best and the newest checkpoint, and says which it removed', async () => {
    const run = await train(
      'many',
      'training.epochs=4',
      'training.maxSteps=12',
      'evaluation.every=1',
      'evaluation.earlyStoppingPatience=0',
    );
    const left = (await listCheckpoints(run.runDir)).map(({ step }) => step);
    assert.ok(left.length <= 2 && left.includes(12), left.join());
    const removed = new Set(ofKind(run, 'removed').map(({ step }) => step));
    assert.deepEqual(
      left,
      ofKind(run, 'saved')
        .map(({ step }) => step)
        .filter((step) => !removed.has(step)),
    );
    const evaluated = ofKind(run, 'evaluated').filter(({ subject, split }) => subject === 'trained' && split === 'validation');
    const best = Math.max(...evaluated.map(({ metrics }) => metrics.accuracy ?? NaN));
    assert.equal(
      evaluated.find(({ metrics }) => metrics.accuracy === best)?.step,
      run.state.best?.step,
      'the first of the best ones',
    );
    assert.ok(left.includes(run.state.best?.step ?? -1));
  });

  it('that ends early goes back to its best checkpoint and measures the test rows with that', async () => {
    // Step 1 has rate 0, and the rate of what follows ruins the model: the best is the base as it was.
    const settings = [
      'training.learningRate=1',
      'training.warmupRatio=0.1',
      'training.maxSteps=10',
      'training.epochs=10',
      'evaluation.metric=loss',
    ];
    const run = await train(
      'ruined',
      ...settings,
      'evaluation.every=1',
      'evaluation.earlyStoppingPatience=3',
      'checkpoints.keepBest=1',
    );
    assert.ok(run.state.phase.kind === 'ended' && run.state.phase.state === 'early-stopped', JSON.stringify(run.state.phase));
    assert.equal(run.state.best?.step, 1);
    const [test] = ofKind(run, 'evaluated').filter(({ subject, split }) => subject === 'trained' && split === 'test');
    const [base] = ofKind(run, 'evaluated').filter(({ subject, split }) => subject === 'base' && split === 'test');
    assert.equal(test?.step, 1);
    assert.deepEqual(test.metrics, base?.metrics);
    const opened = await openCheckpoint(run.runDir);
    assert.equal(opened.step, 1);
    opened.adapter.dispose();
  });

  it('tells a reader of its folder exactly what its listener heard', async () => {
    const run = await train('told');
    const { state, steps, lost, broken, record } = await readRun(run.runDir);
    assert.deepEqual(state, run.state);
    assert.deepEqual([steps.length, lost, broken], [4, false, undefined]);
    assert.equal(record?.config.training.maxSteps, 4);
    assert.deepEqual(Object.keys(record.data), ['train', 'validation', 'test']);
    const plan = state.plan ?? assert.fail();
    assert.deepEqual([plan.rows, plan.labels, plan.totalSteps], [{ train: 24, validation: 8, test: 10 }, ['bad', 'good'], 4]);
    // LoRA of rank 2 on query and value of two layers of 16: 2 · 2 · 2 · 32, and a head of 2 · 16 + 2
    assert.equal(plan.parameters.trained, 2 * 2 * 2 * 32 + 34);
  });

  it('that fails in the middle says so in its folder, with the error', async () => {
    const events: RunEvent[] = [];
    const { runDir, state } = await runTraining({
      project: await readProject(project),
      runId: 'broken',
      surroundings: () => quietSurroundings(),
      onEvent: (event) => {
        events.push(event);
        if (event.kind === 'step' && event.step === 3) throw new Error('a listener with a bug');
      },
    });
    assert.ok(state.phase.kind === 'ended' && state.phase.state === 'failed');
    assert.deepEqual([state.phase.error?.code, state.phase.error?.message], ['internal', 'a listener with a bug']);
    assert.deepEqual((await readRun(runDir)).state, state);
    assert.equal(events.at(-1)?.kind, 'ended');
  });

  it('has a folder of its own, also when five begin in the same second', async () => {
    const opened = await readProject(project);
    const data = await loadSplits(opened);
    const model = await loadTiny(data.labels);
    const made = await Promise.all([1, 2, 3, 4, 5].map(() => createRunDir(opened, data, model, undefined)));
    assert.equal(new Set(made.map(({ runDir }) => runDir)).size, 5);
    for (const { runDir, runId } of made) assert.equal((await readRunRecord(runDir)).runId, runId);
  });

  it('holds rows of train back for validation when there are none, in proportion', async () => {
    const run = await train('held-back', 'data={"train":"train.jsonl","validationFraction":0.25}');
    assert.deepEqual(run.state.plan?.rows, { train: 18, validation: 6 });
    const [majority] = ofKind(run, 'evaluated').filter(({ subject }) => subject === 'majority');
    assert.equal(majority?.metrics.accuracy, 0.5);
  });
});
