/** Rows of separated cells that cannot be read, and what can be done about them. */
import type { Fix, Problem } from '../../protocol';
import { endOfLine } from './block-text';
import { locateCells, quoteCell, type DelimitedRecord, type QuoteFault } from './delimited-records';
import type { DelimitedBlock } from './delimited-row';
import type { Span } from './format';

export function unclosedQuote(source: DelimitedBlock, record: DelimitedRecord, fault: QuoteFault): Problem {
  const { block } = source;
  const { closedAt } = fault;
  const found = closedAt === undefined ? 'is never closed' : 'is closed in the middle of a cell';
  const fix = closedAt === undefined ? undefined : doubleQuotes(source, record);
  return {
    ...block.rangeOf(fault),
    code: 'unclosed-quote',
    severity: 'error',
    message: `The quote opened here ${found}. A double quote inside a quoted cell is written twice ("").`,
    ...(closedAt !== undefined && {
      related: [{ ...block.rangeOf({ start: closedAt, end: closedAt + 1 }), message: 'It is closed here.' }],
    }),
    ...(fix && { fixes: [fix] }),
  };
}

/** If every quote that is not at the edge of its cell belongs to the text, and that gives as many cells as it should. */
function doubleQuotes({ block, head }: DelimitedBlock, { start }: DelimitedRecord): Fix | undefined {
  const cells = splitLine(block.text.slice(start, endOfLine(block.text, start)), head.separator);
  if (cells.length === 0 || cells.length !== head.width) return undefined;
  const edits = [];
  let offset = start;
  for (const cell of cells) {
    const mended = cell.startsWith('"') ? quoteCell(cell.slice(1, -1).replaceAll('""', '"')) : cell;
    if (mended !== cell) edits.push({ ...block.rangeOf({ start: offset, end: offset + cell.length }), text: mended });
    offset += cell.length + 1;
  }
  return { title: 'Double the quotes inside the cell', isSafe: false, edits };
}

/** None when a quote is not closed even so. */
function splitLine(line: string, separator: string): string[] {
  const cells: string[] = [];
  for (let start = 0; start <= line.length;) {
    const end = line[start] === '"' ? endOfQuoted(line, start, separator) : endOfPlain(line, start, separator);
    if (end === undefined) return [];
    cells.push(line.slice(start, end));
    start = end + 1;
  }
  return cells;
}

/** At the first quote in front of a separator. */
function endOfQuoted(line: string, start: number, separator: string): number | undefined {
  const close = line.indexOf(`"${separator}`, start + 1);
  if (close >= 0) return close + 1;
  return line.endsWith('"') && line.length > start + 1 ? line.length : undefined;
}

function endOfPlain(line: string, start: number, separator: string): number {
  const end = line.indexOf(separator, start);
  return end < 0 ? line.length : end;
}

export function raggedRow(source: DelimitedBlock, record: DelimitedRecord): Problem {
  const { block, head } = source;
  const cells = locateCells(block.text, record.start, head.separator);
  const firstExtra = cells[head.width];
  const remedy = firstExtra ? 'A cell that contains the separator stands in double quotes.' : 'Add the missing cells.';
  const found = `${cells.length} ${cells.length === 1 ? 'cell' : 'cells'}`;
  const fix = dropEmptyCells(source, record, cells) ?? quoteSentence(source, cells);
  return {
    ...block.rangeOf({ start: firstExtra?.start ?? record.start, end: record.end }),
    code: 'ragged-row',
    severity: 'error',
    message: `This row has ${found}, ${head.measure} ${head.measure === 'data.columns' ? 'names' : 'has'} ${head.width}. ${remedy}`,
    ...(fix && { fixes: [fix] }),
  };
}

/** Separators at the end of a row, with nothing between them. */
function dropEmptyCells({ block, head }: DelimitedBlock, record: DelimitedRecord, cells: readonly Span[]): Fix | undefined {
  const last = cells[head.width - 1];
  const isEmpty = cells.slice(head.width).every(({ start, end }) => start === end);
  if (last === undefined || cells.length <= head.width || !isEmpty) return undefined;
  const edit = { ...block.rangeOf({ start: last.end, end: record.end }), text: '' };
  return { title: 'Remove the empty cells', isSafe: true, edits: [edit] };
}

/**
 * Cells that begin with a blank go on a sentence, as in `Where is it, please`. When there are as many of them as there are
 * cells too many, and they stand together, they were one cell with the cell in front.
 */
function quoteSentence({ block, head }: DelimitedBlock, cells: readonly Span[]): Fix | undefined {
  const { text } = block;
  const continued = cells.flatMap((cell, index) => (index > 0 && text[cell.start] === ' ' ? [index] : []));
  const [first = 0] = continued;
  const isOneRun = continued.every((index, position) => index === first + position);
  const [from, to] = [cells[first - 1], cells[continued.at(-1) ?? 0]];
  if (!from || !to || !isOneRun || continued.length !== cells.length - head.width) return undefined;
  if (text[from.start] === '"') return undefined;
  const edit = { ...block.rangeOf({ start: from.start, end: to.end }), text: quoteCell(text.slice(from.start, to.end)) };
  return { title: 'Put the text in double quotes', isSafe: false, edits: [edit] };
}
