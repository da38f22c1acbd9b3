import assert from 'node:assert/strict';
import { chooseBins, collectLengths, countShares } from '../../../dataset/report/length-figures';
import { input, upTo } from './report-inputs';

const sorted = (...lengths: number[]) => Uint32Array.from(lengths);

describe('lengths of rows in the dataset report', () => {
  const bins: [string, number[][], number | undefined, ReturnType<typeof chooseBins>][] = [
    ['one bin for rows without text', [[0, 0]], undefined, { width: 1, count: 1, isOpen: false }],
    ['a bin for each length while there are few', [[3, 7, 9]], undefined, { width: 1, count: 10, isOpen: false }],
    ['a length at the edge has a bin of its own', [upTo(31)], undefined, { width: 1, count: 32, isOpen: false }],
    ['and one more length makes them wider', [upTo(32)], undefined, { width: 2, count: 17, isOpen: false }],
    ['round widths', [upTo(100)], undefined, { width: 5, count: 21, isOpen: false }],
    ['of tens and of hundreds', [upTo(1500)], undefined, { width: 50, count: 31, isOpen: false }],
    ['the same bins for all sets, by the longest', [upTo(20), upTo(40)], undefined, { width: 2, count: 21, isOpen: false }],
    ['an open end where one row is far behind', [[...upTo(199), 9000]], undefined, { width: 10, count: 30, isOpen: true }],
    ['a limit in sight is shown', [upTo(100)], 128, { width: 5, count: 26, isOpen: false }],
    ['a limit far away is not', [upTo(100)], 512, { width: 5, count: 21, isOpen: false }],
    ['a limit among the rows changes nothing', [upTo(100)], 64, { width: 5, count: 21, isOpen: false }],
  ];
  for (const [what, samples, limit, expected] of bins) {
    it(`come in bins: ${what}`, () => {
      assert.deepEqual(
        chooseBins(
          samples.map((lengths) => sorted(...lengths)),
          limit,
        ),
        expected,
      );
    });
  }

  it('are shares that add up to one, with everything beyond in the last bin', () => {
    assert.deepEqual(countShares(sorted(0, 4, 5, 9, 10, 80), { width: 5, count: 3, isOpen: true }), [2 / 6, 2 / 6, 2 / 6]);
    assert.deepEqual(countShares(sorted(7), { width: 5, count: 2, isOpen: false }), [0, 1]);
  });

  it('are tokens where every set knows them, and characters otherwise', () => {
    const known = input('train', { rows: 2, lengths: [30, 40], tokens: [6, 9], maxLength: 8 });
    const unknown = input('test', { rows: 1, lengths: [35] });
    assert.equal(collectLengths([known])?.unit, 'token');
    const mixed = collectLengths([known, unknown]);
    assert.deepEqual([mixed?.unit, mixed?.maxLength, mixed?.splits.map(({ max }) => max)], ['character', undefined, [40, 35]]);
  });

  it('have their middle, their high end and their longest', () => {
    const [train] = collectLengths([input('train', { rows: 100, lengths: upTo(100), tokens: upTo(100) })])?.splits ?? [];
    assert.deepEqual([train?.p50, train?.p95, train?.max, train?.isSample], [50, 95, 100, false]);
  });

  const longer: [string, Parameters<typeof input>[1], { rows: number; share: number; isExact: boolean }][] = [
    ['none', { rows: 3, tokens: [6, 7, 8] }, { rows: 0, share: 0, isExact: true }],
    ['those above the limit, not those at it', { rows: 4, tokens: [7, 8, 9, 20] }, { rows: 2, share: 0.5, isExact: true }],
    ['all', { rows: 2, tokens: [9, 9] }, { rows: 2, share: 1, isExact: true }],
    ['an estimate from a sample', { rows: 1000, tokens: [5, 6, 7, 9] }, { rows: 250, share: 0.25, isExact: false }],
    [
      'what the rule has counted rather than an estimate',
      { rows: 1000, tokens: [5, 6, 7, 9], byCode: { 'truncated-row': 190 } },
      { rows: 190, share: 0.19, isExact: true },
    ],
    [
      'what is there rather than what is not suppressed',
      { rows: 3, tokens: [8, 9, 10], byCode: { 'truncated-row': 1 } },
      { rows: 2, share: 2 / 3, isExact: true },
    ],
  ];
  for (const [what, made, expected] of longer) {
    it(`say how many the model does not read whole: ${what}`, () => {
      const found = collectLengths([input('train', { lengths: [50], maxLength: 8, ...made })]);
      assert.deepEqual(found?.splits[0]?.longer, expected);
    });
  }

  it('of a sample have a longest that others may exceed; of characters they have not', () => {
    const made = { rows: 1000, lengths: [50, 60], tokens: [5, 6] };
    assert.equal(collectLengths([input('train', made)])?.splits[0]?.isSample, true);
    const characters = collectLengths([input('train', { rows: 1000, lengths: [50, 60] })]);
    assert.deepEqual([characters?.splits[0]?.isSample, characters?.splits[0]?.longer], [false, undefined]);
  });

  it('of rows that cannot be trained on as they are say nothing of how many', () => {
    const [train] = collectLengths([input('train', { rows: 0, lengths: [50], tokens: [7, 9], maxLength: 8 })])?.splits ?? [];
    assert.deepEqual([train?.p50, train?.isSample, train?.longer], [7, true, undefined]);
  });

  it('are not those of the paths of images', () => {
    const image = { ...input('train', { rows: 1, lengths: [50] }), shape: { name: 'image-caption', reasons: [] } as const };
    const text = { ...input('test', { rows: 1, lengths: [70] }), shape: { name: 'text', reasons: [] } as const };
    assert.equal(collectLengths([image]), undefined);
    assert.deepEqual(
      collectLengths([image, text])?.splits.map(({ split }) => split),
      ['test'],
    );
  });

  it('are nothing where there are no rows', () => {
    assert.equal(collectLengths([]), undefined);
    assert.equal(collectLengths([input('train')]), undefined);
  });
});
