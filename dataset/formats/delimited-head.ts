/** What the head of a file of separated cells says about all of it: separator, columns, and which of them have a name. */
import { endOfLine } from './block-text';
import { readRecord, readSample, type DelimitedRecord } from './delimited-records';
import { detectHeader } from './detect-header';
import { detectSeparator } from './detect-separator';
import type { FormatSettings } from './format';

export interface Column {
  /** Among the cells of a row. */
  readonly index: number;
  readonly name: string;
}

export interface DelimitedHead {
  readonly separator: string;
  /** `broken`: a quote is not closed in it, so that nothing below has a name. */
  readonly header: 'there' | 'none' | 'broken';
  /** What the rows have as many cells as. */
  readonly measure: 'the header' | 'the first row' | 'data.columns';
  readonly width: number;
  /** Those that are read: each has a name, and no two the same. */
  readonly columns: readonly Column[];
  /** For each column whether all its cells are empty, in so many rows at the head. */
  readonly emptiness: { readonly rows: number; readonly isEmpty: readonly boolean[] };
  readonly reasons: readonly string[];
}

const rowsLookedAt = 1000;

export function readHead(head: string, preferred: string, settings: FormatSettings): DelimitedHead {
  const detected = settings.separator === undefined ? detectSeparator(head, preferred) : undefined;
  const separator = settings.separator ?? detected?.separator ?? preferred;
  const first = readRecord(head, startOfRecords(head), separator);
  const rows = readSample(head, separator, rowsLookedAt).map(({ cells }) => cells);
  const header = first.fault ? { isThere: true, reasons: [] } : findHeader(rows, settings);
  const named = nameColumns(first, header.isThere, settings);
  const filled = (index: number) => rows.slice(1).some((cells) => (cells[index] ?? '') !== '');
  return {
    separator,
    header: first.fault ? 'broken' : header.isThere ? 'there' : 'none',
    ...named,
    emptiness: { rows: Math.max(0, rows.length - 1), isEmpty: first.cells.map((_, index) => !filled(index)) },
    reasons: [detected?.reason ?? `the separator is ${JSON.stringify(separator)}, as data.separator says`, ...header.reasons],
  };
}

/** Behind the empty lines at the head. */
export function startOfRecords(head: string): number {
  let start = 0;
  while (start < head.length && endOfLine(head, start) === start) start++;
  return start;
}

function findHeader(rows: readonly (readonly string[])[], settings: FormatSettings): { isThere: boolean; reasons: string[] } {
  if (settings.hasHeader === undefined) return detectHeader(rows, settings);
  const reason = `the first row is ${settings.hasHeader ? 'the header' : 'data'}, as data.hasHeader says`;
  return { isThere: settings.hasHeader, reasons: [reason] };
}

function nameColumns(first: DelimitedRecord, hasHeader: boolean, { columns }: FormatSettings) {
  if (first.fault) return { measure: 'the header', width: 0, columns: [] } as const;
  if (hasHeader) return { measure: 'the header', width: first.cells.length, columns: usable(first.cells) } as const;
  if (columns) return { measure: 'data.columns', width: columns.length, columns: usable(columns) } as const;
  const numbers = first.cells.map((_, index) => String(index + 1));
  return { measure: 'the first row', width: numbers.length, columns: usable(numbers) } as const;
}

/** The first of each name. */
function usable(names: readonly string[]): Column[] {
  const columns = names.map((name, index) => ({ name, index }));
  return columns.filter(({ name, index }) => name !== '' && names.indexOf(name) === index);
}
