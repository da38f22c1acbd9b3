/** Collects what is not text in the encoding of a file: the first fault of each line, the first lines of a file, then a number. */
import type { EncodingName, Problem } from '../../protocol';

export interface BadText {
  readonly line: number;
  readonly column: number;
  /** In UTF-8 only: the byte where the fault begins. */
  readonly byte?: number;
  /** One high byte among ASCII is what the one-byte encodings of western Europe look like. */
  readonly isAlone?: boolean;
}

const reportedLines = 20;
/** So many characters beyond ASCII tell what a file is; the rest is not counted, which takes time. */
const countedCharacters = 100_000;

export class BadTextCollector {
  private readonly reported: BadText[] = [];
  private firstUnreported: BadText | undefined;
  private lineCount = 0;
  private lastLine = 0;
  private good = 0;
  private bad = 0;

  /** Whether more than the number of lines is still of use. */
  get wantsPlaces(): boolean {
    return this.lineCount <= reportedLines;
  }

  /** Lines in their order; of a line that was there already, nothing is kept. */
  add(fault: BadText): void {
    if (fault.line === this.lastLine) return;
    this.lastLine = fault.line;
    this.lineCount++;
    if (this.lineCount <= reportedLines) this.reported.push(fault);
    else this.firstUnreported ??= fault;
  }

  /** Tells later whether most of what is not ASCII is wrong. */
  count(text: string): void {
    for (const { 0: run } of text.matchAll(/[\u0080-\uffff]+/g)) {
      if (this.good >= countedCharacters) return;
      const bad = run.split('\ufffd').length - 1;
      this.bad += bad;
      this.good += run.length - bad;
    }
  }

  collectProblems(encoding: EncodingName): Problem[] {
    const problems = this.reported.map((fault) => problemAt(fault, this.describe(fault, encoding)));
    const more = this.lineCount - this.reported.length;
    if (!this.firstUnreported) return problems;
    const lines = more === 1 ? 'One more line has' : `${more} more lines have`;
    return [...problems, problemAt(this.firstUnreported, `${lines} bytes that are not ${nameOf(encoding)}.`)];
  }

  private describe({ byte, isAlone }: BadText, encoding: EncodingName): string {
    if (byte === undefined)
      return `These bytes are no character in ${nameOf(encoding)}. Save the file again as UTF-8, or correct "data.encoding" in temper.json.`;
    const found = `The byte ${byte.toString(16).toUpperCase().padStart(2, '0')} is not UTF-8`;
    const isOneByte = this.bad > this.good;
    const guess = isOneByte || isAlone ? inWindows1252(byte) : '';
    const setting = isOneByte && guess !== '' ? ', or set "data.encoding" to "windows-1252" in temper.json' : '';
    return `${found}${guess}. Save the file again as UTF-8${setting}.`;
  }
}

function problemAt({ line, column }: BadText, message: string): Problem {
  return { line, column, endLine: line, endColumn: column + 1, code: 'invalid-encoding', severity: 'error', message };
}

function inWindows1252(byte: number): string {
  const character = new TextDecoder('windows-1252').decode(Uint8Array.of(byte));
  return /[\p{L}\p{P}\p{S}]/u.test(character) ? `; in windows-1252 (latin-1) it would be "${character}"` : '';
}

export function nameOf(encoding: EncodingName): string {
  return encoding.startsWith('utf-') ? encoding.toUpperCase() : encoding;
}
