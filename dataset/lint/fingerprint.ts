/** A row by its words, so that a suppression or a baseline finds it again when lines move. */
import { createHash } from 'node:crypto';
import type { TextRange } from '../../protocol';
import type { SourceRow } from '../formats/format';
import { createLineIndex, type LineIndex } from '../text-position';
import { contains } from './position';

/** Twelve hexadecimal digits of the hash of the row's source, outer blanks left out. */
export function fingerprintText(source: string): string {
  return createHash('sha256').update(source.trim()).digest('hex').slice(0, 12);
}

/** The fingerprint of the row that a place in a block lies in, or of its line where no row could be read. */
export function createFingerprints(text: string, rows: readonly SourceRow[]): (place: TextRange) => string {
  let index: LineIndex | undefined; // hardly ever asked for
  const known = new Map<number, string>();
  return (place) => {
    const lines = (index ??= createLineIndex(text));
    const row = findRow(rows, place);
    const source = row ? sliceRange(text, lines, row.range) : lines.lineText(Math.min(place.line, lines.lineCount));
    const key = row ? row.index : -place.line;
    const fingerprint = known.get(key) ?? fingerprintText(source);
    known.set(key, fingerprint);
    return fingerprint;
  };
}

/** Of rows of a file that is no text: the line is the number of the row. */
export function createTableFingerprints(rows: readonly SourceRow[]): (place: TextRange) => string {
  return ({ line }) => fingerprintText(JSON.stringify(rows.find((row) => row.line === line)?.value ?? line));
}

/** Rows stand in the order of the text. */
function findRow(rows: readonly SourceRow[], place: TextRange): { index: number; range: TextRange } | undefined {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rows[middle]?.endLine ?? 0) < place.line) low = middle + 1;
    else high = middle;
  }
  for (let index = low; index < rows.length && (rows[index]?.line ?? 0) <= place.line; index++) {
    const range = rows[index]?.rangeAt([]);
    if (range && contains(range, place)) return { index, range };
  }
  return undefined;
}

function sliceRange(text: string, lines: LineIndex, range: TextRange): string {
  return text.slice(lines.offsetAt(range.line, range.column), lines.offsetAt(range.endLine, range.endColumn));
}
