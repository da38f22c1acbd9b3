/** Lints rows that are no text: Parquet, folders of images. They stay in memory while they are linted; their places are of the file. */
import { createHash } from 'node:crypto';
import type { DetectedFormat } from '../formats/format';
import type { RowBatch, RowGroupReader } from '../formats/row-groups';
import type { DataRow } from '../shapes/rows';
import type { Block } from './blocks';
import { createContext, type FileContext } from './file-context';
import { nextVersion, type FileLint } from './file-lint';
import { createTableFingerprints } from './fingerprint';
import { lintRows } from './lint-block';
import { hashFile, type Reading } from './read-file';
import { firstPlace } from '../text-position';

/** False when it was stopped: then the lint is of no use. */
export async function readRowGroupsInto(
  lint: FileLint,
  format: DetectedFormat,
  reader: RowGroupReader,
  reading: Reading,
): Promise<boolean> {
  const blocks: Block[] = [];
  const rows: DataRow[] = [];
  let context: FileContext | undefined;
  for await (const batch of reader.read(reading.signal ? { signal: reading.signal } : {})) {
    context ??= openTable(lint, format, reader, batch);
    const read = lintBatch(context, lint, batch);
    blocks.push(read.block);
    if (reading.keepsRows) rows.push(...read.rows);
    if (!(await reading.rest())) return false;
  }
  lint.context = context ?? openTable(lint, format, reader, undefined);
  lint.blocks = blocks;
  lint.rows = rows;
  lint.ownProblems = lint.context.severities.settle(reader.problems, () => '').problems;
  lint.disk = format.format === 'parquet' ? await hashFile(lint.role.file) : hashRows(blocks);
  lint.version = nextVersion();
  return true;
}

/** Of the names and labels of images, not of their pixels: those may be many gigabytes. */
function hashRows(blocks: readonly Block[]): { bytes: number; sha256: string } {
  const hash = createHash('sha256');
  let bytes = 0;
  for (const { source } of blocks) {
    const text = source.kind === 'rows' ? JSON.stringify(source.rows.map(({ value }) => value)) : '';
    bytes += text.length;
    hash.update(text);
  }
  return { bytes, sha256: hash.digest('hex') };
}

function openTable(lint: FileLint, format: DetectedFormat, reader: RowGroupReader, batch: RowBatch | undefined): FileContext {
  const samples = (batch?.rows ?? []).slice(0, 100).map(({ value }) => value);
  const reasons = [...format.reasons, ...reader.reasons];
  return createContext(lint.role, { format: { ...format, reasons }, names: reader.columns, samples, head: firstPlace });
}

function lintBatch(
  context: FileContext,
  { depth }: FileLint,
  { rows: sources, rowCount, problems }: RowBatch,
): { block: Block; rows: readonly DataRow[] } {
  const { lint, rows } = lintRows(
    context,
    { rows: sources, unreadRows: rowCount - sources.length, problems },
    depth,
    createTableFingerprints(sources),
  );
  const nothing = { lines: 0, units: 0 };
  return {
    block: { isFirst: false, isLast: false, extent: nothing, units: 0, source: { kind: 'rows', rows: sources }, lint },
    rows,
  };
}
