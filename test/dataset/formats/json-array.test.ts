import assert from 'node:assert/strict';
import { openJsonArray } from '../../../dataset/formats/json-array';
import { rangeOf, readMarks } from '../marked-text';
import { applyEdits, openText, readWhole, sorted, textIn } from './read-blocks';

const read = (text: string) => readWhole(openJsonArray, text);
const valuesOf = (text: string) => read(text).rows.map(({ value }) => value);

describe('openJsonArray', function () {
  this.timeout(30_000);

  for (const [title, text] of [
    ['on one line', '[{"a": 1}, {"a": 2}]'],
    ['without blanks', '[{"a":1},{"a":2}]'],
    ['with an object a line', '[\n{"a": 1},\n{"a": 2}\n]\n'],
    ['pretty-printed', '[\r\n  {\r\n    "a": 1\r\n  },\r\n  {\r\n    "a": 2\r\n  }\r\n]'],
    ['with its commas at the head of lines', '[ {"a": 1}\n, {"a": 2}\n]'],
    ['on lines that end in carriage returns', '[\r{"a": 1},\r{"a": 2}\r]\r'],
    ['without any indent', '[\n{\n"a": 1\n},\n{\n"a": 2\n}\n]'],
  ] as const) {
    it(`reads a list ${title}`, () => {
      assert.deepEqual(valuesOf(text), [{ a: 1 }, { a: 2 }]);
      assert.deepEqual(read(text).problems, []);
    });
  }

  it('has no rows and no problems in an empty list or an empty text', () => {
    for (const text of ['[]', ' [ \n ] ', '', '\n']) {
      const { rows, problems } = read(text);
      assert.deepEqual([rows, problems], [[], []]);
    }
  });

  it('knows the lines and ranges of rows, values and keys', () => {
    const text = '[\n  {\n    "a": "x\\n"\n  }, {"a": [1]}\r\n]';
    const [first = assert.fail(), second = assert.fail()] = read(text).rows;
    assert.deepEqual([first.line, first.endLine, second.line, second.endLine], [2, 4, 4, 4]);
    assert.deepEqual(rangeOf(first.rangeAt([])), { line: 2, column: 3, endLine: 4, endColumn: 4 });
    const places = [first.keyRangeAt(['a']), first.rangeAt(['a']), second.rangeAt([]), second.rangeAt(['a', '0'])];
    assert.deepEqual(
      places.map((range) => textIn(text, range)),
      ['"a"', '"x\\n"', '{"a": [1]}', '1'],
    );
  });

  it('reads rows whose nested objects look like rows', () => {
    const tree = '[\n{"text": "a", "next": [\n{"text": "b", "next": [\n{"text": "c"}\n]}\n]},\n{"text": "d"}\n]';
    assert.deepEqual(valuesOf(tree), JSON.parse(tree));
    assert.deepEqual(read(tree).problems, []);
  });

  it('refuses elements that are no objects, each at its place', () => {
    const { text, ranges } = readMarks('[«1», {"a": 1}, «[2]», «"x, y"», «null»]');
    const { rows, problems } = read(text);
    assert.deepEqual(problems.map(rangeOf), ranges);
    assert.deepEqual(new Set(problems.map(({ code, severity }) => `${code} ${severity}`)), new Set(['not-an-object error']));
    assert.match(problems[1]?.message ?? '', /This element holds a list\./);
    assert.equal(rows.length, 1);
  });

  /** The list with the fault marked, words of the message, the values that are read, and the text after the fix. */
  const faults: [string, string, RegExp, unknown[], string?][] = [
    ['a fault in an element', '[{"a": 1«,»}, {"a": 2}]', /comma before "}"/, [{ a: 2 }], '[{"a": 1}, {"a": 2}]'],
    ['a trailing comma', '[{"a": 1}«,»\n]', /comma before "]"/, [{ a: 1 }], '[{"a": 1}\n]'],
    ['two commas', '[{"a": 1},«,» {"a": 2}]', /value is missing/, [{ a: 1 }, { a: 2 }], '[{"a": 1}, {"a": 2}]'],
    ['a comma in front', '[«,» {"a": 1}]', /value is missing/, [{ a: 1 }], '[ {"a": 1}]'],
    ['a missing comma', '[{"a": 1}\n«{»"a": 2}]', /comma is missing/, [{ a: 1 }, { a: 2 }], '[{"a": 1}\n,{"a": 2}]'],
    ['a list that is not closed', '[{"a": 1}«»\n', /not closed/, [{ a: 1 }], '[{"a": 1}]\n'],
    ['a list that ends in a comma', '[{"a": 1},«»\n', /not closed/, [{ a: 1 }], '[{"a": 1}]\n'],
    ['text behind the list', '[{"a": 1}«]» {"a": 2}]', /extra text behind it/, [{ a: 1 }, { a: 2 }]],
    ['a comment', '[\n«// one»\n{"a": 1}\n]', /comments/, [{ a: 1 }], '[\n\n{"a": 1}\n]'],
    ['a missing brace', '[{"a": «1», {"a": 2}]', /"}" is missing/, [{ a: 2 }], '[{"a": 1}, {"a": 2}]'],
    ['a missing brace and comma', '[{"a": «1»\n{"a": 2}]', /"}" is missing/, [{ a: 2 }], '[{"a": 1}\n{"a": 2}]'],
    [
      'missing brackets in a pretty-printed list',
      '[\n  {\n    "m": [{"b": 1«}»,\n  {\n    "m": []\n  }\n]',
      /"]" is missing/,
      [{ m: [] }],
      '[\n  {\n    "m": [{"b": 1}]},\n  {\n    "m": []\n  }\n]',
    ],
    ['an unclosed quote', '[\n{"a": «"x}»,\n{"a": "y"},\n{"a": "z"}\n]', /no closing double quote/, [{ a: 'y' }, { a: 'z' }]],
    ['a brace too many', '[{"a": 1}«}», {"a": 2}]', /closes nothing/, [{ a: 1 }, { a: 2 }], '[{"a": 1}, {"a": 2}]'],
    ['garbage', '[{"a": 1}, «foo», {"a": 2}]', /foo is not a JSON value/, [{ a: 1 }, { a: 2 }]],
    ['an element that ends with the list', '[{"a": «1»]', /"}" is missing/, [], '[{"a": 1}]'],
  ];
  for (const [title, source, words, values, mended] of faults) {
    it(`reports ${title} and reads the rest`, () => {
      const { text, ranges } = readMarks(source);
      const { problems, rows } = read(text);
      const [problem = assert.fail()] = sorted(problems);
      assert.equal(problem.code, 'invalid-json');
      assert.match(problem.message, words);
      assert.deepEqual([rangeOf(problem)], ranges);
      assert.deepEqual(
        rows.map(({ value }) => value),
        values,
      );
      const [fix] = problem.fixes ?? [];
      assert.equal(fix && applyEdits(text, fix.edits), mended);
    });
  }

  it('does not take a comment for nothing that swallows a row', () => {
    const { problems } = read('[{"a": 1}, // {"a": 2}]');
    const fixes = problems.flatMap((problem) => problem.fixes ?? []);
    assert.ok(fixes.every(({ isSafe }) => !isSafe));
  });

  it('finds keys that stand twice', () => {
    const { text, ranges } = readMarks('[{"a": 1},\n {«"a"»: 1,\n  "a": 2}]');
    assert.deepEqual(read(text).problems.map(rangeOf), ranges);
  });

  for (const [title, text, words] of [
    [
      'an object with the rows under a key',
      '{"version": 1, "data": [\n{"text": "a"}]}',
      /list under "data": save that list alone/,
    ],
    ['JSON Lines', '{"messages": [{"a": 1}]}\n{"messages": []}\n', /JSON Lines: name it \.jsonl, or set data\.format/],
    ['one object', '{\n  "text": "a"\n}', /holds one object\. A \.json file/],
    ['something else', 'text,label\n', /does not begin with "\["/],
  ] as const) {
    it(`says what to do about ${title}`, () => {
      const { rows, problems } = read(text);
      assert.deepEqual(
        [rows, problems.map(({ code, severity, line, column }) => [code, severity, line, column])],
        [[], [['unknown-format', 'error', 1, 1]]],
      );
      assert.match(problems[0]?.message ?? '', words);
    });
  }

  it('says so once, whatever the number of blocks', () => {
    const parser = openText(openJsonArray, '{"a": 1}\n'.repeat(10));
    const text = '{"a": 1}\n{"a": 1}';
    assert.equal(parser.findCut(text, { isFirst: false, isLast: false }), 9);
    assert.deepEqual(parser.parse(text, { isFirst: false, isLast: true }), { rows: [], problems: [] });
  });

  it('cuts a long list behind any whole element, without looking at what follows', () => {
    const parser = openText(openJsonArray, '[');
    const place = { isFirst: true, isLast: false };
    assert.equal(parser.findCut('[{"a": 1}, {"a": 2}, {"a"', place), '[{"a": 1}, {"a": 2}'.length);
    assert.equal(parser.findCut('[{"a": 1}', place), 0, 'the comma behind the first element goes with it');
    assert.equal(parser.findCut('[{"a": 1}, {"a": 2}', place), '[{"a": 1}, {"a": 2}'.length);
    assert.equal(parser.findCut('[{"a": {"b": 1}', place), 0);
    assert.equal(parser.findCut('[{"a": "}"', place), 0);
    assert.equal(parser.findCut(',\n{"a": 1}\n', { isFirst: false, isLast: false }), ',\n{"a": 1}'.length);
  });

  for (const [title, broken, looksAt] of [
    ['a brace', '{"a": 1', 5000],
    ['two brackets, which is only sure a megabyte later', '{"a": [1', 1_100_000],
  ] as const) {
    it(`goes on behind an element without ${title}, and does not read the file to its end`, () => {
      const text = `[\n${broken}${',\n{"a": 1}'.repeat(150_000)}\n]`;
      const { rows, problems } = read(text);
      assert.deepEqual([rows.length, problems.map(({ code, line }) => [code, line])], [150_000, [['invalid-json', 2]]]);
      const parser = openText(openJsonArray, text);
      assert.ok(parser.findCut(text.slice(0, looksAt), { isFirst: true, isLast: false }) > looksAt - 20);
      assert.ok(parser.findCut(text.slice(0, looksAt / 2), { isFirst: true, isLast: false }) <= looksAt / 2);
    });
  }

  for (const [title, text, left] of [
    ['the first', '[{"a": 1}, {"a": 2}]', '[{"a": 2}]'],
    ['the only one', '[ {"a": 1} ]', '[  ]'],
  ] as const) {
    it(`removes ${title}`, () => {
      const { rows, parser } = read(text);
      const range = parser.rangeToRemove(rows[0] ?? assert.fail()) ?? assert.fail();
      assert.equal(applyEdits(text, [{ ...range, text: '' }]), left);
    });
  }

  it('removes one without a comma in front of it, and leaves the one behind', () => {
    const text = '[{"a": 1} {"a": 2}, {"a": 3}]';
    const { rows, parser } = read(text);
    const range = parser.rangeToRemove(rows[1] ?? assert.fail()) ?? assert.fail();
    assert.equal(applyEdits(text, [{ ...range, text: '' }]), '[{"a": 1} , {"a": 3}]');
  });

  it('removes a later one with the comma in front of it', () => {
    const text = '[\n  {"a": 1},\n  {"a": 2}\n]';
    const { rows, parser } = read(text);
    assert.equal(textIn(text, parser.rangeToRemove(rows[1] ?? assert.fail()) ?? assert.fail()), ',\n  {"a": 2}');
  });

  describe('with hostile lists', () => {
    it('reads an element nested a hundred thousand deep', () => {
      const nested = `[{"a": ${'['.repeat(100_000)}${']'.repeat(100_000)}}]`;
      const { rows, problems } = read(nested);
      assert.deepEqual([rows.length, problems], [1, []]);
      assert.equal(rows[0]?.rangeAt(['a']).endColumn, 200_008);
    });

    it('names the fault of a hundred thousand open brackets, of either kind', () => {
      for (const text of ['['.repeat(100_000), '[{"a":'.repeat(50_000), `[${'{'.repeat(100_000)}`])
        assert.ok(read(text).problems.every(({ code }) => code === 'invalid-json'));
    });

    it('reads an element of ten million characters, and goes on behind a broken one', () => {
      const long = 'x: \\" '.repeat(1_700_000);
      const { rows, problems } = read(`[{"a": "${long}"},\n{"a": "${long}}\n,{"a": "${long}"}]`);
      assert.deepEqual([rows.length, problems.map(({ code }) => code)], [2, ['invalid-json']]);
    });

    it('takes linear time over many broken elements', () => {
      const startMs = performance.now();
      for (const element of ['{"a": 1,\n', '{"a": [\n', '{"a": "x\n', '}', '"x', ']', '{"a": [{"b": 1}\n'])
        assert.ok(read(`[${element.repeat(5_000)}`).problems.length > 0);
      assert.ok(performance.now() - startMs < 20_000);
    });
  });
});
