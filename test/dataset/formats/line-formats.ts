/** What the tests of the formats made of lines have in common: reading in blocks must give what reading at once gives. */
import assert from 'node:assert/strict';
import type { BlockParser, SourceRow } from '../../../dataset/formats/format';
import { createRandom, type Random } from '../../../dataset/seeded-random';
import type { TextRange } from '../../../protocol';
import { rangeOf } from '../marked-text';

/** What stands in a range; counts lines in its own way. */
export function textAt(text: string, { line, column, endLine, endColumn }: TextRange): string {
  const starts = [0, ...[...text.matchAll(/\r\n|\r|\n/g)].map((match) => match.index + match[0].length)];
  return text.slice((starts[line - 1] ?? NaN) + column - 1, (starts[endLine - 1] ?? NaN) + endColumn - 1);
}

/** Rows and problems as plain data, as if the block began at `line`. */
function describe(parser: BlockParser, text: string, place: { isFirst: boolean; isLast: boolean }, line: number): unknown[] {
  const { rows, problems } = parser.parse(text, place);
  const shift = (range: TextRange) => ({ ...range, line: range.line + line - 1, endLine: range.endLine + line - 1 });
  return [
    ...rows.map((row: SourceRow) => [row.value, shift(row.rangeAt([]))]),
    ...problems.map((problem) => [problem.code, problem.message, shift(rangeOf(problem))]),
  ];
}

function parseInBlocks(parser: BlockParser, text: string, random: Random): unknown[] {
  const found: unknown[] = [];
  let [start, line] = [0, 1];
  for (let size = 1 + random.integer(30); start < text.length; size += 1 + random.integer(30)) {
    const isLast = start + size >= text.length;
    const block = text.slice(start, start + size);
    const cut = parser.findCut(block, { isFirst: start === 0, isLast });
    assert.ok(cut >= 0 && cut <= block.length);
    if (cut === 0) continue;
    const whole = block.slice(0, cut);
    found.push(...describe(parser, whole, { isFirst: start === 0, isLast: isLast && cut === block.length }, line));
    line += [...whole.matchAll(/\r\n|\r|\n/g)].length;
    start += cut;
    size = 0;
  }
  return found;
}

/** Random texts of `parts`, cut at random places. */
export function checkBlocks(open: (text: string) => BlockParser, parts: readonly string[]): void {
  const random = createRandom(3);
  for (let round = 0; round < 1000; round++) {
    const text = Array.from({ length: random.integer(80) }, () => parts[random.integer(parts.length)]).join('');
    const parser = open(text);
    const sorted = (found: unknown[]) => found.map((item) => JSON.stringify(item)).sort();
    const whole = describe(parser, text, { isFirst: true, isLast: true }, 1);
    assert.deepEqual(sorted(parseInBlocks(parser, text, random)), sorted(whole), JSON.stringify(text));
  }
}

/** Taking a row out leaves the others as they were. */
export function checkRemoval(open: (text: string) => BlockParser, parts: readonly string[]): void {
  const random = createRandom(4);
  const place = { isFirst: true, isLast: true };
  for (let round = 0; round < 500; round++) {
    const text = Array.from({ length: random.integer(40) }, () => parts[random.integer(parts.length)]).join('');
    const parser = open(text);
    const { rows } = parser.parse(text, place);
    const taken = random.integer(rows.length);
    const row = rows[taken];
    if (!row) continue;
    const range = parser.rangeToRemove(row) ?? assert.fail();
    const from = offsetOf(text, range.line, range.column);
    const left = text.slice(0, from) + text.slice(from + textAt(text, range).length);
    assert.deepEqual(
      parser.parse(left, place).rows.map(({ value }) => value),
      rows.filter((_, index) => index !== taken).map(({ value }) => value),
      JSON.stringify({ text, left }),
    );
  }
}

function offsetOf(text: string, line: number, column: number): number {
  const starts = [0, ...[...text.matchAll(/\r\n|\r|\n/g)].map((match) => match.index + match[0].length)];
  return (starts[line - 1] ?? NaN) + column - 1;
}
