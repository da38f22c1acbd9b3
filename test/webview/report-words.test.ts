import assert from 'node:assert/strict';
import type { LengthFigures } from '../../protocol';
import { binTitles, describeLengths, formatLongest, lengthTicks } from '../../webview/report/length-words';
import { formatProblems } from '../../webview/report/report-words';

const split = { split: 'train', p50: 12, p95: 40, max: 1200, isSample: false } as const;

function lengths(binWidth: number, bins: number, parts: Partial<LengthFigures> = {}): LengthFigures {
  const shares = new Array<number>(bins).fill(1 / bins);
  return { unit: 'token', binWidth, isOpen: false, splits: [{ ...split, shares }], ...parts };
}

describe('the words of histograms of lengths', () => {
  const ticks: [number, number, string[]][] = [
    [1, 1, ['0', '1']],
    [1, 10, ['0', '2', '4', '6', '8', '10']],
    [2, 21, ['0', '10', '20', '30', '40']],
    [5, 26, ['0', '20', '40', '60', '80', '100', '120']],
    [20, 15, ['0', '100', '200', '300']],
    [50, 31, ['0', '200', '400', '600', '800', '1,000', '1,200', '1,400']],
  ];
  for (const [binWidth, bins, expected] of ticks) {
    it(`are round numbers where bins begin: ${bins} bins of ${binWidth}`, () => {
      const found = lengthTicks(lengths(binWidth, bins));
      assert.deepEqual(
        found.map(({ title }) => title),
        expected,
      );
      for (const { at, title } of found)
        assert.ok(Math.abs(at * bins * binWidth - Number(title.replace(',', ''))) < 1e-9, `${title} at ${at}`);
    });
  }

  it('say which lengths a bin holds', () => {
    assert.deepEqual(binTitles(lengths(1, 3)), ['0', '1', '2']);
    assert.deepEqual(binTitles(lengths(500, 3)), ['0 to 499', '500 to 999', '1,000 to 1,499']);
    assert.deepEqual(binTitles(lengths(10, 2, { isOpen: true })), ['0 to 9', '10 and more']);
  });

  it('say what the picture shows', () => {
    const known = lengths(10, 2, { maxLength: 64 });
    const longer = { rows: 96, share: 0.0094, isExact: false };
    const middle = 'train: half of the rows have at most 12 tokens, 95 % at most 40, the longest';
    assert.equal(describeLengths(lengths(10, 2), { ...split, shares: [] }), `${middle} 1,200`);
    assert.equal(describeLengths(known, { ...split, shares: [], longer }), `${middle} 1,200; about 0.9 % are longer than 64`);
    const none = { ...split, shares: [], isSample: true, longer: { rows: 0, share: 0, isExact: true } };
    assert.equal(describeLengths(known, none), `${middle} ≥ 1,200; none is longer than 64`);
    assert.equal(formatLongest(none), '≥ 1,200');
  });

  it('count problems by their severity', () => {
    assert.equal(formatProblems({ error: 1, warning: 1204, information: 2 }), '1 error, 1,204 warnings, 2 hints');
    assert.equal(formatProblems({ error: 0, warning: 1, information: 0 }), '1 warning');
    assert.equal(formatProblems({ error: 0, warning: 0, information: 0 }), '');
  });
});
