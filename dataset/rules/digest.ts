/**
 * The digest of a block: what rules about whole files need of each row, in typed arrays of about 200 bytes a row. Equal
 * hashes stand for equal texts; a row is read again only when a rule must quote or compare it word for word.
 */
import type { DataRow, RowKind } from '../shapes/rows';
import type { RowView } from '../shapes/shape';
import { createColumns, finishColumns } from './digest-columns';
import { LabelColumns, type BlockLabels } from './digest-labels';
import { signatureLength, writeSignature } from './digest-signature';
import { comparedText, edgeWords, inputOf, isLabelled, normalise } from './digest-text';
import { TextUnits } from './digest-units';
import { addToHash, addUnitsToHash } from './hash';
import { languageCode } from './language';

const hashNames = ['exact', 'exactInput', 'input', 'text', 'target', 'letters'] as const;
/**
 * 64 bits each. `exact`: the row as it is. `exactInput`, `input`: what is asked, as it is and normalised. `text` and
 * `target` together: the normalised row; of labelled rows `text` is the input and `target` the label as it is, of others
 * `text` is all and `target` 0. `letters`: what near-duplicates are told by without punctuation; 0 when that is next to nothing.
 */
export type HashName = (typeof hashNames)[number];

const numberNames = ['length', 'words', 'language', 'path', 'inputBegin', 'inputEnd', 'answerBegin', 'answerEnd'] as const;
/**
 * `length`: UTF-16 units of the trimmed input. `words`: of what near-duplicates are told by. `language`: see language.ts.
 * `path`: number in `paths`. The others: hashes of the first and last three words, 0 when there are no more.
 */
export type NumberName = (typeof numberNames)[number] | 'chosenLength' | 'rejectedLength';

export interface BlockDigest {
  readonly rows: number;
  /** Of its first row; a file has one kind. */
  readonly kind: RowKind | undefined;
  readonly isLabelled: boolean;
  /** Two entries a row: low, high. */
  readonly hashes: Readonly<Record<HashName, Uint32Array>>;
  /** One entry a row; the lengths of answers are empty but for preference rows. */
  readonly numbers: Readonly<Record<NumberName, Uint32Array>>;
  /** `signatureLength` entries a row. */
  readonly signatures: Uint16Array;
  /** The different paths to inputs. */
  readonly paths: readonly (readonly string[])[];
  readonly labels: BlockLabels;
}

export interface DigestBuilder {
  add(row: DataRow, view: RowView): void;
  /** Nothing may be added after it. */
  finish(): BlockDigest;
}

export function createDigestBuilder(): DigestBuilder {
  const block = new BlockColumns();
  return {
    add(row, view) {
      block.add(row, view);
    },
    finish: () => block.finish(),
  };
}

class BlockColumns {
  #kind: RowKind | undefined;
  #isLabelled = false;
  #rows = 0;
  readonly #hashes = createColumns(hashNames);
  readonly #numbers = createColumns([...numberNames, 'chosenLength', 'rejectedLength']);
  readonly #labels = new LabelColumns();
  readonly #pathIds = new Map<string, number>();
  readonly #paths: (readonly string[])[] = [];
  #signatures = new Uint16Array(256 * signatureLength);

  add(row: DataRow, view: RowView): void {
    if (this.#rows === 0) [this.#kind, this.#isLabelled] = [view.kind, isLabelled(view)];
    const input = inputOf(view);
    const normal = normalise(input);
    this.#addHashes(row, view, normal);
    this.#addNumbers(view, input, normal);
    this.#addComparedText(comparedText(view));
    this.#labels.addRow(view.labels);
    this.#rows++;
  }

  finish(): BlockDigest {
    return {
      rows: this.#rows,
      kind: this.#kind,
      isLabelled: this.#isLabelled,
      hashes: finishColumns(this.#hashes),
      numbers: finishColumns(this.#numbers),
      signatures: this.#signatures.slice(0, this.#rows * signatureLength),
      paths: this.#paths,
      labels: this.#labels.finish(),
    };
  }

  #addHashes(row: DataRow, view: RowView, normal: string): void {
    const others = [...otherTexts(row, view), view.target.text];
    this.#startHash('exactInput', inputOf(view));
    this.#goOn('exact', others);
    this.#startHash('input', normal);
    this.#goOn('text', this.#isLabelled ? [] : others.map(normalise));
    hash.fill(0);
    this.#goOn('target', this.#isLabelled ? [view.target.text] : []);
  }

  #addNumbers(view: RowView, input: string, normal: string): void {
    const numbers = this.#numbers;
    const answer = this.#isLabelled ? '' : normalise(view.target.text);
    numbers.length.push(input.trim().length);
    numbers.language.push(languageCode(input));
    numbers.path.push(this.#pathId(view.input.text === '' ? view.target.path : view.input.path));
    numbers.inputBegin.push(hashWords(edgeWords(normal, 'begin')));
    numbers.inputEnd.push(hashWords(edgeWords(normal, 'end')));
    numbers.answerBegin.push(hashWords(edgeWords(answer, 'begin')));
    numbers.answerEnd.push(hashWords(edgeWords(answer, 'end')));
    if (view.preference === undefined) return;
    numbers.chosenLength.push(view.preference.chosen.text.length);
    numbers.rejectedLength.push(view.preference.rejected.text.length);
  }

  #addComparedText(text: string): void {
    const offset = this.#rows * signatureLength;
    if (offset === this.#signatures.length) {
      const larger = new Uint16Array(2 * offset);
      larger.set(this.#signatures);
      this.#signatures = larger;
    }
    textUnits.read(text);
    this.#numbers.words.push(textUnits.words);
    writeSignature(textUnits.units, textUnits.length, { into: this.#signatures, offset });
    textUnits.joinWords();
    hash.fill(0);
    if (textUnits.length >= fewestLetters) addUnitsToHash(hash, textUnits.units, textUnits.length);
    this.#hashes.letters.push(hash[0] ?? 0);
    this.#hashes.letters.push(hash[1] ?? 0);
  }

  #startHash(name: HashName, text: string): void {
    hash.fill(0);
    this.#goOn(name, [text]);
  }

  /** With the texts behind those of the hash before. */
  #goOn(name: HashName, texts: readonly string[]): void {
    for (const text of texts) addToHash(hash, text);
    this.#hashes[name].push(hash[0] ?? 0);
    this.#hashes[name].push(hash[1] ?? 0);
  }

  #pathId(path: readonly string[]): number {
    const key = path.join('\0');
    const known = this.#pathIds.get(key);
    if (known !== undefined) return known;
    this.#pathIds.set(key, this.#paths.length);
    return this.#paths.push(path) - 1;
  }
}

/** What makes a row another one beside its input and target. */
function otherTexts(row: DataRow, view: RowView): string[] {
  if (isLabelled(view)) return [];
  const liked = row.kind === 'unpaired-preference' ? [row.isLiked ? 'liked' : 'disliked'] : [];
  return [...view.texts.map(({ text }) => text), view.preference?.rejected.text ?? '', ...liked];
}

function hashWords(words: string): number {
  if (words === '') return 0;
  hash.fill(0);
  addToHash(hash, words);
  return hash[0] ?? 0;
}

/** Below it, a difference in punctuation may be all there is. */
const fewestLetters = 5;
const hash = new Uint32Array(2);
const textUnits = new TextUnits();
