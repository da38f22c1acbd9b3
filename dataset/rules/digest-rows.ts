/** All rows of a file by one number each, from 0, over the digests of its blocks. */
import type { RowView } from '../shapes/shape';
import type { RowKind } from '../shapes/rows';
import type { BlockDigest, HashName, NumberName } from './digest';
import { signatureLength } from './digest-signature';
import { HashIndex, type HashColumn } from './hash-index';
import type { DigestedFile, RowPlace } from './rule';

/** What one step of a long loop does before others may run: a millisecond or two. */
export const rowsPerStep = 8192;

interface EqualRows {
  readonly first: Int32Array;
  readonly index: HashIndex;
}

export class DigestRows {
  readonly file: DigestedFile<BlockDigest>;
  readonly count: number;
  readonly kind: RowKind | undefined;
  readonly isLabelled: boolean;
  /** The number of each block's first row. */
  readonly #starts: Uint32Array;
  readonly #keys = new Map<HashName, HashColumn>();
  readonly #equal = new Map<HashName, EqualRows>();
  readonly #columns = new Map<NumberName, Uint32Array>();

  constructor(file: DigestedFile<BlockDigest>) {
    this.file = file;
    this.#starts = new Uint32Array(file.blocks.length);
    let count = 0;
    for (const [block, { rows }] of file.blocks.entries()) {
      this.#starts[block] = count;
      count += rows;
    }
    this.count = count;
    const first = file.blocks.find(({ rows }) => rows > 0);
    this.kind = first?.kind;
    this.isLabelled = first?.isLabelled ?? false;
  }

  get blocks(): readonly BlockDigest[] {
    return this.file.blocks;
  }

  numbers(name: NumberName): Uint32Array {
    const known = this.#columns.get(name) ?? this.#join(name);
    this.#columns.set(name, known);
    return known;
  }

  keys(name: HashName): HashColumn {
    const known = this.#keys.get(name) ?? this.#joinKeys(name);
    this.#keys.set(name, known);
    return known;
  }

  signatures(): Uint16Array {
    const joined = new Uint16Array(this.count * signatureLength);
    for (const [block, { signatures }] of this.blocks.entries()) joined.set(signatures, this.startOf(block) * signatureLength);
    return joined;
  }

  startOf(block: number): number {
    return this.#starts[block] ?? this.count;
  }

  placeOf(row: number): RowPlace {
    let [from, to] = [0, this.#starts.length];
    while (to - from > 1) {
      const middle = (from + to) >> 1;
      if (this.startOf(middle) <= row) from = middle;
      else to = middle;
    }
    return { block: from, row: row - this.startOf(from) };
  }

  inputPathOf(row: number): readonly string[] {
    const place = this.placeOf(row);
    const digest = this.blocks[place.block];
    return digest?.paths[digest.numbers.path[place.row] ?? 0] ?? [];
  }

  viewOf(row: number): RowView | undefined {
    return this.file.viewAt(this.placeOf(row));
  }

  /** For each row, the first one that has the same hash. */
  *firstOfEqual(name: 'input' | 'text' | 'letters'): Generator<undefined, EqualRows, void> {
    const column = this.isLabelled && name === 'input' ? 'text' : name; // they are the same then
    const known = this.#equal.get(column);
    if (known !== undefined) return known;
    const index = new HashIndex(this.keys(column));
    const first = new Int32Array(this.count);
    for (let from = 0; from < this.count; from += rowsPerStep) {
      index.addRange(from, Math.min(this.count, from + rowsPerStep), first);
      yield undefined;
    }
    this.#equal.set(column, { first, index });
    return { first, index };
  }

  /** Of blocks that lack it (lengths of answers, where rows have none), zeros. */
  #join(name: NumberName): Uint32Array {
    const joined = new Uint32Array(this.count);
    for (const [block, { numbers }] of this.blocks.entries()) joined.set(numbers[name], this.startOf(block));
    return joined;
  }

  #joinKeys(name: HashName): HashColumn {
    const [low, high] = [new Uint32Array(this.count), new Uint32Array(this.count)];
    for (const [block, { rows, hashes }] of this.blocks.entries()) {
      const pairs = hashes[name];
      const start = this.startOf(block);
      for (let row = 0; row < rows; row++) {
        low[start + row] = pairs[2 * row] ?? 0;
        high[start + row] = pairs[2 * row + 1] ?? 0;
      }
    }
    return { low, high };
  }
}

export function isEqualKey(a: HashColumn, rowOfA: number, b: HashColumn, rowOfB: number): boolean {
  return a.low[rowOfA] === b.low[rowOfB] && a.high[rowOfA] === b.high[rowOfB];
}
