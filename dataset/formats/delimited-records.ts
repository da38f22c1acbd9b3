/** One record of separated cells, as RFC 4180 has it; quotes in an unquoted cell are taken as they stand. */
import { endOfLine, skipLineEnd } from './block-text';
import type { Span } from './format';

export interface QuoteFault extends Span {
  /** The offset of the quote that closes in the middle of a cell; absent when none closes. */
  readonly closedAt?: number;
}

export interface DelimitedRecord extends Span {
  /** Without the quotes around them, and with doubled quotes made one. */
  readonly cells: readonly string[];
  /** The cell with a quote that is not closed properly, to the end of its first line. */
  readonly fault?: QuoteFault;
  /** Where the next record begins; after a fault that is the line after the one with the opening quote. */
  readonly next: number;
}

/** A cell of more UTF-16 units has a quote that is never closed, so that one quote cannot make a block of a whole file. */
export const longestCell = 1_048_576;

/** Of the head of a file; a shorter one is the whole file. */
const headUnits = 65_536;
const [lineFeed, carriageReturn, quote] = [0x0a, 0x0d, 0x22];

/** `text` holds the record whole. */
export function readRecord(text: string, start: number, separator: string): DelimitedRecord {
  const cells: string[] = [];
  for (let offset = start; ; offset++) {
    const isQuoted = text.charCodeAt(offset) === quote;
    const close = isQuoted ? findClosingQuote(text, offset) : -1;
    if (isQuoted && !isClosedAt(text, close, separator)) return faultyRecord(text, start, { cells, quoteAt: offset, close });
    const end = isQuoted ? close + 1 : endOfPlain(text, offset, separator);
    cells.push(isQuoted ? unquote(text, offset, end) : text.slice(offset, end));
    offset = end;
    if (text[offset] !== separator) return { start, end: offset, cells, next: skipLineEnd(text, offset) };
  }
}

interface OpenRecord {
  readonly cells: readonly string[];
  readonly quoteAt: number;
  readonly close: number;
}

/** What closes behind the line is none of the fault's: a quote of another row, most likely. */
function faultyRecord(text: string, start: number, { cells, quoteAt, close }: OpenRecord): DelimitedRecord {
  const end = endOfLine(text, quoteAt);
  const isOnLine = close >= 0 && close < end;
  const fault = { start: quoteAt, end, ...(isOnLine && { closedAt: close }) };
  return { start, end, cells, fault, next: skipLineEnd(text, end) };
}

/** The first records of the head of a file that are whole, have no fault and are not empty lines. */
export function readSample(head: string, separator: string, most: number): DelimitedRecord[] {
  const cut = head.length < headUnits ? head.length : findLastRecord(head, separator);
  const records: DelimitedRecord[] = [];
  for (let offset = 0; offset < cut && records.length < most;) {
    const record = readRecord(head, offset, separator);
    offset = record.next;
    if (!record.fault && record.end > record.start) records.push(record);
  }
  return records;
}

/** The cells of a record without fault, with their quotes. */
export function locateCells(text: string, start: number, separator: string): Span[] {
  const cells: Span[] = [];
  for (let offset = start; ; offset++) {
    const isQuoted = text.charCodeAt(offset) === quote;
    const end = isQuoted ? findClosingQuote(text, offset) + 1 : endOfPlain(text, offset, separator);
    cells.push({ start: offset, end });
    offset = end;
    if (text[offset] !== separator) return cells;
  }
}

/** A part of a cell, counted in units of what it says. */
export function locateWithin(text: string, cell: Span, within: Span): Span {
  if (text.charCodeAt(cell.start) !== quote) {
    return { start: Math.min(cell.end, cell.start + within.start), end: Math.min(cell.end, cell.start + within.end) };
  }
  const start = skipUnits(text, cell.start + 1, { units: within.start, end: cell.end - 1 });
  return { start, end: skipUnits(text, start, { units: within.end - within.start, end: cell.end - 1 }) };
}

function skipUnits(text: string, start: number, { units, end }: { units: number; end: number }): number {
  let offset = start;
  for (let unit = 0; unit < units && offset < end; unit++) offset += text.charCodeAt(offset) === quote ? 2 : 1;
  return offset;
}

export function quoteCell(cell: string): string {
  return `"${cell.replaceAll('"', '""')}"`;
}

/**
 * Behind the last line end that ends a record whatever follows. Only quotes at the head of a cell matter, so most of the
 * text is not looked at.
 */
export function findLastRecord(text: string, separator: string): number {
  let cut = 0;
  let free = 0; // behind the last cell in quotes
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', Math.max(free, at + 1))) {
    if (!isHeadOfCell(text, at, separator)) continue;
    cut = Math.max(cut, endOfLastLine(text, { start: free, end: at }));
    const close = findClosingQuote(text, at);
    if (close < 0 && text.length <= at + longestCell) return cut; // it may close yet
    free = isClosedAt(text, close, separator) ? close + 1 : endOfLine(text, at);
  }
  return Math.max(cut, endOfLastLine(text, { start: free, end: text.length }));
}

function isHeadOfCell(text: string, offset: number, separator: string): boolean {
  const before = text.charAt(offset - 1);
  return offset === 0 || before === separator || before === '\n' || before === '\r';
}

/** Behind the last line end in the span, or 0; a "\r" at the end of the text may be half of a "\r\n". */
function endOfLastLine(text: string, { start, end }: Span): number {
  const isHalf = end === text.length && text[end - 1] === '\r';
  const part = text.slice(start, isHalf ? Math.max(start, end - 1) : end); // lastIndexOf of the whole would look through all of it
  const found = Math.max(part.lastIndexOf('\n'), part.lastIndexOf('\r'));
  return found < 0 ? 0 : start + found + 1;
}

/** Whether a cell ends behind the quote at `close`. */
function isClosedAt(text: string, close: number, separator: string): boolean {
  const end = close + 1;
  return close >= 0 && (end === text.length || text[end] === separator || isLineEnd(text, end));
}

/** Of the quote at `start`; -1 when there is none near enough. */
function findClosingQuote(text: string, start: number): number {
  let close = text.indexOf('"', start + 1);
  while (close >= 0 && text.charCodeAt(close + 1) === quote) close = text.indexOf('"', close + 2);
  return close - start > longestCell ? -1 : close;
}

function unquote(text: string, start: number, end: number): string {
  const content = text.slice(start + 1, end - 1);
  return content.includes('"') ? content.replaceAll('""', '"') : content;
}

function endOfPlain(text: string, start: number, separator: string): number {
  const wanted = separator.charCodeAt(0);
  let end = start;
  for (; end < text.length; end++) {
    const code = text.charCodeAt(end);
    if (code === wanted || code === lineFeed || code === carriageReturn) break;
  }
  return end;
}

function isLineEnd(text: string, offset: number): boolean {
  const code = text.charCodeAt(offset);
  return code === lineFeed || code === carriageReturn;
}
