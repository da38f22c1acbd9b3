/**
 * The bytes of a data file, in pieces of any size, to pieces of its text, and what is wrong with the bytes. What is not text
 * in the encoding of the file is reported, never guessed at, because a wrong guess trains on mangled words.
 */
import { createHash } from 'node:crypto';
import type { EncodingName, Problem } from '../../protocol';
import { BadTextCollector, nameOf } from './bad-text';
import { StreamDecoder, Utf16Decoder } from './decode-others';
import { Utf8Decoder } from './decode-utf8';
import { LineCounter, type LineEndCounts } from './line-counter';

/** Decodes whole sequences; it never sees a cut through one, nor through a "\r\n". */
export interface PieceDecoder {
  /** How much of `bytes` can be decoded whatever follows; the rest comes again with what follows. */
  findCut(bytes: Uint8Array): number;
  /** The bytes in front of `end`; those behind it are there to be looked at. */
  decode(bytes: Uint8Array, end: number, isLast: boolean): string;
}

/** What is known of a file's text when all of it was read. */
export interface TextSummary {
  readonly bytes: number;
  readonly sha256: string;
  /** In which it was read: the one asked for, unless a byte-order mark says another. */
  readonly encoding: EncodingName;
  readonly hadByteOrderMark: boolean;
  readonly lineEnds: LineEndCounts;
  /** Of the bytes and line ends. The fix of a byte-order mark is no edit of the text: write the file without it. */
  readonly problems: readonly Problem[];
}

export interface TextReader {
  /** The text that is certain by now, perhaps none. `bytes` may be reused afterwards. */
  push(bytes: Uint8Array): string;
  /** The rest of the text. */
  end(): string;
  /** After the end. */
  summarize(): TextSummary;
}

export function createTextReader(encoding: EncodingName): TextReader {
  return new PiecewiseReader(encoding);
}

const longestMark = 3;

class PiecewiseReader implements TextReader {
  private readonly asked: EncodingName;
  private readonly hash = createHash('sha256');
  private readonly lines = new LineCounter();
  private readonly faults = new BadTextCollector();
  private byteCount = 0;
  private rest: Uint8Array = new Uint8Array(0);
  private head: FileHead | undefined;

  constructor(asked: EncodingName) {
    this.asked = asked;
  }

  push(bytes: Uint8Array): string {
    this.hash.update(bytes);
    this.byteCount += bytes.length;
    const joined = this.rest.length === 0 ? bytes : Buffer.concat([this.rest, bytes]);
    return this.head || joined.length >= longestMark ? this.read(joined, false) : this.keep(joined);
  }

  end(): string {
    return this.read(this.rest, true);
  }

  summarize(): TextSummary {
    const { mark, encoding } = this.head ?? { mark: undefined, encoding: this.asked };
    return {
      bytes: this.byteCount,
      sha256: this.hash.copy().digest('hex'),
      encoding,
      hadByteOrderMark: mark !== undefined,
      lineEnds: { ...this.lines.counts },
      problems: [
        ...describeMark(mark, this.asked, this.lines),
        ...this.faults.collectProblems(encoding),
        ...this.lines.collectProblems(),
      ],
    };
  }

  private read(joined: Uint8Array, isLast: boolean): string {
    const isHead = this.head === undefined;
    const { mark, decoder } = (this.head ??= this.open(joined));
    const bytes = isHead ? joined.subarray(mark?.length ?? 0) : joined;
    const end = isLast ? bytes.length : decoder.findCut(bytes);
    const text = decoder.decode(bytes, end, isLast);
    this.lines.add(text);
    this.keep(bytes.subarray(end));
    return text;
  }

  private open(bytes: Uint8Array): FileHead {
    const mark = findMark(bytes);
    const encoding = mark?.encoding ?? this.asked;
    return { mark, encoding, decoder: this.decoderOf(encoding) };
  }

  private keep(bytes: Uint8Array): '' {
    this.rest = new Uint8Array(bytes); // a copy, which slice() of a Buffer is not
    return '';
  }

  private decoderOf(encoding: EncodingName): PieceDecoder {
    if (encoding === 'utf-8') return new Utf8Decoder(this.lines, this.faults);
    if (encoding === 'utf-16le' || encoding === 'utf-16be') return new Utf16Decoder(encoding, this.lines, this.faults);
    return new StreamDecoder(encoding, this.lines, this.faults);
  }
}

interface FileHead {
  readonly mark: Mark | undefined;
  readonly encoding: EncodingName;
  readonly decoder: PieceDecoder;
}

interface Mark {
  readonly encoding: EncodingName;
  readonly length: number;
}

function findMark([first, second, third]: Uint8Array): Mark | undefined {
  if (first === 0xef && second === 0xbb && third === 0xbf) return { encoding: 'utf-8', length: 3 };
  if (first === 0xff && second === 0xfe) return { encoding: 'utf-16le', length: 2 };
  if (first === 0xfe && second === 0xff) return { encoding: 'utf-16be', length: 2 };
  return undefined;
}

/** Another encoding than the one asked for is read, so that the rest can be looked at, and refused all the same. */
function describeMark(mark: Mark | undefined, asked: EncodingName, lines: LineCounter): Problem[] {
  if (!mark) return [];
  const isEmpty = lines.line === 1 && lines.column === 1;
  const range = { line: 1, column: 1, endLine: 1, endColumn: isEmpty ? 1 : 2 };
  if (mark.encoding !== asked) {
    const remedy = asked === 'utf-8' ? 'Save it again as UTF-8.' : 'Correct "data.encoding" in temper.json.';
    const message = `The file is ${nameOf(mark.encoding)}, not ${nameOf(asked)}. ${remedy}`;
    return [{ ...range, code: 'invalid-encoding', severity: 'error', message }];
  }
  if (mark.encoding !== 'utf-8') return []; // UTF-16 is meant to have one
  const message = 'The file begins with a byte-order mark. Temper skips it, other tools may not: save it as UTF-8 without one.';
  return [{ ...range, code: 'byte-order-mark', severity: 'warning', message }];
}
