/** Held-out rows whose input is one of training: a score on them says what was learnt by heart, not what was understood. */
import { removeRow, twinAt } from './duplicates';
import { isEqualKey, rowsPerStep, type DigestRows } from './digest-rows';
import type { FileFinding, Findings } from './rule';

/**
 * For each held-out row, the first training row with its input, or -1. Where answers are free text, an input that more than
 * one in a hundred training rows share is an instruction and no example: then the answer must be the same too.
 */
export function* collectLeaks(train: DigestRows, heldOut: DigestRows): Generator<undefined, Int32Array, void> {
  const twins = new Int32Array(heldOut.count).fill(-1);
  if (train.count === 0) return twins;
  const byInput = yield* train.firstOfEqual('input');
  const byText = yield* train.firstOfEqual('text');
  const counts = countShared(train, byInput.first);
  const limit = Math.max(fewestShared, train.count / 100);
  const [lengths, inputs, texts] = [heldOut.numbers('length'), heldOut.keys('input'), heldOut.keys('text')];
  for (let row = 0; row < heldOut.count; row++) {
    if (row % rowsPerStep === 0) yield undefined;
    if (lengths[row] === 0) continue;
    const twin = byInput.index.find(inputs.low[row] ?? 0, inputs.high[row] ?? 0) ?? -1;
    const isInstruction = !train.isLabelled && twin >= 0 && (counts[twin] ?? 0) > limit;
    twins[row] = isInstruction ? (byText.index.find(texts.low[row] ?? 0, texts.high[row] ?? 0) ?? -1) : twin;
  }
  return twins;
}

const fewestShared = 3;

export function* findLeaks(train: DigestRows, heldOut: DigestRows): Findings {
  const twins = yield* collectLeaks(train, heldOut);
  for (const [row, twin] of twins.entries()) if (twin >= 0) yield describe(train, twin, heldOut, row);
}

function countShared(rows: DigestRows, first: Int32Array): Uint32Array {
  const counts = new Uint32Array(rows.count);
  for (const row of first) counts[row] = (counts[row] ?? 0) + 1;
  return counts;
}

function describe(train: DigestRows, twin: number, heldOut: DigestRows, row: number): FileFinding {
  const isExact = isEqualKey(train.keys('exactInput'), twin, heldOut.keys('exactInput'), row);
  const [noun, but] = [nameInput(heldOut), isExact ? '' : ', but for case and spaces'];
  return {
    code: 'leak',
    place: heldOut.placeOf(row),
    path: heldOut.inputPathOf(row),
    message: `This ${noun} stands in the training rows too${but}: a score on it shows what was learnt by heart. Remove it from one of the files.`,
    fix: removeRow,
    twin: twinAt(train, twin, `The same ${noun} in training.`),
  };
}

export function nameInput({ kind }: DigestRows): string {
  if (kind === 'image') return 'image';
  return kind === 'chat' || kind === 'preference' || kind === 'unpaired-preference' ? 'prompt' : 'text';
}
