/**
 * Bytes of a data file to text: UTF-8, strictly, with the place of every bad byte. What is not UTF-8 is reported, never
 * guessed at, because a wrong guess trains on mangled words.
 */
import type { Problem } from '../protocol';
import { findInvalidUtf8 } from './utf8-fault';

export interface DecodedText {
  /** Without the byte-order mark; bad bytes are U+FFFD. */
  readonly text: string;
  readonly hadByteOrderMark: boolean;
  readonly problems: Problem[];
}

const reportedLines = 20;

export function decodeText(bytes: Uint8Array): DecodedText {
  const utf16 = utf16Name(bytes);
  if (utf16 !== undefined) return decodeUtf16(bytes, utf16);
  const hadByteOrderMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  const content = hadByteOrderMark ? bytes.subarray(3) : bytes;
  const problems = hadByteOrderMark ? [byteOrderMark(content)] : [];
  const text = decodeStrictly(content);
  if (text !== undefined) return { text, hadByteOrderMark, problems };
  const loose = decodeLoosely(content);
  return { text: loose, hadByteOrderMark, problems: [...problems, ...collectBadBytes(content, isOneByte(loose))] };
}

function decodeStrictly(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined; // the decoder says that there is a bad byte, not where
  }
}

function decodeLoosely(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}

/** Whether most of what is not ASCII is wrong: then the file is in an encoding of one byte a character, most likely. */
function isOneByte(loose: string): boolean {
  const bad = loose.match(/\ufffd/g)?.length ?? 0;
  const good = loose.match(/[^\0-\x7f\ufffd]/g)?.length ?? 0;
  return bad > good;
}

/** The first bad byte of each line, for the first lines that have one. */
function collectBadBytes(bytes: Uint8Array, isOneByte: boolean): Problem[] {
  const problems: Problem[] = [];
  let start = 0;
  for (let line = 1; start < bytes.length && problems.length < reportedLines; line++) {
    const end = lineEnd(bytes, start);
    const bad = findInvalidUtf8(bytes.subarray(start, end));
    if (bad >= 0) problems.push(badByte(bytes, { line, start, bad: start + bad, isOneByte }));
    start = end;
  }
  return problems;
}

/** Behind the next line end; a line ends at LF, CR LF or a lone CR. */
function lineEnd(bytes: Uint8Array, start: number): number {
  let index = start;
  while (index < bytes.length && bytes[index] !== 0x0a && bytes[index] !== 0x0d) index++;
  return index + (bytes[index] === 0x0d && bytes[index + 1] === 0x0a ? 2 : 1);
}

interface BadByte {
  readonly line: number;
  /** Offset of the line, and of the byte. */
  readonly start: number;
  readonly bad: number;
  readonly isOneByte: boolean;
}

function badByte(bytes: Uint8Array, { line, start, bad, isOneByte }: BadByte): Problem {
  const column = decodeLoosely(bytes.subarray(start, bad)).length + 1;
  const found = (bytes[bad] ?? 0).toString(16).toUpperCase().padStart(2, '0');
  return {
    ...{ line, column, endLine: line, endColumn: column + 1 },
    code: 'invalid-encoding',
    severity: 'error',
    message: `The byte ${found} is not UTF-8${isOneByte || isAlone(bytes, bad) ? guess(bytes, bad) : ''}. Save the file again as UTF-8.`,
  };
}

/** One high byte among ASCII is what the one-byte encodings of western Europe look like. */
function isAlone(bytes: Uint8Array, index: number): boolean {
  return (bytes[index + 1] ?? 0) < 0x80 && (bytes[index - 1] ?? 0) < 0x80;
}

function guess(bytes: Uint8Array, index: number): string {
  const character = new TextDecoder('windows-1252').decode(bytes.subarray(index, index + 1));
  return /[\p{L}\p{P}\p{S}]/u.test(character) ? `; in windows-1252 (latin-1) it would be "${character}"` : '';
}

function byteOrderMark(content: Uint8Array): Problem {
  return {
    ...{ line: 1, column: 1, endLine: 1, endColumn: content.length === 0 ? 1 : 2 },
    code: 'byte-order-mark',
    severity: 'warning',
    message: 'The file begins with a byte-order mark. Temper skips it, other tools may not: save it as UTF-8 without one.',
  };
}

function utf16Name(bytes: Uint8Array): 'utf-16le' | 'utf-16be' | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  return undefined;
}

/** Readable, so that the rest can be looked at, and refused all the same. */
function decodeUtf16(bytes: Uint8Array, name: 'utf-16le' | 'utf-16be'): DecodedText {
  const text = new TextDecoder(name).decode(bytes);
  const range = { line: 1, column: 1, endLine: 1, endColumn: text === '' ? 1 : 2 };
  const message = `The file is ${name.toUpperCase()}, not UTF-8. Save it again as UTF-8.`;
  return { text, hadByteOrderMark: true, problems: [{ ...range, code: 'invalid-encoding', severity: 'error', message }] };
}
