import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, renameSync, rmdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunEvent } from '../../protocol';
import { EventTail } from '../../runs/event-tail';
import { runPaths } from '../../runs/paths';
import { eventKinds, exampleEvent } from '../protocol/example-events';
import { seededRandom } from '../protocol/seeded-random';
import { createTemporaryRun, type TemporaryRun } from './temporary-run';

const line = (event: RunEvent) => `${JSON.stringify(event)}\n`;
const notice = (seq: number, message: string): RunEvent => ({ seq, atMs: 1, kind: 'notice', message });

describe('the tail of the events', function () {
  this.timeout(30_000);
  let run: TemporaryRun;
  let file: string;
  beforeEach(() => {
    run = createTemporaryRun();
    file = runPaths(run.runDir).events;
  });
  afterEach(() => {
    run.delete();
  });

  it('gives nothing while there is no file, then what is in it, then only what is new', async () => {
    const tail = new EventTail(file);
    assert.deepEqual(await tail.readNew(), []);
    const events = eventKinds.map((kind, index) => exampleEvent(kind, index + 1));
    writeFileSync(file, events.slice(0, 3).map(line).join(''));
    assert.deepEqual(await tail.readNew(), events.slice(0, 3));
    assert.deepEqual(await tail.readNew(), []);
    appendFileSync(file, events.slice(3).map(line).join(''));
    assert.deepEqual(await tail.readNew(), events.slice(3));
  });

  it('gives each event once wherever the chunks of bytes end, also inside of characters', async () => {
    for (let seed = 0; seed < 40; seed++) {
      const random = seededRandom(seed);
      const events = Array.from({ length: 12 }, (_, i) =>
        notice(i + 1, random.pick(['é', '日本', '🐧', 'a', '\\n\n'] as const).repeat(random.below(9))),
      );
      const bytes = Buffer.from(events.map(line).join(''));
      rmSync(file, { force: true });
      const tail = new EventTail(file);
      const found: RunEvent[] = [];
      for (let at = 0; at < bytes.length;) {
        const end = at + 1 + random.below(random.pick([2, 40, 400]));
        appendFileSync(file, bytes.subarray(at, end));
        at = end;
        found.push(...(await tail.readNew()));
      }
      assert.deepEqual(found, events, `seed ${seed}`);
      assert.equal(tail.skippedLines, 0, `seed ${seed}`);
    }
  });

  it('reads a log longer than one chunk in one call', async () => {
    const events = Array.from({ length: 3000 }, (_, index) => notice(index + 1, '日本語🐧'.repeat(12)));
    writeFileSync(file, events.map(line).join(''));
    assert.deepEqual(await new EventTail(file).readNew(), events);
  });

  it('waits for the rest of an unterminated line', async () => {
    const tail = new EventTail(file);
    const text = line(notice(1, 'slow'));
    writeFileSync(file, text.slice(0, -1)); // complete but for its end
    assert.deepEqual(await tail.readNew(), []);
    assert.equal(tail.skippedLines, 0);
    appendFileSync(file, '\n');
    assert.deepEqual(await tail.readNew(), [notice(1, 'slow')]);
  });

  it('counts and passes over terminated lines that are no event', async () => {
    const bad = ['{"seq":2,"at', 'null', '[]', '{"seq":3,"atMs":1,"kind":"dreamt"}', '\u0000\u0000'];
    writeFileSync(file, line(notice(1, 'a')) + bad.map((text) => `${text}\n`).join('') + '\n \r\n' + line(notice(4, 'b')));
    const tail = new EventTail(file);
    assert.deepEqual(await tail.readNew(), [notice(1, 'a'), notice(4, 'b')]);
    assert.equal(tail.skippedLines, bad.length); // empty lines lost nothing
  });

  it('starts over when the file was truncated', async () => {
    writeFileSync(file, line(notice(1, 'long '.repeat(20))) + line(notice(2, 'x')) + '{"torn');
    const tail = new EventTail(file);
    await tail.readNew();
    truncateSync(file, 0);
    appendFileSync(file, line(notice(1, 'new')));
    assert.deepEqual(await tail.readNew(), [notice(1, 'new')]);
  });

  it('starts over when another file took its place, even a longer one', async () => {
    writeFileSync(file, line(notice(1, 'old')));
    const tail = new EventTail(file);
    await tail.readNew();
    const other = join(run.runDir, 'other');
    writeFileSync(other, line(notice(1, 'new')) + line(notice(2, 'newer')));
    renameSync(other, file);
    assert.deepEqual(await tail.readNew(), [notice(1, 'new'), notice(2, 'newer')]);
  });

  it('gives each event to one of several calls that overlap', async () => {
    const events = Array.from({ length: 50 }, (_, index) => notice(index + 1, 'x'));
    writeFileSync(file, events.map(line).join(''));
    const tail = new EventTail(file);
    assert.deepEqual((await Promise.all([tail.readNew(), tail.readNew(), tail.readNew()])).flat(), events);
  });

  it('says so when the file cannot be read, and tries again the next time', async () => {
    mkdirSync(file); // a folder stands for whatever cannot be read
    const tail = new EventTail(file);
    await assert.rejects(tail.readNew(), { code: 'EISDIR' });
    rmdirSync(file);
    writeFileSync(file, line(notice(1, 'readable')));
    assert.deepEqual(await tail.readNew(), [notice(1, 'readable')]);
  });
});
