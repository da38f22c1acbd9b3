import assert from 'node:assert/strict';
import { formatOf, parseRows, type ParsedRows } from '../../dataset/parse-rows';
import { rangeOf, readMarks } from './marked-text';

function valuesOf({ rows }: ParsedRows): Record<string, unknown>[] {
  return rows.map((row) => Object.fromEntries([...row.fields].map(([name, field]) => [name, field.value])));
}

describe('parseRows of JSON Lines', () => {
  it('reads one object a line and knows the lines', () => {
    const parsed = parseRows('{"text": "a", "label": "x"}\n{"text": "b", "n": [1]}', 'jsonl');
    assert.deepEqual(valuesOf(parsed), [
      { text: 'a', label: 'x' },
      { text: 'b', n: [1] },
    ]);
    assert.deepEqual(parsed.problems, []);
    assert.deepEqual(parsed.columns, ['text', 'label', 'n']);
    assert.deepEqual(
      parsed.rows.map(({ line, endLine }) => [line, endLine]),
      [
        [1, 1],
        [2, 2],
      ],
    );
  });

  it('skips blank lines and counts them, whatever ends a line', () => {
    const parsed = parseRows('\n{"a": 1}\r\n  \t\r\n\r{"a": 2}\r\r\n{"a": 3}\n\n', 'jsonl');
    assert.deepEqual(
      parsed.rows.map((row) => [row.line, row.fields.get('a')?.value]),
      [
        [2, 1],
        [5, 2],
        [7, 3],
      ],
    );
    assert.deepEqual(parsed.problems, []);
  });

  const placed: [string, string, string][] = [
    ['a string', '{"a": «"x"», "b": 1}', 'a'],
    ['a string with escapes', '{"b": "\\"a\\": 1", "a" :\t«"\\\\\\"," »}'.replace(' »', '»'), 'a'],
    ['a number', '{"b": 2, "a":«-1.5e3»}', 'a'],
    ['a number in front of a tab', '{"a": «1»\t, "b": 2}', 'a'],
    ['a literal', '  {"a":«true»}', 'a'],
    ['a list', '{"a": «[1, {"b": "]"}]» , "b": 1}', 'a'],
    ['an object', '{"a": «{"a": {"a": "}"}}»}', 'a'],
    ['an empty object', '{"a":«{}»}', 'a'],
    ['a value whose key is escaped', '{"\\u0061": «"x"»}', 'a'],
    ['the last of two keys', '{"a": 1, "a": «2»}', 'a'],
    ['a value behind an emoji', '{"😀": "😀", "a": «"😀"»}', 'a'],
    ['a value of an empty key', '{"": «1»}', ''],
  ];
  for (const [title, source, name] of placed) {
    it(`knows the range of ${title}`, () => {
      const { text, ranges } = readMarks(`{"first": 0}\r\n${source}\r\n`);
      const field = parseRows(text, 'jsonl').rows[1]?.fields.get(name) ?? assert.fail();
      assert.deepEqual([field.range], ranges);
    });
  }

  it('knows the range of a row without the blanks around it', () => {
    const { text, ranges } = readMarks('\n  «{"a": 1}» \r\n«{}»');
    assert.deepEqual(
      parseRows(text, 'jsonl').rows.map((row) => row.range),
      ranges,
    );
  });

  it('reports every bad line at its fault and keeps the good ones', () => {
    const { text, ranges } = readMarks('{"a": 1«,»}\n{"a": 2}\r\n{«a»: 3}\n{"a": «"4}»\r\n{"a": 5} «x»\n');
    const parsed = parseRows(text, 'jsonl');
    assert.deepEqual(valuesOf(parsed), [{ a: 2 }]);
    assert.deepEqual(parsed.problems.map(rangeOf), ranges);
    assert.deepEqual(new Set(parsed.problems.map(({ code }) => code)), new Set(['invalid-json']));
  });

  for (const [found, value] of [
    ['a list', '[1, 2]'],
    ['a string', '"x"'],
    ['a number', '3'],
    ['null', 'null'],
  ] as const) {
    it(`refuses a line that holds ${found}`, () => {
      const { text, ranges } = readMarks(` «${value}» \n{"a": 1}`);
      const { problems, rows } = parseRows(text, 'jsonl');
      assert.deepEqual(problems.map(rangeOf), ranges);
      assert.deepEqual(
        problems.map(({ code, severity }) => [code, severity]),
        [['not-an-object', 'error']],
      );
      assert.match(problems[0]?.message ?? '', new RegExp(`holds ${found}\\.`));
      assert.equal(rows.length, 1);
    });
  }

  it('keeps a key called __proto__ as a field like any other', () => {
    const [row] = parseRows('{"__proto__": {"x": 1}, "constructor": 2}', 'jsonl').rows;
    assert.deepEqual([...(row?.fields.keys() ?? [])], ['__proto__', 'constructor']);
  });

  it('finds the range of a value nested a hundred thousand deep', () => {
    const nested = '['.repeat(100_000) + ']'.repeat(100_000);
    const field = parseRows(`{"a": ${nested}}`, 'jsonl').rows[0]?.fields.get('a') ?? assert.fail();
    assert.deepEqual(field.range, { line: 1, column: 7, endLine: 1, endColumn: 200_007 });
  });

  it('has no rows and no problems in an empty text', () => {
    const { rows, problems, columns, head } = parseRows('', 'jsonl');
    assert.deepEqual({ rows, problems, columns }, { rows: [], problems: [], columns: [] });
    assert.deepEqual(head, { line: 1, column: 1, endLine: 1, endColumn: 1 });
  });
});

describe('formatOf', () => {
  it('goes by the ending, in either case', () => {
    const names = ['a.jsonl', 'dir.csv/b.JSONL', 'c.ndjson', 'd.csv', 'e.Tsv', 'f.json', 'csv', 'g.csv.gz', ''];
    assert.deepEqual(names.map(formatOf), ['jsonl', 'jsonl', 'jsonl', 'csv', 'tsv', undefined, undefined, undefined, undefined]);
  });
});
