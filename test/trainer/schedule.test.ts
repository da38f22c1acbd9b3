import assert from 'node:assert/strict';
import { createSchedule, learningRateAt } from '../../trainer/schedule';
import { configWith } from './tiny-training';

/** The rates of all steps, peak 1e-3. */
function ratesOf(lrScheduler: string, warmupRatio: number, totalSteps: number): number[] {
  const { training } = configWith({ training: { lrScheduler, warmupRatio } });
  const schedule = createSchedule(training, 1e-3, totalSteps);
  return Array.from({ length: totalSteps }, (_, index) => learningRateAt(schedule, index + 1));
}

function assertRates(actual: readonly number[], expected: readonly number[]): void {
  assert.equal(actual.length, expected.length);
  expected.forEach((rate, index) => {
    assert.ok(Math.abs((actual[index] ?? NaN) - rate) < 1e-15, `step ${index + 1}: ${actual[index]} against ${rate}`);
  });
}

describe('the learning rate', () => {
  it('rises from 0 over the warm-up and falls in a line towards 0, as transformers has it', () => {
    // 10 steps, warm-up 2: 0, 1/2, then (10 - done) / 8
    assertRates(ratesOf('linear', 0.2, 10), [0, 0.5e-3, 1e-3, 0.875e-3, 0.75e-3, 0.625e-3, 0.5e-3, 0.375e-3, 0.25e-3, 0.125e-3]);
  });

  it('follows half a cosine', () => {
    // 4 steps without warm-up: (1 + cos(π · done / 4)) / 2 = 1, (1 + √½) / 2, 1/2, (1 - √½) / 2
    const half = Math.SQRT1_2 / 2;
    assertRates(ratesOf('cosine', 0, 4), [1e-3, (0.5 + half) * 1e-3, 0.5e-3, (0.5 - half) * 1e-3]);
  });

  it('stays at its peak after the warm-up when it is constant', () => {
    assertRates(ratesOf('constant', 0.5, 4), [0, 0.5e-3, 1e-3, 1e-3]);
  });

  it('is at its peak from the first step when there is no warm-up', () => {
    assertRates(ratesOf('linear', 0, 2), [1e-3, 0.5e-3]);
  });

  it('rounds a part of a warm-up step up, so that a short run has one step at rate 0', () => {
    assertRates(ratesOf('linear', 0.06, 4), [0, 1e-3, (2 / 3) * 1e-3, (1 / 3) * 1e-3]);
  });

  it('is never negative, also behind the last step', () => {
    const { training } = configWith({ training: { warmupRatio: 0 } });
    for (const lrScheduler of ['linear', 'cosine'] as const) {
      const schedule = createSchedule({ ...training, lrScheduler }, 1, 4);
      assert.ok(learningRateAt(schedule, 6) >= 0, lrScheduler);
    }
    assert.equal(learningRateAt(createSchedule(training, 1, 4), 6), 0);
  });
});
