import assert from 'node:assert/strict';
import type { CheckpointFacts } from '../../protocol';
import { superfluousCheckpoints } from '../../trainer/retention';

/** Accuracies by step, oldest first; the loss is its opposite. */
function checkpoints(accuracies: Readonly<Record<number, number | undefined>>): CheckpointFacts[] {
  return Object.entries(accuracies).map(([step, accuracy]) => ({
    step: Number(step),
    path: `checkpoints/step-${step}`,
    bytes: 1,
    metrics: accuracy === undefined ? {} : { accuracy, loss: 1 - accuracy },
  }));
}

const one = { keepBest: 1, keepLast: 1 };

describe('which checkpoints may go', () => {
  it('none while there are no more than the best and the last', () => {
    assert.deepEqual(superfluousCheckpoints(checkpoints({ 10: 0.5, 20: 0.4 }), 'accuracy', one), []);
  });

  it('all but the best and the newest, oldest first', () => {
    const found = checkpoints({ 10: 0.5, 20: 0.9, 30: 0.6, 40: 0.7 });
    assert.deepEqual(superfluousCheckpoints(found, 'accuracy', one), [10, 30]);
  });

  it('a low loss is a good one', () => {
    const found = checkpoints({ 10: 0.9, 20: 0.5, 30: 0.6 });
    assert.deepEqual(superfluousCheckpoints(found, 'loss', one), [20]);
  });

  it('the best and the newest may be the same', () => {
    assert.deepEqual(superfluousCheckpoints(checkpoints({ 10: 0.5, 20: 0.6, 30: 0.9 }), 'accuracy', one), [10, 20]);
  });

  it('of equally good ones the earliest stays, which is the one the run calls best', () => {
    assert.deepEqual(superfluousCheckpoints(checkpoints({ 10: 0.9, 20: 0.9, 30: 0.9 }), 'accuracy', one), [20]);
  });

  it('one that was never measured is not the best, and stays only as the newest', () => {
    assert.deepEqual(superfluousCheckpoints(checkpoints({ 10: 0.1, 20: undefined }), 'accuracy', one), []);
    assert.deepEqual(
      superfluousCheckpoints(checkpoints({ 10: undefined, 20: 0.1, 30: undefined, 40: 0.05 }), 'accuracy', one),
      [10, 30],
    );
  });

  it('as many stay as the config says', () => {
    const found = checkpoints({ 10: 0.9, 20: 0.8, 30: 0.1, 40: 0.2, 50: 0.3, 60: 0.4 });
    assert.deepEqual(superfluousCheckpoints(found, 'accuracy', { keepBest: 2, keepLast: 2 }), [30, 40]);
  });
});
