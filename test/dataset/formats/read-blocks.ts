/** Reads a text through a format as a whole, and in blocks cut at random as a stream would. Counts lines in its own way. */
import assert from 'node:assert/strict';
import type { BlockParser, FormatSettings, OpenFormat, SourceRow } from '../../../dataset/formats/format';
import type { Random } from '../../../dataset/seeded-random';
import type { Problem, TextEdit, TextRange } from '../../../protocol';
import { rangeOf } from '../marked-text';

export const settings: FormatSettings = { tokensColumn: 'tokens', tagsColumn: 'tags', textColumn: 'text' };

export interface WholeText {
  readonly parser: BlockParser;
  readonly rows: readonly SourceRow[];
  readonly problems: readonly Problem[];
}

export function openText(open: OpenFormat, text: string, changed: Partial<FormatSettings> = {}): BlockParser {
  return open(text.slice(0, 65_536), { ...settings, ...changed });
}

export function readWhole(open: OpenFormat, text: string, changed: Partial<FormatSettings> = {}): WholeText {
  const parser = openText(open, text, changed);
  return { parser, ...parser.parse(text, { isFirst: true, isLast: true }) };
}

/** In the order of the text. */
export function sorted(problems: readonly Problem[]): Problem[] {
  return [...problems].sort((a, b) => a.line - b.line || a.column - b.column || a.code.localeCompare(b.code));
}

/** What is left of a text when the edits are done. */
export function applyEdits(text: string, edits: readonly TextEdit[]): string {
  const offsets = edits.map((edit) => ({ ...offsetsOf(text, edit), text: edit.text })).sort((a, b) => a.start - b.start);
  let result = '';
  let done = 0;
  for (const { start, end, text: put } of offsets) {
    assert.ok(start >= done && end >= start, 'the edits overlap');
    result += text.slice(done, start) + put;
    done = end;
  }
  return result + text.slice(done);
}

export function textIn(text: string, range: TextRange): string {
  const { start, end } = offsetsOf(text, range);
  return text.slice(start, end);
}

export function offsetsOf(text: string, range: TextRange): { start: number; end: number } {
  const lines = text.split(/(?<=\r\n|\r(?!\n)|\n)/);
  const offset = (line: number, column: number) => {
    const before = lines.slice(0, line - 1).join('').length;
    assert.ok(line >= 1 && column >= 1 && before + column - 1 <= text.length, `${line}:${column} is not in the text`);
    return before + column - 1;
  };
  return { start: offset(range.line, range.column), end: offset(range.endLine, range.endColumn) };
}

/** All that is to be known about rows and problems, in numbers of the file. */
export interface Facts {
  readonly rows: readonly unknown[];
  readonly problems: readonly Problem[];
}

export function factsOfWhole(open: OpenFormat, text: string): Facts {
  const { rows, problems } = readWhole(open, text);
  return factsOf(rows, problems, { lines: 0, units: 0 });
}

export interface BlockFacts extends Facts {
  readonly blocks: readonly string[];
}

export function factsInBlocks(open: OpenFormat, text: string, random: Random, longest: number): BlockFacts {
  const parser = openText(open, text);
  const blocks = cutAtRandom(parser, text, random, longest);
  assert.equal(blocks.join(''), text);
  let before = '';
  const parts = blocks.map((block, index) => {
    const { rows, problems } = parser.parse(block, { isFirst: index === 0, isLast: index === blocks.length - 1 });
    const lines = before.split(/\r\n|\r|\n/);
    const facts = factsOf(rows, problems, { lines: lines.length - 1, units: (lines.at(-1) ?? '').length });
    before += block;
    return facts;
  });
  return { blocks, rows: parts.flatMap(({ rows }) => rows), problems: sorted(parts.flatMap(({ problems }) => problems)) };
}

function cutAtRandom(parser: BlockParser, text: string, random: Random, longest: number): string[] {
  const blocks: string[] = [];
  let pending = '';
  for (let offset = 0; offset < text.length;) {
    const next = offset + 1 + random.integer(longest);
    pending += text.slice(offset, next);
    offset = next;
    const cut = parser.findCut(pending, { isFirst: blocks.length === 0, isLast: false });
    assert.ok(cut >= 0 && cut <= pending.length);
    if (cut > 0) blocks.push(pending.slice(0, cut));
    pending = pending.slice(cut);
  }
  return [...blocks, pending];
}

interface Origin {
  readonly lines: number;
  readonly units: number;
}

function factsOf(rows: readonly SourceRow[], problems: readonly Problem[], origin: Origin): Facts {
  const described = rows.map((row) => ({
    line: row.line + origin.lines,
    endLine: row.endLine + origin.lines,
    value: row.value,
    range: move(row.rangeAt([]), origin),
    ranges: Object.keys(row.value).map((name) => [move(row.rangeAt([name]), origin), move(row.keyRangeAt([name]), origin)]),
  }));
  return { rows: described, problems: sorted(problems.map((problem) => moveProblem(problem, origin))) };
}

function move(range: TextRange, { lines, units }: Origin): TextRange {
  const { line, column, endLine, endColumn } = rangeOf(range);
  const shift = (at: number) => (at === 1 ? units : 0);
  return {
    line: line + lines,
    column: column + shift(line),
    endLine: endLine + lines,
    endColumn: endColumn + shift(endLine),
  };
}

function moveProblem(problem: Problem, origin: Origin): Problem {
  const { related = [], fixes = [] } = problem;
  return {
    ...problem,
    ...move(problem, origin),
    related: related.map((place) => ({ ...place, ...move(place, origin) })),
    fixes: fixes.map((fix) => ({ ...fix, edits: fix.edits.map((edit) => ({ ...edit, ...move(edit, origin) })) })),
  };
}
