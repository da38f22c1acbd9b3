/** Columns of whole numbers that grow row by row. */

export class NumberColumn {
  #values = new Uint32Array(256);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const larger = new Uint32Array(2 * this.#length);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#length++] = value;
  }

  finish(): Uint32Array {
    return this.#values.slice(0, this.#length);
  }
}

/** One column for each name. */
export function createColumns<Name extends string>(names: readonly Name[]): Record<Name, NumberColumn> {
  return fromNames(names, () => new NumberColumn());
}

export function finishColumns<Name extends string>(columns: Record<Name, NumberColumn>): Record<Name, Uint32Array> {
  return fromNames(Object.keys(columns) as Name[], (name) => columns[name].finish()); // the keys are the names it was created with
}

function fromNames<Name extends string, Value>(names: readonly Name[], create: (name: Name) => Value): Record<Name, Value> {
  return Object.fromEntries(names.map((name) => [name, create(name)])) as Record<Name, Value>; // an entry for each name
}
