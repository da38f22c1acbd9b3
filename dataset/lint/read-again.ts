/** Rows of a block once more, after it was linted: to show where a finding is, to compare twins, to hover. */
import { closeSync, openSync, readSync } from 'node:fs';
import type { FormatName, TextRange } from '../../protocol';
import type { SourceRow } from '../formats/format';
import { createLineIndex, type LineIndex } from '../text-position';
import type { Block } from './blocks';
import type { FileContext } from './file-context';
import type { FileLint } from './file-lint';
import { createFingerprints, createTableFingerprints } from './fingerprint';
import { readRows, type ReadRow } from './read-rows';

export interface BlockAgain {
  /** The same rows in the same order as when it was linted. */
  readonly rows: readonly ReadRow[];
  /** Of the row that a place in the block lies in. */
  readonly fingerprintOf: (place: TextRange) => string;
}

export interface RowAgain {
  readonly row: ReadRow;
  /** Lines of the block that stand before those that the places in the row count from. */
  readonly linesBefore: number;
}

interface BlockLines {
  readonly text: string;
  readonly lines: LineIndex;
}

const rememberedBlocks = 8;
const rememberedTexts = 64;

/** Remembers the last few blocks: neighbours are asked for one after the other. */
export class ReadingAgain {
  private readonly blocks = new Map<Block, BlockAgain>();
  private readonly texts = new Map<Block, BlockLines>();

  /** `undefined` when its text is gone, or the file was changed meanwhile. */
  read(lint: FileLint, block: Block): BlockAgain | undefined {
    return remember(this.blocks, { block, most: rememberedBlocks, read: () => readBlock(lint, block) });
  }

  /** One row by its number in the block. Twins are anywhere in a file: the other rows of the block are left alone where that can be. */
  readRow(lint: FileLint, block: Block, index: number): RowAgain | undefined {
    const alone = standsAlone(lint, block, index) ? this.readAlone(lint, block, index) : undefined;
    if (alone) return alone;
    const row = this.read(lint, block)?.rows[index];
    return row && { row, linesBefore: 0 };
  }

  private readAlone(lint: FileLint, block: Block, index: number): RowAgain | undefined {
    const { rowLines } = block.lint ?? {};
    const line = rowLines?.[index];
    const opened = remember(this.texts, { block, most: rememberedTexts, read: () => readLines(lint, block) });
    if (line === undefined || !lint.context?.parser || !opened) return undefined;
    const { text, lines } = opened;
    const next = rowLines?.[index + 1];
    const end = next === undefined ? text.length : lines.offsetAt(next, 1);
    const place = { isFirst: false, isLast: block.isLast && next === undefined };
    const parsed = lint.context.parser.parse(text.slice(lines.offsetAt(line, 1), end), place);
    const [row] = readRows(lint.context, parsed).rows;
    return row?.source.line === 1 ? { row, linesBefore: line - 1 } : undefined;
  }
}

interface Remembering<Value> {
  readonly block: Block;
  readonly most: number;
  readonly read: () => Value | undefined;
}

function remember<Value>(known: Map<Block, Value>, { block, most, read }: Remembering<Value>): Value | undefined {
  const value = known.get(block) ?? read();
  if (value === undefined || known.has(block)) return value;
  const [oldest] = known.keys();
  if (known.size >= most && oldest) known.delete(oldest);
  known.set(block, value);
  return value;
}

const formatsOfLines: readonly unknown[] = ['jsonl', 'csv', 'tsv', 'text'] satisfies FormatName[];

/** Whether its lines are read alike without those around: a header is not, and the last row may go with the line end in front of it. */
function standsAlone({ context }: FileLint, { isFirst, isLast, lint }: Block, index: number): boolean {
  return formatsOfLines.includes(context?.format.format) && !isFirst && !(isLast && index + 1 === lint?.rowLines.length);
}

function readLines(lint: FileLint, block: Block): BlockLines | undefined {
  const text = textOf(lint, block);
  return text === undefined ? undefined : { text, lines: createLineIndex(text) };
}

function readBlock(lint: FileLint, block: Block): BlockAgain | undefined {
  const { context } = lint;
  if (block.source.kind === 'rows') return context && readTable(context, block.source.rows);
  const text = textOf(lint, block);
  if (text === undefined || !context?.parser) return undefined;
  const parsed = context.parser.parse(text, block);
  return { rows: readRows(context, parsed).rows, fingerprintOf: createFingerprints(text, parsed.rows) };
}

function readTable(context: FileContext, rows: readonly SourceRow[]): BlockAgain {
  return { rows: readRows(context, { rows, problems: [] }).rows, fingerprintOf: createTableFingerprints(rows) };
}

function textOf({ role: { file } }: FileLint, { source, units }: Block): string | undefined {
  if (source.kind !== 'on-disk') return source.kind === 'kept' ? source.text : undefined;
  const text = readStretch(file, source.start, source.end);
  return text?.length === units ? text : undefined;
}

function readStretch(file: string, start: number, end: number): string | undefined {
  try {
    const bytes = Buffer.alloc(end - start);
    const descriptor = openSync(file, 'r');
    try {
      readSync(descriptor, bytes, 0, bytes.length, start);
    } finally {
      closeSync(descriptor);
    }
    return bytes.toString('utf8');
  } catch {
    return undefined; // the file is gone: so are its places
  }
}
