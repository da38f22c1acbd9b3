import assert from 'node:assert/strict';
import { applyEdits, applyReplacements, pickFixes } from '../../../dataset/fixes/apply-edits';
import { createRandom } from '../../../dataset/seeded-random';
import type { Fix, TextEdit } from '../../../protocol';

const edit = (line: number, column: number, endLine: number, endColumn: number, text = ''): TextEdit => ({
  ...{ line, column, endLine, endColumn },
  text,
});
const fixOf = (title: string, ...edits: TextEdit[]): { fix: Fix } => ({ fix: { title, isSafe: true, edits } });

describe('applying edits', () => {
  const cases: { name: string; text: string; edits: TextEdit[]; result: string }[] = [
    { name: 'none', text: 'ab', edits: [], result: 'ab' },
    { name: 'in the middle of a line', text: 'one two', edits: [edit(1, 5, 1, 8, 'ten')], result: 'one ten' },
    { name: 'an insertion at the end', text: 'one\n', edits: [edit(2, 1, 2, 1, 'two')], result: 'one\ntwo' },
    { name: 'a line with its line end', text: 'a\r\nb\r\nc', edits: [edit(2, 1, 3, 1)], result: 'a\r\nc' },
    { name: 'over a lone carriage return', text: 'a\rb\rc', edits: [edit(2, 1, 3, 1)], result: 'a\rc' },
    { name: 'given backwards', text: 'abc', edits: [edit(1, 3, 1, 4, 'C'), edit(1, 1, 1, 2, 'A')], result: 'AbC' },
    { name: 'that touch', text: 'abc', edits: [edit(1, 1, 1, 2, 'A'), edit(1, 2, 1, 3, 'B')], result: 'ABc' },
    { name: 'behind a replaced part', text: 'abc', edits: [edit(1, 1, 1, 2, 'A'), edit(1, 2, 1, 2, '-')], result: 'A-bc' },
    { name: 'around a character of two units', text: 'x😀y', edits: [edit(1, 2, 1, 4, '!')], result: 'x!y' },
  ];
  for (const { name, text, edits, result } of cases) it(name, () => assert.equal(applyEdits(text, edits), result));

  const wrong: { name: string; edits: TextEdit[] }[] = [
    { name: 'behind the last line', edits: [edit(4, 1, 4, 1)] },
    { name: 'behind the end of its line', edits: [edit(1, 1, 1, 5)] },
    { name: 'before the first column', edits: [edit(1, 0, 1, 1)] },
    { name: 'before the first line', edits: [edit(0, 1, 1, 1)] },
    { name: 'that ends before it begins', edits: [edit(2, 2, 1, 1)] },
    { name: 'in the middle of a character', edits: [edit(3, 2, 3, 2)] },
    { name: 'that overlaps another', edits: [edit(1, 1, 1, 3), edit(1, 2, 1, 4)] },
    { name: 'that another lies in', edits: [edit(1, 2, 1, 2), edit(1, 1, 1, 4)] },
    { name: 'that begins where another does', edits: [edit(1, 1, 1, 1, 'a'), edit(1, 1, 1, 1, 'b')] },
  ];
  for (const { name, edits } of wrong)
    it(`refuses an edit ${name}`, () => assert.throws(() => applyEdits('abc\ndef\n😀', edits), RangeError));

  it('does what splicing from the back does, at random', () => {
    const random = createRandom(6);
    for (let round = 0; round < 300; round++) {
      const text = Array.from({ length: random.integer(40) }, () => 'ab\n\r'.charAt(random.integer(4))).join('');
      const cuts = [...new Set(Array.from({ length: 6 }, () => random.integer(text.length + 1)))].sort((a, b) => a - b);
      const pairs = cuts.flatMap((start, index) =>
        index % 2 === 0 && cuts[index + 1] ? [[start, cuts[index + 1] ?? 0] as const] : [],
      );
      const edits = pairs.map(([start, end]) => editBetween(text, start, end));
      let expected = text;
      for (const [start, end] of pairs.toReversed()) expected = `${expected.slice(0, start)}X${expected.slice(end)}`;
      assert.equal(applyEdits(text, random.shuffle(edits)), expected, JSON.stringify({ text, pairs }));
    }
  });
});

/** By splitting, which is slow and plain. */
function placeOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  const isInPair = before.endsWith('\r') && text[offset] === '\n'; // the line goes on behind the pair
  const lines = (isInPair ? before.slice(0, -1) : before).split(/\r\n|\n|\r/);
  return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 + (isInPair ? 1 : 0) };
}

function editBetween(text: string, start: number, end: number): TextEdit {
  const { line: endLine, column: endColumn } = placeOf(text, end);
  return { ...placeOf(text, start), endLine, endColumn, text: 'X' };
}

describe('picking fixes', () => {
  const text = 'one two three\nfour\n';
  const titles = (items: readonly { fix: Fix }[]) => items.map(({ fix }) => fix.title);

  it('takes the first of those that overlap', () => {
    const picked = pickFixes(text, [
      fixOf('a word', edit(1, 5, 1, 8, 'TWO')),
      fixOf('the line', edit(1, 1, 2, 1)),
      fixOf('another word', edit(1, 1, 1, 4, 'ONE')),
    ]);
    assert.deepEqual(titles(picked.taken), ['a word', 'another word']);
    assert.equal(applyReplacements(text, picked.replacements), 'ONE TWO three\nfour\n');
  });

  it('takes a fix as a whole or not at all', () => {
    const picked = pickFixes(text, [
      fixOf('the end', edit(2, 1, 2, 5, '4')),
      fixOf('both ends', edit(1, 1, 1, 4, '1'), edit(2, 3, 2, 5, '')),
      fixOf('the head', edit(1, 2, 1, 3, 'N')),
    ]);
    assert.deepEqual(titles(picked.taken), ['the end', 'the head']);
    assert.equal(applyReplacements(text, picked.replacements), 'oNe two three\n4\n');
  });

  it('is done with 40 MB and 200,000 fixes in seconds', function () {
    this.timeout(20_000);
    const row = `{"text": "${'x'.repeat(180)}", "label": "a"},\n`;
    const rows = 200_000;
    const fixes = Array.from({ length: rows }, (_, index) =>
      fixOf('comma', edit(index + 1, row.length - 1, index + 1, row.length)),
    );
    const started = performance.now();
    const { taken, replacements } = pickFixes(row.repeat(rows), fixes);
    const mended = applyReplacements(row.repeat(rows), replacements);
    assert.deepEqual([taken.length, mended.length], [rows, (row.length - 1) * rows]);
    assert.equal(mended.slice(-14), '"label": "a"}\n');
    const seconds = (performance.now() - started) / 1000;
    assert.ok(seconds < 8, `${seconds.toFixed(1)} s`);
  });
});
