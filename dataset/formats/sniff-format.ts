/** What the first bytes of a file say it is. Only what is plain: nobody wants a guess to be trained on. */
import type { FormatName } from '../../protocol';
import { isRecord } from '../is-record';

export interface Sniffed {
  readonly format: FormatName;
  /** Such as "its first line is a JSON object". */
  readonly reason: string;
  /** More certain than the ending of a name. */
  readonly isCertain: boolean;
}

/** First bytes in latin-1, what they are of, and what to do. */
const foreign: readonly (readonly [string, string])[] = [
  ['\x1f\x8b', 'It is packed with gzip: unpack it first.'],
  ['\x28\xb5\x2f\xfd', 'It is packed with zstd: unpack it first.'],
  ['BZh', 'It is packed with bzip2: unpack it first.'],
  ['\xfd7zXZ\0', 'It is packed with xz: unpack it first.'],
  ['7z\xbc\xaf', 'It is packed with 7-Zip: unpack it first.'],
  ['PK\x03\x04', 'It is a zip archive or a spreadsheet: unpack it, or save it as CSV.'],
  ['\xd0\xcf\x11\xe0', 'It is a spreadsheet or document of old: save it as CSV.'],
  ['ARROW1', 'It is an Arrow file: write it as Parquet.'],
  ['\xff\xff\xff\xff', 'It is an Arrow stream, most likely: write it as Parquet.'],
  ['Obj\x01', 'It is an Avro file: write it as Parquet.'],
  ['SQLite format 3\0', 'It is an SQLite database: export its rows as CSV.'],
  ['\x93NUMPY', 'It is a NumPy array: write its rows as JSONL or Parquet.'],
  ['\x89HDF', 'It is an HDF5 file: write its rows as JSONL or Parquet.'],
  ['%PDF', 'It is a PDF: extract its text.'],
];

/** What to do with a file that is known and not read. */
export function sniffForeign(head: Uint8Array): string | undefined {
  const start = Buffer.from(head.subarray(0, 16)).toString('latin1');
  return foreign.find(([mark]) => start.startsWith(mark))?.[1];
}

/** `text` is the head of the file, perhaps cut anywhere. */
export function sniffFormat(text: string, head: Uint8Array, named: FormatName | undefined): Sniffed | undefined {
  if (Buffer.from(head.subarray(0, 4)).toString('latin1') === 'PAR1') return certain('parquet', 'it begins with PAR1');
  return sniffJson(text, named) ?? sniffLines(text, named);
}

function certain(format: FormatName, reason: string): Sniffed {
  return { format, reason, isCertain: true };
}

function sniffJson(text: string, named: FormatName | undefined): Sniffed | undefined {
  const start = text.trimStart();
  if (start.startsWith('[')) return sniffList(start, named);
  if (!start.startsWith('{')) return undefined;
  const [first = '', second] = start.split(/\r\n|\n|\r/).filter((line) => line.trim() !== '');
  const value = parseJson(first);
  if (!isRecord(value)) return undefined;
  if (second === undefined && named === 'json' && holdsRows(value)) return undefined; // one object that is the whole file
  return certain('jsonl', named === 'json' ? 'each line is an object of its own' : 'its first line is a JSON object');
}

/** A list that goes on over several lines, or is all there is; lists of which each has its line are JSONL gone wrong. */
function sniffList(start: string, named: FormatName | undefined): Sniffed | undefined {
  if (!/^\[\s*(\{|\]\s*$)/.test(start)) return undefined; // a cell or a token may begin with a bracket
  const [first = '', second] = start.split(/\r\n|\n|\r/).filter((line) => line.trim() !== '');
  if (named === 'jsonl' && second !== undefined && Array.isArray(parseJson(first))) return undefined;
  return certain('json', 'it is one JSON list');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // then it is no JSON, which is all that is asked
  }
}

/** A list of objects under a key: rows inside an object. */
function holdsRows(value: Record<string, unknown>): boolean {
  return Object.values(value).some((field) => Array.isArray(field) && field.length > 0 && field.every(isRecord));
}

const lookedAt = 50;
/** IOB1, IOB2, IOBES, BILOU and BMES. */
const tag = /^(O|[BIELSUM]-\S+)$/;

function sniffLines(text: string, named: FormatName | undefined): Sniffed | undefined {
  const lines = text.split(/\r\n|\n|\r/);
  const whole = lines.slice(0, lines.length > 1 ? -1 : undefined); // the last one may be cut
  const filled = whole.filter((line) => line.trim() !== '').slice(0, lookedAt);
  if (filled.length === 0) return undefined;
  if (areTagged(filled))
    return { format: 'conll', reason: 'its lines end in tags such as O and B-', isCertain: named === 'text' || named === 'tsv' };
  const tabs = countOfEach(filled, '\t');
  if (tabs > 0) return { format: 'tsv', reason: `each line has ${count(tabs, 'tab')}`, isCertain: false };
  const commas = countOfEach(filled, ',');
  if (named === 'tsv' && commas > 0 && !text.includes('\t')) return certain('csv', 'no line has a tab, and each has commas');
  return commas > 0 ? { format: 'csv', reason: `each line has ${count(commas, 'comma')}`, isCertain: false } : undefined;
}

function areTagged(lines: readonly string[]): boolean {
  const cells = lines.filter((line) => !/^(-DOCSTART-|# )/.test(line)).map((line) => line.trim().split(/[\t ]+/));
  const tags = cells.map((row) => (row.length > 1 ? (row.at(-1) ?? '') : ''));
  return tags.length > 2 && tags.every((found) => tag.test(found));
}

/** How many of it each line has, if each has as many; one line says nothing. */
function countOfEach(lines: readonly string[], separator: string): number {
  const counts = new Set(lines.map((line) => line.split(separator).length - 1));
  const [only = 0] = counts;
  return lines.length > 1 && counts.size === 1 ? only : 0;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
