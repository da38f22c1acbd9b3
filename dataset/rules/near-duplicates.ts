/**
 * Rows that are almost another one: each later row with the earlier one that is most like it. What is the same but for case
 * and spaces is a duplicate or a contradiction, and not this rule's.
 */
import { haveEqualTargets, removeRow, twinAt } from './duplicates';
import type { DigestRows } from './digest-rows';
import { findNear, type NearTwin } from './near-duplicates-compare';
import { searchWithin } from './near-duplicates-search';
import { NearTexts } from './near-duplicates-texts';
import type { FileFinding, Findings } from './rule';

const rowsPerStep = 64;

export function* findNearDuplicates(rows: DigestRows): Findings {
  if (rows.count < 2 || rows.kind === 'image') return;
  const { first: sameText } = yield* rows.firstOfEqual('text');
  const { first: sameLetters } = yield* rows.firstOfEqual('letters');
  const isLater = (row: number) => sameText[row] !== row;
  const isRepunctuated = (row: number) => sameLetters[row] !== row && hasLetters(rows, row);
  const texts = new NearTexts(rows, rows);
  const candidates = yield* searchWithin(yield* texts.sign((row) => !isLater(row) && !isRepunctuated(row)));
  let left = 0;
  for (let row = 0; row < rows.count; row++) {
    if (row % rowsPerStep === 0) yield undefined;
    if (isLater(row)) continue;
    const letters = isRepunctuated(row) ? { twin: sameLetters[row] ?? row, overlap: 1 } : undefined;
    const near = letters ?? findNear(row, texts, texts, candidates);
    if (near !== undefined) yield describe(rows, row, near);
    else left += candidates.isCut[row] ?? 0;
  }
  if (left > 0) yield describeCut(left);
}

/** Whether it has enough of them to go by. */
export function hasLetters(rows: DigestRows, row: number): boolean {
  const { low, high } = rows.keys('letters');
  return low[row] !== 0 || high[row] !== 0;
}

/** "97 % alike", or what the difference is. */
export function nameOverlap({ overlap }: NearTwin): string {
  return overlap === 1 ? 'the words are the same, the punctuation is not' : `${Math.floor(100 * overlap)} % alike`;
}

/** Said once, at the head of the file, so that silence is not taken for an answer. */
export function describeCut(count: number): FileFinding {
  return {
    code: 'partly-compared',
    severity: 'information',
    place: undefined,
    path: [],
    message: `${count === 1 ? 'One row resembles' : `${count} rows resemble`} so many others that not all of these were compared word for word.`,
  };
}

function describe(rows: DigestRows, row: number, near: NearTwin): FileFinding {
  const labels = haveEqualTargets(rows, row, rows, near.twin) ? '' : ' The two have different labels.';
  return {
    code: 'near-duplicate',
    place: rows.placeOf(row),
    path: rows.inputPathOf(row),
    message: `This row is almost another one: ${nameOverlap(near)}.${labels} Keep one of the two, unless both are meant.`,
    fix: removeRow,
    twin: twinAt(rows, near.twin, 'The row that it is almost the same as.'),
  };
}
