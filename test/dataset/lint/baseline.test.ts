import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { applyBaseline, collectBaseline, formatBaseline, parseBaseline } from '../../../dataset/lint/baseline';
import { RunFailure, type Baseline } from '../../../protocol';
import { linted, problemAt } from './linted';

const root = resolve('/work/tickets');
const train = resolve(root, 'data/train.jsonl');
const row = (line: number) => String(line).padStart(12, '0');
const codesOf = (files: readonly { problems: readonly { code: string; line: number }[] }[]) =>
  files.flatMap(({ problems }) => problems.map(({ code, line }) => `${code}:${line}`));

describe('a baseline', () => {
  const problems = [problemAt(3, 'secret'), problemAt(3, 'secret'), problemAt(5, 'leak', { severity: 'error' })];
  const written = collectBaseline([linted(train, problems)], root);

  it('holds each kind of problem of a row once, with a count and a relative path, sorted', () => {
    assert.deepEqual(written, {
      version: 1,
      problems: [
        { file: 'data/train.jsonl', code: 'leak', fingerprint: row(5), count: 1 },
        { file: 'data/train.jsonl', code: 'secret', fingerprint: row(3), count: 2 },
      ],
    });
  });

  it('is the same in whatever order the files and problems came, and is read back as it was', () => {
    const other = linted(resolve(root, 'a.csv'), [problemAt(1, 'leak')]);
    const [one, two] = [
      collectBaseline([linted(train, problems), other], root),
      collectBaseline([other, linted(train, problems.toReversed())], root),
    ];
    assert.equal(formatBaseline(one), formatBaseline(two));
    assert.deepEqual(parseBaseline('b.json', formatBaseline(one)), one);
    assert.deepEqual(
      one.problems.map(({ file }) => file),
      ['a.csv', 'data/train.jsonl', 'data/train.jsonl'],
    );
  });

  it('has a line for each entry', () => {
    assert.equal(
      formatBaseline(written),
      '{\n  "version": 1,\n  "problems": [\n' +
        `    {"file":"data/train.jsonl","code":"leak","fingerprint":"${row(5)}","count":1},\n` +
        `    {"file":"data/train.jsonl","code":"secret","fingerprint":"${row(3)}","count":2}\n  ]\n}\n`,
    );
    assert.equal(formatBaseline({ version: 1, problems: [] }), '{\n  "version": 1,\n  "problems": []\n}\n');
  });

  it('hides all that it holds, in the counts as well', () => {
    const outcome = applyBaseline(written, [linted(train, problems)], root);
    assert.deepEqual([outcome.hidden, outcome.mended, codesOf(outcome.files)], [3, 0, []]);
    const [file] = outcome.files;
    assert.deepEqual(file?.summary.problems, { error: 0, warning: 0, information: 0 });
    assert.deepEqual([file.summary.byCode.get('secret'), file.summary.rows], [0, 10]);
  });

  it('goes by the row, not by the line', () => {
    const moved = linted(train, [problemAt(30, 'secret'), problemAt(4, 'secret')], { rows: { 30: row(3), 4: 'another row!' } });
    const outcome = applyBaseline(written, [moved], root);
    assert.deepEqual(codesOf(outcome.files), ['secret:4']);
  });

  const shown: { name: string; problem: ReturnType<typeof problemAt>; file?: string }[] = [
    { name: 'of another code', problem: problemAt(3, 'personal-data') },
    { name: 'of another row', problem: problemAt(4, 'secret') },
    { name: 'of another file', problem: problemAt(3, 'secret'), file: resolve(root, 'data/test.jsonl') },
    { name: 'of a file of that name elsewhere', problem: problemAt(3, 'secret'), file: resolve('/work/data/train.jsonl') },
  ];
  for (const { name, problem, file = train } of shown)
    it(`shows a problem ${name}`, () => {
      const outcome = applyBaseline(written, [linted(file, [problem])], root);
      assert.deepEqual([outcome.hidden, codesOf(outcome.files)], [0, [`${problem.code}:${problem.line}`]]);
    });

  it('shows the third of a kind that it holds two of', () => {
    const outcome = applyBaseline(written, [linted(train, [...problems, problemAt(3, 'secret')])], root);
    assert.deepEqual([outcome.hidden, codesOf(outcome.files)], [3, ['secret:3']]);
    assert.deepEqual(outcome.files[0]?.summary.problems, { error: 0, warning: 1, information: 0 });
  });

  it('counts what is mended, of the files that were linted only', () => {
    const outcome = applyBaseline(written, [linted(train, [problemAt(3, 'secret')])], root);
    assert.deepEqual([outcome.hidden, outcome.mended], [1, 2]);
    assert.equal(applyBaseline(written, [linted(resolve(root, 'other.jsonl'), [])], root).mended, 0);
  });

  it('keeps the entries of files that were not linted when it is written again', () => {
    const before: Baseline = {
      version: 1,
      problems: [
        { file: 'data/test.jsonl', code: 'leak', fingerprint: row(1), count: 4 },
        { file: 'data/train.jsonl', code: 'no-rows', fingerprint: row(1), count: 1 },
      ],
    };
    const after = collectBaseline([linted(train, [problemAt(3, 'secret')])], root, before);
    assert.deepEqual(
      after.problems.map(({ file, code, count }) => [file, code, count]),
      [
        ['data/test.jsonl', 'leak', 4],
        ['data/train.jsonl', 'secret', 1],
      ],
    );
  });

  const wrong = {
    'no JSON': '{',
    'a later version': '{"version":2,"problems":[]}',
    'a list': '[]',
    'a code that no rule has': `{"version":1,"problems":[{"file":"a","code":"typo","fingerprint":"x","count":1}]}`,
    'no count': `{"version":1,"problems":[{"file":"a","code":"leak","fingerprint":"x","count":0}]}`,
  };
  for (const [name, text] of Object.entries(wrong))
    it(`is refused in words when it is ${name}`, () =>
      assert.throws(
        () => parseBaseline('known.json', text),
        (thrown) =>
          thrown instanceof RunFailure &&
          thrown.error.code === 'bad-usage' &&
          thrown.message.startsWith('known.json is no baseline: '),
      ));
});
