/**
 * From offsets in a text to lines and columns. A line ends at "\n", "\r\n" or a lone "\r", as in the editor; lines and
 * columns count from 1 in UTF-16 units.
 */
import type { TextRange } from '../protocol';

/** Where a file begins: for what is about all of it. */
export const firstPlace: TextRange = { line: 1, column: 1, endLine: 1, endColumn: 1 };

export interface LineIndex {
  readonly lineCount: number;
  /** The text of a line without its line end. */
  lineText(line: number): string;
  lineAt(offset: number): number;
  /** Of a place that lies in the text. */
  offsetAt(line: number, column: number): number;
  rangeOf(start: number, end: number): TextRange;
}

export function createLineIndex(text: string): LineIndex {
  const starts = collectLineStarts(text);
  const startOf = (line: number) => starts[line - 1] ?? text.length;
  const lineAt = (offset: number) => lastAtOrBefore(starts, offset) + 1;
  const columnAt = (offset: number) => offset - startOf(lineAt(offset)) + 1;
  return {
    lineCount: starts.length,
    lineText: (line) => text.slice(startOf(line), endWithoutBreak(text, startOf(line), startOf(line + 1))),
    lineAt,
    offsetAt: (line, column) => Math.min(startOf(line) + column - 1, text.length),
    rangeOf: (start, end) => ({
      line: lineAt(start),
      column: columnAt(start),
      endLine: lineAt(end),
      endColumn: columnAt(end),
    }),
  };
}

function collectLineStarts(text: string): number[] {
  const starts = [0];
  let carriageReturn = text.indexOf('\r');
  let lineFeed = text.indexOf('\n');
  while (carriageReturn >= 0 || lineFeed >= 0) {
    const isLoneReturn = carriageReturn >= 0 && (lineFeed < 0 || carriageReturn < lineFeed - 1);
    const start = (isLoneReturn ? carriageReturn : lineFeed) + 1;
    starts.push(start);
    if (carriageReturn >= 0 && carriageReturn < start) carriageReturn = text.indexOf('\r', start);
    if (lineFeed >= 0 && lineFeed < start) lineFeed = text.indexOf('\n', start);
  }
  return starts;
}

function endWithoutBreak(text: string, start: number, next: number): number {
  let end = next;
  if (end > start && text[end - 1] === '\n') end--;
  if (end > start && text[end - 1] === '\r') end--;
  return end;
}

/** The index of the last start that is not behind `offset`. */
function lastAtOrBefore(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? Infinity) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}
