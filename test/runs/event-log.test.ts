import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { openEventLog } from '../../runs/event-log';
import { EventTail } from '../../runs/event-tail';
import { runPaths } from '../../runs/paths';
import { exampleEvents } from '../protocol/example-events';
import { kill, killScripts, startScript } from './start-script';
import { createTemporaryRun, type TemporaryRun } from './temporary-run';

describe('the event log', function () {
  this.timeout(30_000); // real children on a machine that may be busy
  let run: TemporaryRun;
  let file: string;
  let nowMs = 0;
  const clock = { nowMs: () => (nowMs += 5) };
  beforeEach(() => {
    run = createTemporaryRun();
    file = runPaths(run.runDir).events;
    nowMs = 0;
  });
  afterEach(async () => {
    await killScripts();
    run.delete();
  });

  const sequence = async () => (await new EventTail(file).readNew()).map(({ seq, kind }) => `${seq} ${kind}`);

  it('numbers and dates each event and has it in the file before it returns', () => {
    const log = openEventLog(run.runDir, clock);
    assert.deepEqual(log.append(exampleEvents.paused), { seq: 1, atMs: 5, kind: 'paused' });
    assert.equal(readFileSync(file, 'utf8'), '{"seq":1,"atMs":5,"kind":"paused"}\n');
    log.append(exampleEvents.notice);
    assert.deepEqual(JSON.parse(readFileSync(file, 'utf8').split('\n')[1] ?? ''), { seq: 2, atMs: 10, ...exampleEvents.notice });
    log.close();
  });

  it('continues the numbering of the file it finds', async () => {
    const first = openEventLog(run.runDir, clock);
    first.append(exampleEvents.hello);
    first.append(exampleEvents.step);
    first.close();
    const second = openEventLog(run.runDir, clock);
    assert.equal(second.append(exampleEvents.hello).seq, 3);
    second.close();
    assert.deepEqual(await sequence(), ['1 hello', '2 step', '3 hello']);
  });

  const endings: [string, string, number, string[]][] = [
    ['a torn line', '{"seq":1,"atMs":1,"kind":"paused"}\n{"seq":2,"atMs":1,"ki', 1, ['1 paused', '2 stopping']],
    ['a whole line without its end', '{"seq":1,"atMs":1,"kind":"paused"}', 0, ['1 paused', '2 stopping']],
    ['nothing but a torn line', '{"seq', 1, ['1 stopping']],
    [
      'half a character',
      '{"seq":1,"atMs":1,"kind":"paused"}\n{"seq":2,"atMs":1,"kind":"notice","message":"\u{1F427}',
      1,
      ['1 paused', '2 stopping'],
    ],
    ['an event of a newer version', '{"seq":7,"atMs":1,"kind":"dreamt"}\n', 1, ['8 stopping']],
    ['empty lines', '{"seq":3,"atMs":1,"kind":"paused"}\n\n\n', 0, ['3 paused', '4 stopping']],
  ];
  for (const [what, text, skipped, expected] of endings) {
    it(`goes on after ${what}`, async () => {
      const bytes = Buffer.from(text);
      writeFileSync(file, text.endsWith('\u{1F427}') ? bytes.subarray(0, -2) : bytes);
      const log = openEventLog(run.runDir, clock);
      log.append(exampleEvents.stopping);
      log.close();
      const tail = new EventTail(file);
      assert.deepEqual(
        (await tail.readNew()).map(({ seq, kind }) => `${seq} ${kind}`),
        expected,
      );
      assert.equal(tail.skippedLines, skipped);
    });
  }

  it('refuses an event that nobody could read back, and stays usable', async () => {
    const log = openEventLog(run.runDir, clock);
    assert.throws(() => log.append({ ...exampleEvents.step, loss: Number.NaN }), /"loss":"NaN"/);
    log.append(exampleEvents.paused);
    log.close();
    assert.deepEqual(await sequence(), ['1 paused']);
  });

  it('writes whole lines again after the disk was full in the middle of one', async () => {
    const child = await startScript(diskFullScript, [run.runDir]);
    await kill(child);
    const tail = new EventTail(file);
    const events = await tail.readNew();
    assert.deepEqual(
      events.map(({ kind }) => kind),
      ['paused', 'continued'],
    );
    assert.equal(tail.skippedLines, 1);
  });

  it('has every event once and in order after its writer was killed in full flight, twice', async () => {
    for (let life = 0; life < 2; life++) {
      const child = await startScript(floodScript, [run.runDir]);
      const before = statSync(file).size;
      for (let look = 0; look < 300 && statSync(file).size < before + 50_000; look++)
        await new Promise((done) => setTimeout(done, 5));
      await kill(child);
    }
    const log = openEventLog(run.runDir, clock);
    log.append(exampleEvents.stopping);
    log.close();
    const tail = new EventTail(file);
    const seqs = (await tail.readNew()).map(({ seq }) => seq);
    assert.deepEqual(
      seqs,
      Array.from(seqs, (_, index) => index + 1),
    );
    assert.ok(tail.skippedLines <= 2, `${tail.skippedLines} lines were skipped`);
  });
});

const floodScript = `
  import { openEventLog } from '../../runs/event-log';
  const log = openEventLog(process.argv[2], { nowMs: () => Date.now() });
  for (let i = 0; ; i++) {
    log.append({ kind: 'notice', message: 'é日🐧'.repeat(i % 50) });
    if (i === 0) console.log('ready');
  }
`;

/** writeSync is made to take ten bytes of one line and then fail, as a full disk does. */
const diskFullScript = `
  import fs from 'node:fs';
  import { openEventLog } from '../../runs/event-log';
  const write = fs.writeSync;
  const log = openEventLog(process.argv[2], { nowMs: () => 1 });
  log.append({ kind: 'paused' });
  let calls = 0;
  fs.writeSync = (fd, bytes) => {
    if (calls++ === 0) return write(fd, bytes.subarray(0, 10));
    throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
  };
  try { log.append({ kind: 'stopping' }); } catch {}
  fs.writeSync = write;
  log.append({ kind: 'continued' });
  console.log('ready');
  setInterval(() => {}, 1000);
`;
