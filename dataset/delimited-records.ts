/** One record of separated cells with offsets, as RFC 4180 has it; quotes in an unquoted cell are taken as they stand. */
import type { Span } from './json-locate';

export interface Cell extends Span {
  /** Without the quotes around it, and with doubled quotes made one. */
  readonly value: string;
}

export interface QuoteFault extends Span {
  /** The offset of the quote that closes in the middle of a cell; absent when none closes. */
  readonly closedAt?: number;
}

export interface CellRecord extends Span {
  readonly cells: readonly Cell[];
  /** The cell with a quote that is not closed properly, to the end of its first line. */
  readonly fault?: QuoteFault;
  /** Where the next record begins; after a fault that is the line after the one with the opening quote. */
  readonly next: number;
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

export function readRecord(text: string, start: number, delimiter: string): CellRecord {
  const cells: Cell[] = [];
  for (let offset = start; ; offset++) {
    const cell = text[offset] === '"' ? readQuoted(text, offset, delimiter) : readPlain(text, offset, delimiter);
    if (!('value' in cell)) return { start, end: cell.end, cells, fault: cell, next: skipLineEnd(text, cell.end) };
    cells.push(cell);
    offset = cell.end;
    if (text[offset] !== delimiter) return { start, end: offset, cells, next: skipLineEnd(text, offset) };
  }
}

function readPlain(text: string, start: number, delimiter: string): Cell {
  const separator = delimiter.charCodeAt(0);
  let end = start;
  for (; end < text.length; end++) {
    const code = text.charCodeAt(end);
    if (code === separator || code === lineFeed || code === carriageReturn) break;
  }
  return { start, end, value: text.slice(start, end) };
}

function readQuoted(text: string, start: number, delimiter: string): Cell | QuoteFault {
  const close = findClosingQuote(text, start + 1);
  if (close < 0) return { start, end: endOfLine(text, start) };
  const end = close + 1;
  const isClosed = end === text.length || text[end] === delimiter || isLineEnd(text, end);
  if (!isClosed) return { start, end: endOfLine(text, start), closedAt: close };
  return { start, end, value: text.slice(start + 1, close).replaceAll('""', '"') };
}

function findClosingQuote(text: string, start: number): number {
  let close = text.indexOf('"', start);
  while (close >= 0 && text[close + 1] === '"') close = text.indexOf('"', close + 2);
  return close;
}

function endOfLine(text: string, start: number): number {
  let end = start;
  while (end < text.length && !isLineEnd(text, end)) end++;
  return end;
}

function isLineEnd(text: string, offset: number): boolean {
  const code = text.charCodeAt(offset);
  return code === lineFeed || code === carriageReturn;
}

function skipLineEnd(text: string, offset: number): number {
  if (text[offset] === '\r' && text[offset + 1] === '\n') return offset + 2;
  return offset < text.length ? offset + 1 : offset;
}
