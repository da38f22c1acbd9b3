import assert from 'node:assert/strict';
import { parseRows, type ParsedRows } from '../../dataset/parse-rows';
import { rangeOf, readMarks } from './marked-text';

function cellsOf({ rows }: ParsedRows): unknown[][] {
  return rows.map((row) => [...row.fields.values()].map((field) => field.value));
}

function linesOf({ rows }: ParsedRows): number[][] {
  return rows.map(({ line, endLine }) => [line, endLine]);
}

describe('parseRows of CSV and TSV', function () {
  this.timeout(30_000);

  /** Text behind the header `a,b`, the cells, and the first and last line of each row. */
  const readable: [string, string, string[][], number[][]][] = [
    [
      'plain cells',
      'a,b\n1,2\n3,4',
      [
        ['1', '2'],
        ['3', '4'],
      ],
      [
        [2, 2],
        [3, 3],
      ],
    ],
    ['CRLF and an empty last line', 'a,b\r\n1,2\r\n', [['1', '2']], [[2, 2]]],
    [
      'lone carriage returns',
      'a,b\r1,2\r3,4',
      [
        ['1', '2'],
        ['3', '4'],
      ],
      [
        [2, 2],
        [3, 3],
      ],
    ],
    [
      'quoted newlines of both kinds',
      'a,b\n"1\n1",2\n3,"4\r\n4\r\n"\r\n5,6',
      [
        ['1\n1', '2'],
        ['3', '4\r\n4\r\n'],
        ['5', '6'],
      ],
      [
        [2, 3],
        [4, 6],
        [7, 7],
      ],
    ],
    [
      'doubled quotes',
      'a,b\n"say ""hi""",""""\n"""",""""""',
      [
        ['say "hi"', '"'],
        ['"', '""'],
      ],
      [
        [2, 2],
        [3, 3],
      ],
    ],
    ['quoted separators', 'a,b\n"1,1",","', [['1,1', ',']], [[2, 2]]],
    [
      'empty cells, quoted and not',
      'a,b\n,\n"",""\n',
      [
        ['', ''],
        ['', ''],
      ],
      [
        [2, 2],
        [3, 3],
      ],
    ],
    ['quotes inside an unquoted cell', 'a,b\n5" pipe,it"s', [['5" pipe', 'it"s']], [[2, 2]]],
    ['blanks, which belong to the cell', 'a,b\n 1 , 2', [[' 1 ', ' 2']], [[2, 2]]],
    [
      'blank lines between the rows',
      '\na,b\n\n1,2\n\r\n3,4\n\n\n',
      [
        ['1', '2'],
        ['3', '4'],
      ],
      [
        [4, 4],
        [6, 6],
      ],
    ],
    ['tabs, which separate nothing in CSV', 'a,b\n1\t1,2', [['1\t1', '2']], [[2, 2]]],
    ['a quoted header', '"a","b"\n1,2', [['1', '2']], [[2, 2]]],
    ['a quoted cell at the very end', 'a,b\n1,"2"', [['1', '2']], [[2, 2]]],
  ];
  for (const [title, text, cells, lines] of readable) {
    it(`reads ${title}`, () => {
      const parsed = parseRows(text, 'csv');
      assert.deepEqual(parsed.problems, []);
      assert.deepEqual(parsed.columns, ['a', 'b']);
      assert.deepEqual(cellsOf(parsed), cells);
      assert.deepEqual(linesOf(parsed), lines);
    });
  }

  it('reads tabs as separators in TSV, and commas as text', () => {
    assert.deepEqual(cellsOf(parseRows('a\tb\n1,1\t"2\t2"\n', 'tsv')), [['1,1', '2\t2']]);
  });

  it('knows the ranges of cells with their quotes, over several lines', () => {
    const { text, ranges } = readMarks('a,b\r\n«1»,«"2 ""😀""\r\n2"»\r\n«""»,«»\r\n');
    const parsed = parseRows(text, 'csv');
    assert.deepEqual(
      parsed.rows.flatMap((row) => [...row.fields.values()].map((field) => field.range)),
      ranges,
    );
  });

  it('knows the ranges of rows and of the header', () => {
    const { text, ranges } = readMarks('«a,b»\r\n«1,"\n"»\r\n\r\n«2,3»');
    const { head, rows } = parseRows(text, 'csv');
    assert.deepEqual([head, ...rows.map((row) => row.range)], ranges);
  });

  it('passes over columns without a name', () => {
    const parsed = parseRows('v1,v2,,\nham,ok,,\nspam,win,"x",y\n', 'csv');
    assert.deepEqual(parsed.columns, ['v1', 'v2', '', '']);
    assert.deepEqual(cellsOf(parsed), [
      ['ham', 'ok'],
      ['spam', 'win'],
    ]);
    assert.deepEqual(parsed.problems, []);
  });

  it('reports rows with too few or too many cells, and keeps the rest', () => {
    const { text, ranges } = readMarks('a,b\n«1»\n1,2\n1,2,«3,"4\n"»\n«"x\ny"»\n3,4');
    const parsed = parseRows(text, 'csv');
    assert.deepEqual(parsed.problems.map(rangeOf), ranges);
    assert.deepEqual(
      parsed.problems.map(({ code, severity }) => `${code} ${severity}`),
      Array(3).fill('ragged-row error'),
    );
    assert.match(parsed.problems[0]?.message ?? '', /has 1 cell, the header has 2\. Add/);
    assert.match(parsed.problems[1]?.message ?? '', /has 4 cells, the header has 2\. .*double quotes/);
    assert.deepEqual(cellsOf(parsed), [
      ['1', '2'],
      ['3', '4'],
    ]);
  });

  it('reports a quote that is never closed, and reads on behind its line', () => {
    const { text, ranges } = readMarks('a,b\n1,«"2»\n3,4\n5,6\n');
    const parsed = parseRows(text, 'csv');
    assert.deepEqual(parsed.problems.map(rangeOf), ranges);
    assert.deepEqual(
      parsed.problems.map(({ code }) => code),
      ['unclosed-quote'],
    );
    assert.match(parsed.problems[0]?.message ?? '', /never closed/);
    assert.deepEqual(cellsOf(parsed), [
      ['3', '4'],
      ['5', '6'],
    ]);
  });

  it('does not let a stray quote swallow the quoted cells of later rows', () => {
    const { text, ranges } = readMarks('a,b\r\n«"1,2»\r\n3,4\r\n"5","6, 7"\r\n');
    const parsed = parseRows(text, 'csv');
    assert.deepEqual(parsed.problems.map(rangeOf), ranges);
    assert.match(parsed.problems[0]?.message ?? '', /closed in the middle of a cell \(line 4, column 1\)/);
    assert.deepEqual(cellsOf(parsed), [
      ['3', '4'],
      ['5', '6, 7'],
    ]);
  });

  it('reports text behind a closing quote', () => {
    const { text, ranges } = readMarks('a,b\n«"say "hi"",2»\n3,4');
    const parsed = parseRows(text, 'csv');
    assert.deepEqual(parsed.problems.map(rangeOf), ranges);
    assert.match(parsed.problems[0]?.message ?? '', /\(line 2, column 6\).*written twice/);
    assert.deepEqual(cellsOf(parsed), [['3', '4']]);
  });

  it('stops at a header with an unclosed quote, because nothing below has a name', () => {
    const parsed = parseRows('a,"b\n1,2\n3,4,5\n', 'csv');
    assert.deepEqual(
      parsed.problems.map(({ code, line }) => [code, line]),
      [['unclosed-quote', 1]],
    );
    assert.deepEqual([parsed.rows, parsed.columns], [[], []]);
  });

  it('warns of a column that stands twice and reads the first', () => {
    const { text, ranges } = readMarks('a,b,«a»\n1,2,3');
    const parsed = parseRows(text, 'csv');
    assert.deepEqual(parsed.problems.map(rangeOf), ranges);
    assert.deepEqual(
      parsed.problems.map(({ code, severity }) => [code, severity]),
      [['duplicate-column', 'warning']],
    );
    assert.deepEqual(cellsOf(parsed), [['1', '2']]);
  });

  it('takes no quadratic time over thirty thousand stray quotes', () => {
    const startMs = performance.now();
    for (const line of ['"', '1,"', '"a"b,"', '"""', '""']) parseRows(`a,b\n${`${line}\n`.repeat(30_000)}`, 'csv');
    assert.ok(performance.now() - startMs < 10_000);
  });

  it('has no rows and no problems in an empty text or a lone header', () => {
    for (const text of ['', '\n', 'a,b', 'a,b\r\n']) {
      const { rows, problems } = parseRows(text, 'csv');
      assert.deepEqual({ rows, problems }, { rows: [], problems: [] });
    }
  });
});
