/** Holds back a part of the training rows for validation, with each label in proportion; the same seed, the same rows. */
import { normalise } from './rules/digest-text';
import type { DataRow } from './shapes/rows';
import { createRandom, type Random } from './seeded-random';

export interface HeldBack {
  readonly train: DataRow[];
  readonly validation: DataRow[];
}

/**
 * Both parts keep the order of `rows`. Rows of one text stay in one part: a score on what was learnt says nothing. No label
 * loses its last training row; without rows to spare nothing is held back.
 */
export function holdBack(rows: readonly DataRow[], fraction: number, seed: number): HeldBack {
  const random = createRandom(seed);
  const groups = groupByLabel(rows);
  const counts = shareOut(
    groups.map((group) => group.length),
    fraction,
    random,
  );
  const together = groupByText(rows);
  const chosen = new Set(
    groups.flatMap((group, index) => choose(random.shuffle(clustersOf(group, together)), counts[index] ?? 0)),
  );
  return { train: rows.filter((row) => !chosen.has(row)), validation: rows.filter((row) => chosen.has(row)) };
}

/** In the order of the labels, so that the order of the rows does not decide who gets which random numbers. */
function groupByLabel(rows: readonly DataRow[]): DataRow[][] {
  const groups = groupBy(rows, labelOf);
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
}

function labelOf(row: DataRow): string {
  return ('label' in row ? row.label : undefined) ?? ''; // rows without labels are all of one kind
}

type Cluster = readonly DataRow[];

/** For each row, all that say the same. */
function groupByText(rows: readonly DataRow[]): Map<DataRow, Cluster> {
  const clusters = groupBy(rows, textOf).values();
  return new Map([...clusters].flatMap((cluster) => cluster.map((row) => [row, cluster] as const)));
}

/** Of rows without labels the answer counts too: many may share a prompt that is an instruction. */
function textOf(row: DataRow): string {
  if (row.kind === 'classification') return JSON.stringify([row.text, row.textPair ?? ''].map(normalise));
  return JSON.stringify({ ...row, line: 0 });
}

/** Each once; what stands there with other labels too cannot be counted among one of them, and is trained on. */
function clustersOf(group: readonly DataRow[], together: ReadonlyMap<DataRow, Cluster>): Cluster[] {
  const clusters = group.map((row) => together.get(row) ?? [row]);
  const isPure = (cluster: Cluster) => cluster.every((row) => labelOf(row) === labelOf(cluster[0] ?? row));
  return [...new Set(clusters)].filter(isPure);
}

/** As many rows as fit into `count`; where not even one cluster does, the smallest of several. */
function choose(clusters: readonly Cluster[], count: number): DataRow[] {
  const chosen: DataRow[] = [];
  for (const cluster of clusters) if (chosen.length + cluster.length <= count) for (const row of cluster) chosen.push(row);
  if (chosen.length > 0 || count === 0 || clusters.length < 2) return chosen;
  return [...clusters.reduce((smallest, cluster) => (cluster.length < smallest.length ? cluster : smallest))];
}

function groupBy(rows: readonly DataRow[], keyOf: (row: DataRow) => string): Map<string, DataRow[]> {
  const groups = new Map<string, DataRow[]>();
  for (const row of rows) {
    const key = keyOf(row);
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  return groups;
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
