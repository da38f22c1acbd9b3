import assert from 'node:assert/strict';
import { openJsonl } from '../../../dataset/formats/jsonl';
import { rangeOf, readMarks } from '../marked-text';
import { applyEdits, openText, readWhole, sorted, textIn } from './read-blocks';

const read = (text: string) => readWhole(openJsonl, text);
const codesOf = (text: string) => sorted(read(text).problems).map(({ code, severity }) => `${code} ${severity}`);

describe('openJsonl', function () {
  this.timeout(30_000);

  it('reads one object a line and knows the lines', () => {
    const { rows, problems, parser } = read('{"text": "a", "label": "x"}\n{"text": "b", "n": [1]}');
    assert.deepEqual(
      rows.map(({ value, line, endLine }) => [value, line, endLine]),
      [
        [{ text: 'a', label: 'x' }, 1, 1],
        [{ text: 'b', n: [1] }, 2, 2],
      ],
    );
    assert.deepEqual(problems, []);
    assert.deepEqual([parser.format, parser.columns], ['jsonl', undefined]);
  });

  it('passes over empty lines, counts them and reports each, whatever ends a line', () => {
    const { rows, problems } = read('\n{"a": 1}\r\n  \t\r\n\r{"a": 2}\r\r\n{"a": 3}\n\n');
    assert.deepEqual(
      rows.map(({ line, value }) => [line, value['a']]),
      [
        [2, 1],
        [5, 2],
        [7, 3],
      ],
    );
    assert.deepEqual(
      problems.map(({ code, severity, line }) => [code, severity, line]),
      [1, 3, 4, 6, 8].map((line) => ['blank-line', 'warning', line]),
    );
  });

  for (const [title, text, mended] of [
    ['between rows', '{"a": 1}\n\n{"a": 2}\n', '{"a": 1}\n{"a": 2}\n'],
    ['with blanks in it', '{"a": 1}\r\n \t\r\n{"a": 2}', '{"a": 1}\r\n{"a": 2}'],
    ['at the head', '\n{"a": 1}\n', '{"a": 1}\n'],
    ['at the end, behind the last line end', '{"a": 1}\n\n', '{"a": 1}\n'],
    ['of blanks, without a line end', '{"a": 1}\n  ', '{"a": 1}\n'],
  ] as const) {
    it(`removes an empty line ${title}`, () => {
      const [problem, ...others] = read(text).problems;
      assert.deepEqual([problem?.code, others], ['blank-line', []]);
      const [fix] = problem?.fixes ?? [];
      assert.equal(fix?.isSafe, true);
      assert.equal(applyEdits(text, fix.edits), mended);
    });
  }

  it('takes the line end of the last line for no empty line', () => {
    for (const text of ['', '{"a": 1}', '{"a": 1}\n', '{"a": 1}\r\n', '{"a": "\\n\\n"}\n']) assert.deepEqual(codesOf(text), []);
  });

  const placed: [string, string, string[]][] = [
    ['a string', '{"a": «"x"», "b": 1}', ['a']],
    ['a string with escapes', '{"b": "\\"a\\": 1", "a" :\t«"\\\\\\","»}', ['a']],
    ['a number', '{"b": 2, "a":«-1.5e3»}', ['a']],
    ['a number in front of a tab', '{"a": «1»\t, "b": 2}', ['a']],
    ['a literal', '  {"a":«true»}', ['a']],
    ['a list', '{"a": «[1, {"b": "]"}]» , "b": 1}', ['a']],
    ['an object', '{"a": «{"a": {"a": "}"}}»}', ['a']],
    ['an empty object', '{"a":«{}»}', ['a']],
    ['a value whose key is escaped', '{"\\u0061": «"x"»}', ['a']],
    ['the last of two keys', '{"a": 1, "a": «2»}', ['a']],
    ['a value behind an emoji', '{"😀": "😀", "a": «"😀"»}', ['a']],
    ['a value of an empty key', '{"": «1»}', ['']],
    ['a value inside', '{"a": [{"b": "x"}, {"b": «"y"»}]}', ['a', '1', 'b']],
    ['the nearest container of a path that is not there', '{"a": [«{"b": "x"}»]}', ['a', '0', 'c', 'd']],
    ['the row, when nothing of a path is there', '«{"a": 1}»', ['x', 'y']],
    ['the row', ' «{"a": 1}»\t', []],
  ];
  for (const [title, source, path] of placed) {
    it(`knows the range of ${title}`, () => {
      const { text, ranges } = readMarks(`{"first": 0}\r\n${source}\r\n`);
      const row = read(text).rows[1] ?? assert.fail();
      assert.deepEqual([row.rangeAt(path)], ranges);
    });
  }

  for (const [title, source, path] of [
    ['a key', '{"b": 1, «"a"»: 2}', ['a']],
    ['an escaped key', '{«"\\u0061"» : 2}', ['a']],
    ['a key inside', '{"a": [{«"b"»: 2}]}', ['a', '0', 'b']],
    ['the value of a list, which has no key', '{"a": [«{"b": 2}»]}', ['a', '0']],
    ['the container of a key that is not there', '{"a": «{"b": 2}»}', ['a', 'c']],
  ] as const) {
    it(`knows where ${title} stands`, () => {
      const { text, ranges } = readMarks(`{}\n${source}`);
      assert.deepEqual([(read(text).rows[1] ?? assert.fail()).keyRangeAt(path)], ranges);
    });
  }

  for (const [title, source, part] of [
    ['plain', '{"a": "say «hi» now"}', 'hi'],
    ['behind escapes', '{"a": "\\n\\t\\"\\\\\\/ «hi»"}', 'hi'],
    ['of escapes', '{"a": "caf«\\u00e9\\n»!"}', 'é\n'],
    ['behind a pair of escaped surrogates', '{"a": "\\ud83d\\ude00«x»"}', 'x'],
    ['that is a pair of escaped surrogates', '{"a": "a«\\uD83D\\uDE00»"}', '😀'],
    ['behind an emoji', '{"a": "😀«x»"}', 'x'],
    ['behind a lone surrogate', '{"a": "\\ud83d«x»"}', 'x'],
  ] as const) {
    it(`knows the range of a part of a string: ${title}`, () => {
      const { text, ranges } = readMarks(source);
      const row = read(text).rows[0] ?? assert.fail();
      const start = String(row.value['a']).indexOf(part);
      assert.ok(start >= 0);
      assert.deepEqual([row.rangeAt(['a'], { start, end: start + part.length })], ranges);
    });
  }

  it('cuts a part off where the string ends, and knows no parts of other values', () => {
    const row = read('{"a": "xyz", "b": [1]}').rows[0] ?? assert.fail();
    assert.deepEqual(row.rangeAt(['a'], { start: 1, end: 99 }), { line: 1, column: 9, endLine: 1, endColumn: 11 });
    assert.deepEqual(row.rangeAt(['b'], { start: 1, end: 2 }), row.rangeAt(['b']));
  });

  it('reports every bad line at its fault and keeps the good ones', () => {
    const { text, ranges } = readMarks('{"a": 1«,»}\n{"a": 2}\r\n{«a»: 3}\n{"a": «"4}»\r\n{"a": 5} «x»\n');
    const { rows, problems } = read(text);
    assert.deepEqual(
      rows.map(({ value }) => value),
      [{ a: 2 }],
    );
    assert.deepEqual(problems.map(rangeOf), ranges);
    assert.deepEqual(new Set(problems.map(({ code }) => code)), new Set(['invalid-json']));
  });

  for (const [found, value] of [
    ['a list', '[1, 2]'],
    ['a string', '"x"'],
    ['a number', '3'],
    ['null', 'null'],
  ] as const) {
    it(`refuses a line that holds ${found}`, () => {
      const { text, ranges } = readMarks(` «${value}» \n{"a": 1}`);
      const { problems, rows } = read(text);
      assert.deepEqual(problems.map(rangeOf), ranges);
      assert.deepEqual(codesOf(text), ['not-an-object error']);
      assert.match(problems[0]?.message ?? '', new RegExp(`This line holds ${found}\\.`));
      assert.equal(rows.length, 1);
    });
  }

  it('takes only the blanks of JSON for blanks, but an empty line is one of any', () => {
    const { text, ranges } = readMarks('«\ufeff»{"a": 1}\n{"a": 2}«\u00a0»\n\t {"a": 3}\t\n«\u00a0»\n');
    assert.deepEqual(read(text).problems.map(rangeOf), ranges);
    assert.deepEqual(codesOf(text), ['invalid-json error', 'invalid-json error', 'blank-line warning']);
  });

  it('keeps keys called __proto__ and constructor as fields like any other', () => {
    const [row] = read('{"__proto__": {"x": 1}, "constructor": 2}').rows;
    assert.deepEqual(Object.keys(row?.value ?? {}), ['__proto__', 'constructor']);
    assert.equal(Object.getPrototypeOf(row?.value), Object.prototype);
    assert.deepEqual(row?.rangeAt(['__proto__', 'x']), { line: 1, column: 21, endLine: 1, endColumn: 22 });
  });

  describe('with hostile rows', () => {
    it('finds the range of a value nested a hundred thousand deep', () => {
      const nested = '['.repeat(100_000) + ']'.repeat(100_000);
      const row = read(`{"a": ${nested}}`).rows[0] ?? assert.fail();
      assert.deepEqual(row.rangeAt(['a']), { line: 1, column: 7, endLine: 1, endColumn: 200_007 });
    });

    it('names the fault of a hundred thousand open brackets', () => {
      const { problems } = read('{"a":'.repeat(100_000));
      assert.deepEqual(
        problems.map(({ code }) => code),
        ['invalid-json'],
      );
    });

    it('reads a line of ten million characters, and finds the fault at the end of another', () => {
      const long = 'x: "'.replace('"', '\\"').repeat(2_000_000);
      const { text, ranges } = readMarks(`{"a": "${long}"}\n{"a": "${long}"«,»}\n`);
      const { rows, problems } = read(text);
      assert.deepEqual([rows.length, problems.map(rangeOf)], [1, ranges]);
    });

    it('keeps lone surrogates', () => {
      assert.deepEqual(
        read('{"a": "\ud800"}\n{"a": "\\ud800"}').rows.map(({ value }) => value['a']),
        ['\ud800', '\ud800'],
      );
    });

    it('reads thirty thousand broken lines in linear time', () => {
      const startMs = performance.now();
      for (const line of [
        '{"a": 1,}',
        "{'a': 'b', 'c': True}",
        '{"a": 1} {"b": 2}',
        '{"a": "\t\t\t"}',
        '{"a": {"b": 1, "b": 2}}',
      ])
        assert.equal(read(`${line}\n`.repeat(6000)).problems.length, 6000);
      assert.ok(performance.now() - startMs < 10_000);
    });
  });

  /** The line, and what the fix makes of it; nothing where there must be no fix. */
  const mended: [string, string, string | undefined, boolean?][] = [
    ['a comma behind the object', '{"a": 1},\n', '{"a": 1}\n', true],
    ['a line that is a comment', '# rows\n{"a": 1}\n', '{"a": 1}\n', true],
    ['a comment behind the object', '{"a": 1} // one\n', '{"a": 1} \n', true],
    ['two objects', '{"a": 1} {"a": "}{"}\n', '{"a": 1}\n{"a": "}{"}\n', false],
    ['three objects with commas', '{"a": 1},{"a": 2}, {"a": 3}', '{"a": 1}\n{"a": 2}\n{"a": 3}', false],
    ['a dictionary of Python', "{'a': 'it', 'b': [True, None]}\n", '{"a": "it", "b": [true, null]}\n', true],
    ['two objects and a comma', '{"a": 1} {"a": 2},\n', '{"a": 1}\n{"a": 2},\n', false],
    ['two objects, one of which is broken', '{"a": 1} {"a": }\n', undefined],
    ['text behind the object', '{"a": 1} x\n', undefined],
    ['a string without its end', '{"a": "x}\n', undefined],
  ];
  for (const [title, text, expected, isSafe] of mended) {
    it(`${expected === undefined ? 'offers nothing for' : 'mends'} ${title}`, () => {
      const [problem, ...others] = read(text).problems;
      assert.deepEqual([problem?.code, others], ['invalid-json', []]);
      const [fix] = problem?.fixes ?? [];
      assert.equal(fix && applyEdits(text, fix.edits), expected);
      assert.equal(fix?.isSafe, isSafe);
    });
  }

  describe('duplicate-key', () => {
    /** The passed-over keys are marked; then what all fixes make of it, and whether they are safe. */
    const doubled: [string, string, string, boolean][] = [
      ['a key that stands twice', '{«"a"»: 1, "a": 2}', '{"a": 2}', false],
      ['the same value twice', '{«"a"»: "x", "b": 1, "a": "x"}', '{"b": 1, "a": "x"}', true],
      ['a key that stands three times', '{«"a"»: 1, «"a"»: 1, "a": 1}', '{"a": 1}', true],
      ['a key inside', '{"m": [{"b": {«"c"»: [1], "c" : [2]}}]}', '{"m": [{"b": {"c" : [2]}}]}', false],
      ['a key that is escaped once', '{«"\\u0061"»:1,"a":1}', '{"a":1}', true],
      ['the outer one where both are doubled', '{«"a"»: {"b": 1, "b": 1}, "a": 2}', '{"a": 2}', false],
      ['a key called __proto__', '{«"__proto__"»: 1, "__proto__": 2}', '{"__proto__": 2}', false],
    ];
    for (const [title, source, expected, isSafe] of doubled) {
      it(`finds ${title}`, () => {
        const { text, ranges } = readMarks(source);
        const { problems, rows } = read(text);
        assert.deepEqual(problems.map(rangeOf), ranges);
        assert.deepEqual(new Set(codesOf(text)), new Set(['duplicate-key warning']));
        const fixes = problems.flatMap((problem) => problem.fixes ?? []);
        assert.ok(fixes.every((fix) => fix.isSafe === isSafe));
        const left = applyEdits(
          text,
          fixes.flatMap(({ edits }) => edits),
        );
        assert.equal(left, expected);
        assert.deepEqual(read(left).rows[0]?.value, rows[0]?.value);
        assert.ok(problems.every(({ related = [] }) => related[0] && textIn(text, related[0]).startsWith('"')));
      });
    }

    for (const [title, text] of [
      ['colons in a text', '{"a": "b: c, d: e", "f": ":::"}'],
      ['what looks like a key in a text', '{"a": "{\\"a\\": 1}", "b": "\\\\"}'],
      ['one key in two objects', '{"a": {"a": {"a": [{"a": 1}, {"a": 2}]}}}'],
      ['keys that differ in case', '{"a": 1, "A": 2}'],
      ['a value that is a key elsewhere', '{"a": "b", "b": "a"}'],
      ['numbers as keys', '{"1": {"2": "3"}, "2": "10:30"}'],
    ] as const) {
      it(`finds nothing in ${title}`, () => assert.deepEqual(codesOf(text), []));
    }
  });

  it('writes a value as JSON', () => {
    const parser = openText(openJsonl, '');
    assert.equal(parser.quote('say "hi"\n'), '"say \\"hi\\"\\n"');
  });
});
