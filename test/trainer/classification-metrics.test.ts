import assert from 'node:assert/strict';
import { measureClassification, measureMajority, wilsonInterval, type Outcome } from '../../trainer/tasks/classification-metrics';

function outcomes(labels: readonly number[], predicted: readonly number[], probability = 0.5): Outcome[] {
  return labels.map((label, index) => ({ label, predicted: predicted[index] ?? -1, probability }));
}

function assertNear(actual: number | undefined, expected: number, tolerance = 1e-9): void {
  assert.ok(Math.abs((actual ?? NaN) - expected) <= tolerance, `${actual} against ${expected}`);
}

describe('metrics of a classifier', () => {
  // label 0: precision 2/2, recall 2/3; label 1: 1/2 and 1/2; label 2: 1/2 and 1/1
  const { rows, metrics, perLabel } = measureClassification(outcomes([0, 0, 0, 1, 1, 2], [0, 0, 1, 1, 2, 2]), ['a', 'b', 'c']);

  it('accuracy is the share of right answers', () => {
    assert.equal(rows, 6);
    assertNear(metrics.accuracy, 4 / 6);
  });

  it('macro F1 is the mean over the labels: (4/5 + 1/2 + 2/3) / 3', () => {
    assert.deepEqual(
      perLabel.map(({ label, rows }) => [label, rows]),
      [
        ['a', 3],
        ['b', 2],
        ['c', 1],
      ],
    );
    [
      [1, 2 / 3, 0.8],
      [0.5, 0.5, 0.5],
      [0.5, 1, 2 / 3],
    ].forEach(([precision = NaN, recall = NaN, f1 = NaN], index) => {
      assertNear(perLabel[index]?.precision, precision);
      assertNear(perLabel[index]?.recall, recall);
      assertNear(perLabel[index]?.f1, f1);
    });
    assertNear(metrics.macroF1, (0.8 + 0.5 + 2 / 3) / 3);
  });

  it('a label that neither occurs nor is predicted does not count in macro F1, as in scikit-learn', () => {
    const { metrics } = measureClassification(outcomes([0, 1], [0, 1]), ['a', 'b', 'never seen']);
    assert.equal(metrics.macroF1, 1);
  });

  it('a label that is predicted and never right counts as 0', () => {
    const { metrics } = measureClassification(outcomes([0, 0], [0, 1]), ['a', 'b']);
    assertNear(metrics.macroF1, (2 / 3 + 0) / 2);
  });

  it('loss is the mean negative log-likelihood, and one certain mistake does not make it infinite', () => {
    const right = { label: 0, predicted: 0 };
    const { metrics } = measureClassification(
      [
        { ...right, probability: 0.5 },
        { ...right, probability: 0.25 },
      ],
      ['a', 'b'],
    );
    assertNear(metrics.loss, 1.5 * Math.LN2);
    assertNear(measureClassification([{ ...right, probability: 0 }], ['a', 'b']).metrics.loss, 12 * Math.LN10);
  });
});

describe('always guessing the commonest label', () => {
  it('is right as often as that label occurs in the held-out rows', () => {
    const { metrics, perLabel } = measureMajority([1, 1, 1, 0], [0, 1, 1, 0, 0], ['a', 'b']);
    assertNear(metrics.accuracy, 2 / 5);
    assertNear(perLabel[1]?.recall, 1);
    assertNear(metrics.loss, -(3 * Math.log(1 / 4) + 2 * Math.log(3 / 4)) / 5);
  });
});

describe("Wilson's interval", () => {
  // scipy.stats.binomtest(successes, trials).proportion_ci(method='wilson')
  const table = [
    [10, 10, 0.7224672001371107, 1],
    [0, 10, 0, 0.27753279986288926],
    [4, 6, 0.299993315138392, 0.9032285888942195],
    [890, 1000, 0.8690945010531241, 0.9079206273281428],
  ] as const;
  for (const [successes, trials, low, high] of table) {
    it(`${successes} of ${trials} lies between ${low.toFixed(4)} and ${high.toFixed(4)}`, () => {
      const interval = wilsonInterval(successes, trials);
      assertNear(interval.low, low, 1e-6);
      assertNear(interval.high, high, 1e-6);
    });
  }

  it('knows nothing without trials', () => {
    assert.deepEqual(wilsonInterval(0, 0), { low: 0, high: 1 });
  });
});
