/**
 * UTF-8 in pieces, strictly: bad bytes become U+FFFD as the Encoding Standard has it, and each line that has one is
 * reported. How the bytes were cut into pieces changes nothing.
 */
import { isAscii, isUtf8 } from 'node:buffer';
import { findInvalidUtf8 } from '../utf8-fault';
import type { BadTextCollector } from './bad-text';
import type { LineCounter } from './line-counter';
import type { PieceDecoder } from './text-reader';

export class Utf8Decoder implements PieceDecoder {
  private readonly decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  private readonly lines: LineCounter;
  private readonly faults: BadTextCollector;
  /** The last byte that was decoded. */
  private previous = 0;

  constructor(lines: LineCounter, faults: BadTextCollector) {
    this.lines = lines;
    this.faults = faults;
  }

  /** In front of the last sequence and of a "\r": what comes may belong to them. */
  findCut(bytes: Uint8Array): number {
    const last = bytes.length - 1;
    const byte = bytes[last] ?? 0;
    if (byte < 0x80) return byte === 0x0d ? last : bytes.length;
    for (let start = last; start >= 0 && start > last - 4; start--)
      if (isLead(bytes[start])) return start + lengthOf(bytes[start]) > last ? start : last;
    return last;
  }

  decode(bytes: Uint8Array, end: number): string {
    const piece = bytes.subarray(0, end);
    const text = this.decoder.decode(piece);
    if (!isUtf8(piece)) this.reportLines(bytes, end);
    if (!isAscii(piece)) this.faults.count(text);
    this.previous = piece.at(-1) ?? this.previous;
    return text;
  }

  private reportLines(bytes: Uint8Array, end: number): void {
    let { line } = this.lines;
    for (let start = 0; start < end; line++) {
      const next = lineEnd(bytes, start, end);
      if (!isUtf8(bytes.subarray(start, next))) this.reportLine(bytes, line, { start, end: next });
      start = next;
    }
  }

  private reportLine(bytes: Uint8Array, line: number, { start, end }: { start: number; end: number }): void {
    if (!this.faults.wantsPlaces) return this.faults.add({ line, column: 1 });
    const bad = start + findInvalidUtf8(bytes.subarray(start, end));
    const before = line === this.lines.line ? this.lines.column : 1;
    const column = before + this.decoder.decode(bytes.subarray(start, bad)).length;
    const isAlone = (bytes[bad + 1] ?? 0) < 0x80 && (bytes[bad - 1] ?? this.previous) < 0x80;
    this.faults.add({ line, column, byte: bytes[bad] ?? 0, isAlone });
  }
}

/** Behind the next line end; a line ends at LF, CR LF or a lone CR. */
function lineEnd(bytes: Uint8Array, start: number, end: number): number {
  let index = start;
  while (index < end && bytes[index] !== 0x0a && bytes[index] !== 0x0d) index++;
  return Math.min(index + (bytes[index] === 0x0d && bytes[index + 1] === 0x0a ? 2 : 1), end);
}

function isLead(byte = 0): boolean {
  return byte >= 0xc0;
}

function lengthOf(lead = 0): number {
  return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}
