/** Rows that stand in their file already: the same in all that trains, but for case and spaces. */
import { isEqualKey, rowsPerStep, type DigestRows } from './digest-rows';
import { HashIndex, type HashColumn } from './hash-index';
import type { FileFinding, Findings } from './rule';

export function* findDuplicates(rows: DigestRows): Findings {
  const { first: sameText } = yield* rows.firstOfEqual('text');
  const index = new HashIndex(rowKeys(rows));
  const exact = new HashIndex(rows.keys('exact'));
  for (let row = 0; row < rows.count; row++) {
    if (row % rowsPerStep === 0) yield undefined;
    const start = sameText[row] ?? row;
    if (start === row) continue;
    index.add(start);
    const first = index.add(row);
    if (first === row) continue;
    exact.add(first);
    const same = exact.add(row);
    yield same === row ? describe(rows, row, first, ', but for case and spaces') : describe(rows, row, same, '');
  }
}

/** `text` and `target` in one key. */
function rowKeys(rows: DigestRows): HashColumn {
  const [text, target] = [rows.keys('text'), rows.keys('target')];
  const mix = (of: Uint32Array, by: Uint32Array) => {
    const mixed = new Uint32Array(of.length);
    for (let row = 0; row < of.length; row++) mixed[row] = (of[row] ?? 0) ^ Math.imul(by[row] ?? 0, 0x9e3779b1);
    return mixed;
  };
  return { low: mix(text.low, target.low), high: mix(text.high, target.high) };
}

function describe(rows: DigestRows, row: number, twin: number, but: string): FileFinding {
  return {
    code: 'duplicate-row',
    place: rows.placeOf(row),
    path: rows.inputPathOf(row),
    message: `This row stands in the file already${but}. It counts twice in training and in scores: remove one of the two.`,
    fix: removeRow,
    twin: twinAt(rows, twin, 'The row that it repeats.'),
  };
}

export const removeRow = { kind: 'remove-row', title: 'Remove this row', isSafe: false } as const;

export function twinAt(rows: DigestRows, row: number, message: string): NonNullable<FileFinding['twin']> {
  return { file: rows.file.file, place: rows.placeOf(row), path: rows.inputPathOf(row), message };
}

/** Whether two rows of one file, or of two, have the same label; of rows without labels, nothing is said of the answers. */
export function haveEqualTargets(a: DigestRows, rowOfA: number, b: DigestRows, rowOfB: number): boolean {
  return isEqualKey(a.keys('target'), rowOfA, b.keys('target'), rowOfB);
}
