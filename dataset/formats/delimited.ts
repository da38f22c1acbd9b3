/**
 * CSV and TSV, as RFC 4180 has them. A row that cannot be read is reported and the next line is tried, so that one bad
 * quote does not swallow the file.
 */
import type { Problem, TextRange } from '../../protocol';
import { blankLine } from './blank-line';
import { BlockText, skipLineEnd } from './block-text';
import { readHead, startOfRecords, type DelimitedHead } from './delimited-head';
import { raggedRow, unclosedQuote } from './delimited-problems';
import { findLastRecord, quoteCell, readRecord, type DelimitedRecord } from './delimited-records';
import { DelimitedRow, type DelimitedBlock } from './delimited-row';
import type { BlockParser, BlockPlace, OpenFormat, ParsedBlock, SourceRow } from './format';
import { headerProblems } from './header-problems';

/** `preferred` is the separator that the name of the file speaks for. */
export function openDelimited(preferred: ',' | '\t'): OpenFormat {
  return (head, settings) => createParser(readHead(head, preferred, settings), preferred === ',' ? 'csv' : 'tsv');
}

function createParser(head: DelimitedHead, format: 'csv' | 'tsv'): BlockParser {
  const { separator, columns, reasons, header, width } = head;
  return {
    format,
    columns: columns.map(({ name }) => name),
    key: JSON.stringify([format, separator, header, width, columns]),
    reasons,
    findCut: (text, place) => findCut(head, text, place),
    parse: (text, place) => parse({ block: new BlockText(text), head }, place),
    quote: (text) => (mustQuote(text, head) ? quoteCell(text) : text),
    rangeToRemove,
  };
}

/** The header is in the first block, whatever stands in front of it. */
function findCut({ separator, header }: DelimitedHead, text: string, { isFirst, isLast }: BlockPlace): number {
  if (isLast) return text.length;
  const cut = findLastRecord(text, separator);
  return isFirst && header !== 'none' && cut <= startOfRecords(text) ? 0 : cut;
}

function parse(source: DelimitedBlock, { isFirst }: BlockPlace): ParsedBlock {
  const { block, head } = source;
  const rows: DelimitedRow[] = [];
  const problems: Problem[] = [];
  let unreadRows = 0;
  let isHeader = isFirst && head.header !== 'none';
  for (let offset = 0; offset < block.text.length;) {
    const record = readRecord(block.text, offset, head.separator);
    offset = record.next;
    if (record.start === record.end) problems.push(blankLine(block, record));
    else if (isHeader || head.header !== 'broken') readRow(source, record, { isHeader, rows, problems });
    if (!isHeader && isUnreadable(head, record)) unreadRows++;
    if (record.start < record.end) isHeader = false;
  }
  return { rows, unreadRows, problems };
}

function isUnreadable({ header, width }: DelimitedHead, { start, end, cells, fault }: DelimitedRecord): boolean {
  return start < end && (fault !== undefined || cells.length !== width || header === 'broken');
}

interface Reading {
  readonly isHeader: boolean;
  readonly rows: DelimitedRow[];
  readonly problems: Problem[];
}

function readRow(source: DelimitedBlock, record: DelimitedRecord, { isHeader, rows, problems }: Reading): void {
  if (record.fault) problems.push(unclosedQuote(source, record, record.fault));
  else if (isHeader) problems.push(...headerProblems(source, record));
  else if (record.cells.length !== source.head.width) problems.push(raggedRow(source, record));
  else rows.push(new DelimitedRow(source, record));
}

/** In a file of one column, nothing at all would be an empty line. */
function mustQuote(text: string, { separator, width }: DelimitedHead): boolean {
  return text === '' ? width < 2 : text.includes(separator) || /["\r\n]/.test(text);
}

function rangeToRemove(row: SourceRow): TextRange | undefined {
  if (!(row instanceof DelimitedRow)) return undefined;
  const { block } = row.source;
  return block.rangeOf({ start: row.start, end: skipLineEnd(block.text, row.end) });
}
