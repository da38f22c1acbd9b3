/** A run on a disk that fills up: a real file system of a megabyte, where this machine lets us mount one. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listCheckpoints, verifyCheckpoint } from '../../runs/checkpoint-folder';
import { readRun } from '../../runs/read-run';
import { loggedKinds, temper, writeTinyProject } from './tiny-project';

describe('a run whose disk fills up (skipped where no small disk can be mounted: not Linux, or not root)', function () {
  this.timeout(60_000);
  let disk: string | undefined;
  before(function () {
    const dir = mkdtempSync(join(tmpdir(), 'temper-small-disk-'));
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', dir], { stdio: 'ignore' });
    } catch {
      rmSync(dir, { recursive: true });
      this.skip();
    }
    disk = dir;
  });
  after(() => {
    if (disk === undefined) return;
    execFileSync('umount', [disk]);
    rmSync(disk, { recursive: true });
  });

  it('ends as failed with disk-full; complete checkpoints stay whole and a part of one never counts', async () => {
    const project = writeTinyProject(join(disk ?? '', 'project'), {
      method: { type: 'full' },
      checkpoints: { keepBest: 50, keepLast: 50 },
    });
    const runDir = join(project, '.temper', 'runs', 'filling');
    const settings = [
      'training.maxSteps=50',
      'training.epochs=50',
      'evaluation.every=1',
      'evaluation.earlyStoppingPatience=0',
    ].flatMap((setting) => ['--set', setting]);
    const { code, last, lines } = await temper(['train', project, '--run-id', 'filling', ...settings, '--json']);

    assert.equal(code, 1);
    assert.deepEqual([last.kind, last['state']], ['result', 'failed']);
    const error = last['error'] as { code: string; message: string; hint: string };
    assert.equal(error.code, 'disk-full');
    assert.match(error.message, /The disk is full/);
    assert.match(error.hint, /Free some space, or keep fewer checkpoints/);

    const { state, lost } = await readRun(runDir);
    assert.ok(
      state.phase.kind === 'ended' && state.phase.state === 'failed' && state.phase.error?.code === 'disk-full',
      JSON.stringify(state.phase),
    );
    assert.equal(lost, false);
    assert.equal(loggedKinds(runDir).at(-1), 'ended');

    const complete = await listCheckpoints(runDir);
    assert.ok(complete.length >= 1, 'some fitted');
    assert.deepEqual(
      complete.map(({ step }) => step),
      lines.filter(({ kind }) => kind === 'saved').map(({ step }) => step),
    );
    for (const { dir } of complete) await verifyCheckpoint(dir);
    assert.deepEqual(
      readdirSync(join(runDir, 'checkpoints')).sort(),
      complete.map(({ path }) => path.replace('checkpoints/', '')),
      'no leftovers',
    );
  });
});
