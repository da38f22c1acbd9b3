/** A text that knows its bytes, so that an edit changes the bytes of what it is about and copies all others as they are. */
import type { EncodingName } from '../../protocol';
import type { Replacement } from './apply-edits';

export interface ReversibleText {
  /** Without the byte-order mark. */
  readonly text: string;
  /** Bytes of the byte-order mark at the head. */
  readonly markBytes: number;
  /** Whether the encoding has all its characters. */
  canWrite(text: string): boolean;
  /** `replacements` stand in the order of the text and do not overlap. */
  replace(replacements: readonly Replacement[], options: { readonly dropsMark: boolean }): Uint8Array;
}

/** `undefined` when the bytes are not text of the encoding, or the encoding is none that can be written back. */
export function readReversibly(bytes: Uint8Array, encoding: EncodingName): ReversibleText | undefined {
  return encoding === 'utf-8' ? readUtf8(bytes) : readOneByte(bytes, encoding);
}

function readUtf8(bytes: Uint8Array): ReversibleText | undefined {
  const markBytes = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  const content = bytes.subarray(markBytes);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    return undefined; // the linter has said where the bad bytes are
  }
  const isAscii = text.length === content.length;
  return {
    text,
    markBytes,
    canWrite: (inserted) => !/\p{Surrogate}/u.test(inserted),
    replace(replacements, { dropsMark }) {
      const bytesOf = isAscii ? (start: number, end: number) => end - start : countUtf8(text);
      const encode = (inserted: string) => Buffer.from(inserted, 'utf8');
      const replaced = splice(content, replacements, { bytesOf, encode });
      return Buffer.concat([bytes.subarray(0, dropsMark ? 0 : markBytes), ...replaced]);
    },
  };
}

function countUtf8(text: string): (start: number, end: number) => number {
  return (start, end) => Buffer.byteLength(text.slice(start, end), 'utf8');
}

/** Windows-1252 and its kin: a byte is a unit. The others can spell one text in several ways, so they are left alone. */
function readOneByte(bytes: Uint8Array, encoding: EncodingName): ReversibleText | undefined {
  const byteOf = bytesByCharacter(encoding);
  if (byteOf === undefined) return undefined;
  const text = new TextDecoder(encoding).decode(bytes);
  if (text.length !== bytes.length) return undefined;
  return {
    text,
    markBytes: 0,
    canWrite: (inserted) => inserted.split('').every((character) => byteOf.has(character)),
    replace(replacements) {
      const encode = (inserted: string) => Uint8Array.from(inserted.split(''), (character) => byteOf.get(character) ?? 0x3f);
      return Buffer.concat(splice(bytes, replacements, { bytesOf: (start, end) => end - start, encode }));
    },
  };
}

/** `undefined` when a byte has no character of its own. */
function bytesByCharacter(encoding: EncodingName): ReadonlyMap<string, number> | undefined {
  const all = new TextDecoder(encoding).decode(Uint8Array.from({ length: 256 }, (_, byte) => byte));
  const byteOf = new Map(all.split('').map((character, byte) => [character, byte]));
  return byteOf.size === 256 && !byteOf.has('\ufffd') ? byteOf : undefined;
}

interface Coding {
  readonly bytesOf: (start: number, end: number) => number;
  readonly encode: (inserted: string) => Uint8Array;
}

function splice(content: Uint8Array, replacements: readonly Replacement[], { bytesOf, encode }: Coding): Uint8Array[] {
  const parts: Uint8Array[] = [];
  let [units, offset] = [0, 0];
  for (const { start, end, text } of replacements) {
    const from = offset + bytesOf(units, start);
    parts.push(content.subarray(offset, from), encode(text));
    [units, offset] = [end, from + bytesOf(start, end)];
  }
  return [...parts, content.subarray(offset)];
}
