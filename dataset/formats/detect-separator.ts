/** Tells what stands between the cells of a file: what its name says, unless its lines clearly say something else. */
import { readSample } from './delimited-records';

const candidates = [',', ';', '\t', '|'];
const recordsLookedAt = 100;
/** Of the records, those with as many cells as the first one: at least so many with another separator than expected. */
const clearShare = 0.9;
const doubtfulShare = 0.5;

interface Reading {
  readonly separator: string;
  /** Cells in the first record. */
  readonly width: number;
  readonly records: number;
  readonly alike: number;
}

export function detectSeparator(head: string, preferred: string): { separator: string; reason: string } {
  const expected = read(head, preferred);
  const others = candidates.filter((separator) => separator !== preferred).map((separator) => read(head, separator));
  const best = others.filter(isClear).sort((a, b) => shareOf(b) - shareOf(a) || b.width - a.width)[0];
  const isDoubtful = expected.width < 2 || shareOf(expected) < doubtfulShare;
  const { separator, width, records, alike } = isDoubtful && best ? best : expected;
  const reason = `the separator is ${JSON.stringify(separator)}: ${alike} of ${records} rows have ${width} ${width === 1 ? 'cell' : 'cells'}`;
  return { separator, reason };
}

function read(head: string, separator: string): Reading {
  const widths = readSample(head, separator, recordsLookedAt).map(({ cells }) => cells.length);
  const width = widths[0] ?? 0;
  return { separator, width, records: widths.length, alike: widths.filter((other) => other === width).length };
}

function isClear(reading: Reading): boolean {
  return reading.width > 1 && shareOf(reading) >= clearShare;
}

function shareOf({ alike, records }: Reading): number {
  return records === 0 ? 0 : alike / records;
}
