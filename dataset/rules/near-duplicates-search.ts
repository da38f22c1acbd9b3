/**
 * Finds which rows may be almost the same, by locality-sensitive hashing: rows whose signatures agree in one of ten bands of
 * five numbers meet in a bucket. Of two texts that overlap by 0.85, 99.7 % do; by 0.3, 2 %. Who meets is compared by the
 * whole signature, and the three that agree most are kept to be compared word for word.
 */
import { signatureLength } from './digest-signature';
import { mixWord } from './hash';

export const candidatesKept = 3;
const bandLength = 5;
const bands = signatureLength / bandLength;
/** Of a bucket: thousands of rows of one template meet in one, and each would be compared with each. */
const comparedPerBucket = 32;
/** Of the numbers of a signature: 0.85 of them less four standard deviations. */
const fewestEqual = 33;
const rowsPerStep = 512;

export interface SignedRows {
  readonly count: number;
  readonly signatures: Uint16Array;
  /** 0 for rows that are not to be looked at. */
  readonly isCompared: Uint8Array;
}

export interface Candidates {
  /** `candidatesKept` entries a row: those that agree most first, then -1. */
  readonly rows: Int32Array;
  /** How many numbers of the signatures are equal. */
  readonly equal: Uint8Array;
  /** 1 for rows that met more than they were compared with. */
  readonly isCut: Uint8Array;
}

/** For each row, earlier rows of the same file that may be almost the same. */
export function* searchWithin(rows: SignedRows): Generator<undefined, Candidates, void> {
  const found = createCandidates(rows.count);
  const buckets = new Buckets(rows);
  for (let band = 0; band < bands; band++) {
    buckets.start(band);
    for (let from = 0; from < rows.count; from += rowsPerStep) {
      for (let row = from; row < Math.min(rows.count, from + rowsPerStep); row++) {
        if (rows.isCompared[row] === 0) continue;
        buckets.search(rows, row, found);
        buckets.add(row);
      }
      yield undefined;
    }
  }
  return found;
}

/** For each row, rows of another file that may be almost the same. */
export function* searchAmong(rows: SignedRows, others: SignedRows): Generator<undefined, Candidates, void> {
  const found = createCandidates(rows.count);
  const buckets = new Buckets(others);
  for (let band = 0; band < bands; band++) {
    buckets.start(band);
    for (let row = others.count - 1; row >= 0; row--) {
      if (others.isCompared[row] !== 0) buckets.add(row);
      if (row % (16 * rowsPerStep) === 0) yield undefined;
    }
    for (let row = 0; row < rows.count; row++) {
      if (rows.isCompared[row] !== 0) buckets.search(rows, row, found);
      if (row % rowsPerStep === 0) yield undefined;
    }
  }
  return found;
}

/** The rows that were added, by the hash of one band: chains in typed arrays, the newest first. */
class Buckets {
  readonly #rows: SignedRows;
  #offset = 0;
  readonly #keys: Uint32Array;
  /** Row numbers plus one; 0 ends a chain. */
  readonly #heads: Int32Array;
  readonly #next: Int32Array;

  constructor(rows: SignedRows) {
    this.#rows = rows;
    this.#keys = new Uint32Array(rows.count);
    this.#next = new Int32Array(rows.count);
    this.#heads = new Int32Array(2 ** Math.ceil(Math.log2(rows.count + 2)));
  }

  /** None is added yet, of this band. */
  start(band: number): void {
    this.#offset = band * bandLength;
    this.#heads.fill(0);
  }

  add(row: number): void {
    const key = this.#keyOf(this.#rows, row);
    const head = key & (this.#heads.length - 1);
    this.#keys[row] = key;
    this.#next[row] = this.#heads[head] ?? 0;
    this.#heads[head] = row + 1;
  }

  search(rows: SignedRows, row: number, found: Candidates): void {
    const key = this.#keyOf(rows, row);
    let compared = 0;
    for (let next = this.#heads[key & (this.#heads.length - 1)] ?? 0; next > 0; next = this.#next[next - 1] ?? 0) {
      const other = next - 1;
      if (this.#keys[other] !== key) continue;
      if (++compared > comparedPerBucket) {
        found.isCut[row] = 1;
        return;
      }
      keep(found, row, other, countEqual(rows.signatures, row, this.#rows.signatures, other));
    }
  }

  #keyOf({ signatures }: SignedRows, row: number): number {
    const start = row * signatureLength + this.#offset;
    let key = 0;
    for (let index = start; index < start + bandLength; index++) key = mixWord(Math.imul(key, 31) + (signatures[index] ?? 0));
    return key;
  }
}

function countEqual(a: Uint16Array, rowOfA: number, b: Uint16Array, rowOfB: number): number {
  const [from, to] = [rowOfA * signatureLength, rowOfB * signatureLength];
  let equal = 0;
  for (let index = 0; index < signatureLength; index++) if (a[from + index] === b[to + index]) equal++;
  return equal;
}

/** Puts a candidate into its place among those of the row; of equals, the earlier row goes first. */
function keep(found: Candidates, row: number, other: number, equal: number): void {
  if (equal < fewestEqual) return;
  const start = row * candidatesKept;
  let slot = start + candidatesKept;
  for (let index = start; index < start + candidatesKept; index++) {
    if (found.rows[index] === other) return;
    const isBetter = equal > (found.equal[index] ?? 0) || (equal === found.equal[index] && other < (found.rows[index] ?? 0));
    if (isBetter) slot = Math.min(slot, index);
  }
  if (slot === start + candidatesKept) return;
  found.rows.copyWithin(slot + 1, slot, start + candidatesKept - 1);
  found.equal.copyWithin(slot + 1, slot, start + candidatesKept - 1);
  found.rows[slot] = other;
  found.equal[slot] = equal;
}

function createCandidates(count: number): Candidates {
  return {
    rows: new Int32Array(count * candidatesKept).fill(-1),
    equal: new Uint8Array(count * candidatesKept),
    isCut: new Uint8Array(count),
  };
}
