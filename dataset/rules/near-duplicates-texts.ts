/**
 * The texts by which near-duplicates are told, without what most rows of the file begin or end with: rows made from one
 * template would all be almost the same otherwise. Where there is such a template, rows are read again and signed anew.
 */
import type { RowView } from '../shapes/shape';
import { collectBoilerplate, withoutBoilerplate, type Boilerplate } from './boilerplate';
import { collectPieces, signatureLength, writeSignature } from './digest-signature';
import { comparedText, isLabelled } from './digest-text';
import { TextUnits } from './digest-units';
import type { DigestRows } from './digest-rows';
import type { SignedRows } from './near-duplicates-search';

/** Of fewer, one other word is another text. */
const fewestWords = 5;
const rowsPerStep = 256;

/** `reference`: the file whose rows say what is boilerplate; that of training, where two files are compared. */
export class NearTexts {
  readonly #rows: DigestRows;
  readonly #boilerplate: readonly Boilerplate[];
  readonly #units = new TextUnits();

  constructor(rows: DigestRows, reference: DigestRows) {
    this.#rows = rows;
    this.#boilerplate = collectBoilerplate(reference);
  }

  *sign(isWanted: (row: number) => boolean): Generator<undefined, SignedRows, void> {
    const { count } = this.#rows;
    if (this.#boilerplate.length > 0) return yield* this.#signAnew(isWanted);
    const words = this.#rows.numbers('words');
    const isCompared = Uint8Array.from({ length: count }, (_, row) =>
      (words[row] ?? 0) >= fewestWords && isWanted(row) ? 1 : 0,
    );
    return { count, signatures: this.#rows.signatures(), isCompared };
  }

  /** The pieces of a row; `undefined` for one that is gone or says too little. */
  readPieces(row: number): Uint32Array | undefined {
    return this.#readUnits(row) ? collectPieces(this.#units.units, this.#units.length) : undefined;
  }

  /** Those of the input alone, where the row is compared with its answer too; else `undefined`. */
  readInputPieces(row: number): Uint32Array | undefined {
    const view = this.#rows.viewOf(row);
    if (view === undefined || view.input.text === '' || isLabelled(view)) return undefined;
    this.#units.read(view.input.text);
    return collectPieces(this.#units.units, this.#units.length);
  }

  *#signAnew(isWanted: (row: number) => boolean): Generator<undefined, SignedRows, void> {
    const { count } = this.#rows;
    const [signatures, isCompared] = [new Uint16Array(count * signatureLength), new Uint8Array(count)];
    for (let row = 0; row < count; row++) {
      if (row % rowsPerStep === 0) yield undefined;
      if (!isWanted(row) || !this.#readUnits(row)) continue;
      isCompared[row] = 1;
      writeSignature(this.#units.units, this.#units.length, { into: signatures, offset: row * signatureLength });
    }
    return { count, signatures, isCompared };
  }

  #readUnits(row: number): boolean {
    const view = this.#rows.viewOf(row);
    if (view === undefined) return false;
    this.#units.read(comparedText(this.#boilerplate.length === 0 ? view : this.#strip(view)));
    return this.#units.words >= fewestWords;
  }

  #strip(view: RowView): RowView {
    const input = { ...view.input, text: withoutBoilerplate(view.input.text, 'input', this.#boilerplate) };
    const target = { ...view.target, text: withoutBoilerplate(view.target.text, 'answer', this.#boilerplate) };
    return { ...view, input, target };
  }
}
