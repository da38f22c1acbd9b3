import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { RunFailure, type UnnumberedEvent } from '../../protocol';
import { openEventLog } from '../../runs/event-log';
import { currentProcess } from '../../runs/liveness';
import { runPaths, runsDir } from '../../runs/paths';
import { listRuns, readRun, readRunRecord } from '../../runs/read-run';
import { exampleEvents } from '../protocol/example-events';
import { kill, killScripts, startScript } from './start-script';
import { createTemporaryRun, writeRecord, type TemporaryRun } from './temporary-run';

const nobody = { ...currentProcess(), pid: 2 ** 22 + 1 };
const { hello, progress, planned, ended } = exampleEvents;
const step = (number: number, loss: number): UnnumberedEvent => ({ ...exampleEvents.step, step: number, loss });

describe('reading a run', function () {
  this.timeout(30_000); // real children on a machine that may be busy
  let run: TemporaryRun;
  beforeEach(() => (run = createTemporaryRun()));
  afterEach(async () => {
    await killScripts();
    run.delete();
  });

  function say(...events: UnnumberedEvent[]): void {
    let nowMs = 1_000;
    const log = openEventLog(run.runDir, { nowMs: () => (nowMs += 10) });
    for (const event of events) log.append(event);
    log.close();
  }

  it('gives its record, its state and its curve', async () => {
    const record = writeRecord(run.runDir);
    say(hello, progress, planned, step(1, 2.5), step(2, 2.25));
    const found = await readRun(run.runDir);
    assert.deepEqual(found.record, record);
    assert.equal(found.dir, run.runDir);
    assert.deepEqual(found.state.phase, { kind: 'training' });
    assert.equal(found.state.plan?.totalSteps, 171);
    assert.deepEqual(
      found.steps.map(({ step, loss, atMs }) => [step, loss, atMs]),
      [
        [1, 2.5, 1_040],
        [2, 2.25, 1_050],
      ],
    );
    assert.deepEqual([found.lost, found.skippedLines, found.broken], [false, 0, undefined]);
  });

  it('calls a run lost when its process is gone without an end', async () => {
    writeRecord(run.runDir, { process: nobody });
    say(hello, step(1, 2));
    const found = await readRun(run.runDir);
    assert.ok(found.lost);
    assert.deepEqual(found.state.phase, { kind: 'lost' });
    assert.equal(found.state.lastStep?.loss, 2); // what it told stays
  });

  it('does not call a run lost that said how it ended', async () => {
    writeRecord(run.runDir, { process: nobody });
    say(hello, ended);
    const found = await readRun(run.runDir);
    assert.ok(!found.lost);
    assert.equal(found.state.phase.kind, 'ended');
  });

  it('sees a real child training, and lost the moment it is killed', async () => {
    writeRecord(run.runDir, { process: nobody });
    const child = await startScript(trainerScript, [run.runDir]);
    const living = await readRun(run.runDir);
    await kill(child);
    const dead = await readRun(run.runDir);
    assert.deepEqual([living.state.phase.kind, living.lost], ['training', false]);
    assert.deepEqual([dead.state.phase.kind, dead.lost], ['lost', true]);
  });

  it('draws one curve for a run that was resumed from an earlier step', async () => {
    writeRecord(run.runDir);
    say(hello, step(1, 5), step(2, 4), step(3, 3));
    say(hello, step(2, 4.5), step(3, 3.5), step(4, 2.5));
    assert.deepEqual(
      (await readRun(run.runDir)).steps.map(({ step, loss }) => [step, loss]),
      [
        [1, 5],
        [2, 4.5],
        [3, 3.5],
        [4, 2.5],
      ],
    );
  });

  it('draws an event that is in the file twice once', async () => {
    writeRecord(run.runDir);
    say(hello, step(1, 5), step(2, 4));
    appendFileSync(runPaths(run.runDir).events, `${JSON.stringify({ seq: 2, atMs: 1, ...step(1, 9) })}\n`);
    assert.deepEqual(
      (await readRun(run.runDir)).steps.map(({ step, loss }) => [step, loss]),
      [
        [1, 5],
        [2, 4],
      ],
    );
  });

  it('counts torn lines and reads on', async () => {
    writeRecord(run.runDir);
    say(hello);
    appendFileSync(runPaths(run.runDir).events, '{"seq":2,"atM');
    say(step(1, 2));
    const found = await readRun(run.runDir);
    assert.equal(found.skippedLines, 1);
    assert.equal(found.state.lastStep?.step, 1);
  });

  const records: [string, string | undefined, RegExp][] = [
    ['no run.json', undefined, /is not a run: it has no run\.json/],
    ['a torn run.json', '{"formatVersion":1,"runI', /it is not JSON/],
    ['the run.json of a newer version', '{"formatVersion":2}', /"formatVersion"/],
    ['a run.json that is a list', '[]', /expected object/],
  ];
  for (const [what, text, expected] of records) {
    it(`tells what is wrong with ${what} and still tells the events`, async () => {
      if (text !== undefined) writeFileSync(runPaths(run.runDir).record, text);
      say(hello, step(1, 2), ended);
      const found = await readRun(run.runDir);
      assert.ok(found.broken);
      assert.equal(found.broken.code, 'bad-run');
      assert.match(found.broken.message, expected);
      assert.equal(found.broken.file, runPaths(run.runDir).record);
      assert.equal(found.record, undefined);
      assert.equal(found.steps.length, 1);
      await assert.rejects(
        readRunRecord(run.runDir),
        (thrown) => thrown instanceof RunFailure && thrown.error.code === 'bad-run',
      );
    });
  }

  it('says so when the events cannot be read', async () => {
    writeRecord(run.runDir);
    mkdirSync(runPaths(run.runDir).events);
    const found = await readRun(run.runDir);
    assert.match(found.broken?.message ?? '', /events\.ndjson cannot be read/);
    assert.equal(found.record?.runId, '20261122-203145');
  });

  it('of a folder that is not there throws nothing', async () => {
    const found = await readRun(join(run.projectDir, 'nowhere'));
    assert.equal(found.broken?.code, 'bad-run');
  });

  it('lists all runs newest first, the broken ones too', async () => {
    writeRecord(run.runDir, { createdAtMs: 1 });
    const newer = join(runsDir(run.projectDir), 'newer');
    mkdirSync(newer);
    writeFileSync(runPaths(newer).record, '{"createdAtMs":2}');
    const found = await listRuns(run.projectDir);
    assert.deepEqual(
      found.map(({ dir, broken }) => [basename(dir), broken?.code]),
      [
        ['newer', 'bad-run'],
        ['20261122-203145', undefined],
      ],
    );
    assert.deepEqual(await listRuns(join(run.projectDir, 'nowhere')), []);
  });
});

const trainerScript = `
  import { openEventLog } from '../../runs/event-log';
  import { startHeartbeat } from '../../runs/liveness';
  import { exampleEvents } from '../protocol/example-events';
  startHeartbeat(process.argv[2]);
  const log = openEventLog(process.argv[2], { nowMs: () => Date.now() });
  log.append(exampleEvents.hello);
  log.append(exampleEvents.step);
  console.log('ready');
  setInterval(() => {}, 1000);
`;
