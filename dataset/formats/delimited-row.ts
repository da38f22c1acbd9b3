/** A row of separated cells. Where its cells stand is looked up when asked for. */
import type { TextRange } from '../../protocol';
import type { BlockText } from './block-text';
import type { Column, DelimitedHead } from './delimited-head';
import { locateCells, locateWithin, type DelimitedRecord } from './delimited-records';
import type { SourceRow, Span } from './format';

/** The text of a block and how to read it. */
export interface DelimitedBlock {
  readonly block: BlockText;
  readonly head: DelimitedHead;
}

export class DelimitedRow implements SourceRow, Span {
  readonly value: Readonly<Record<string, unknown>>;
  readonly start: number;
  readonly end: number;
  readonly source: DelimitedBlock;

  constructor(source: DelimitedBlock, { start, end, cells }: DelimitedRecord) {
    this.source = source;
    this.start = start;
    this.end = end;
    this.value = nameCells(source.head.columns, cells);
  }

  get line(): number {
    return this.source.block.lines.lineAt(this.start);
  }

  get endLine(): number {
    return this.source.block.lines.lineAt(this.end);
  }

  rangeAt(path: readonly string[], within?: Span): TextRange {
    const { block } = this.source;
    const cell = this.locate(path[0]);
    return block.rangeOf(within && cell !== this ? locateWithin(block.text, cell, within) : cell);
  }

  keyRangeAt(path: readonly string[]): TextRange {
    return this.rangeAt(path);
  }

  private locate(name: string | undefined): Span {
    const { block, head } = this.source;
    const column = head.columns.find((other) => other.name === name);
    return (column && locateCells(block.text, this.start, head.separator)[column.index]) ?? this;
  }
}

function nameCells(columns: readonly Column[], cells: readonly string[]): Record<string, unknown> {
  if (columns.some(({ name }) => name === '__proto__'))
    return Object.fromEntries(columns.map(({ name, index }) => [name, cells[index] ?? ''])); // an assignment would set the prototype
  const value: Record<string, unknown> = {};
  for (const { name, index } of columns) value[name] = cells[index] ?? '';
  return value;
}
