/** Rare labels that look like a frequent one misspelt, where temper.json does not say which labels there are. */
import { editDistance } from '../../protocol';
import type { DigestRows } from './digest-rows';
import { countLabels, labelPlaces, rowsWithLabels, type CountedLabel } from './labels-count';
import { isSameButForCase, replaceLabel } from './labels-unknown';
import type { FileFinding, Findings } from './rule';

/** A label with more rows is one that somebody meant. */
const mostRows = 3;
/** How many times the rows of the typo its right form has. */
const timesAsFrequent = 10;
/** Two names with words shorter than this are told apart by them: "card a" and "card b", "en" and "es". */
const shortestWord = 4;
/** A second slip needs a longer word. */
const lengthForTwo = 8;

export function* findLabelTypos(rows: DigestRows): Findings {
  const typos = collectTypos(countLabels(rows.blocks));
  if (typos.size === 0) return;
  for (const row of rowsWithLabels(rows, (label) => typos.has(label))) {
    yield undefined;
    const labels = new Set(rows.viewOf(row)?.labels.map(({ text }) => text));
    for (const label of labels) {
      const right = typos.get(label);
      if (right !== undefined) yield* describe(rows, row, label, right);
    }
  }
}

/** By the label that is wrong: the one that was meant. `labels` has the most frequent first. */
export function collectTypos(labels: readonly CountedLabel[]): Map<string, CountedLabel> {
  const typos = new Map<string, CountedLabel>();
  const byForm = new Map<string, CountedLabel>();
  for (const counted of labels) {
    const form = counted.label.trim().toLowerCase();
    const right = byForm.get(form) ?? (counted.rows <= mostRows ? findMeant(counted, labels) : undefined);
    if (right !== undefined) typos.set(counted.label, right);
    else byForm.set(form, counted);
  }
  return typos;
}

function findMeant({ label, rows }: CountedLabel, labels: readonly CountedLabel[]): CountedLabel | undefined {
  for (const other of labels) {
    if (other.rows < timesAsFrequent * rows) return undefined;
    if (isMisspelt(label.trim().toLowerCase(), other.label.trim().toLowerCase())) return other;
  }
  return undefined;
}

/** One slip of the fingers, or two in a long label; never another number, another short word or a prefix such as "un". */
function isMisspelt(name: string, meant: string): boolean {
  const slips = Math.min(name.length, meant.length) >= lengthForTwo ? 2 : 1;
  if (Math.abs(name.length - meant.length) > slips || Math.min(name.length, meant.length) < shortestWord) return false;
  if (digitsOf(name) !== digitsOf(meant)) return false;
  return editDistance(name, meant) <= slips && !differInShortWord(name, meant);
}

function differInShortWord(name: string, meant: string): boolean {
  const [words, others] = [wordsOf(name), wordsOf(meant)];
  if (words.length !== others.length) return false;
  return words.some((word, index) => {
    const other = others[index] ?? '';
    return word !== other && (Math.min(word.length, other.length) < shortestWord || word.endsWith(other) || other.endsWith(word));
  });
}

function wordsOf(name: string): string[] {
  return name.split(/[^\p{L}\p{N}]+/u);
}

function digitsOf(name: string): string {
  return name.replace(/\D/g, '');
}

/** Safe where only the case of a few rows or the spaces around it differ. */
function describe(rows: DigestRows, row: number, label: string, meant: CountedLabel): FileFinding[] {
  const but = isSameButForCase(label, meant.label) ? ', but for case and spaces' : '';
  const isSafe = label.trim() === meant.label.trim() || but !== '';
  const found = `${JSON.stringify(label)} looks like ${JSON.stringify(meant.label)}${but}, which ${countRows(meant.rows)}.`;
  return labelPlaces(rows, row, label).map((place) => ({
    ...{ code: 'label-typo', ...place },
    message: `${found} Correct it, or list both under "data.labels" in temper.json.`,
    ...(place.within ? {} : { fix: replaceLabel(meant.label, isSafe) }),
  }));
}

function countRows(rows: number): string {
  return rows === 1 ? 'one row has' : `${rows} rows have`;
}
