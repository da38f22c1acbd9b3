/** Text of a data file to rows of named values that know where they stand. What the fields mean is decided elsewhere. */
import type { Problem, TextRange } from '../protocol';
import { parseDelimited } from './parse-delimited';
import { parseJsonl } from './parse-jsonl';

export type RowFormat = 'jsonl' | 'csv' | 'tsv';

export interface SourceField {
  readonly value: unknown;
  /** Of the value, with its quotes. Computed when asked for. */
  readonly range: TextRange;
  /** Of what lies within a list or an object, elements by their index; of the whole value in formats that know no insides. */
  rangeAt(path: readonly string[]): TextRange;
}

export interface SourceRow {
  readonly line: number;
  readonly endLine: number;
  readonly fields: ReadonlyMap<string, SourceField>;
  /** Of the whole row without its line end. Computed when asked for. */
  readonly range: TextRange;
}

export interface ParsedRows {
  /** Those that could be read; a row with a problem of its own is not among them. */
  readonly rows: SourceRow[];
  readonly problems: Problem[];
  /** The names in the header, or of all keys in the order in which they appear. */
  readonly columns: string[];
  /** The header, or else the first row: where a fault of the whole file is shown. */
  readonly head: TextRange;
}

export function parseRows(text: string, format: RowFormat): ParsedRows {
  return format === 'jsonl' ? parseJsonl(text) : parseDelimited(text, format === 'csv' ? ',' : '\t');
}

const formats: ReadonlyMap<string, RowFormat> = new Map([
  ['jsonl', 'jsonl'],
  ['ndjson', 'jsonl'],
  ['csv', 'csv'],
  ['tsv', 'tsv'],
]);

/** By the ending of the name. */
export function formatOf(fileName: string): RowFormat | undefined {
  const ending = fileName.slice(fileName.lastIndexOf('.') + 1).toLowerCase();
  return fileName.includes('.') ? formats.get(ending) : undefined;
}
