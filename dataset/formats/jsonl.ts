/** JSON Lines: one object a line. Lines go through `JSON.parse`; only a line that fails is read again to say where and why. */
import type { Fix, Problem, TextEdit, TextRange } from '../../protocol';
import { BlockText, endOfLine, findLastLine, forEachLine, skipLineEnd } from './block-text';
import { blankLine } from './blank-line';
import type { BlockParser, OpenFormat, ParsedBlock, SourceRow, Span } from './format';
import { readElement, skipBlanks, skipBlanksBack } from './json-elements';
import { JsonRow } from './json-row';
import { invalidJson, readJsonRow, type JsonRows } from './read-json-row';

export const openJsonl: OpenFormat = () => parser;

const parser: BlockParser = {
  format: 'jsonl',
  columns: undefined,
  key: 'jsonl',
  reasons: [],
  findCut: (text, { isLast }) => (isLast ? text.length : findLastLine(text)),
  parse,
  quote: (text) => JSON.stringify(text),
  rangeToRemove,
};

function parse(text: string): ParsedBlock {
  const to: JsonRows = { block: new BlockText(text), rows: [], unreadRows: 0, problems: [] };
  forEachLine(text, (start, end, line) => {
    const span = trim(text, start, end);
    if (span.start === span.end) to.problems.push(blankLine(to.block, { start, end }));
    else if (isCommentLine(text, span)) to.problems.push(commentLine(to.block, { start, end }, span));
    else if (!readJsonRow(to, span, line, { noun: 'line' })) to.problems.push(brokenLine(to.block, span));
  });
  return to;
}

/** Without the blanks that JSON knows; nothing is left of a line of blanks of any kind. */
function trim(text: string, start: number, end: number): Span {
  if (text.charCodeAt(start) === 0x7b && text.charCodeAt(end - 1) === 0x7d) return { start, end }; // most lines
  if (text.slice(start, end).trim() === '') return { start, end: start };
  const first = skipBlanks(text, start);
  return { start: first, end: skipBlanksBack(text, end) };
}

function brokenLine(block: BlockText, span: Span): Problem {
  return invalidJson(block, span, splitLine(block, span));
}

/** Whether it is nothing but a comment: then no row is lost. */
function isCommentLine(text: string, { start }: Span): boolean {
  return text[start] === '#' || (text[start] === '/' && text[start + 1] === '/');
}

function commentLine(block: BlockText, line: Span, span: Span): Problem {
  const range = block.rangeOf({ start: line.start, end: skipLineEnd(block.text, line.end) });
  return invalidJson(block, span, { title: 'Remove the comment', isSafe: true, edits: [{ ...range, text: '' }] });
}

/** Objects one behind the other, each of which is whole. */
function splitLine(block: BlockText, span: Span): Fix | undefined {
  const source = block.text.slice(span.start, span.end);
  const edits: TextEdit[] = [];
  for (let start = 0; ;) {
    const end = readElement(source, start, true)?.end ?? start;
    if (!isObjectText(source.slice(start, end))) return undefined;
    const next = skipBlanks(source, source[skipBlanks(source, end)] === ',' ? skipBlanks(source, end) + 1 : end);
    if (next === source.length) break;
    edits.push({ ...block.rangeOf({ start: span.start + end, end: span.start + next }), text: '\n' });
    start = next;
  }
  return edits.length === 0 ? undefined : { title: 'Put each object on a line of its own', isSafe: false, edits };
}

function isObjectText(text: string): boolean {
  try {
    return text.startsWith('{') && typeof JSON.parse(text) === 'object';
  } catch {
    return false;
  }
}

function rangeToRemove(row: SourceRow): TextRange | undefined {
  if (!(row instanceof JsonRow)) return undefined;
  const { text, lines } = row.block;
  const start = row.start - (lines.rangeOf(row.start, row.start).column - 1);
  const end = endOfLine(text, row.end);
  return row.block.rangeOf({ start, end: skipLineEnd(text, end) });
}
