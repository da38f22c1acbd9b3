import assert from 'node:assert/strict';
import type { FileSummary } from '../../dataset/lint/linted-file';
import { quantile } from '../../dataset/report/quantile';
import { formatSummary } from '../../extension/lint/format-summary';
import { messages } from '../../extension/messages';
import { result } from './lint-fixtures';

describe('the line on top of a data file', () => {
  const line = (parts: Partial<FileSummary>, file = '/project/train.jsonl') => {
    const base = result(file);
    return formatSummary({ ...base, summary: { ...base.summary, ...parts } });
  };
  const labels = [
    { label: 'praise', rows: 2 },
    { label: 'blame', rows: 1 },
  ];

  for (const [what, parts, text] of [
    [
      'all there is to know',
      {
        rows: 1204,
        labels,
        tokens: new Uint32Array([3, 12, 31, 84]),
        maxLength: 128,
        problems: { error: 2, warning: 5, information: 1 },
      },
      '1,204 rows · 2 labels · tokens p50 12 · p95 84 · max ≥ 84 of 128 · 2 errors, 5 warnings, 1 hint',
    ],
    [
      'one of each in the singular',
      { rows: 1, labels: labels.slice(1), problems: { error: 1, warning: 1, information: 0 } },
      '1 row · 1 label · 1 error, 1 warning',
    ],
    ['that there is nothing wrong', { rows: 7 }, '7 rows · no problems'],
    [
      'tokens of all rows, without a limit',
      { rows: 1, tokens: new Uint32Array([4]) },
      '1 row · tokens p50 4 · p95 4 · max 4 · no problems',
    ],
    ['no tokens where no row has any', { rows: 7, tokens: new Uint32Array(), maxLength: 16 }, '7 rows · no problems'],
  ] as const) {
    it(`says ${what}`, () => assert.equal(line(parts), text));
  }

  it('says nothing of temper.json, which has no rows', () => {
    assert.equal(line({}, '/project/temper.json'), undefined);
  });

  it('takes the smallest value that so many do not exceed', () => {
    const hundred = Uint32Array.from({ length: 100 }, (_, index) => index + 1);
    assert.deepEqual(
      [quantile(hundred, 0.5), quantile(hundred, 0.95), quantile(hundred, 1), quantile(hundred, 0)],
      [50, 95, 100, 1],
    );
    assert.equal(quantile(new Uint32Array([7]), 0.95), 7);
  });

  it('says whether all that can be fixed was counted', () => {
    assert.equal(messages.fixProblems(1, true), 'Fix 1 problem');
    assert.equal(messages.fixProblems(4, true), 'Fix 4 problems');
    assert.equal(messages.fixProblems(500, false), 'Fix 500 or more problems');
  });
});
