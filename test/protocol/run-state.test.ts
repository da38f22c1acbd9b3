import assert from 'node:assert/strict';
import { collectRunState, initialRunState, isEnded, reduceRun } from '../../protocol';
import type { RunEvent, RunEventKind, RunEventOf, RunPhase, RunState } from '../../protocol';
import { eventKinds, exampleEvent } from './example-events';
import { seededRandom, type SeededRandom } from './seeded-random';

const seeds = Array.from({ length: 300 }, (_, seed) => seed);

describe('the state of a run', () => {
  it('is what a naive reading of the whole log says, after every event of random runs', () => {
    for (const seed of seeds) {
      const events = randomRun(seededRandom(seed));
      let state = initialRunState;
      for (const [index, event] of events.entries()) {
        state = reduceRun(state, event);
        assert.deepEqual(state, readNaively(events.slice(0, index + 1)), history(seed, events, index));
      }
    }
  });

  it('is not changed by events already seen, in whatever order they come again', () => {
    for (const seed of seeds) {
      const random = seededRandom(seed);
      const events = randomRun(random);
      const state = collectRunState(events);
      for (let again = 0; again < 10; again++) assert.equal(reduceRun(state, random.pick(events)), state, `seed ${seed}`);
    }
  });

  it('is the same when a reader saw parts of the log twice', () => {
    for (const seed of seeds) {
      const random = seededRandom(seed);
      const events = randomRun(random);
      const stuttered = events.flatMap((event, index) => [event, ...events.slice(random.below(index + 1), index + 1)]);
      assert.deepEqual(collectRunState(stuttered), collectRunState(events), `seed ${seed}`);
    }
  });

  it('leaves the state it was given as it was', () => {
    const before = collectRunState(eventKinds.filter((kind) => kind !== 'ended').map((kind, i) => exampleEvent(kind, i + 1)));
    const copy = structuredClone(before);
    for (const kind of eventKinds) reduceRun(before, exampleEvent(kind, 100));
    assert.deepEqual(before, copy);
  });

  it('says stopping until the end although steps, evaluations and progress still come', () => {
    const kinds: RunEventKind[] = ['hello', 'step', 'stopping', 'step', 'progress', 'evaluated', 'saved'];
    assert.deepEqual(collectRunState(kinds.map((kind, i) => exampleEvent(kind, i + 1))).phase, { kind: 'stopping' });
  });

  it('keeps one entry for a checkpoint that was saved twice', () => {
    const state = collectRunState([exampleEvent('saved', 1), exampleEvent('saved', 2)]);
    assert.deepEqual(
      state.checkpoints.map(({ step }) => step),
      [7],
    );
  });

  it('has ended when the trainer said so or when nobody runs it, and not before', () => {
    const { phase } = collectRunState([exampleEvent('ended', 1)]);
    assert.ok(isEnded(phase));
    assert.ok(isEnded({ kind: 'lost' }));
    const living: RunPhase[] = [{ kind: 'starting' }, { kind: 'training' }, { kind: 'paused' }, { kind: 'stopping' }];
    for (const other of living) assert.ok(!isEnded(other), other.kind);
  });
});

describe('the state of a resumed run', () => {
  const resumed = [exampleEvent('hello', 1), exampleEvent('step', 2), exampleEvent('ended', 3), exampleEvent('hello', 4)];

  it('has not ended any more once its new process says hello', () => {
    const state = collectRunState(resumed);
    assert.ok(!isEnded(state.phase), `the phase is still "${state.phase.kind}"`);
    assert.equal(state.endedAtMs, undefined);
  });

  it('holds one evaluation for a step that was measured again', () => {
    const state = collectRunState([exampleEvent('evaluated', 1), exampleEvent('hello', 2), exampleEvent('evaluated', 3)]);
    assert.equal(state.evaluations.length, 1);
  });
});

/** `hello` is first, `ended` is last if it comes at all; anything may happen in between. */
function randomRun(random: SeededRandom): RunEvent[] {
  const between = eventKinds.filter((kind) => kind !== 'hello' && kind !== 'ended');
  const kinds: RunEventKind[] = ['hello'];
  for (let count = random.below(40); count > 0; count--) kinds.push(random.pick(between));
  if (random.below(2) === 0) kinds.push('ended');
  let seq = 0;
  return kinds.map((kind) => vary(exampleEvent(kind, (seq += 1 + random.below(3))), random));
}

/** Few different steps, so that checkpoints are saved again and removed; an evaluation never repeats. */
function vary(event: RunEvent, random: SeededRandom): RunEvent {
  if (event.kind === 'evaluated' || event.kind === 'sampled' || event.kind === 'step') return { ...event, step: event.seq };
  if (event.kind === 'improved') return { ...event, step: event.seq, value: random.next() };
  return 'step' in event ? { ...event, step: random.below(4) } : event;
}

/** The same answers by looking through the whole log for each of them: no folding, nothing shared with the reducer. */
function readNaively(events: readonly RunEvent[]): RunState {
  const all = <Kind extends RunEventKind>(kind: Kind) =>
    events.filter((event): event is RunEvent & RunEventOf<Kind> => event.kind === kind);
  const [hello, planned, step, improved, ended] = [
    all('hello').at(-1),
    all('planned').at(-1),
    all('step').at(-1),
    all('improved').at(-1),
    all('ended').at(-1),
  ];
  return {
    lastSeq: Math.max(0, ...events.map(({ seq }) => seq)),
    phase: naivePhase(events),
    ...(hello && { startedAtMs: hello.atMs, backend: { name: hello.backend, threads: hello.threads } }),
    ...(ended && { endedAtMs: ended.atMs }),
    ...(planned && { plan: without(planned, 'kind', 'seq', 'atMs') }),
    ...(step && { lastStep: without(step, 'kind', 'seq') }),
    evaluations: all('evaluated').map((event) => without(event, 'kind', 'seq', 'atMs')),
    checkpoints: all('saved')
      .filter((saved) => !events.some((later) => later.seq > saved.seq && forgets(later, saved.step)))
      .map((event) => without(event, 'kind', 'seq', 'atMs')),
    ...(improved && { best: { step: improved.step, value: improved.value } }),
    notices: all('notice').map(({ message }) => message),
    samples: all('sampled').map((event) => without(event, 'kind', 'seq', 'atMs')),
  };
}

function forgets(event: RunEvent, step: number): boolean {
  return (event.kind === 'saved' || event.kind === 'removed') && event.step === step;
}

function naivePhase(events: readonly RunEvent[]): RunPhase {
  const ordered = events.findLastIndex(({ kind }) => ['paused', 'continued', 'stopping', 'ended'].includes(kind));
  const order = events[ordered];
  const work = events.slice(ordered + 1).findLast(({ kind }) => kind === 'step' || kind === 'progress');
  if (order?.kind === 'ended') {
    return { kind: 'ended', state: order.state, reason: order.reason, ...(order.error && { error: order.error }) };
  }
  if (order?.kind === 'stopping') return { kind: 'stopping' };
  if (work?.kind === 'step') return { kind: 'training' };
  if (work?.kind === 'progress') return { kind: 'working', activity: work.activity, done: work.done, total: work.total };
  if (order !== undefined) return { kind: order.kind === 'paused' ? 'paused' : 'training' };
  return { kind: 'starting' };
}

function without<Value extends object, Key extends keyof Value>(value: Value, ...keys: Key[]): Omit<Value, Key> {
  const rest = Object.entries(value).filter(([key]) => !keys.some((dropped) => dropped === key));
  return Object.fromEntries(rest) as Omit<Value, Key>; // fromEntries forgets the names
}

function history(seed: number, events: readonly RunEvent[], index: number): string {
  const lines = events.slice(0, index + 1).map(({ seq, kind }) => `${seq} ${kind}`);
  return `seed ${seed}, after event ${index}:\n${lines.join('\n')}`;
}
