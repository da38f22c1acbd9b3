import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, isAbsolute, join } from 'node:path';
import {
  checkpointName,
  isCheckpointDir,
  isRunDir,
  listRunDirs,
  newRunId,
  runDirOfCheckpoint,
  runPaths,
  runsDir,
} from '../../runs/paths';
import { runId } from '../../protocol';
import { createTemporaryRun, writeRecord, type TemporaryRun } from './temporary-run';

describe('the run folder', () => {
  let run: TemporaryRun;
  beforeEach(() => (run = createTemporaryRun()));
  afterEach(() => {
    run.delete();
  });

  it('has the names that every reader relies on, all absolute', () => {
    const paths = runPaths(run.runDir);
    assert.deepEqual(
      Object.values<string>({ ...paths })
        .map((path) => basename(path))
        .sort(),
      ['batches.ndjson', 'checkpoints', 'control.ndjson', 'evals', 'events.ndjson', 'heartbeat', 'log.txt', 'run.json'],
    );
    for (const path of Object.values<string>({ ...runPaths('relative') })) assert.ok(isAbsolute(path), path);
    assert.equal(runsDir(run.projectDir), join(run.projectDir, '.temper', 'runs'));
  });

  it('names checkpoints so that they sort by step', () => {
    assert.deepEqual([0, 400, 999_999, 1_000_000].map(checkpointName), [
      'step-000000',
      'step-000400',
      'step-999999',
      'step-1000000',
    ]);
  });

  it('is a run once it has a record or events, and a checkpoint once it has a manifest', () => {
    assert.ok(!isRunDir(run.runDir));
    writeRecord(run.runDir);
    assert.ok(isRunDir(run.runDir));
    const checkpoint = join(run.runDir, 'checkpoints', 'step-000001');
    mkdirSync(checkpoint, { recursive: true });
    assert.ok(!isCheckpointDir(checkpoint));
    writeFileSync(join(checkpoint, 'MANIFEST.json'), '{}');
    assert.ok(isCheckpointDir(checkpoint));
    assert.equal(runDirOfCheckpoint(checkpoint), run.runDir);
  });

  it('is listed newest first by what its record says, whatever its name', async () => {
    const days: [string, number][] = [
      ['zebra', 1],
      ['20261122-203145', 2],
      ['20261122-203145-2', 2],
      ['20261122-203145-10', 2],
      ['a-run', 3],
    ];
    for (const [name, createdAtMs] of days) {
      mkdirSync(join(runsDir(run.projectDir), name), { recursive: true });
      writeRecord(join(runsDir(run.projectDir), name), { createdAtMs });
    }
    const names = (await listRunDirs(run.projectDir)).map((dir) => basename(dir));
    assert.deepEqual(names, ['a-run', '20261122-203145-10', '20261122-203145-2', '20261122-203145', 'zebra']);
  });

  it('is not listed when it is empty, hidden or a file', async () => {
    mkdirSync(join(runsDir(run.projectDir), '.hidden'));
    writeRecord(join(runsDir(run.projectDir), '.hidden'));
    writeFileSync(join(runsDir(run.projectDir), 'notes.txt'), '');
    assert.deepEqual(await listRunDirs(run.projectDir), []);
  });

  it('is listed although its record is torn', async () => {
    writeFileSync(runPaths(run.runDir).record, '{"formatVersion":1,"runI');
    assert.deepEqual(await listRunDirs(run.projectDir), [run.runDir]);
  });

  it('does not exist in a project that never ran', async () => {
    assert.deepEqual(await listRunDirs(join(run.projectDir, 'nowhere')), []);
  });
});

describe('a new run id', () => {
  const nowMs = new Date(2026, 10, 22, 20, 31, 45).getTime(); // the user's own time

  it('reads as date and time', () => {
    assert.equal(newRunId(nowMs, []), '20261122-203145');
  });

  it('counts on when it is taken', () => {
    assert.equal(newRunId(nowMs, ['20261122-203145']), '20261122-203145-2');
    assert.equal(newRunId(nowMs, new Set(['20261122-203145', '20261122-203145-2'])), '20261122-203145-3');
  });

  it('is an id that the protocol accepts, with small numbers padded', () => {
    const id = newRunId(new Date(2026, 0, 2, 3, 4, 5).getTime(), []);
    assert.equal(id, '20260102-030405');
    assert.match(id, runId);
  });
});
