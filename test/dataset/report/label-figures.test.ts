import assert from 'node:assert/strict';
import { collectLabels } from '../../../dataset/report/label-figures';
import { input } from './report-inputs';

const named = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`label ${index + 1}`, 1000 - index]));

describe('labels in the dataset report', () => {
  it('stand in the order of train, each with its rows in every set', () => {
    const found = collectLabels([
      input('train', { labels: { ham: 80, spam: 15 } }),
      input('test', { labels: { spam: 12, ham: 8, eggs: 1 } }),
    ]);
    assert.deepEqual(found, {
      splits: ['train', 'test'],
      totals: { train: 95, test: 21 },
      frequent: [
        { label: 'ham', rows: { train: 80, test: 8 } },
        { label: 'spam', rows: { train: 15, test: 12 } },
        { label: 'eggs', rows: { test: 1 } },
      ],
      rare: [],
    });
  });

  it('of equal counts stand by the next set, then by their names', () => {
    const found = collectLabels([input('train', { labels: { b: 1, a: 1, c: 1 } }), input('test', { labels: { c: 2 } })]);
    assert.deepEqual(
      found?.frequent.map(({ label }) => label),
      ['c', 'a', 'b'],
    );
  });

  it('are all listed up to forty', () => {
    const found = collectLabels([input('train', { labels: named(40) })]);
    assert.deepEqual([found?.frequent.length, found?.rare.length, found?.between], [40, 0, undefined]);
  });

  it('leave out those in the middle when there are more, and never the rarest', () => {
    const found = collectLabels([input('train', { labels: named(43) }), input('test', { labels: { 'label 32': 7 } })]);
    assert.equal(found?.frequent.length, 30);
    assert.deepEqual(found.between, { labels: 3, rows: { train: 970 + 969 + 968, test: 7 } });
    assert.deepEqual([found.rare.at(0)?.label, found.rare.at(-1)?.label], ['label 34', 'label 43']);
    assert.equal(found.totals.train, (43 * (1000 + 958)) / 2);
  });

  it('keep names that objects have for themselves', () => {
    const labels = [{ label: '__proto__', rows: 3 }];
    const train = input('train');
    const found = collectLabels([{ ...train, summary: { ...train.summary, labels } }]);
    assert.deepEqual(found?.frequent, [{ label: '__proto__', rows: { train: 3 } }]);
  });

  it('are nothing where rows have none', () => {
    assert.equal(collectLabels([input('train', { rows: 9 })]), undefined);
  });

  it('have no column for a set without labels', () => {
    assert.deepEqual(collectLabels([input('train', { labels: { a: 1 } }), input('test')])?.splits, ['train']);
  });
});
