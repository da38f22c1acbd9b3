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

const rememberedBlocks = 8;

/** Remembers the last few blocks: neighbours are asked for one after the other. */
export class ReadingAgain {
  private readonly blocks = new Map<Block, BlockAgain>();
  /** Of blocks whose text is kept: as long as they are. */
  private readonly lines = new WeakMap<Block, LineIndex>();

  /** `undefined` when its text is gone, or the file was changed meanwhile. */
  read(lint: FileLint, block: Block): BlockAgain | undefined {
    const known = this.blocks.get(block);
    if (known) return known;
    const again = readBlock(lint, block);
    if (!again) return undefined;
    const [oldest] = this.blocks.keys();
    if (this.blocks.size >= rememberedBlocks && oldest) this.blocks.delete(oldest);
    this.blocks.set(block, again);
    return again;
  }

  /** One row by its number in the block. Twins are anywhere in a file: the other rows of the block are left alone where that can be. */
  readRow(lint: FileLint, block: Block, index: number): RowAgain | undefined {
    const isOfLines = formatsOfLines.includes(lint.context?.format.format);
    const alone = isOfLines ? this.readAlone(lint, block, index) : undefined;
    if (alone) return alone;
    const row = this.read(lint, block)?.rows[index];
    return row && { row, linesBefore: 0 };
  }

  private readAlone(lint: FileLint, block: Block, index: number): RowAgain | undefined {
    const line = block.lint?.rowLines[index];
    const text = this.readText(lint, block, index);
    if (line === undefined || text === undefined || !lint.context?.parser) return undefined;
    const parsed = lint.context.parser.parse(text, { isFirst: false, isLast: false });
    const [row] = readRows(lint.context, parsed).rows;
    return row?.source.line === 1 ? { row, linesBefore: line - 1 } : undefined;
  }

  /** From the first line of a row to that of the next. */
  private readText({ role: { file } }: FileLint, block: Block, index: number): string | undefined {
    const { source, lint } = block;
    if (source.kind === 'on-disk') {
      const [from, to] = source.rowStarts.subarray(index, index + 2);
      return from === undefined
        ? undefined
        : readStretch(file, source.start + from, to === undefined ? source.end : source.start + to);
    }
    const [line, next] = lint?.rowLines.subarray(index, index + 2) ?? [];
    if (source.kind !== 'kept' || line === undefined) return undefined;
    const lines = this.lines.get(block) ?? createLineIndex(source.text);
    this.lines.set(block, lines);
    return source.text.slice(lines.offsetAt(line, 1), next === undefined ? undefined : lines.offsetAt(next, 1));
  }
}

/** Of which a row is whole lines, read alike whatever stands around. */
const formatsOfLines: readonly unknown[] = ['jsonl', 'csv', 'tsv', 'text'] satisfies FormatName[];

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
