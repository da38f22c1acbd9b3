/** The labels of a block's rows: each different one once, and numbers that stand for them. */
import { NumberColumn } from './digest-columns';

export interface BlockLabels {
  /** The different labels, in the order of their first rows. */
  readonly names: readonly string[];
  /** Numbers in `names`, row after row; one twice in a row where the row has it twice. */
  readonly ids: Uint32Array;
  /** Where the ids of each row begin; one entry more than there are rows. */
  readonly starts: Uint32Array;
}

export class LabelColumns {
  readonly #idOf = new Map<string, number>();
  readonly #ids = new NumberColumn();
  readonly #starts = new NumberColumn();

  addRow(labels: readonly { readonly text: string }[]): void {
    this.#starts.push(this.#ids.length);
    for (const { text } of labels) {
      const id = this.#idOf.get(text) ?? this.#idOf.size;
      if (id === this.#idOf.size) this.#idOf.set(text, id);
      this.#ids.push(id);
    }
  }

  finish(): BlockLabels {
    this.#starts.push(this.#ids.length);
    return { names: [...this.#idOf.keys()], ids: this.#ids.finish(), starts: this.#starts.finish() };
  }
}
