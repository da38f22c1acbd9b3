/** Finds rows with equal hashes: a table of row numbers in one typed array, so that 400,000 rows cost tens of milliseconds. */

/** Two columns, one entry for each row. */
export interface HashColumn {
  readonly low: Uint32Array;
  readonly high: Uint32Array;
}

export class HashIndex {
  readonly #keys: HashColumn;
  /** Row numbers plus one; 0 is free. At most half of it is taken. */
  readonly #slots: Int32Array;
  readonly #mask: number;

  constructor(keys: HashColumn) {
    this.#keys = keys;
    this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(2 * keys.low.length + 2)));
    this.#mask = this.#slots.length - 1;
  }

  /** The row with the same key that was added first: itself when there is none. */
  add(row: number): number {
    const slot = this.#slotOf(this.#keys.low[row] ?? 0, this.#keys.high[row] ?? 0);
    const found = this.#slots[slot] ?? 0;
    if (found > 0) return found - 1;
    this.#slots[slot] = row + 1;
    return row;
  }

  /** Adds rows one by one, and notes for each the one that was first. */
  addRange(from: number, to: number, first: Int32Array): void {
    for (let row = from; row < to; row++) first[row] = this.add(row);
  }

  /** The row that was added first with this key. */
  find(low: number, high: number): number | undefined {
    const found = this.#slots[this.#slotOf(low, high)] ?? 0;
    return found > 0 ? found - 1 : undefined;
  }

  /** Where the key stands, or would stand. */
  #slotOf(low: number, high: number): number {
    let slot = low & this.#mask;
    for (;;) {
      const row = (this.#slots[slot] ?? 0) - 1;
      if (row < 0 || (this.#keys.low[row] === low && this.#keys.high[row] === high)) return slot;
      slot = (slot + 1) & this.#mask;
    }
  }
}
