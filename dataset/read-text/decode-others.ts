/** The encodings other than UTF-8, in pieces. UTF-16 is cut by us, so that a U+FFFD that stands in the file is no fault. */
import { TextDecoder } from 'node:util';
import type { EncodingName } from '../../protocol';
import { createLineIndex } from '../text-position';
import type { BadTextCollector } from './bad-text';
import type { LineCounter } from './line-counter';
import type { PieceDecoder } from './text-reader';

export class Utf16Decoder implements PieceDecoder {
  private readonly decoder: TextDecoder;
  private readonly isBigEndian: boolean;
  private readonly lines: LineCounter;
  private readonly faults: BadTextCollector;

  constructor(encoding: 'utf-16le' | 'utf-16be', lines: LineCounter, faults: BadTextCollector) {
    this.decoder = new TextDecoder(encoding, { ignoreBOM: true });
    this.isBigEndian = encoding === 'utf-16be';
    this.lines = lines;
    this.faults = faults;
  }

  /** In front of half a unit, of half a pair and of a "\r". */
  findCut(bytes: Uint8Array): number {
    const end = bytes.length - (bytes.length % 2);
    const unit = end > 0 ? this.unitAt(bytes, end - 2) : 0;
    return unit === 0x0d || (unit >= 0xd800 && unit < 0xdc00) ? end - 2 : end;
  }

  decode(bytes: Uint8Array, end: number): string {
    const text = this.decoder.decode(bytes.subarray(0, end));
    // every half pair became one U+FFFD, so unit i is still at byte 2i; half a unit at the end has no second byte
    const isBad = (index: number) => this.unitAt(bytes, 2 * index) !== 0xfffd;
    reportReplacements(text, isBad, this.lines, this.faults);
    return text;
  }

  private unitAt(bytes: Uint8Array, index: number): number {
    const [first = 0, second = NaN] = [bytes[index], bytes[index + 1]];
    return this.isBigEndian ? first * 256 + second : second * 256 + first;
  }
}

/** Of one byte a character, which know no fault, and of several, where what is no character becomes U+FFFD. */
export class StreamDecoder implements PieceDecoder {
  private readonly decoder: TextDecoder;
  private readonly lines: LineCounter;
  private readonly faults: BadTextCollector;
  private held = '';

  constructor(encoding: EncodingName, lines: LineCounter, faults: BadTextCollector) {
    this.decoder = new TextDecoder(encoding);
    this.lines = lines;
    this.faults = faults;
  }

  /** The decoder keeps what is not whole by itself. */
  findCut(bytes: Uint8Array): number {
    return bytes.length;
  }

  decode(bytes: Uint8Array, end: number, isLast: boolean): string {
    const text = this.held + this.decoder.decode(bytes.subarray(0, end), { stream: !isLast });
    this.held = text.endsWith('\r') && !isLast ? '\r' : '';
    const piece = text.slice(0, text.length - this.held.length);
    reportReplacements(piece, () => true, this.lines, this.faults);
    return piece;
  }
}

function reportReplacements(
  text: string,
  isBad: (index: number) => boolean,
  base: Pick<LineCounter, 'line' | 'column'>,
  faults: BadTextCollector,
): void {
  let index = text.indexOf('\ufffd');
  if (index < 0) return;
  const lines = createLineIndex(text);
  for (; index >= 0; index = text.indexOf('\ufffd', index + 1)) {
    if (!isBad(index)) continue;
    const { line, column } = lines.rangeOf(index, index);
    faults.add({ line: base.line + line - 1, column: line === 1 ? base.column + column - 1 : column });
  }
}
