import assert from 'node:assert/strict';
import { findNullCharacters } from '../../../dataset/rules/null-character';
import { drawMarks, findIn, fixedText, withoutMarks } from './text-row';

/** What there is, the text with the first place marked, words of the message, and the text that the fix leaves. */
const wrong: [string, string, RegExp, string][] = [
  ['a NUL', 'my ⟦\0⟧parcel', /a NUL character \(U\+0000\) here\. .*Remove it\./, 'my parcel'],
  ['several of them', 'a⟦\0⟧bcde\0fghi\0', /and 2 more in this text.*Remove them/, 'abcdefghi'],
  ['UTF-16', 'h⟦\0⟧e\0l\0l\0o\0', /Every second character is one: the text was UTF-16/, 'hello'],
  ['a bell', 'ding⟦\x07⟧', /a control character \(U\+0007\)/, 'ding'],
  ['a DEL', 'back⟦\x7f⟧space', /U\+007F/, 'backspace'],
  ['the colours of a terminal', '⟦\x1b[31m⟧red\x1b[0m', /an escape sequence of a terminal here, and 1 more/, 'red'],
  ['an escape alone', 'a⟦\x1b⟧b', /U\+001B/, 'ab'],
];

const right = [
  '',
  'a\tb\nc\r\nd',
  'page one\f page two\v',
  '␀ is a picture of it',
  'U+0000',
  '\\u0000',
  'café\u0085',
  'zero\u200bwidth',
  '😀',
];

describe('null-character', () => {
  for (const [title, marked, message, fixed] of wrong) {
    it(`finds ${title}`, () => {
      const text = withoutMarks(marked);
      const findings = findIn(findNullCharacters, text);
      assert.equal(drawMarks(text, findings), marked);
      assert.match(findings[0]?.message ?? '', message);
      assert.equal(fixedText(findings), fixed);
      assert.deepEqual(findIn(findNullCharacters, fixed), []);
    });
  }

  for (const text of right) it(`accepts ${JSON.stringify(text)}`, () => assert.deepEqual(findIn(findNullCharacters, text), []));

  it('names the text that it is in', () => {
    assert.deepEqual(
      findIn(findNullCharacters, 'a', 'b\0').map(({ code, path }) => [code, path]),
      [['null-character', ['text', '1']]],
    );
  });
});
