import assert from 'node:assert/strict';
import { estimateMsLeft, formatTimeLeft } from '../../webview/time-left';
import { evaluationOf, plan, stateOf, stepAt } from './run-states';

const steady = Array.from({ length: 30 }, () => 100);

describe('the time left', () => {
  it('is unknown without a plan and in the first steps', () => {
    assert.equal(estimateMsLeft(stateOf({}), steady), undefined);
    assert.equal(estimateMsLeft(stateOf({ lastStep: stepAt(3) }), [100, 100, 100]), undefined);
    assert.equal(formatTimeLeft(undefined), undefined);
  });

  it('is the rest of the steps and the evaluations between them', () => {
    const state = stateOf({ lastStep: stepAt(600), evaluations: [evaluationOf({ evaluationMs: 2000 })] });
    assert.equal(estimateMsLeft(state, steady), 400 * 100 + 4 * 2000);
  });

  it('is not moved by one slow step', () => {
    const state = stateOf({ lastStep: stepAt(600) });
    assert.equal(estimateMsLeft(state, [...steady, 60_000]), 400 * 100);
  });

  it('counts the measurements that come at the end, at the pace of the validation rows', () => {
    const rows = { ...plan.rows, test: 300 };
    const state = stateOf({
      plan: { ...plan, rows },
      lastStep: stepAt(1000),
      evaluations: [evaluationOf({ evaluationMs: 2000 })],
    });
    assert.equal(estimateMsLeft(state, steady), 3 * 2000);
    const measured = [...state.evaluations, evaluationOf({ split: 'test' })];
    assert.equal(estimateMsLeft({ ...state, evaluations: measured }, steady), 0);
  });

  it('reads like something a person would say', () => {
    assert.equal(formatTimeLeft(4000), 'a few seconds left');
    assert.equal(formatTimeLeft(134_000), '2 min 10 s left');
    assert.equal(formatTimeLeft(3_900_000), '1 h 5 min left');
  });
});
