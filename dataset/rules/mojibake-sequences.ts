/**
 * Finds UTF-8 in a text that was decoded with a one-byte encoding: characters whose bytes, in that encoding, are a whole
 * UTF-8 sequence. It does not judge whether somebody meant these characters.
 */

/** One character as it should be, and the several that stand for it now. */
export interface Sequence {
  readonly start: number;
  readonly end: number;
  /** The first byte: it says what kind of character comes out. */
  readonly lead: number;
  readonly character: string;
}

export interface OneByteEncoding {
  readonly name: string;
  /** The byte of every character above ASCII. */
  readonly bytes: ReadonlyMap<number, number>;
  /** Texts without this have none of its sequences, or too few to be sure. */
  readonly hint: RegExp;
}

/** The bytes that windows-1252 leaves open stand for themselves, as in browsers. */
export const windows1252 = createEncoding('windows-1252', /[\u00c2-\u00f4][\x80-\xbf\u0152-\u02dc\u2013-\u2122]/);
/** What Cyrillic, the letters of central Europe, and quotation marks look like then. */
export const otherEncodings: readonly OneByteEncoding[] = [
  createEncoding('windows-1251', /Р[°µѕ]/),
  createEncoding('windows-1250', /[ÄĹĂ][\x80-\xbf\u0104-\u02dd\u2013-\u2122]/),
  createEncoding('macintosh', /‚Ä/),
];

function createEncoding(name: string, hint: RegExp): OneByteEncoding {
  const upper = Uint8Array.from({ length: 0x80 }, (_, index) => 0x80 + index);
  const characters = new TextDecoder(name).decode(upper);
  const bytes = new Map(Array.from(characters, (character, index) => [character.charCodeAt(0), 0x80 + index]));
  if (name === 'windows-1252') for (const byte of upper) bytes.set(byte, bytes.get(byte) ?? byte);
  return { name, bytes, hint };
}

export function findSequences(text: string, encoding: OneByteEncoding): Sequence[] {
  const sequences: Sequence[] = [];
  if (!encoding.hint.test(text)) return sequences;
  for (let index = 0; index < text.length; index++) {
    const lead = text.charCodeAt(index) > 0x7f ? encoding.bytes.get(text.charCodeAt(index)) : undefined;
    const sequence = lead === undefined ? undefined : readSequence(text, index, encoding);
    if (sequence === undefined) continue;
    sequences.push(sequence);
    index = sequence.end - 1;
  }
  return sequences;
}

/** Whether each character above ASCII belongs to a sequence: then the text went wrong as a whole. */
export function coversAll(text: string, sequences: readonly Sequence[]): boolean {
  let covered = 0;
  for (const { start, end } of sequences) covered += end - start;
  return covered === (text.match(/[^\0-\x7f]/g)?.length ?? 0);
}

function readSequence(text: string, start: number, { bytes }: OneByteEncoding): Sequence | undefined {
  const byteAt = (index: number) => bytes.get(text.charCodeAt(index)) ?? 0;
  const lead = byteAt(start);
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4) return undefined;
  let code = lead & (0xff >> (length + 1));
  for (let index = start + 1; index < start + length; index++) {
    const byte = byteAt(index);
    if (byte < 0x80 || byte > 0xbf) return undefined;
    code = (code << 6) | (byte & 0x3f);
  }
  return isRight(code, length) ? { start, end: start + length, lead, character: String.fromCodePoint(code) } : undefined;
}

/** In the shortest form, no half of a pair, nothing for private use. */
function isRight(code: number, length: number): boolean {
  if (length === 2) return true;
  if (length === 4) return code >= 0x10000 && code < 0x20000;
  return code >= 0x800 && (code < 0xd800 || code > 0xf8ff);
}
