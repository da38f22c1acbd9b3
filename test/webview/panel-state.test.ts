import assert from 'node:assert/strict';
import type { HostToPanel } from '../../protocol';
import { buttonsOf, describePhase } from '../../webview/phases';
import { reducePanel, type PanelState } from '../../webview/panel-state';
import { snapshotOf } from './gallery/faces';
import { recordTraining } from './gallery/sample-run';
import { stateOf, stepAt } from './run-states';

function reduceAll(messages: readonly HostToPanel[]): PanelState {
  return messages.reduce<PanelState>(reducePanel, { kind: 'loading' });
}

function runOf(state: PanelState) {
  return state.kind === 'shown' ? state.run : assert.fail(`the panel is ${state.kind}`);
}

describe('the state of the panel', () => {
  const { events } = recordTraining(50);

  it('takes nothing before its first snapshot', () => {
    assert.deepEqual(
      reduceAll([
        { kind: 'events', events },
        { kind: 'liveness', lost: true },
      ]),
      { kind: 'loading' },
    );
  });

  it('comes to the same from a snapshot and the rest as from all events', () => {
    const late = reduceAll([snapshotOf(events.slice(0, 20)), { kind: 'events', events: events.slice(20) }]);
    assert.deepEqual(runOf(late), runOf(reduceAll([snapshotOf(events)])));
  });

  it('ignores events it has already seen', () => {
    const once = reduceAll([snapshotOf(events)]);
    assert.deepEqual(reducePanel(once, { kind: 'events', events: events.slice(-10) }), once);
  });

  it('is replaced as a whole by a snapshot, evaluations in the rows included', () => {
    const status = { kind: 'failed', message: 'no such file' } as const;
    const state = reduceAll([snapshotOf(events), { kind: 'evaluation', step: 10, split: 'test', status }]);
    assert.equal(state.kind === 'shown' && state.evaluations.get(10)?.kind, 'failed');
    const again = reducePanel(state, snapshotOf(events));
    assert.equal(again.kind === 'shown' && again.evaluations.size, 0);
  });

  it('calls a run lost and found again, but never one that has ended', () => {
    const lost = reduceAll([snapshotOf(events), { kind: 'liveness', lost: true }]);
    assert.equal(runOf(lost).phase.kind, 'lost');
    assert.equal(runOf(reducePanel(lost, { kind: 'liveness', lost: false })).phase.kind, 'training');
    const ended = recordTraining(50).add({ kind: 'ended', state: 'completed', reason: '' }).events;
    assert.equal(runOf(reduceAll([snapshotOf(ended), { kind: 'liveness', lost: true }])).phase.kind, 'ended');
  });
});

describe('the phase', () => {
  const lastStep = stepAt(10);
  const working = { kind: 'working', done: 0, total: 0 } as const;
  const looks = [
    [stateOf({ phase: { kind: 'starting' } }), 'Starting', ['Stop and Save', 'Open Log']],
    [stateOf({ phase: { ...working, activity: 'Reading text' } }), 'Preparing: reading text', ['Stop and Save', 'Open Log']],
    [stateOf({ phase: { ...working, activity: 'Measuring validation rows' } }), 'Evaluating', ['Stop and Save', 'Open Log']],
    [stateOf({ lastStep }), 'Training', ['Stop and Save', 'Pause', 'Evaluate Now', 'Open Log']],
    [stateOf({ lastStep, phase: { kind: 'paused' } }), 'Paused', ['Stop and Save', 'Continue', 'Open Log']],
    [stateOf({ lastStep, phase: { kind: 'stopping' } }), 'Stopping', ['Open Log']],
    [stateOf({ phase: { kind: 'ended', state: 'early-stopped', reason: '' } }), 'Stopped early', ['Open Folder', 'Open Log']],
    [stateOf({ phase: { kind: 'ended', state: 'out-of-memory', reason: '' } }), 'Out of memory', ['Open Folder', 'Open Log']],
    [stateOf({ phase: { kind: 'lost' } }), 'Lost', ['Open Folder', 'Open Log']],
  ] as const;

  for (const [state, title, buttons] of looks) {
    it(`${title} offers ${buttons.join(', ')}`, () => {
      assert.equal(describePhase(state).title, title);
      assert.deepEqual(
        buttonsOf(state).map((button) => button.title),
        buttons,
      );
    });
  }
});
