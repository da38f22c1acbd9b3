import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Experiments, type ExperimentsChange } from '../../extension/experiments/experiments';
import { FollowedRun } from '../../extension/experiments/followed-run';
import { checkpointNodes, evaluationNodes, nodeId } from '../../extension/experiments/nodes';
import { writeEvaluation } from '../../runs/evaluation-record';
import { currentProcess } from '../../runs/liveness';
import { runPaths, runsDir } from '../../runs/paths';
import { exampleEvents } from '../protocol/example-events';
import { createTemporaryRun, writeRecord } from '../runs/temporary-run';
import { completed, createToldRun, step, type ToldRun } from './told-run';
import { waitUntil } from './wait-until';

const { planned, saved, improved, removed, evaluated } = exampleEvents;

describe('the experiments of a window', () => {
  let run: ToldRun;
  let experiments: Experiments;
  let changes: ExperimentsChange[];

  beforeEach(() => {
    run = createToldRun();
    experiments = new Experiments();
    changes = [];
    experiments.changed.on((change) => changes.push(change));
  });
  afterEach(() => {
    experiments.dispose();
    run.delete();
  });

  const followed = () => experiments.find(run.runDir);

  it('has the runs that were there before', async () => {
    run.say(planned, step(1), completed);
    await experiments.setProjects([run.projectDir]);
    assert.deepEqual(
      experiments.runs().map(({ name, isActive }) => [name, isActive]),
      [['spam', false]],
    );
    assert.deepEqual(changes, [{ kind: 'list' }, { kind: 'list' }]);
  });

  it('hears of steps, checkpoints and the end from the folder, and says which run it was', async () => {
    await experiments.setProjects([run.projectDir]);
    await waitUntil('the watcher is ready', async () => {
      run.say(step(1));
      await new Promise((resolve) => setTimeout(resolve, 100));
      return followed()?.state.lastStep !== undefined;
    });
    changes = [];
    run.say(planned, step(7), saved, improved, completed);
    await waitUntil('the end', () => changes.length > 0 && followed()?.isActive === false);
    assert.ok(changes.every((change) => change.kind === 'run' && change.run === followed()));
  });

  it('notices a run that comes into a project which had none, and one that goes', async () => {
    const projectDir = realpathSync(mkdtempSync(join(tmpdir(), 'temper-empty-')));
    const outside = createTemporaryRun();
    try {
      await experiments.setProjects([projectDir]);
      assert.deepEqual(experiments.runs(), []);
      await new Promise((resolve) => setTimeout(resolve, 300)); // chokidar reads the folder once before it watches
      mkdirSync(runsDir(projectDir), { recursive: true });
      writeRecord(outside.runDir);
      renameSync(outside.runDir, join(runsDir(projectDir), 'r1'));
      await waitUntil('the run has come', () => experiments.runs().length === 1);
      rmSync(join(runsDir(projectDir), 'r1'), { recursive: true });
      await waitUntil('the run has gone', () => experiments.runs().length === 0);
    } finally {
      outside.delete();
      rmSync(projectDir, { recursive: true, force: true });
    }
  });

  it('lists checkpoints newest first, marks the best, and forgets what was removed', async () => {
    const { kind, metrics, bytes } = saved;
    const save = (number: number) => ({ kind, metrics, bytes, step: number, path: `checkpoints/step-${number}` });
    run.say(planned, save(3), save(7), improved, save(9), removed);
    await experiments.setProjects([run.projectDir]);
    const nodes = followed() ? checkpointNodes(experiments.runs()[0] ?? assert.fail()) : [];
    assert.deepEqual(
      nodes.map((node) => [node.step, node.isBest]),
      [
        [9, false],
        [7, true],
      ],
    );
    assert.equal(new Set(nodes.map(nodeId)).size, 2);
  });

  it('shows what the run measured, and in its place what was asked for later', async () => {
    run.say(planned, saved, evaluated, { ...evaluated, subject: 'base', metrics: { accuracy: 0.1 } });
    await experiments.setProjects([run.projectDir]);
    const found = experiments.runs()[0] ?? assert.fail();
    assert.deepEqual(
      evaluationNodes(found, 7).map(({ split, metrics }) => [split, metrics.accuracy]),
      [['validation', 0.875]],
    );
    await writeEvaluation(run.runDir, {
      ...{ formatVersion: 1, id: 'e1', atMs: 1, step: 7, split: 'validation', file: '/v.jsonl', rows: 4 },
      ...{ metrics: { accuracy: 0.5 }, perLabel: [], predictions: [] },
    });
    await waitUntil('the evaluation is seen', () => found.evaluations.length === 1, 8000);
    assert.deepEqual(
      evaluationNodes(found, 7).map(({ split, metrics }) => [split, metrics.accuracy]),
      [['validation', 0.5]],
    );
  });

  it('calls a run lost that nobody ended and nobody runs, and not one that ended', async () => {
    const nobody = { ...currentProcess(), pid: 2 ** 22 + 1 };
    writeRecord(run.runDir, { process: nobody });
    run.say(planned, step(1));
    const found = new FollowedRun(run.runDir, run.projectDir);
    await found.refresh();
    assert.deepEqual([found.state.phase.kind, found.isActive], ['lost', false]);
    run.say(completed);
    await found.refresh();
    assert.deepEqual([found.state.phase.kind, found.isActive], ['ended', false]);
  });

  it('keeps no answers of the model: no list shows them, and they are long', async () => {
    run.say(planned, step(1), exampleEvents.sampled, step(2));
    const found = new FollowedRun(run.runDir, run.projectDir);
    await found.refresh();
    assert.deepEqual([found.state.lastStep?.step, found.state.samples], [2, []]);
  });

  it('says why a run cannot be read', async () => {
    writeFileSync(runPaths(run.runDir).record, '{"formatVersion": 2}');
    await experiments.setProjects([run.projectDir]);
    assert.match(experiments.runs()[0]?.broken ?? '', /formatVersion/);
    assert.equal(experiments.runs()[0]?.isActive, false);
  });

  it('follows nothing any more after its end', async () => {
    await experiments.setProjects([run.projectDir]);
    experiments.dispose();
    changes = [];
    run.say(step(1));
    await new Promise((resolve) => setTimeout(resolve, 400));
    assert.deepEqual(changes, []);
    assert.deepEqual(experiments.runs(), []);
  });
});
