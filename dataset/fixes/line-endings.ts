/** Makes the line ends of a file one kind. A line end inside a quoted cell is a part of a value, and stays. */
import type { FormatName } from '../../protocol';
import { readRecord } from '../formats/delimited-records';
import type { Replacement } from './apply-edits';

/** Candidates for the separator; a file with more of them is not understood. */
const mostSeparators = 12;

/** What makes every line end that of most lines ("\n" when there are as many of each); none when it is not sure what they are. */
export function unifyLineEndings(text: string, format: FormatName): Replacement[] {
  const ends = [...text.matchAll(/\r\n|\n|\r/g)].map(({ 0: kind, index }) => ({ kind, start: index }));
  const isInCell = format === 'csv' || format === 'tsv' ? findQuotedEnds(text) : () => false;
  if (isInCell === undefined) return [];
  const free = ends.filter(({ start }) => !isInCell(start));
  const majority = commonestKind(free.map(({ kind }) => kind));
  return free
    .filter(({ kind }) => kind !== majority)
    .map(({ kind, start }) => ({ start, end: start + kind.length, text: majority }));
}

function commonestKind(kinds: readonly string[]): string {
  const count = (wanted: string) => kinds.filter((kind) => kind === wanted).length;
  return ['\n', '\r\n', '\r'].reduce((best, kind) => (count(kind) > count(best) ? kind : best));
}

/**
 * The separator is not known here, but it stands in the first line. What lies in a quoted cell by any that it may be is
 * left as it is.
 */
function findQuotedEnds(text: string): ((offset: number) => boolean) | undefined {
  if (!text.includes('"')) return () => false;
  const [firstLine = ''] = text.split(/[\r\n]/, 1);
  const separators = new Set([',', ';', '\t', '|', ...(firstLine.match(/[^\w"]/g) ?? [])]);
  if (separators.size > mostSeparators) return undefined;
  const quoted = new Set<number>();
  for (const separator of separators) collectQuotedEnds(text, separator, quoted);
  return (offset) => quoted.has(offset);
}

function collectQuotedEnds(text: string, separator: string, quoted: Set<number>): void {
  for (let offset = 0; offset < text.length;) {
    const record = readRecord(text, offset, separator);
    for (const { index } of text.slice(record.start, record.end).matchAll(/\r\n|\n|\r/g)) quoted.add(record.start + index);
    offset = record.next;
  }
}
