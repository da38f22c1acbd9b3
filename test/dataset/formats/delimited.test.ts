import assert from 'node:assert/strict';
import { openDelimited } from '../../../dataset/formats/delimited';
import type { FormatSettings } from '../../../dataset/formats/format';
import { rangeOf, readMarks } from '../marked-text';
import { applyEdits, openText, readWhole, sorted, textIn } from './read-blocks';

const openCsv = openDelimited(',');
const read = (text: string, changed: Partial<FormatSettings> = {}) => readWhole(openCsv, text, changed);
const cellsOf = (text: string) => read(text).rows.map(({ value }) => Object.values(value));
const codesOf = (text: string) => sorted(read(text).problems).map(({ code, severity }) => `${code} ${severity}`);

describe('openDelimited', function () {
  this.timeout(30_000);

  /** Text, the cells below the header `a,b`, and the first and last line of each row. */
  const readable: [string, string, string[][], number[][]][] = [
    ['plain cells', 'a,b\n1,2\n3,4', [['1', '2'], ['3', '4']], [[2, 2], [3, 3]]], // prettier-ignore
    ['CRLF and an empty last line', 'a,b\r\n1,2\r\n', [['1', '2']], [[2, 2]]],
    ['lone carriage returns', 'a,b\r1,2\r3,4', [['1', '2'], ['3', '4']], [[2, 2], [3, 3]]], // prettier-ignore
    [
      'quoted newlines of both kinds',
      'a,b\n"1\n1",2\n3,"4\r\n4\r\n"\r\n5,6',
      [['1\n1', '2'], ['3', '4\r\n4\r\n'], ['5', '6']], // prettier-ignore
      [[2, 3], [4, 6], [7, 7]], // prettier-ignore
    ],
    [
      'doubled quotes',
      'a,b\n"say ""hi""",""""\n"""",""""""',
      [['say "hi"', '"'], ['"', '""']], // prettier-ignore
      [[2, 2], [3, 3]], // prettier-ignore
    ],
    ['quoted separators', 'a,b\n"1,1",","', [['1,1', ',']], [[2, 2]]],
    ['empty cells, quoted and not', 'a,b\n,\n"",""\n', [['', ''], ['', '']], [[2, 2], [3, 3]]], // prettier-ignore
    ['quotes inside an unquoted cell', 'a,b\n5" pipe,it"s', [['5" pipe', 'it"s']], [[2, 2]]],
    ['blanks, which belong to the cell', 'a,b\n 1 , 2', [[' 1 ', ' 2']], [[2, 2]]],
    ['tabs, which separate nothing in CSV', 'a,b\n1\t1,2', [['1\t1', '2']], [[2, 2]]],
    ['a quoted header', '"a","b"\n1,2', [['1', '2']], [[2, 2]]],
    ['a quoted cell at the very end', 'a,b\n1,"2"', [['1', '2']], [[2, 2]]],
  ];
  for (const [title, text, cells, lines] of readable) {
    it(`reads ${title}`, () => {
      const { rows, problems, parser } = read(text);
      assert.deepEqual(problems, []);
      assert.deepEqual(parser.columns, ['a', 'b']);
      assert.deepEqual(
        rows.map(({ value }) => Object.values(value)),
        cells,
      );
      assert.deepEqual(
        rows.map(({ line, endLine }) => [line, endLine]),
        lines,
      );
    });
  }

  it('reads tabs as separators in TSV, and commas as text', () => {
    const { rows, parser } = readWhole(openDelimited('\t'), 'a\tb\n1,1\t"2\t2"\n');
    assert.deepEqual([parser.format, rows.map(({ value }) => value)], ['tsv', [{ a: '1,1', b: '2\t2' }]]);
  });

  it('knows the ranges of cells with their quotes, over several lines', () => {
    const { text, ranges } = readMarks('a,b\r\n«1»,«"2 ""😀""\r\n2"»\r\n«""»,«»\r\n');
    const found = read(text).rows.flatMap((row) => ['a', 'b'].map((name) => row.rangeAt([name])));
    assert.deepEqual(found, ranges);
  });

  it('knows the ranges of rows, and gives the row for a column that is not there', () => {
    const { text, ranges } = readMarks('a,b\r\n«1,"\n"»\r\n«2,3»');
    const { rows } = read(text);
    assert.deepEqual(
      rows.map((row) => row.rangeAt([])),
      ranges,
    );
    assert.deepEqual(
      rows.map((row) => row.keyRangeAt(['c', '0'])),
      ranges,
    );
  });

  it('gives the cell for its key, and for what a cell has no inside for', () => {
    const row = read('a,b\n1,22').rows[0] ?? assert.fail();
    const range = { line: 2, column: 3, endLine: 2, endColumn: 5 };
    assert.deepEqual([row.keyRangeAt(['b']), row.rangeAt(['b', 'x'])], [range, range]);
  });

  for (const [title, source, part] of [
    ['plain', 'a,b\n1,say «hi» now', 'hi'],
    ['quoted', 'a,b\n1,"say, «hi»"', 'hi'],
    ['behind doubled quotes', 'a,b\n1,"""x"" «hi»"', 'hi'],
    ['of doubled quotes', 'a,b\n1,"x «""»"', '"'],
    ['on a second line', 'a,b\n1,"x\r\n«hi»"', 'hi'],
    ['behind an emoji', 'a,b\n1,😀«hi»', 'hi'],
    ['at the very end', 'a,b\n1,"x«""»"', '"'],
  ] as const) {
    it(`knows the range of a part of a cell: ${title}`, () => {
      const { text, ranges } = readMarks(source);
      const row = read(text).rows[0] ?? assert.fail();
      const start = String(row.value['b']).indexOf(part);
      assert.ok(start >= 0);
      assert.deepEqual([row.rangeAt(['b'], { start, end: start + part.length })], ranges);
    });
  }

  it('reports empty lines and removes them', () => {
    const text = '\na,b\n\n1,2\n\r\n3,4\n\n';
    const { problems, rows } = read(text);
    assert.deepEqual(
      problems.map(({ code, line }) => [code, line]),
      [1, 3, 5, 7].map((line) => ['blank-line', line]),
    );
    assert.deepEqual(
      rows.map(({ line }) => line),
      [4, 6],
    );
    const fixes = problems.flatMap(({ fixes: offered = [] }) => offered);
    assert.ok(fixes.every(({ isSafe }) => isSafe));
    assert.equal(
      applyEdits(
        text,
        fixes.flatMap(({ edits }) => edits),
      ),
      'a,b\n1,2\n3,4\n',
    );
  });

  it('has no rows and no problems in an empty text or a lone header', () => {
    for (const text of ['', 'a,b', 'a,b\r\n']) assert.deepEqual([read(text).rows, read(text).problems], [[], []]);
  });

  it('keeps columns called __proto__ and constructor as fields like any other', () => {
    const { value } = read('__proto__,constructor\n1,2').rows[0] ?? assert.fail();
    assert.deepEqual(Object.entries(value), [
      ['__proto__', '1'],
      ['constructor', '2'],
    ]);
  });

  describe('ragged-row', () => {
    it('is a row with too few or too many cells; the rest is kept', () => {
      const { text, ranges } = readMarks('a,b\n«1»\n1,2\n1,2,«3,"4\n"»\n«"x\ny"»\n3,4');
      const { problems } = read(text);
      assert.deepEqual(problems.map(rangeOf), ranges);
      assert.deepEqual(codesOf(text), Array(3).fill('ragged-row error'));
      assert.match(problems[0]?.message ?? '', /has 1 cell, the header has 2\. Add/);
      assert.match(problems[1]?.message ?? '', /has 4 cells, the header has 2\. .*double quotes/);
      assert.deepEqual(cellsOf(text), [
        ['1', '2'],
        ['3', '4'],
      ]);
    });

    /** The row, and what the fix makes of it. */
    const fixes: [string, string, string | undefined, boolean?][] = [
      ['a sentence with a comma', 'Where is it, please,shipping', '"Where is it, please",shipping', false],
      ['a sentence with two commas', 'Yes, well, no,x', '"Yes, well, no",x', false],
      ['a sentence behind', 'x,5" pipe, long', 'x,"5"" pipe, long"', false],
      ['empty cells at the end', '1,2,,', '1,2', true],
      ['commas without blanks', '1,2,3', undefined],
      ['blanks behind commas that separate', '1, 2, 3', undefined],
      ['two sentences that go on', 'a, b,c, d', undefined],
      ['a quoted cell that goes on', '"a", b,c', undefined],
      ['too few cells', '1', undefined],
    ];
    for (const [title, row, expected, isSafe] of fixes) {
      it(`${expected === undefined ? 'offers nothing for' : 'mends'} ${title}`, () => {
        const text = `a,b\n${row}\n1,2\n`;
        const [problem] = read(text).problems;
        const [fix] = problem?.fixes ?? [];
        assert.equal(problem?.code, 'ragged-row');
        assert.equal(fix?.isSafe, isSafe);
        if (expected === undefined || fix === undefined) return;
        const mended = applyEdits(text, fix.edits);
        assert.equal(mended, `a,b\n${expected}\n1,2\n`);
        assert.deepEqual(read(mended).problems, []);
      });
    }
  });

  describe('unclosed-quote', () => {
    it('is a quote that is never closed; what stands behind its line is read', () => {
      const { text, ranges } = readMarks('a,b\n1,«"2»\n3,4\n5,6\n');
      const { problems } = read(text);
      assert.deepEqual(problems.map(rangeOf), ranges);
      assert.deepEqual(codesOf(text), ['unclosed-quote error']);
      assert.match(problems[0]?.message ?? '', /never closed/);
      assert.deepEqual(cellsOf(text), [
        ['3', '4'],
        ['5', '6'],
      ]);
    });

    it('does not swallow the quoted cells of later rows', () => {
      const { text, ranges } = readMarks('a,b\r\n«"1,2»\r\n3,4\r\n"5","6, 7"\r\n');
      assert.deepEqual(read(text).problems.map(rangeOf), ranges);
      assert.deepEqual(cellsOf(text), [
        ['3', '4'],
        ['5', '6, 7'],
      ]);
    });

    it('is text behind a closing quote, which related information points to', () => {
      const { text, ranges } = readMarks('a,b\n«"say "hi"",2»\n3,4');
      const { problems } = read(text);
      assert.deepEqual(problems.map(rangeOf), ranges);
      assert.match(problems[0]?.message ?? '', /closed in the middle of a cell\. .*written twice/);
      assert.deepEqual(problems[0]?.related?.map(rangeOf), [{ line: 2, column: 6, endLine: 2, endColumn: 7 }]);
      assert.deepEqual(cellsOf(text), [['3', '4']]);
    });

    for (const [title, row, expected] of [
      ['quotes inside a quoted cell', '"He said "now",shipping', '"He said ""now",shipping'],
      ['quotes round a word', 'x,"say "hi" now"', 'x,"say ""hi"" now"'],
      ['some that are doubled and some that are not', '"a ""b"" "c" d",x', '"a ""b"" ""c"" d",x'],
      ['a quote that closes nowhere', '"a,x', undefined],
      ['a row that would have too many cells', '"a"b",x,y', undefined],
    ] as const) {
      it(`${expected === undefined ? 'offers nothing for' : 'mends'} ${title}, as a guess`, () => {
        const text = `a,b\n${row}\n`;
        const [problem] = read(text).problems;
        assert.equal(problem?.code, 'unclosed-quote');
        const [fix] = problem.fixes ?? [];
        assert.equal(fix?.isSafe, expected === undefined ? undefined : false);
        if (expected === undefined || fix === undefined) return;
        const mended = applyEdits(text, fix.edits);
        assert.equal(mended, `a,b\n${expected}\n`);
        assert.deepEqual([read(mended).rows.length, read(mended).problems], [1, []]);
      });
    }

    it('stops at a header with one, because nothing below has a name', () => {
      const { problems, rows, parser } = read('a,"b\n1,2\n3,4,5\n');
      assert.deepEqual(
        problems.map(({ code, line }) => [code, line]),
        [['unclosed-quote', 1]],
      );
      assert.deepEqual([rows, parser.columns, read('a,"b"c\nd",e\n').problems[0]?.fixes], [[], [], undefined]);
    });

    it('is a cell of more than a megabyte, so that one quote does not make a row of the file', () => {
      const text = `a,b\n1,"2\n${'3,4\n'.repeat(300_000)}5,6"\n`;
      const { problems, rows, parser } = read(text);
      assert.deepEqual(
        problems.map(({ code, line }) => [code, line]),
        [['unclosed-quote', 2]],
      );
      assert.equal(rows.length, 300_001);
      const place = { isFirst: true, isLast: false };
      assert.equal(parser.findCut(text.slice(0, 1_000_000), place), 4);
      assert.ok(parser.findCut(text.slice(0, 1_100_000), place) > 1_099_990);
    });

    it('is no cell of nearly a megabyte', () => {
      const cell = 'x\n'.repeat(500_000);
      assert.deepEqual(cellsOf(`a,b\n"${cell}",1\n`), [[cell, '1']]);
    });
  });

  describe('the header', () => {
    it('warns of a column that stands twice and reads the first', () => {
      const { text, ranges } = readMarks('a,b,«a»\n1,2,3');
      assert.deepEqual(read(text).problems.map(rangeOf), ranges);
      assert.deepEqual(codesOf(text), ['duplicate-column warning']);
      assert.deepEqual(cellsOf(text), [['1', '2']]);
    });

    it('warns of columns without a name, says whether they are empty and passes over them', () => {
      const { text, ranges } = readMarks('v1,v2«,»«,»\nham,ok,,\nspam,win,,y\n');
      const { problems, parser } = read(text);
      assert.deepEqual(problems.map(rangeOf), ranges);
      assert.deepEqual(codesOf(text), Array(2).fill('unnamed-column warning'));
      assert.match(problems[0]?.message ?? '', /Column 3 has no name, and nothing in the first 2 rows\. Remove it, or leave it/);
      assert.match(problems[1]?.message ?? '', /Column 4 has no name, but text in the first 2 rows\. Give it a name/);
      assert.deepEqual(parser.columns, ['v1', 'v2']);
      assert.deepEqual(cellsOf(text), [
        ['ham', 'ok'],
        ['spam', 'win'],
      ]);
    });

    it('says nothing of names that differ in case, and of empty cells below', () => {
      assert.deepEqual(codesOf('a,A\n,\n'), []);
    });

    it('is in the first block, whatever stands in front of it', () => {
      const parser = openText(openCsv, '\n\na,b\n1,2\n');
      assert.equal(parser.findCut('\n\na,', { isFirst: true, isLast: false }), 0);
      assert.equal(parser.findCut('\n\na,b\n', { isFirst: true, isLast: false }), 6);
    });
  });

  describe('without a header', () => {
    const text = 'ham,1\nspam,2\n';

    it('numbers the columns', () => {
      const { rows, parser } = read(text, { hasHeader: false });
      assert.deepEqual(parser.columns, ['1', '2']);
      assert.deepEqual(
        rows.map(({ value, line }) => [value, line]),
        [
          [{ 1: 'ham', 2: '1' }, 1],
          [{ 1: 'spam', 2: '2' }, 2],
        ],
      );
    });

    it('takes the names that the config gives', () => {
      const { rows } = read(text, { hasHeader: false, columns: ['label', 'text'] });
      assert.deepEqual(rows[1]?.value, { label: 'spam', text: '2' });
      assert.deepEqual(rows[1].rangeAt(['text']), { line: 2, column: 6, endLine: 2, endColumn: 7 });
    });

    it('says what it counts cells by', () => {
      const messagesOf = (settings: Partial<FormatSettings>) =>
        read('a,b\nc\n', { hasHeader: false, ...settings }).problems.map(({ message }) => message);
      assert.match(messagesOf({})[0] ?? '', /has 1 cell, the first row has 2\./);
      assert.match(messagesOf({ columns: ['x', 'y', 'z'] })[0] ?? '', /has 2 cells, data\.columns names 3\./);
    });

    it('reads the header as data only where it is told so', () => {
      assert.equal(read('text,label\nx,y', { hasHeader: false }).rows.length, 2);
    });
  });

  it('has another key when the head says something else about all blocks', () => {
    const keyOf = (text: string, changed: Partial<FormatSettings> = {}) => openText(openCsv, text, changed).key;
    assert.equal(keyOf('a,b\n1,2\n'), keyOf('"a",b\n3,4\n5,6\n'));
    for (const other of ['a,c\n1,2\n', 'a,b,c\n1,2,3\n', 'a;b\n1;2\n', 'a,"b\n1,2\n'])
      assert.notEqual(keyOf('a,b\n1,2\n'), keyOf(other));
    assert.notEqual(keyOf('a,b\n1,2\n'), keyOf('a,b\n1,2\n', { hasHeader: false }));
  });

  it('quotes a value where it must', () => {
    const parser = openText(openCsv, 'a,b\n');
    assert.deepEqual(
      ['x', 'a,b', 'say "hi"', 'x\ny', '', 'a;b'].map((value) => parser.quote(value)),
      ['x', '"a,b"', '"say ""hi"""', '"x\ny"', '', 'a;b'],
    );
    assert.equal(openText(openCsv, 'a\n').quote(''), '""');
  });

  it('removes a row with its line end', () => {
    const text = 'a,b\r\n"1\n",2\r\n3,4';
    const { rows, parser } = read(text);
    const removed = rows.map((row) => textIn(text, parser.rangeToRemove(row) ?? assert.fail()));
    assert.deepEqual(removed, ['"1\n",2\r\n', '3,4']);
  });

  it('takes no quadratic time over thirty thousand stray quotes', () => {
    const startMs = performance.now();
    for (const line of ['"', '1,"', '"a"b,"', '"""', '""']) {
      const text = `a,b\n${`${line}\n`.repeat(30_000)}`;
      read(text).parser.findCut(text, { isFirst: true, isLast: false });
    }
    assert.ok(performance.now() - startMs < 10_000);
  });
});
