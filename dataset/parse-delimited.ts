/**
 * CSV and TSV with a header row, as RFC 4180 has them. Every cell knows its range; a row that cannot be read is
 * reported and the next line is tried, so that one bad quote does not swallow the file.
 */
import type { Problem, TextRange } from '../protocol';
import { readRecord, type Cell, type CellRecord, type QuoteFault } from './delimited-records';
import type { ParsedRows, SourceField, SourceRow } from './parse-rows';
import { createLineIndex, type LineIndex } from './text-position';

export function parseDelimited(text: string, delimiter: ',' | '\t'): ParsedRows {
  const lines = createLineIndex(text);
  const problems: Problem[] = [];
  const rows: SourceRow[] = [];
  let header: CellRecord | undefined;
  for (let offset = 0; offset < text.length;) {
    const record = readRecord(text, offset, delimiter);
    offset = record.next;
    if (isBlank(record)) continue;
    if (record.fault) problems.push(unclosedQuote(record.fault, lines));
    if (record.fault && !header) break; // without names the rest cannot be read
    if (record.fault) continue;
    if (!header) header = record;
    else if (record.cells.length !== header.cells.length) problems.push(raggedRow(record, header, lines));
    else rows.push(new DelimitedRow(record, header, lines));
  }
  if (header) problems.push(...collectDuplicates(header, lines));
  const head = header ? lines.rangeOf(header.start, header.end) : lines.rangeOf(0, 0);
  return { rows, problems, columns: header?.cells.map((cell) => cell.value) ?? [], head };
}

class DelimitedRow implements SourceRow {
  readonly fields: ReadonlyMap<string, SourceField>;
  private readonly record: CellRecord;
  private readonly lines: LineIndex;

  constructor(record: CellRecord, header: CellRecord, lines: LineIndex) {
    this.record = record;
    this.lines = lines;
    const fields = new Map<string, SourceField>();
    for (const [index, cell] of record.cells.entries()) {
      const name = header.cells[index]?.value ?? '';
      if (name !== '' && !fields.has(name)) fields.set(name, new DelimitedField(cell, lines));
    }
    this.fields = fields;
  }

  get line(): number {
    return this.lines.lineAt(this.record.start);
  }

  get endLine(): number {
    return this.lines.lineAt(this.record.end);
  }

  get range(): TextRange {
    return this.lines.rangeOf(this.record.start, this.record.end);
  }
}

class DelimitedField implements SourceField {
  readonly value: string;
  private readonly cell: Cell;
  private readonly lines: LineIndex;

  constructor(cell: Cell, lines: LineIndex) {
    this.value = cell.value;
    this.cell = cell;
    this.lines = lines;
  }

  get range(): TextRange {
    return this.lines.rangeOf(this.cell.start, this.cell.end);
  }

  rangeAt(): TextRange {
    return this.range;
  }
}

function isBlank(record: CellRecord): boolean {
  return record.start === record.end;
}

function unclosedQuote(fault: QuoteFault, lines: LineIndex): Problem {
  const range = lines.rangeOf(fault.start, fault.end);
  return { ...range, code: 'unclosed-quote', severity: 'error', message: describeQuote(fault, lines) };
}

function describeQuote({ closedAt }: QuoteFault, lines: LineIndex): string {
  const remedy = 'A double quote inside a quoted cell is written twice ("").';
  if (closedAt === undefined) return `The quote opened here is never closed. ${remedy}`;
  const { line, column } = lines.rangeOf(closedAt, closedAt);
  return `The quote opened here is closed in the middle of a cell (line ${line}, column ${column}). ${remedy}`;
}

function raggedRow(record: CellRecord, header: CellRecord, lines: LineIndex): Problem {
  const [found, wanted] = [record.cells.length, header.cells.length];
  const firstExtra = record.cells[wanted];
  const remedy = firstExtra ? 'A cell that contains the separator stands in double quotes.' : 'Add the missing cells.';
  return {
    ...lines.rangeOf(firstExtra?.start ?? record.start, record.end),
    code: 'ragged-row',
    severity: 'error',
    message: `This row has ${found} ${found === 1 ? 'cell' : 'cells'}, the header has ${wanted}. ${remedy}`,
  };
}

function collectDuplicates(header: CellRecord, lines: LineIndex): Problem[] {
  const isRepeated = (cell: Cell, index: number) =>
    cell.value !== '' && header.cells.findIndex((other) => other.value === cell.value) < index;
  return header.cells.filter(isRepeated).map((cell) => ({
    ...lines.rangeOf(cell.start, cell.end),
    code: 'duplicate-column',
    severity: 'warning',
    message: `The column "${cell.value}" stands in the header twice; only the first is read. Rename or remove this one.`,
  }));
}
