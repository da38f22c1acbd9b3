/** Held-out rows that are almost a training row. What is the same but for case and spaces is a leak, and not this rule's. */
import { removeRow, twinAt } from './duplicates';
import type { DigestRows } from './digest-rows';
import { collectLeaks, nameInput } from './leaks';
import { findNear, type NearTwin } from './near-duplicates-compare';
import { describeCut, hasLetters, nameOverlap } from './near-duplicates';
import { searchAmong } from './near-duplicates-search';
import { NearTexts } from './near-duplicates-texts';
import type { FileFinding, Findings } from './rule';

const rowsPerStep = 64;

export function* findNearLeaks(train: DigestRows, heldOut: DigestRows): Findings {
  if (train.count === 0 || heldOut.count === 0 || train.kind !== heldOut.kind || train.kind === 'image') return;
  const leaks = yield* collectLeaks(train, heldOut);
  const letters = yield* collectRepunctuated(train, heldOut);
  const [texts, trainTexts] = [new NearTexts(heldOut, train), new NearTexts(train, train)];
  const candidates = yield* searchAmong(
    yield* texts.sign((row) => leaks[row] === -1 && letters[row] === -1),
    yield* trainTexts.sign(() => true),
  );
  let left = 0;
  for (let row = 0; row < heldOut.count; row++) {
    if (row % rowsPerStep === 0) yield undefined;
    if (leaks[row] !== -1) continue;
    const twin = letters[row] ?? -1;
    const near = twin >= 0 ? { twin, overlap: 1 } : findNear(row, texts, trainTexts, candidates);
    if (near !== undefined) yield describe(train, heldOut, row, near);
    else left += candidates.isCut[row] ?? 0;
  }
  if (left > 0) yield describeCut(left);
}

/** For each held-out row, the first training row with the same letters, or -1. */
function* collectRepunctuated(train: DigestRows, heldOut: DigestRows): Generator<undefined, Int32Array, void> {
  const { index } = yield* train.firstOfEqual('letters');
  const { low, high } = heldOut.keys('letters');
  return Int32Array.from({ length: heldOut.count }, (_, row) =>
    hasLetters(heldOut, row) ? (index.find(low[row] ?? 0, high[row] ?? 0) ?? -1) : -1,
  );
}

function describe(train: DigestRows, heldOut: DigestRows, row: number, near: NearTwin): FileFinding {
  const noun = nameInput(heldOut);
  return {
    code: 'near-leak',
    place: heldOut.placeOf(row),
    path: heldOut.inputPathOf(row),
    message: `This ${noun} is almost one of training: ${nameOverlap(near)}. A score on it says little about new ones. Remove one of the two.`,
    fix: removeRow,
    twin: twinAt(train, near.twin, `The ${noun} in training that it is almost the same as.`),
  };
}
