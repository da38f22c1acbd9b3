/** How often each label stands in each set of rows. */
import type { LabelCount, LabelFigures, Split, SplitCounts } from '../../protocol';
import type { SplitInput } from './report-input';

/** More are not read at a glance. The rarest are shown too: with them the trouble begins. */
const frequentLabels = 30;
const rareLabels = 10;

/** `undefined` where rows have no labels. */
export function collectLabels(files: readonly SplitInput[]): LabelFigures | undefined {
  const labelled = files.filter(({ summary }) => summary.labels.length > 0);
  if (labelled.length === 0) return undefined;
  const splits = labelled.map(({ split }) => split);
  const counts = countLabels(labelled).sort(byRows(splits));
  const isShort = counts.length <= frequentLabels + rareLabels;
  const hidden = isShort ? [] : counts.slice(frequentLabels, -rareLabels);
  return {
    splits,
    totals: addUp(counts),
    frequent: isShort ? counts : counts.slice(0, frequentLabels),
    ...(hidden.length > 0 && { between: { labels: hidden.length, rows: addUp(hidden) } }),
    rare: isShort ? [] : counts.slice(-rareLabels),
  };
}

function countLabels(files: readonly SplitInput[]): LabelCount[] {
  const counts = new Map<string, Partial<Record<Split, number>>>();
  for (const { split, summary } of files) {
    for (const { label, rows } of summary.labels) {
      const count = counts.get(label) ?? {};
      counts.set(label, { ...count, [split]: rows });
    }
  }
  return [...counts].map(([label, rows]) => ({ label, rows }));
}

/** Most first, by the first set, then the next; labels of equal counts by their names. */
function byRows(splits: readonly Split[]) {
  return (a: LabelCount, b: LabelCount): number => {
    for (const split of splits) {
      const difference = (b.rows[split] ?? 0) - (a.rows[split] ?? 0);
      if (difference !== 0) return difference;
    }
    return a.label < b.label ? -1 : 1;
  };
}

function addUp(counts: readonly LabelCount[]): SplitCounts {
  const total: Partial<Record<Split, number>> = {};
  for (const { rows } of counts) {
    for (const split of Object.keys(rows) as Split[]) total[split] = (total[split] ?? 0) + (rows[split] ?? 0); // its own keys
  }
  return total;
}
