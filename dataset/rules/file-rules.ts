/**
 * The rules that look at whole files, and at training rows against held-out ones. What concerns learning is asked of the
 * training rows alone; what concerns single rows, of every file. Near-duplicates cost more than all the others and stand apart,
 * so that an editor can put them off.
 */
import type { BlockDigest } from './digest';
import { DigestRows } from './digest-rows';
import { findBoilerplate } from './boilerplate';
import { findDuplicates } from './duplicates';
import { findImbalance, findOneClass, findRareClasses } from './labels-balance';
import { findConflictingLabels } from './labels-conflicting';
import { countLabels } from './labels-count';
import { findLabelTypos } from './labels-typo';
import { findUnknownLabels, findUnusedLabels } from './labels-unknown';
import { findLeaks } from './leaks';
import { findNearLeaks as findNearLeaksOfRows } from './leaks-near';
import { findNearDuplicates as findNearDuplicatesOfRows } from './near-duplicates';
import { findOtherLanguages } from './other-language';
import { findLengthBias } from './preference-lengths';
import { findRepeatedPrompts } from './prompts';
import type { DigestedFile, Findings } from './rule';
import { findTooFewRows } from './sizes';

export interface FileRuleContext {
  /** The config's; without them, those of the training rows are right. */
  readonly labels?: readonly string[] | undefined;
}

/** Everything that one file tells, but for near-duplicates. */
export function* findInFile(file: DigestedFile<BlockDigest>, { labels }: FileRuleContext): Findings {
  const rows = new DigestRows(file);
  if (labels !== undefined) yield* findUnknownLabels(rows, labels, 'temper.json');
  yield* findConflictingLabels(rows);
  yield* findDuplicates(rows);
  yield* findOtherLanguages(rows);
  if (file.split === 'train' || file.split === undefined) yield* findInLearnt(rows, labels);
  if (file.split === 'train') yield* findInTraining(rows, labels);
}

/** Everything that training rows tell of held-out ones, but for near-leaks. Places are of the held-out file. */
export function* findAcross(
  train: DigestedFile<BlockDigest>,
  heldOut: DigestedFile<BlockDigest>,
  { labels }: FileRuleContext,
): Findings {
  const [trainRows, rows] = [new DigestRows(train), new DigestRows(heldOut)];
  if (labels === undefined) {
    const known = countLabels(train.blocks).map(({ label }) => label);
    yield* findUnknownLabels(rows, known, 'training');
  }
  yield* findLeaks(trainRows, rows);
}

export function* findNearDuplicates(file: DigestedFile<BlockDigest>): Findings {
  yield* findNearDuplicatesOfRows(new DigestRows(file));
}

/** Places are of the held-out file. */
export function* findNearLeaks(train: DigestedFile<BlockDigest>, heldOut: DigestedFile<BlockDigest>): Findings {
  yield* findNearLeaksOfRows(new DigestRows(train), new DigestRows(heldOut));
}

/** Of rows that are or may be learnt from: also of a file that no project names. */
function* findInLearnt(rows: DigestRows, labels: readonly string[] | undefined): Findings {
  if (labels === undefined) yield* findLabelTypos(rows);
  yield* findRepeatedPrompts(rows);
  yield* findBoilerplate(rows);
  yield* findLengthBias(rows);
}

function* findInTraining(rows: DigestRows, labels: readonly string[] | undefined): Findings {
  yield* findOneClass(rows);
  yield* findRareClasses(rows, labels !== undefined);
  yield* findImbalance(rows, labels !== undefined);
  if (labels !== undefined && rows.isLabelled) yield* findUnusedLabels(rows, labels);
  yield* findTooFewRows(rows);
}
