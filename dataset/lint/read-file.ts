/** Lints a file of text from the disk, block after block, in memory that does not grow with the file. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { ProblemCode } from '../../protocol';
import { readTextFile } from '../read-text/read-text';
import { createTextReader, type TextSummary } from '../read-text/text-reader';
import type { DataRow } from '../shapes/rows';
import { createLineIndex } from '../text-position';
import { BlockCutter, createBlock, type Block, type BlockSource, type CutText } from './blocks';
import { openText, tellsEnough, type FileContext, type TextFormat } from './file-context';
import { nextVersion, type FileLint } from './file-lint';
import { createFingerprints } from './fingerprint';
import { capProblems, lintRows, type BlockLint } from './lint-block';

export interface Reading {
  /** For training. */
  readonly keepsRows: boolean;
  /** Awaited between blocks; false: stop. */
  readonly rest: () => Promise<boolean>;
  readonly signal?: AbortSignal | undefined;
}

/** Texts of smaller files stay in memory; of larger ones blocks are read again where they must be. Tests make it small. */
export const keptText = { bytes: 64_000_000 };

/** What stays of a row to be compared takes about 200 bytes. */
const digestedRows = 1_000_000;
const keptProblems = 100_000;

/** False when it was stopped: then the lint is of no use. */
export async function readTextInto(lint: FileLint, format: TextFormat, reading: Reading): Promise<boolean> {
  const { file, data } = lint.role;
  const keepsText = (await stat(file)).size <= keptText.bytes;
  const reader = createTextReader(data.encoding);
  const assembly = new Assembly(lint, reading.keepsRows, keepsText);
  for await (const text of readTextFile(file, reader, reading.signal)) {
    assembly.open(format, text, false);
    for (const cut of assembly.cut()) {
      assembly.add(cut);
      if (!(await reading.rest())) return false;
    }
  }
  assembly.open(format, '', true);
  for (const cut of assembly.cut()) assembly.add(cut);
  assembly.finish(reader.summarize());
  return true;
}

/** Of a file that is no text. */
export async function hashFile(file: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest('hex') };
}

/** The blocks of a file while they come in. */
class Assembly {
  private readonly lint: FileLint;
  private readonly keepsRows: boolean;
  private readonly keepsText: boolean;
  private readonly blocks: Block[] = [];
  private readonly rows: DataRow[] = [];
  private context: FileContext | undefined;
  private cutter: BlockCutter | undefined;
  /** What came and is not cut yet, and how much of it tells how the rest is read. */
  private text = '';
  private wanted = 0;
  private bytes = 0;
  private lines = 0;
  private problems = 0;
  private digestedRows = 0;

  constructor(lint: FileLint, keepsRows: boolean, keepsText: boolean) {
    this.lint = lint;
    this.keepsRows = keepsRows;
    this.keepsText = keepsText;
  }

  /** The first text tells how the rest is read, if all of its first row is in it. */
  open(format: TextFormat, text: string, isLast: boolean): void {
    this.text += text;
    if (this.context || (!isLast && this.text.length < this.wanted)) return;
    const context = openText(this.lint.role, format, this.text);
    this.wanted = 2 * this.text.length; // trying again at every piece would be quadratic
    if (!isLast && !tellsEnough(context, this.text)) return;
    this.context = context;
    this.cutter = context.parser && new BlockCutter(context.parser);
  }

  /** Of the text that came since the last time. */
  *cut(): Generator<CutText> {
    if (!this.context) return;
    const { text } = this;
    this.text = '';
    if (this.cutter) yield* this.cutter.push(text);
  }

  add(cut: CutText): void {
    if (!this.context?.parser) return;
    const parsed = this.context.parser.parse(cut.text, cut);
    const digests = this.lint.depth.digests && this.digestedRows < digestedRows;
    const fingerprints = createFingerprints(cut.text, parsed.rows);
    const { lint, rows } = lintRows(this.context, parsed, { ...this.lint.depth, digests }, fingerprints);
    const block = createBlock(cut, this.sourceOf(cut.text, lint));
    this.take(block, lint);
    if (this.keepsRows) for (const row of rows) this.rows.push({ ...row, line: row.line + this.lines });
    this.lines += block.extent.lines;
  }

  private take(block: Block, lint: BlockLint): void {
    block.lint = capProblems(lint, keptProblems - this.problems);
    this.problems += block.lint.problems.length;
    if (lint.digest) this.digestedRows += lint.digest.rows;
    else if (this.lint.depth.digests) this.lint.comparedRows = this.digestedRows;
    this.blocks.push(block);
  }

  private sourceOf(text: string, { rowLines }: BlockLint): BlockSource {
    if (this.keepsText) return { kind: 'kept', text };
    const start = this.bytes;
    this.bytes += Buffer.byteLength(text);
    return { kind: 'on-disk', start, end: this.bytes, rowStarts: countBytesBefore(text, rowLines) };
  }

  finish(summary: TextSummary): void {
    if (this.cutter) this.add(this.cutter.finish());
    this.lint.context = this.context;
    this.lint.blocks = withoutEcho(findable(this.blocks, summary), summary);
    this.lint.rows = this.rows;
    this.lint.disk = { bytes: summary.bytes, sha256: summary.sha256 };
    const problems = summary.problems.filter(({ code }) => code !== 'mixed-line-endings' || !this.hasLongCells());
    this.lint.ownProblems = this.context?.severities.settle(problems, () => '').problems ?? [];
    this.lint.version = nextVersion();
  }

  /** Whether a row of a table may take several lines: then a line end of another kind may be part of a text. */
  private hasLongCells(): boolean {
    const format = this.context?.format.format;
    if (format !== 'csv' && format !== 'tsv') return false;
    return this.blocks.some(({ lint }) =>
      lint?.rowLines.some((line, row, lines) => row > 0 && line > (lines[row - 1] ?? line) + 1),
    );
  }
}

/** In UTF-8, for each of some lines of a text, in their order. */
function countBytesBefore(text: string, lines: Uint32Array): Uint32Array {
  if (lines.length === 0) return lines;
  const index = createLineIndex(text);
  let [offset, bytes] = [0, 0];
  return lines.map((line) => {
    const start = index.offsetAt(line, 1);
    bytes += Buffer.byteLength(text.slice(offset, start));
    offset = start;
    return bytes;
  });
}

/** What is not UTF-8 became U+FFFD: one fault, and not mojibake besides. */
function withoutEcho(blocks: readonly Block[], { problems }: TextSummary): readonly Block[] {
  if (!problems.some(({ code }) => code === 'invalid-encoding')) return blocks;
  const isOther = ({ code }: { readonly code: ProblemCode }) => code !== 'mojibake';
  return blocks.map((block) => {
    const { lint } = block;
    if (lint === undefined) return block;
    const unlisted = lint.unlisted?.filter(isOther) ?? [];
    return { ...block, lint: { ...lint, problems: lint.problems.filter(isOther), unlisted } };
  });
}

/** Bytes of a block are known from its text only where every byte of the file was UTF-8 and is in the text. */
function findable(blocks: readonly Block[], { encoding, hadByteOrderMark, problems }: TextSummary): Block[] {
  const isExact = encoding === 'utf-8' && !problems.some(({ code }) => code === 'invalid-encoding');
  const shift = hadByteOrderMark ? 3 : 0;
  return blocks.map((block) => {
    if (block.source.kind !== 'on-disk') return block;
    const { start, end } = block.source;
    return { ...block, source: isExact ? { ...block.source, start: start + shift, end: end + shift } : { kind: 'gone' } };
  });
}
