/** How many rows have each label, and which is the first. */
import type { BlockDigest } from './digest';
import type { BlockLabels } from './digest-labels';
import type { DigestRows } from './digest-rows';
import type { FileFinding } from './rule';

export interface CountedLabel {
  readonly label: string;
  readonly rows: number;
  /** The number of its first row in the file. */
  readonly first: number;
}

/** Most rows first, then in the order of the file. A row that has a label twice counts once. */
export function countLabels(blocks: readonly BlockDigest[]): CountedLabel[] {
  const counted = new Map<string, CountedLabel>();
  let start = 0;
  for (const { labels, rows } of blocks) {
    for (const { label, rows: added, first } of countInBlock(labels, rows)) {
      const known = counted.get(label);
      counted.set(label, { label, rows: added + (known?.rows ?? 0), first: known?.first ?? start + first });
    }
    start += rows;
  }
  return [...counted.values()].sort((a, b) => b.rows - a.rows || a.first - b.first);
}

function countInBlock({ names, ids, starts }: BlockLabels, rows: number): CountedLabel[] {
  const counts = new Uint32Array(names.length);
  const firsts = new Int32Array(names.length);
  const lasts = new Int32Array(names.length).fill(-1);
  for (let row = 0; row < rows; row++) {
    for (let index = starts[row] ?? 0; index < (starts[row + 1] ?? 0); index++) {
      const id = ids[index] ?? 0;
      if (lasts[id] === row) continue;
      if (counts[id] === 0) firsts[id] = row;
      counts[id] = (counts[id] ?? 0) + 1;
      lasts[id] = row;
    }
  }
  return names.map((label, id) => ({ label, rows: counts[id] ?? 0, first: firsts[id] ?? 0 }));
}

/** The numbers of all rows that have one of these labels. */
export function* rowsWithLabels(rows: DigestRows, isWanted: (label: string) => boolean): Generator<number, void, void> {
  for (const [block, { labels, rows: count }] of rows.blocks.entries()) {
    const wanted = labels.names.map(isWanted);
    if (!wanted.includes(true)) continue;
    for (let row = 0; row < count; row++) {
      const ids = labels.ids.subarray(labels.starts[row], labels.starts[row + 1]);
      if (ids.some((id) => wanted[id])) yield rows.startOf(block) + row;
    }
  }
}

/** Where a label stands in a row. */
export function labelPlaces(rows: DigestRows, row: number, label: string): Pick<FileFinding, 'place' | 'path' | 'within'>[] {
  const place = rows.placeOf(row);
  const found = rows.viewOf(row)?.labels.filter(({ text }) => text === label) ?? [];
  return found.map(({ path, within }) => ({ place, path, ...(within === undefined ? {} : { within }) }));
}
