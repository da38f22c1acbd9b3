/**
 * A text as the sequence of its letters, digits and symbols: lower case, words apart by one space, punctuation left out.
 * Near-duplicates are compared in this form, so that "Top-up?" and "top up" are the same. Symbols such as "£" and "+" stay,
 * and so do marks before a digit, because they change what is said.
 */

const space = 0x20;
const hyphen = 0x2d;
const [isOther, isSpace, isMark, isApostrophe, isDigit, isDense] = [0, 1, 2, 3, 4, 5];
/** Thai and Lao, Kana, Han. */
const denseRanges = [
  [0x0e00, 0x0eff],
  [0x3040, 0x30ff],
  [0x3400, 0x9fff],
] as const;
const kinds = createKinds();

export class TextUnits {
  units = new Uint16Array(4096);
  length = 0;
  /** Of scripts without spaces, two letters count as one. */
  words = 0;

  /** From now on this is about `text`. */
  read(text: string): void {
    const lower = (isAscii(text) ? text : text.normalize('NFKC')).toLowerCase();
    if (lower.length > this.units.length) this.units = new Uint16Array(2 * lower.length);
    this.length = this.#fill(lower);
    this.words = countWords(this.units, this.length);
  }

  /** Leaves out the spaces, but for those between two digits. The words are no longer apart then. */
  joinWords(): void {
    let length = 0;
    for (let index = 0; index < this.length; index++) {
      const unit = this.units[index] ?? 0;
      const isBetweenDigits = kinds[this.units[index - 1] ?? 0] === isDigit && kinds[this.units[index + 1] ?? 0] === isDigit;
      if (unit !== space || isBetweenDigits) this.units[length++] = unit;
    }
    this.length = length;
  }

  #fill(lower: string): number {
    const { units } = this;
    let length = 0;
    for (let index = 0; index < lower.length; index++) {
      const unit = lower.charCodeAt(index);
      const kind = kindAt(lower, index, unit);
      if (kind === isApostrophe) continue;
      if (kind !== isSpace && kind !== isMark) units[length++] = unit;
      else if (length > 0 && units[length - 1] !== space) units[length++] = space;
    }
    return length > 0 && units[length - 1] === space ? length - 1 : length;
  }
}

/** A mark stays before a digit or "=", a hyphen wherever it does not stand between letters. */
function kindAt(lower: string, index: number, unit: number): number {
  const kind = kinds[unit] ?? isOther;
  if (kind !== isMark) return kind;
  const next = index + 1 < lower.length ? lower.charCodeAt(index + 1) : space;
  if (kinds[next] === isDigit || next === 0x3d) return isOther;
  if (unit !== hyphen) return isMark;
  const isInWord = index > 0 && kinds[lower.charCodeAt(index - 1)] === isOther && kinds[next] === isOther;
  return isInWord ? isMark : isOther;
}

function countWords(units: Uint16Array, length: number): number {
  let [words, dense] = [0, 0];
  for (let index = 0; index < length; index++) {
    const unit = units[index] ?? 0;
    if (kinds[unit] === isDense) dense++;
    else if (unit !== space && (index === 0 || units[index - 1] === space)) words++;
  }
  return words + Math.ceil(dense / 2);
}

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 0x7f) return false;
  return true;
}

function createKinds(): Uint8Array {
  const table = new Uint8Array(65_536);
  for (const [from, to] of denseRanges) table.fill(isDense, from, to + 1);
  for (const mark of '.,;:!?"-‐‑‒–—―“”„‟«»‹›…¡¿、。，．！？：；「」『』،؛؟।') table[mark.charCodeAt(0)] = isMark;
  for (const mark of "'`´‘’‚‛ʼ") table[mark.charCodeAt(0)] = isApostrophe;
  for (let unit = 0; unit < 0x3001; unit++) if (/\s/.test(String.fromCharCode(unit))) table[unit] = isSpace;
  for (const digit of '0123456789') table[digit.charCodeAt(0)] = isDigit;
  return table;
}
