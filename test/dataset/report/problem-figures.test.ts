import assert from 'node:assert/strict';
import { collectProblems } from '../../../dataset/report/problem-figures';
import { dir, input, other, problem } from './report-inputs';

describe('problems in the dataset report', () => {
  const train = input('train', {
    byCode: { 'duplicate-row': 403, 'empty-field': 1, 'rare-class': 0 },
    listed: [problem(3, 'empty-field', { severity: 'error' }), ...[5, 6, 7, 8].map((line) => problem(line, 'duplicate-row'))],
  });
  const test = input('test', {
    byCode: { 'duplicate-row': 2, leak: 1, 'near-leak': 30 },
    listed: [problem(2, 'duplicate-row'), problem(9, 'leak'), problem(4, 'near-leak')],
  });

  it('are counted over all files, also those that are not listed, the gravest first', () => {
    const { problems } = collectProblems(dir, [train, test]);
    assert.deepEqual(
      problems.map(({ code, severity, count, files }) => [code, severity, count, files]),
      [
        ['empty-field', 'error', 1, [{ name: 'data/train.jsonl', count: 1 }]],
        [
          'duplicate-row',
          'warning',
          405,
          [
            { name: 'data/train.jsonl', count: 403 },
            { name: 'data/test.jsonl', count: 2 },
          ],
        ],
      ],
    );
  });

  it('show their first three places, in the order of the files', () => {
    const { problems } = collectProblems(dir, [train, test]);
    const places = problems[1]?.places ?? [];
    assert.deepEqual(
      places.map(({ name, range }) => `${name}:${range.line}`),
      ['data/train.jsonl:5', 'data/train.jsonl:6', 'data/train.jsonl:7'],
    );
    assert.deepEqual(places[0], {
      file: `${dir}/data/train.jsonl`,
      name: 'data/train.jsonl',
      range: { line: 5, column: 2, endLine: 5, endColumn: 6 },
      message: 'Line 5.',
      kind: 'text',
    });
  });

  it('have leaks apart, exact ones first whatever their number', () => {
    const { leaks, problems } = collectProblems(dir, [train, test]);
    assert.deepEqual(
      leaks.map(({ code, count }) => [code, count]),
      [
        ['leak', 1],
        ['near-leak', 30],
      ],
    );
    assert.ok(problems.every(({ code }) => code !== 'leak' && code !== 'near-leak'));
  });

  it('have the severity that temper.json gives them, and the rule’s own where none is listed', () => {
    const listed = [problem(1, 'leak', { severity: 'error' })];
    const { leaks } = collectProblems(dir, [input('test', { byCode: { leak: 1, 'near-leak': 1 }, listed })]);
    assert.deepEqual(
      leaks.map(({ severity }) => severity),
      ['error', 'warning'],
    );
  });

  it('name rows where a file has no lines, files where the problem is in another, and what is outside of the project in full', () => {
    const format = { format: 'parquet', encoding: 'utf-8', reasons: [] } as const;
    const parquet = { ...input('train', { byCode: { 'empty-field': 1 }, listed: [problem(1204, 'empty-field')] }), format };
    const image = problem(1, 'unreadable-image', { file: '/photos/a.png' });
    const images = input('test', { byCode: { 'unreadable-image': 1 }, listed: [image] });
    const { problems } = collectProblems(dir, [parquet, images]);
    const places = problems.flatMap((rule) => rule.places.map(({ kind, name }) => [kind, name]));
    assert.deepEqual(places.sort(), [
      ['file', '/photos/a.png'],
      ['row', 'data/train.jsonl'],
    ]);
  });

  it('of temper.json are there too', () => {
    const config = other(`${dir}/temper.json`, { byCode: { 'missing-file': 1 }, listed: [problem(4, 'missing-file')] });
    assert.deepEqual(collectProblems(dir, [config]).problems[0]?.files, [{ name: 'temper.json', count: 1 }]);
  });
});
