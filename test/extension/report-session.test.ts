import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { ReportSession, type ReportRequest } from '../../extension/report/report-session';
import type { HostToReport } from '../../protocol';
import { waitUntil } from './wait-until';

const paceMs = 100;
const says = (message: string): HostToReport => ({ kind: 'broken', message, hint: '' });

describe('the session of a dataset report', () => {
  let session: ReportSession;
  let newest: HostToReport | undefined;
  let reads: number;
  let posts: { readonly message: HostToReport; readonly atMs: number }[];
  let requests: ReportRequest[];

  beforeEach(() => {
    [newest, reads, posts, requests] = [says('one'), 0, [], []];
    const source = {
      read: () => (reads++, newest),
      post: (message: HostToReport) => void posts.push({ message, atMs: performance.now() }),
      request: (message: ReportRequest) => void requests.push(message),
    };
    session = new ReportSession(source, paceMs);
  });
  afterEach(() => session.dispose());

  const told = () => posts.map(({ message }) => (message.kind === 'broken' ? message.message : ''));
  const change = (text: string) => {
    newest = says(text);
    session.changed();
  };

  it('says nothing before the panel asks', async () => {
    change('two');
    await sleep(2 * paceMs);
    assert.deepEqual([told(), reads], [[], 0]);
  });

  it('answers at once, and each time it is asked', () => {
    session.receive({ kind: 'ready' });
    session.receive({ kind: 'ready' });
    assert.deepEqual(told(), ['one', 'one']);
  });

  it('waits while there is nothing to say yet', async () => {
    newest = undefined;
    session.receive({ kind: 'ready' });
    assert.deepEqual(told(), []);
    change('first');
    await waitUntil('the first', () => posts.length === 1);
    assert.deepEqual(told(), ['first']);
  });

  it('posts news no more often than its pace, the newest of them', async () => {
    session.receive({ kind: 'ready' });
    for (let index = 0; index < 40; index++) {
      change(`news ${index}`);
      await sleep(10);
    }
    await waitUntil('the last', () => told().at(-1) === 'news 39');
    assert.ok(posts.length <= 7, `${posts.length} posts`);
    const gaps = posts.slice(2).map(({ atMs }, index) => atMs - (posts[index + 1]?.atMs ?? 0));
    assert.ok(Math.min(...gaps) >= paceMs - 5, `${Math.min(...gaps)} ms between two`);
  });

  it('is silent when the news is no other', async () => {
    session.receive({ kind: 'ready' });
    session.changed();
    await sleep(2 * paceMs);
    assert.deepEqual(told(), ['one']);
  });

  it('tells a hidden panel nothing and does not even look; and what it missed when it is shown', async () => {
    session.receive({ kind: 'ready' });
    session.setVisible(false);
    change('hidden');
    await sleep(2 * paceMs);
    assert.deepEqual([told(), reads], [['one'], 1]);
    session.setVisible(true);
    await waitUntil('what was missed', () => posts.length === 2);
    assert.deepEqual(told(), ['one', 'hidden']);
  });

  it('does not tell a panel that is hidden before news is due', async () => {
    session.receive({ kind: 'ready' });
    change('late');
    session.setVisible(false);
    await sleep(2 * paceMs);
    assert.deepEqual([told(), reads], [['one'], 1]);
  });

  it('keeps what is shown while there is nothing to say again', async () => {
    session.receive({ kind: 'ready' });
    newest = undefined;
    session.changed();
    await sleep(2 * paceMs);
    assert.deepEqual([told(), reads], [['one'], 2]);
  });

  it('passes on what is asked of the editor, and drops what is no message', () => {
    session.receive({ kind: 'open', file: '/a.jsonl' });
    session.receive({ kind: 'open-rule', code: 'leak' });
    session.receive({ kind: 'open-rule', code: 'no rule' });
    session.receive('ready');
    assert.deepEqual(requests, [
      { kind: 'open', file: '/a.jsonl' },
      { kind: 'open-rule', code: 'leak' },
    ]);
    assert.equal(reads, 0);
  });

  it('is silent when it has ended', async () => {
    session.receive({ kind: 'ready' });
    change('late');
    session.dispose();
    await sleep(2 * paceMs);
    session.receive({ kind: 'ready' });
    assert.deepEqual(told(), ['one']);
  });
});
