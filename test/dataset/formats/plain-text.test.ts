import assert from 'node:assert/strict';
import { openPlainText } from '../../../dataset/formats/plain-text';
import { checkBlocks, checkRemoval, textAt } from './line-formats';

const place = { isFirst: true, isLast: true };
const open = () => openPlainText('', { textColumn: 'text' });

describe('openPlainText', function () {
  this.timeout(30_000);

  it('makes a row of every line that is not blank', () => {
    const { rows, problems } = open().parse('one\r\n\n  \t\n two \rthree', place);
    assert.deepEqual(
      rows.map(({ line, value }) => [line, value]),
      [
        [1, { text: 'one' }],
        [4, { text: ' two ' }],
        [5, { text: 'three' }],
      ],
    );
    assert.deepEqual(problems, []);
  });

  it('has no row in an empty text', () => assert.deepEqual(open().parse('', place), { rows: [], problems: [] }));

  it('names the field as the config does, whatever the name', () => {
    const [row] = openPlainText('', { textColumn: '__proto__' }).parse('a', place).rows;
    assert.deepEqual(Object.entries(row?.value ?? {}), [['__proto__', 'a']]);
  });

  it('finds the line, a part of its text, and the line again where there is no such field', () => {
    const text = 'a\n😀 bc d\n';
    const [, row] = open().parse(text, place).rows;
    const at = (path: string[], within?: { start: number; end: number }) =>
      textAt(text, row?.rangeAt(path, within) ?? assert.fail());
    assert.deepEqual(
      [at([]), at(['text']), at(['text'], { start: 3, end: 5 }), at(['x'])],
      ['😀 bc d', '😀 bc d', 'bc', '😀 bc d'],
    );
    assert.deepEqual(row?.keyRangeAt(['text']), row?.rangeAt([]));
  });

  it('cuts behind the last line end that is certain', () => {
    const cut = (text: string, isLast = false) => open().findCut(text, { isFirst: true, isLast });
    assert.deepEqual(
      ['', 'ab', 'a\nb', 'a\r\n', 'a\r', 'a\rb', '\r', 'a\n\r'].map((text) => cut(text)),
      [0, 0, 2, 3, 0, 2, 0, 2],
    );
    assert.equal(cut('a\nb', true), 3);
  });

  it('cannot hold a line end or nothing', () => {
    assert.deepEqual(
      ['a b', 'a\nb', 'a\r', ' ', ''].map((text) => open().quote(text)),
      ['a b', undefined, undefined, undefined, undefined],
    );
  });

  const parts = ['a', 'b ', ' ', '\n', '\r', '\r\n', '\t', 'é', '😀'];
  it('reads the same in blocks', () => checkBlocks(open, parts));
  it('reads the other rows as before when one is taken out', () => checkRemoval(open, parts));
});
