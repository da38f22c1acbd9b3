/** Holds back a part of the training rows for validation, with each label in proportion; the same seed, the same rows. */
import type { DataRow } from './shapes/rows';
import { createRandom, type Random } from './seeded-random';

export interface HeldBack {
  readonly train: DataRow[];
  readonly validation: DataRow[];
}

/** Both parts keep the order of `rows`. No label loses its last training row; without rows to spare nothing is held back. */
export function holdBack(rows: readonly DataRow[], fraction: number, seed: number): HeldBack {
  const random = createRandom(seed);
  const groups = groupByLabel(rows);
  const counts = shareOut(
    groups.map((group) => group.length),
    fraction,
    random,
  );
  const chosen = new Set(groups.flatMap((group, index) => random.shuffle(group).slice(0, counts[index])));
  return { train: rows.filter((row) => !chosen.has(row)), validation: rows.filter((row) => chosen.has(row)) };
}

/** In the order of the labels, so that the order of the rows does not decide who gets which random numbers. */
function groupByLabel(rows: readonly DataRow[]): DataRow[][] {
  const groups = new Map<string, DataRow[]>();
  for (const row of rows) {
    const label = ('label' in row ? row.label : undefined) ?? ''; // rows without labels are all of one kind
    const group = groups.get(label);
    if (group) group.push(row);
    else groups.set(label, [row]);
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
}

/**
 * How many rows each group gives: the whole part of its share, and one more for the largest remainders until the total
 * is right. Ties go to a random group, lest the first labels always give.
 */
function shareOut(sizes: readonly number[], fraction: number, random: Random): number[] {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const wanted = Math.max(1, Math.round(total * fraction));
  const counts = sizes.map((size) => Math.floor(size * fraction));
  let left = wanted - counts.reduce((sum, count) => sum + count, 0);
  const remainder = (index: number) => ((sizes[index] ?? 0) * fraction) % 1;
  const order = random.shuffle(sizes.map((_, index) => index)).sort((a, b) => remainder(b) - remainder(a));
  for (const index of order) {
    const canGive = (counts[index] ?? 0) < (sizes[index] ?? 0) - 1;
    if (left > 0 && canGive) {
      counts[index] = (counts[index] ?? 0) + 1;
      left--;
    }
  }
  return counts;
}
