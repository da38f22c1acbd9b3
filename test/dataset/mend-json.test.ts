import assert from 'node:assert/strict';
import { findJsonFault } from '../../dataset/json-fault';
import { mendJson } from '../../dataset/mend-json';
import { createRandom } from '../../dataset/seeded-random';

function mend(text: string): string | undefined {
  const found = mendJson(text);
  let shift = 0;
  return found?.edits.reduce((mended, edit) => {
    const start = edit.start + shift;
    shift += edit.text.length - (edit.end - edit.start);
    return mended.slice(0, start) + edit.text + mended.slice(start + edit.end - edit.start);
  }, text);
}

const safe: [string, string, string][] = [
  ['a trailing comma in an object', '{"a": 1, }', '{"a": 1 }'],
  ['a trailing comma in a list', '{"a": [1,]}', '{"a": [1]}'],
  ['trailing commas inside each other', '{"a": [1,],}', '{"a": [1]}'],
  ['single quotes', `{'a': 'b'}`, '{"a": "b"}'],
  ['single quotes round double ones', `{"a": 'say "hi"'}`, '{"a": "say \\"hi\\""}'],
  ['an escaped single quote', `{"a": 'it\\'s'}`, `{"a": "it's"}`],
  ['escapes that both know', `{"a": 'x\\n\\u00e9\\\\'}`, '{"a": "x\\n\\u00e9\\\\"}'],
  ['an escape by two digits', `{"a": 'caf\\xe9'}`, '{"a": "caf\\u00e9"}'],
  ['a tab in single quotes', `{"a": 'x\ty'}`, '{"a": "x\\ty"}'],
  ['typographic quotes', '{“a”: “b”}', '{"a": "b"}'],
  ['single typographic quotes', '{‘a’: 1}', '{"a": 1}'],
  ['bare keys', '{a: 1, b_2: {$c: 2}}', '{"a": 1, "b_2": {"$c": 2}}'],
  ['a number as a key', '{1: "a"}', '{"1": "a"}'],
  ['words of Python', '{"a": True, "b": [False, None]}', '{"a": true, "b": [false, null]}'],
  ['a comment at the end of a line', '{"a": 1, // one\n"b": 2}', '{"a": 1, \n"b": 2}'],
  ['a comment behind a value', '{"a": 1 # one\n}', '{"a": 1 \n}'],
  ['a comment between', '{/* x */"a": /* } */ 1}', '{"a":  1}'],
  ['a comment behind the end', '{"a": 1} // one', '{"a": 1} '],
  ['a comma behind the end', '{"a": 1} ,', '{"a": 1} '],
  ['control characters', '{"a": "x\ty\u0001\u0000"}', '{"a": "x\\ty\\u0001\\u0000"}'],
  ['a backslash in front of an apostrophe', `{"a": "it\\'s"}`, `{"a": "it's"}`],
  ['a no-break space', '{"a":\u00a01}', '{"a": 1}'],
  ['a byte-order mark', '\ufeff{"a": 1}', ' {"a": 1}'],
];

const unsafe: [string, string, string][] = [
  ['a missing comma between properties', '{"a": 1 "b": 2}', '{"a": 1, "b": 2}'],
  ['a missing comma between strings', '["a" "b"]', '["a", "b"]'],
  ['a missing comma between objects', '[{} {}]', '[{}, {}]'],
  ['a missing brace', '{"a": 1', '{"a": 1}'],
  ['several missing brackets', '{"a": [{"b": "c"', '{"a": [{"b": "c"}]}'],
  ['a bracket that must come first', '{"a": [1}', '{"a": [1]}'],
  ['a brace too many', '{"a": 1}}', '{"a": 1}'],
  ['NaN', '{"a": NaN}', '{"a": null}'],
  ['undefined', '{"a": undefined}', '{"a": null}'],
  ['an unknown escape', '{"a": "\\d+"}', '{"a": "\\\\d+"}'],
  ['a broken unicode escape', '{"a": "\\usepackage"}', '{"a": "\\\\usepackage"}'],
];

const hopeless: [string, string][] = [
  ['nothing', ''],
  ['JSON', '{"a": 1}'],
  ['a string without its end', '{"a": "b}'],
  ['an apostrophe in single quotes', `{'a': 'it's'}`],
  ['quotes inside a string', '{"a": "say "hi" now"}'],
  ['strings without a gap', '["a""b"]'],
  ['a bare word', '{"a": spam}'],
  ['infinity', '{"a": -Infinity}'],
  ['a key without a colon', '{"a" 1}'],
  ['a value that is missing', '{"a": }'],
  ['two commas', '[1,, 2]'],
  ['a literal as a key', '{null: 1}'],
  ['escapes that only Python knows', `{"a": '\\N{DASH}'}`],
  ['mixed typographic quotes', '{"a": “b"}'],
  ['a comment that swallows the rest', '{"a": 1, // one "b": 2}'],
  ['a comment that swallows the rest, behind a value', '{"a": 1 // one, "b": 2}'],
  ['a comment that is not closed', '{"a": 1 /* one }'],
  ['text behind the end', '{"a": 1} {"b": 2}'],
  ['a bracket that nothing opened', '{"a": 1]'],
  ['a fault that can be mended in front of one that cannot', '{a: 1, "b": }'],
];

describe('mendJson', function () {
  this.timeout(30_000);

  for (const [table, isSafe] of [
    [safe, true],
    [unsafe, false],
  ] as const) {
    for (const [title, text, mended] of table) {
      it(`mends ${title}, ${isSafe ? 'safely' : 'which is a guess'}`, () => {
        assert.equal(mend(text), mended);
        JSON.parse(mended);
        assert.equal(mendJson(text)?.isSafe, isSafe);
      });
    }
  }

  for (const [title, text] of hopeless) it(`offers nothing for ${title}`, () => assert.equal(mendJson(text), undefined));

  it('does not take a comment away that may have swallowed something, not even by itself', () => {
    assert.equal(findJsonFault('{"a": 1 // one, "b": 2}')?.fix, undefined);
    assert.notEqual(findJsonFault('{"a": 1 // one\n, "b": 2}')?.fix, undefined);
  });

  it('names what it does', () => {
    assert.equal(mendJson('{"a": 1,}')?.title, 'Remove the comma');
    assert.equal(mendJson('[[1,],]')?.title, 'Remove the comma (2 places)');
    assert.equal(mendJson('{a: 1,}')?.title, 'Correct the JSON in 2 places');
  });

  it('makes JSON of whatever it mends, by JSON.parse, and gives the fix of the first fault as findJsonFault does', () => {
    const random = createRandom(5);
    const texts = [...safe, ...unsafe].map(([, text]) => text);
    const alphabet = '{}[],:"\'\\ \n#/ab1“”';
    let count = 0;
    for (let round = 0; round < 20_000; round++) {
      const source = texts[random.integer(texts.length)] ?? '';
      const at = random.integer(source.length + 1);
      const text = source.slice(0, at) + alphabet.charAt(random.integer(alphabet.length)) + source.slice(at + random.integer(2));
      const mended = mend(text);
      if (mended === undefined) continue;
      count++;
      assert.doesNotThrow(() => JSON.parse(mended) as unknown, JSON.stringify({ text, mended }));
      assert.equal(findJsonFault(text)?.fix?.text, mendJson(text)?.edits[0]?.text);
    }
    assert.ok(count > 3000, `${count} texts were mended`);
  });

  it('gives up where there is too much to mend, in little time', () => {
    const startMs = performance.now();
    assert.equal(mendJson(`[${'True,'.repeat(100_000)}1]`), undefined);
    assert.ok(performance.now() - startMs < 5000);
  });
});
