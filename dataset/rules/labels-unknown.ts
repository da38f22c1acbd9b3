/** Labels that are not among those of temper.json, or of the training rows, and labels of temper.json that no row has. */
import { nearestName } from '../../protocol';
import type { DigestRows } from './digest-rows';
import { countLabels, labelPlaces, rowsWithLabels } from './labels-count';
import type { FileFinding, Findings, FindingFix } from './rule';

/** `known`: the config's labels, or those of the training rows for a held-out file. */
export function* findUnknownLabels(rows: DigestRows, known: readonly string[], where: 'temper.json' | 'training'): Findings {
  const isKnown = new Set(known);
  if (isKnown.size === 0) return;
  for (const row of rowsWithLabels(rows, (label) => !isKnown.has(label))) {
    yield undefined;
    const labels = new Set(rows.viewOf(row)?.labels.map(({ text }) => text));
    for (const label of labels) if (!isKnown.has(label)) yield* describe(rows, row, label, { known, where });
  }
}

export function* findUnusedLabels(rows: DigestRows, labels: readonly string[]): Findings {
  const used = new Set(countLabels(rows.blocks).map(({ label }) => label));
  for (const label of labels) {
    if (used.has(label)) continue;
    const message = `No training row has the label ${JSON.stringify(label)} of temper.json. Add rows that have it, or take it out of "data.labels".`;
    yield { code: 'unused-label', place: undefined, path: [], message };
  }
}

interface KnownLabels {
  readonly known: readonly string[];
  readonly where: 'temper.json' | 'training';
}

function describe(rows: DigestRows, row: number, label: string, { known, where }: KnownLabels): FileFinding[] {
  const near = nearestName(label.trim(), known);
  const advice = near === undefined ? listLabels(known) : `Did you mean ${JSON.stringify(near)}?`;
  const source = where === 'temper.json' ? '' : ' The labels are those of the training rows, as temper.json lists none.';
  const message = `${JSON.stringify(label)} is not one of the labels. ${advice}${source}`;
  return labelPlaces(rows, row, label).map((place) => ({
    ...{ code: 'unknown-label', severity: 'error', ...place, message },
    ...(near === undefined || place.within ? {} : { fix: replaceLabel(near, isSameButForCase(label, near)) }),
  }));
}

/** A part of a value, such as the type in the tag "B-persno", is left to the person. */
export function replaceLabel(label: string, isSafe: boolean): FindingFix {
  return { kind: 'replace-value', title: `Change it to ${JSON.stringify(label)}`, isSafe, text: label };
}

/** Case and the spaces around it do not count. */
export function isSameButForCase(a: string, b: string): boolean {
  return a.trim().toLowerCase() === b.trim().toLowerCase();
}

const listed = 8;

function listLabels(known: readonly string[]): string {
  const names = known.slice(0, listed).map((name) => JSON.stringify(name));
  return `The labels are ${names.join(', ')}${known.length > listed ? ` and ${known.length - listed} more` : ''}.`;
}
