/** Whether a classifier can be learnt from the labels of the training rows: enough of them, and none drowned by another. */
import type { DigestRows } from './digest-rows';
import { countLabels, labelPlaces, type CountedLabel } from './labels-count';
import { collectTypos } from './labels-typo';
import type { FileFinding, Findings } from './rule';

/** Few-shot learning is studied from 8 rows a class up (SetFit, Tunstall et al. 2022). */
const fewestRows = 8;
/** The rarer label is less than one row in twenty then, and a model that never says it is right in 95 % of the cases. */
const highestRatio = 20;

export function* findOneClass(rows: DigestRows): Findings {
  const [only, second] = countLabels(rows.blocks);
  if (!isOneOfMany(rows) || only === undefined || second !== undefined) return;
  const found = rows.count === 1 ? 'The only row has' : `All ${rows.count} rows have`;
  const message = `${found} the label ${JSON.stringify(only.label)}. A classifier needs rows of at least two labels.`;
  yield { code: 'one-class', ...placeOf(rows, only), message };
}

/** Typos are reported as such, and one class alone too. */
export function* findRareClasses(rows: DigestRows, hasKnownLabels: boolean): Findings {
  for (const counted of withoutTypos(rows, hasKnownLabels)) {
    if (counted.rows >= fewestRows) continue;
    const found = `Only ${counted.rows === 1 ? 'one training row has' : `${counted.rows} training rows have`} the label`;
    const message = `${found} ${JSON.stringify(counted.label)}. Below ${fewestRows} it is hardly learnt: add rows, or join it with another label.`;
    yield { code: 'rare-class', ...placeOf(rows, counted), message };
  }
}

/** Among labels that are not rare already. */
export function* findImbalance(rows: DigestRows, hasKnownLabels: boolean): Findings {
  if (!isOneOfMany(rows)) return;
  const labels = withoutTypos(rows, hasKnownLabels).filter((counted) => counted.rows >= fewestRows);
  const [most, least] = [labels[0], labels.at(-1)];
  if (most === undefined || least === undefined || most.rows < highestRatio * least.rows) return;
  const times = Math.floor(most.rows / least.rows);
  const message =
    `${JSON.stringify(most.label)} has ${most.rows} rows, ${JSON.stringify(least.label)} ${least.rows}: ${times} times as many. ` +
    'A model learns to say the frequent label. Add rows of the other, or look at macro F1 and not at accuracy.';
  yield { code: 'class-imbalance', place: undefined, path: [], message };
}

function withoutTypos(rows: DigestRows, hasKnownLabels: boolean): CountedLabel[] {
  const labels = countLabels(rows.blocks);
  const typos = hasKnownLabels ? new Map<string, CountedLabel>() : collectTypos(labels);
  return labels.length < 2 ? [] : labels.filter(({ label }) => !typos.has(label));
}

/** Whether a row has exactly one label, so that labels share the rows among them. */
function isOneOfMany({ isLabelled: hasLabels, kind }: DigestRows): boolean {
  return hasLabels && (kind === 'classification' || kind === 'image');
}

function placeOf(rows: DigestRows, { first, label }: CountedLabel): Pick<FileFinding, 'place' | 'path' | 'within'> {
  return labelPlaces(rows, first, label)[0] ?? { place: rows.placeOf(first), path: [] };
}
