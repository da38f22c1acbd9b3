/** Columns of a Parquet file to rows of plain values, as if they came from JSON. */
import { isUtf8 } from 'node:buffer';
import type { TextRange } from '../../protocol';
import type { SourceRow } from './format';

export interface ColumnPieces {
  readonly name: string;
  /** In their order; together they have as many values as there are rows. */
  readonly pieces: readonly ArrayLike<unknown>[];
}

/** Gives the rows one after the other. */
export interface RowSource {
  next(row: number): SourceRow;
}

export function createRowSource(columns: readonly ColumnPieces[], names: readonly string[]): RowSource {
  const cursors = columns.map(({ name, pieces }) => ({ name, pieces, piece: 0, index: 0 }));
  const nextOf = (cursor: (typeof cursors)[number]): unknown => {
    while (cursor.index >= (cursor.pieces[cursor.piece]?.length ?? Infinity)) {
      cursor.piece++;
      cursor.index = 0;
    }
    return cursor.pieces[cursor.piece]?.[cursor.index++];
  };
  return {
    next: (row) => {
      const fields = cursors.map((cursor) => [cursor.name, toPlain(nextOf(cursor))] as const);
      return new ParquetRow(row, fields.filter(isThere), names);
    },
  };
}

/** Every row has every column, so that what a row does not have is null. */
function isThere([, value]: readonly [string, unknown]): boolean {
  return value !== null && value !== undefined;
}

/** Numbers for big integers (unsafe ones stay unsafe, and are refused as such), text for dates and for bytes that are UTF-8. */
function toPlain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof Uint8Array) return isUtf8(value) ? Buffer.from(value).toString('utf8') : value;
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<unknown>, toPlain); // an array of numbers
  if (Array.isArray(value)) return Array.from(value, (item: unknown) => toPlain(item));
  const fields = Object.entries(value).map(([name, field]) => [name, toPlain(field)] as const);
  return Object.fromEntries(fields.filter(isThere));
}

class ParquetRow implements SourceRow {
  readonly line: number;
  readonly value: Readonly<Record<string, unknown>>;
  private readonly names: readonly string[];

  constructor(line: number, fields: readonly (readonly [string, unknown])[], names: readonly string[]) {
    this.line = line;
    this.value = Object.fromEntries(fields);
    this.names = names;
  }

  get endLine(): number {
    return this.line;
  }

  rangeAt([name]: readonly string[]): TextRange {
    const index = name === undefined ? -1 : this.names.indexOf(name);
    const [column, endColumn] = index < 0 ? [1, this.names.length + 1] : [index + 1, index + 2];
    return { line: this.line, column, endLine: this.line, endColumn };
  }

  keyRangeAt(path: readonly string[]): TextRange {
    return this.rangeAt(path);
  }
}
