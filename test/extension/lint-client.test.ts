import assert from 'node:assert/strict';
import { ThreadClient, type Thread, type ThreadEvents } from '../../extension/lint/thread-client';
import type { HostMessage, ThreadMessage } from '../../extension/lint-worker/messages';

/** Threads that do nothing by themselves. */
class FakeThreads {
  readonly made: { events: ThreadEvents; heard: HostMessage[]; isEnded: boolean }[] = [];

  start(events: ThreadEvents): Thread {
    const thread = { events, heard: new Array<HostMessage>(), isEnded: false };
    this.made.push(thread);
    return { post: (message) => thread.heard.push(message), end: () => (thread.isEnded = true) };
  }

  get newest() {
    const thread = this.made.at(-1);
    assert.ok(thread);
    return thread;
  }
}

describe('the host’s end of the thread that lints', () => {
  let threads: FakeThreads;
  let received: ThreadMessage[];
  let deaths: [string, boolean][];
  let nowMs: number;
  let client: ThreadClient;

  beforeEach(() => {
    threads = new FakeThreads();
    received = [];
    deaths = [];
    nowMs = 0;
    client = new ThreadClient({
      start: (events) => threads.start(events),
      received: (message) => received.push(message),
      started: () => client.post({ kind: 'projects', dirs: ['/p'], maxProblems: 5 }),
      died: (reason, isForGood) => deaths.push([reason, isForGood]),
      now: () => nowMs,
    });
  });
  afterEach(() => client.dispose());

  const question = { file: '/p/train.jsonl', line: 1, column: 1 };
  const idOf = (message: HostMessage | undefined) => (message?.kind === 'query' ? message.id : -1);

  it('starts a thread once, and says at once what it is to do', () => {
    assert.equal(client.isRunning, false);
    client.start();
    client.start();
    assert.equal(threads.made.length, 1);
    assert.deepEqual(threads.newest.heard, [{ kind: 'projects', dirs: ['/p'], maxProblems: 5 }]);
  });

  it('passes on what the thread says, and nothing that is no message', () => {
    client.start();
    threads.newest.events.received({ kind: 'rested', dir: '/p' });
    for (const noise of [undefined, null, 'rested', { kind: 'nonsense' }, {}]) threads.newest.events.received(noise);
    assert.deepEqual(received, [{ kind: 'rested', dir: '/p' }]);
  });

  it('gives each question its own answer, whatever their order', async () => {
    client.start();
    const row = client.ask('row', question);
    const fixes = client.ask('safe-fixes', { file: question.file });
    const [, first, second] = threads.newest.heard;
    assert.deepEqual(first, { kind: 'query', id: idOf(first), query: { name: 'row', ...question } });
    threads.newest.events.received({ kind: 'answer', id: idOf(second), value: [] });
    threads.newest.events.received({ kind: 'answer', id: idOf(first), value: undefined });
    assert.deepEqual(await fixes, []);
    assert.equal(await row, undefined);
  });

  it('rejects what the thread refuses', async () => {
    client.start();
    const row = client.ask('row', question);
    threads.newest.events.received({ kind: 'refused', id: idOf(threads.newest.heard.at(-1)), detail: 'no such block' });
    await assert.rejects(row, /no such block/);
  });

  it('rejects at once when there is no thread', async () => {
    await assert.rejects(client.ask('row', question), /does not run/);
  });

  it('rejects what was asked when the thread dies, and starts another', async () => {
    client.start();
    const row = client.ask('row', question);
    threads.newest.events.died('out of memory');
    await assert.rejects(row, /ended/);
    assert.equal(threads.made.length, 2);
    assert.deepEqual(deaths, [['out of memory', false]]);
    assert.equal(threads.newest.heard[0]?.kind, 'projects');
  });

  it('gives up after three deaths in five minutes, and starts again when asked to', () => {
    client.start();
    for (let death = 0; death < 3; death++) threads.newest.events.died('crash');
    assert.deepEqual(
      deaths.map(([, isForGood]) => isForGood),
      [false, false, true],
    );
    assert.equal(threads.made.length, 3);
    assert.equal(client.isRunning, false);
    client.start();
    assert.equal(threads.made.length, 4);
  });

  it('does not give up when deaths are far apart', () => {
    client.start();
    for (let death = 0; death < 6; death++) {
      nowMs += 200_000;
      threads.newest.events.died('crash');
    }
    assert.equal(client.isRunning, true);
  });

  it('does not listen to a thread that is dead', () => {
    client.start();
    const { events } = threads.newest;
    events.died('crash');
    events.died('crash');
    events.received({ kind: 'rested', dir: '/p' });
    assert.equal(threads.made.length, 2);
    assert.deepEqual(received, []);
  });

  it('ends its thread with itself, for which no other is started', async () => {
    client.start();
    const row = client.ask('row', question);
    const { newest } = threads;
    client.dispose();
    newest.events.died('exit code 1');
    await assert.rejects(row);
    assert.equal(newest.isEnded, true);
    assert.equal(threads.made.length, 1);
    client.start();
    assert.equal(threads.made.length, 1);
  });
});
