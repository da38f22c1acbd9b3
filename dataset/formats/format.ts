/**
 * What a format of text files is: it cuts a file into blocks of whole rows and reads one block at a time. Streaming, the
 * editor's incremental linting and training all go through these blocks, so that what lints clean trains.
 */
import type { EncodingName, FormatName, Problem, TextRange } from '../../protocol';

/** UTF-16 units of a text; the end is exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Which block of its file a text is. Lines and columns in it count from 1 all the same; the caller moves them. */
export interface BlockPlace {
  readonly isFirst: boolean;
  readonly isLast: boolean;
}

/** One row of a block: named values that know where they stand. */
export interface SourceRow {
  /** Of the block, from 1. */
  readonly line: number;
  readonly endLine: number;
  /** Own properties only; a name may be "__proto__". */
  readonly value: Readonly<Record<string, unknown>>;
  /**
   * Where the value at `path` stands, with its quotes; `[]` is the whole row without its line end. List elements go by
   * their index. Of a path that is not there, the nearest container that is. `within` picks a part of a string value, in
   * UTF-16 units of that value. Computed when asked for.
   */
  rangeAt(path: readonly string[], within?: Span): TextRange;
  /** Where the key of the value at `path` stands, with its quotes; of a cell, its column in the header has no place here, so the cell. */
  keyRangeAt(path: readonly string[]): TextRange;
}

export interface ParsedBlock {
  /** Those that could be read; a row with an error of its own is not among them. In the order of the text. */
  readonly rows: readonly SourceRow[];
  /** How many could not be read; none when absent. */
  readonly unreadRows?: number;
  /** Of syntax only, in any order, with ranges in the block. Each has its default severity. */
  readonly problems: readonly Problem[];
}

/** Reads the blocks of one file; it knows what the head of the file said: separator, names of the columns. */
export interface BlockParser {
  readonly format: FormatName;
  /** In their order, where the head of the file or the config names them; rows of JSON name their own. */
  readonly columns: readonly string[] | undefined;
  /** Equal keys read every block but the first alike: when an edit changes it, all blocks are read again. */
  readonly key: string;
  /** Why the head was read this way, one phrase each, such as `the separator is ";": 9 of 9 lines have two`. */
  readonly reasons: readonly string[];
  /**
   * The offset behind the last row that is whole whatever follows, and behind its line end; 0 when no row is.
   * `text` begins at the start of a row (the first block: at the start of the file).
   */
  findCut(text: string, place: BlockPlace): number;
  parse(text: string, place: BlockPlace): ParsedBlock;
  /**
   * A value as it is written here, to stand in place of what `rangeAt` covers: JSON with its quotes, a cell quoted where it
   * must be. `undefined` where the format cannot hold it (a line end in plain text, a blank in CoNLL).
   */
  quote(text: string): string | undefined;
  /**
   * What to take out so that the row is gone and the rest reads as before: the row with its line end, with its comma in an
   * array. It lies within the block's text, so the last row of a file leaves the line end in front of it.
   */
  rangeToRemove(row: SourceRow): TextRange | undefined;
}

export interface FormatSettings {
  readonly separator?: string | undefined;
  readonly hasHeader?: boolean | undefined;
  readonly columns?: readonly string[] | undefined;
  readonly tokensColumn: string;
  readonly tagsColumn: string;
  readonly textColumn: string;
}

/** `head` is the first 64 KiB of the file's text, or all of it when it is shorter. */
export type OpenFormat = (head: string, settings: FormatSettings) => BlockParser;

/** How a file is read, and why. */
export interface DetectedFormat {
  readonly format: FormatName;
  readonly encoding: EncodingName;
  readonly reasons: readonly string[];
}
