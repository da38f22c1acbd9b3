import assert from 'node:assert/strict';
import { findJsonFault } from '../../dataset/json-fault';
import { createRandom } from '../../dataset/seeded-random';
import { readMarks } from './marked-text';

/** What is wrong, the text with the fault marked, and words that must be in the message. */
const faults: [string, string, RegExp][] = [
  ['a trailing comma in an object', '{"a": 1«,» }', /comma before "}".*Remove/],
  ['a trailing comma in a list', '{"a": [1«,»]}', /comma before "]".*Remove/],
  ['a single-quoted key', `{«'text'»: "a"}`, /double quotes, not in single/],
  ['a single-quoted value', `{"text": «'it, is'», "label": "a"}`, /double quotes, not in single/],
  ['typographic quotes', '{«“text”»: "a"}', /straight double quotes/],
  ['a key without quotes', '{«text»: "a"}', /key text needs double quotes/],
  ['a number as a key', '{«1»: "a"}', /key 1 needs double quotes/],
  ['a string without its end', '{"text": «"abc}', /no closing double quote/],
  ['an unescaped quote', '{"text": "say "«hi»" now"}', /comma is missing.*inside the string/],
  ['a missing comma', '{"a": 1 «"b"»: 2}', /A comma is missing before this\.$/],
  ['a missing comma in front of a bare key', '{"a": 1 «b»: 2}', /A comma is missing before this\.$/],
  ['a missing colon', '{"a" «1»}', /colon is missing after the key "a"/],
  ['a missing value', '{"a": «}»', /value is missing before "}"/],
  ['two commas', '{"a": 1,«,» "b": 2}', /key in double quotes is missing before ","/],
  ['a second object', '{"a": 1} «{"b": 2}»  ', /extra text after the end of the object/],
  ['text after a list', '[1]«]»', /extra text after the end of the list/],
  ['an object that ends too early', '{"a": «1»', /"}" is missing/],
  ['a list that ends too early', '{"a": [1«,»', /"]" is missing/],
  ['the wrong bracket', '{"a": [1«}»', /"]" must come first/],
  ['NaN', '{"a": «NaN»}', /NaN is not JSON/],
  ['negative infinity', '{"a": «-Infinity»}', /-Infinity is not JSON/],
  ["Python's True", '{"a": «True»}', /writes true, not True/],
  ["Python's None", '{"a": «None»}', /writes null, not None/],
  ['undefined', '{"a": «undefined»}', /writes null, not undefined/],
  ['a bare word', '{"label": «spam»}', /spam is not a JSON value/],
  ['a leading zero', '{"a": «012»}', /012 is not a number/],
  ['a number without digits in front', '{"a": «.5»}', /\.5 is not a number/],
  ['a plus sign', '{"a": «+1»}', /\+1 is not a number/],
  ['a comment', '{"a": 1} «// one»', /extra text/],
  ['a comment inside', '{«/* x */» "a": 1}', /no comments/],
  ['a hash comment', '{"a": «# one', /no comments/],
  ['an unknown escape', '{"a": "C:«\\x»"}', /no escape \\x/],
  ['a broken unicode escape', '{"a": "«\\u»12g4"}', /four hexadecimal/],
  ['a tab in a string', '{"a": "x«\t»y"}', /control character.*\\t/],
  ['a no-break space', '{«\u00a0»"a": 1}', /U\+00A0/],
  ['a byte-order mark', '«\ufeff»{"a": 1}', /U\+FEFF/],
  ['a second line in a string', '{"a": «"x»\ny"}', /no closing double quote/],
  ['a fault on the third line', '{\n  "a": 1,\r\n  «b»: 2\n}', /key b needs/],
  ['nothing', '«»', /no value/],
];

/** Nearly one of the above, and valid. */
const valid = [
  '{"a": 1, "b": [1, 2, {}], "c": {}}',
  '{"a": ",}", "b": "]"}',
  `{"a": "it's 'quoted'"}`,
  '{"text": "“curly”"}',
  '{"a": "say \\"hi\\" now"}',
  '{"a": "C:\\\\x"}',
  '{"a": "\\u12F4\\t\\/"}',
  '{"a": -0.5e+10, "b": 0, "c": 1E400}',
  '{"a": "NaN", "NaN": null, "True": true}',
  '{"a": "// no comment"}',
  '{"a": "x\u00a0\u007f\ufeff\u2028y"}',
  ' \t[\r\n]\n',
  '"\ud800"',
];

describe('findJsonFault', function () {
  this.timeout(30_000);

  for (const [title, source, words] of faults) {
    it(`finds ${title}`, () => {
      const { text, ranges } = readMarks(source.includes('»') ? source : `${source}»`);
      const fault = findJsonFault(text) ?? assert.fail('no fault was found');
      assert.match(fault.message, words);
      assert.equal(
        text.slice(0, fault.start) + '«' + text.slice(fault.start, fault.end) + '»' + text.slice(fault.end),
        source.includes('»') ? source : `${source}»`,
      );
      assert.equal(ranges.length, 1);
    });
  }

  for (const text of valid) {
    it(`finds nothing in ${JSON.stringify(text)}`, () => {
      JSON.parse(text);
      assert.equal(findJsonFault(text), undefined);
    });
  }

  it('agrees with JSON.parse on ten thousand texts with a character added, taken or changed', () => {
    const random = createRandom(7);
    const alphabet = '{}[],:"\'\\ntfu0123456789.eE+- \t\r\nabNx\u0000\u00a0é';
    let invalid = 0;
    for (let round = 0; round < 10_000; round++) {
      const text = mutate(valid[random.integer(valid.length)] ?? '', alphabet, (below) => random.integer(below));
      const accepted = isJson(text);
      if (!accepted) invalid++;
      const fault = findJsonFault(text);
      assert.equal(fault === undefined, accepted, JSON.stringify(text));
      if (fault) assert.ok(fault.start >= 0 && fault.start <= fault.end && fault.end <= text.length, JSON.stringify(text));
    }
    assert.ok(invalid > 3000 && invalid < 9900, `${invalid} of the texts were invalid`);
  });

  it('survives a hundred thousand open brackets', () => {
    assert.match(findJsonFault('['.repeat(100_000))?.message ?? '', /not closed/);
    assert.match(findJsonFault('[{"a":'.repeat(50_000))?.message ?? '', /not closed/);
  });
});

function mutate(text: string, alphabet: string, integer: (below: number) => number): string {
  const at = integer(text.length + 1);
  const character = alphabet.charAt(integer(alphabet.length));
  const kept = integer(3);
  return text.slice(0, at) + (kept === 0 ? '' : character) + text.slice(at + (kept === 1 ? 0 : 1));
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
