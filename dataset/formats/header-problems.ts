/** What is wrong with the header of a file of separated cells. */
import type { Problem } from '../../protocol';
import { locateCells, type DelimitedRecord } from './delimited-records';
import type { DelimitedBlock } from './delimited-row';
import type { Span } from './format';

export function headerProblems(source: DelimitedBlock, record: DelimitedRecord): Problem[] {
  const cells = locateCells(source.block.text, record.start, source.head.separator);
  return record.cells.flatMap((name, index) => {
    const cell = cells[index] ?? record;
    if (name === '') return [unnamedColumn(source, index, cell)];
    return record.cells.indexOf(name) < index ? [duplicateColumn(source, name, cell)] : [];
  });
}

function duplicateColumn({ block }: DelimitedBlock, name: string, cell: Span): Problem {
  const message = `The column "${name}" stands in the header twice; only the first is read. Rename or remove this one.`;
  return { ...block.rangeOf(cell), code: 'duplicate-column', severity: 'warning', message };
}

/** Nothing is hard to underline, so the separator in front of it is too. */
function unnamedColumn({ block, head }: DelimitedBlock, index: number, cell: Span): Problem {
  const { rows, isEmpty } = head.emptiness;
  const start = cell.start === cell.end && index > 0 ? cell.start - 1 : cell.start;
  const where = rows === 1 ? 'the first row' : `the first ${rows} rows`;
  const found = isEmpty[index] ? `, and nothing in ${where}. Remove it` : `, but text in ${where}. Give it a name`;
  const message = `Column ${index + 1} has no name${rows === 0 ? '. Remove it' : found}, or leave it: Temper does not read it.`;
  return { ...block.rangeOf({ start, end: cell.end }), code: 'unnamed-column', severity: 'warning', message };
}
