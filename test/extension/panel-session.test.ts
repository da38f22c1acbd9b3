import assert from 'node:assert/strict';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HostToPanel } from '../../protocol';
import { PanelSession, type PanelRequest } from '../../extension/panel/panel-session';
import { currentProcess } from '../../runs/liveness';
import { runPaths } from '../../runs/paths';
import { writeEvaluation } from '../../runs/evaluation-record';
import { exampleEvents } from '../protocol/example-events';
import { writeRecord } from '../runs/temporary-run';
import { completed, createToldRun, step, type ToldRun } from './told-run';
import { waitUntil } from './wait-until';

const pace = { pollMs: 10, livenessMs: 30 };
const nobody = { ...currentProcess(), pid: 2 ** 22 + 1 };

describe('the session of a run panel', () => {
  let run: ToldRun;
  let session: PanelSession;
  let posts: HostToPanel[];
  let requests: PanelRequest[];

  beforeEach(() => {
    run = createToldRun();
    open();
  });
  afterEach(() => {
    session.dispose();
    run.delete();
  });

  function open(withPace = pace): void {
    posts = [];
    requests = [];
    session = new PanelSession(
      run.runDir,
      { post: (message) => void posts.push(message), request: (message) => void requests.push(message) },
      withPace,
    );
  }

  const kinds = () => posts.map(({ kind }) => kind);
  const told = () => posts.flatMap((post) => (post.kind === 'events' ? post.events : []));
  const snapshots = () => posts.flatMap((post) => (post.kind === 'snapshot' ? [post] : []));
  const hasPosts = (count: number) => waitUntil(`${count} posts`, () => posts.length >= count);

  it('says nothing before the panel asks', async () => {
    run.say(exampleEvents.hello, step(1));
    await sleep(60);
    assert.deepEqual(posts, []);
  });

  it('answers with one snapshot of all that has happened', async () => {
    run.say(exampleEvents.hello, exampleEvents.planned, step(1, 2.5), step(2, 2.25));
    session.receive({ kind: 'ready' });
    await hasPosts(1);
    const [snapshot] = snapshots();
    assert.equal(snapshot?.header.name, 'spam');
    assert.equal(snapshot.header.method, 'lora r8');
    assert.equal(snapshot.header.model, 'tiny-encoder');
    assert.deepEqual(
      snapshot.steps.map(({ loss }) => loss),
      [2.5, 2.25],
    );
    assert.equal(snapshot.state.lastSeq, 4);
    await sleep(50);
    assert.deepEqual(kinds(), ['snapshot']);
  });

  it('then tells only what is new, in order, each event once', async () => {
    run.say(step(1));
    session.receive({ kind: 'ready' });
    await hasPosts(1);
    for (let number = 2; number <= 30; number++) {
      run.say(step(number));
      await sleep(3);
    }
    await waitUntil('all steps', () => told().length >= 29);
    assert.deepEqual(
      told().map(({ seq }) => seq),
      Array.from({ length: 29 }, (_, index) => index + 2),
    );
  });

  it('tells nothing twice when the file of events is replaced', async () => {
    run.say(step(1), step(2));
    session.receive({ kind: 'ready' });
    await hasPosts(1);
    const { events } = runPaths(run.runDir);
    const lines = readFileSync(events, 'utf8');
    const third = JSON.stringify({ seq: 3, atMs: 3, ...step(3) });
    writeFileSync(`${events}.new`, `${lines}${third}\n`);
    renameSync(`${events}.new`, events);
    await waitUntil('the third step', () => told().length > 0);
    await sleep(50);
    assert.deepEqual(
      told().map(({ seq }) => seq),
      [3],
    );
  });

  it('posts at most ten times a second, however fast the run is', async () => {
    session.dispose();
    open({ pollMs: 100, livenessMs: 5000 });
    session.receive({ kind: 'ready' });
    await hasPosts(1);
    const endMs = Date.now() + 1000;
    for (let number = 1; Date.now() < endMs; number++) {
      run.say(step(number));
      session.showEvaluation(number, 'test', { kind: 'running', done: number, total: 1000 });
      await sleep(4);
    }
    assert.ok(posts.length >= 5 && posts.length <= 12, `${posts.length} posts in a second`);
  });

  it('tells a hidden panel nothing, and all of it when it is shown again', async () => {
    run.say(step(1));
    session.receive({ kind: 'ready' });
    await hasPosts(1);
    session.setVisible(false);
    posts = [];
    run.say(step(2), step(3));
    await sleep(60);
    assert.deepEqual(posts, []);
    session.setVisible(true);
    await hasPosts(1);
    assert.deepEqual(kinds(), ['snapshot']);
    assert.deepEqual(
      snapshots()[0]?.steps.map((point) => point.step),
      [1, 2, 3],
    );
  });

  it('shortens a long curve to 2,000 points and keeps the newest', async () => {
    run.say(...Array.from({ length: 4500 }, (_, index) => step(index + 1)));
    session.receive({ kind: 'ready' });
    await hasPosts(1);
    const steps = snapshots()[0]?.steps ?? [];
    assert.ok(steps.length <= 2000 && steps.length >= 1000, `${steps.length} points`);
    assert.equal(steps.at(-1)?.step, 4500);
  });

  it('bounds the answers that cross to the panel, at first and later', async () => {
    const { sampled } = exampleEvents;
    const long = [{ prompt: 'p', expected: 'e', completion: 'x'.repeat(90_000) }];
    run.say(...Array.from({ length: 600 }, (_, index) => ({ ...sampled, step: index, samples: long })));
    session.receive({ kind: 'ready' });
    await hasPosts(1);
    const samples = snapshots()[0]?.state.samples ?? [];
    assert.ok(JSON.stringify(samples).length < 1_200_000, `${JSON.stringify(samples).length} characters`);
    assert.deepEqual([samples[0]?.step, samples.at(-1)?.step], [0, 599]);
    run.say({ ...sampled, step: 600, samples: long });
    await waitUntil('the next answers', () => told().length > 0);
    assert.ok(JSON.stringify(told()).length < 5000);
  });

  it('says that a run is lost when nobody runs it any more, and takes it back when somebody does', async () => {
    run.say(step(1));
    session.receive({ kind: 'ready' });
    await hasPosts(1);
    assert.equal(snapshots()[0]?.state.phase.kind, 'training');
    writeFileSync(runPaths(run.runDir).heartbeat, JSON.stringify(nobody));
    await hasPosts(2);
    assert.deepEqual(posts[1], { kind: 'liveness', lost: true });
    session.receive({ kind: 'ready' });
    await hasPosts(3);
    assert.equal(snapshots()[1]?.state.phase.kind, 'lost');
    writeFileSync(runPaths(run.runDir).heartbeat, JSON.stringify(currentProcess()));
    await hasPosts(4);
    assert.deepEqual(posts[3], { kind: 'liveness', lost: false });
  });

  it('does not call a run lost that has ended', async () => {
    writeRecord(run.runDir, { process: nobody });
    run.say(step(1), completed);
    session.receive({ kind: 'ready' });
    await hasPosts(1);
    await sleep(80);
    assert.equal(snapshots()[0]?.state.phase.kind, 'ended');
    assert.deepEqual(kinds(), ['snapshot']);
  });

  it('repeats evaluations after each snapshot, those on disk too', async () => {
    await writeEvaluation(run.runDir, {
      ...{ formatVersion: 1, id: 'e1', atMs: 1, step: 7, split: 'test', file: '/t.jsonl', rows: 4 },
      ...{ metrics: { loss: 0.5, accuracy: 0.75 }, perLabel: [], predictions: [] },
    });
    session.receive({ kind: 'ready' });
    await hasPosts(2);
    assert.deepEqual(posts[1], {
      kind: 'evaluation',
      step: 7,
      split: 'test',
      status: { kind: 'done', metrics: { loss: 0.5, accuracy: 0.75 } },
    });
    session.showEvaluation(7, 'ood', { kind: 'running', done: 1, total: 9 });
    await hasPosts(3);
    posts = [];
    session.receive({ kind: 'ready' });
    await hasPosts(3);
    assert.deepEqual(kinds(), ['snapshot', 'evaluation', 'evaluation']);
  });

  it('says what is wrong when there is no run to show', async () => {
    rmSync(runPaths(run.runDir).record);
    session.receive({ kind: 'ready' });
    await hasPosts(1);
    assert.deepEqual(kinds(), ['broken']);
    await sleep(50);
    assert.equal(posts.length, 1);
  });

  it('passes on what the panel asks for, and drops what is no message of ours', () => {
    session.receive({ kind: 'stop' });
    session.receive({ kind: 'evaluate', step: 7 });
    session.receive({ kind: 'evaluate', step: '7' });
    session.receive({ kind: 'erase-disk' });
    session.receive('stop');
    assert.deepEqual(requests, [{ kind: 'stop' }, { kind: 'evaluate', step: 7 }]);
  });

  it('is silent after its end', async () => {
    session.receive({ kind: 'ready' });
    await hasPosts(1);
    session.dispose();
    run.say(step(1));
    session.receive({ kind: 'ready' });
    await sleep(60);
    assert.deepEqual(kinds(), ['snapshot']);
  });
});
