import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HostToPanel } from '../../protocol';
import { Outbox } from '../../extension/panel/outbox';
import { exampleEvent } from '../protocol/example-events';

const events = (...seqs: number[]): HostToPanel => ({ kind: 'events', events: seqs.map((seq) => exampleEvent('step', seq)) });
const running = (step: number, done: number): HostToPanel => ({
  kind: 'evaluation',
  step,
  split: 'test',
  status: { kind: 'running', done, total: 9 },
});

describe('what waits for a panel', () => {
  let posts: HostToPanel[];
  let outbox: Outbox;
  beforeEach(() => {
    posts = [];
    outbox = new Outbox((message) => posts.push(message), 10);
  });
  afterEach(() => outbox.dispose());

  it('puts events that wait together, in order', async () => {
    for (let seq = 1; seq <= 5; seq++) outbox.add(events(seq));
    await sleep(60);
    assert.deepEqual(posts, [events(1, 2, 3, 4, 5)]);
  });

  it('keeps only the newest word of each evaluation, and of liveness', async () => {
    outbox.add(running(7, 1));
    outbox.add(running(7, 2));
    outbox.add(running(8, 1));
    outbox.add({ kind: 'liveness', lost: true });
    outbox.add({ kind: 'liveness', lost: false });
    await sleep(90);
    assert.deepEqual(posts, [running(7, 2), running(8, 1), { kind: 'liveness', lost: false }]);
  });

  it('posts one message at a time, and none after its end', async () => {
    outbox.add(running(1, 1));
    outbox.add(running(2, 1));
    while (posts.length === 0) await sleep(1);
    assert.equal(posts.length, 1);
    outbox.dispose();
    await sleep(40);
    assert.equal(posts.length, 1);
  });
});
