/**
 * Parquet, a binary format of columns: rows come group by group and not in blocks of text. A row is on the "line" of its
 * number, and a value in the "column" of its number.
 */
import { open, type FileHandle } from 'node:fs/promises';
import { parquetMetadataAsync, parquetRead, type AsyncBuffer, type FileMetaData } from 'hyparquet';
import type { Problem, TextRange } from '../../protocol';
import { codecs, findUnknownCodec } from './parquet-codecs';
import { createRowSource, type ColumnPieces } from './parquet-rows';
import type { RowBatch, RowGroupReader } from './row-groups';

export type { RowBatch, RowGroupReader };

/** Rows of one batch. */
const batchRows = 4096;

/** @throws what Node throws when the file cannot be opened */
export async function openParquet(file: string): Promise<RowGroupReader> {
  const handle = await open(file);
  try {
    const source = await createBuffer(handle);
    await checkMarks(source);
    const metadata = await parquetMetadataAsync(source, { geoparquet: false });
    checkMetadata(metadata);
    return createReader(file, metadata);
  } catch (thrown) {
    return unreadable(`The file cannot be read as Parquet: ${describe(thrown)}. Copy it again, or write it again.`);
  } finally {
    await handle.close();
  }
}

async function createBuffer(handle: FileHandle): Promise<AsyncBuffer> {
  const { size } = await handle.stat();
  const slice = async (start: number, end = size) => {
    if (start < 0 || end > size || start > end) throw new Error(`it names bytes ${start} to ${end} and has ${size}`);
    const { buffer, byteLength } = new Uint8Array(end - start);
    const { bytesRead } = await handle.read(new Uint8Array(buffer), 0, byteLength, start);
    if (bytesRead < byteLength) throw new Error('it became shorter while it was read');
    return buffer;
  };
  return { byteLength: size, slice };
}

const shortest = 12;

async function checkMarks(source: AsyncBuffer): Promise<void> {
  if (source.byteLength < shortest) throw new Error(`it has only ${source.byteLength} bytes`);
  const textAt = async (start: number) => Buffer.from(await source.slice(start, start + 4)).toString('latin1');
  const [first, last] = [await textAt(0), await textAt(source.byteLength - 4)];
  if (last === 'PARE') throw new Error('it is encrypted');
  if (first !== 'PAR1') throw new Error('it does not begin with PAR1');
  if (last !== 'PAR1') throw new Error('it does not end with PAR1, so it was cut off or is still being written');
}

function checkMetadata(metadata: FileMetaData): void {
  const rowCount = metadata.row_groups.reduce((sum, group) => sum + Number(group.num_rows), 0);
  const isCount = metadata.row_groups.every(({ num_rows: rows }) => rows >= 0n && Number.isSafeInteger(Number(rows)));
  if (!isCount || rowCount !== Number(metadata.num_rows))
    throw new Error(`its groups have ${rowCount} rows in all, its footer says ${metadata.num_rows}`);
  const codec = findUnknownCodec(metadata);
  if (codec !== undefined) throw new Error(`it is compressed with ${codec}; Temper reads snappy, gzip, zstd and brotli`);
}

function createReader(file: string, metadata: FileMetaData): RowGroupReader {
  const columns = columnsOf(metadata);
  const groups = metadata.row_groups.length;
  return {
    columns,
    rowCount: Number(metadata.num_rows),
    reasons: [`${groups} row ${groups === 1 ? 'group' : 'groups'}`],
    problems: [],
    read: ({ firstRow = 1, signal } = {}) => readBatches({ file, metadata, columns }, firstRow, signal),
  };
}

/** Of the first level: the children of the root, which is the first element; what lies deeper is skipped over. */
function columnsOf({ schema }: FileMetaData): string[] {
  const columns: string[] = [];
  for (let index = 1; index < schema.length;) {
    const name = schema[index]?.name;
    if (name !== undefined) columns.push(name);
    let pending = 1;
    while (pending > 0 && index < schema.length) pending += (schema[index++]?.num_children ?? 0) - 1;
  }
  return columns;
}

interface OpenedFile {
  readonly file: string;
  readonly metadata: FileMetaData;
  readonly columns: readonly string[];
}

async function* readBatches(opened: OpenedFile, firstRow: number, signal?: AbortSignal): AsyncGenerator<RowBatch, void, void> {
  const handle = await open(opened.file);
  try {
    const source = await createBuffer(handle);
    let start = 1;
    for (const { num_rows: rows } of opened.metadata.row_groups) {
      const rowCount = Number(rows);
      signal?.throwIfAborted();
      if (firstRow < start + rowCount) yield* readGroup(opened, source, { firstRow: start, rowCount });
      start += rowCount;
    }
  } finally {
    await handle.close();
  }
}

interface Stretch {
  readonly firstRow: number;
  readonly rowCount: number;
}

async function* readGroup(opened: OpenedFile, source: AsyncBuffer, group: Stretch): AsyncGenerator<RowBatch, void, void> {
  let columns: ColumnPieces[];
  try {
    columns = await readColumns(opened, source, group);
  } catch (thrown) {
    yield { ...group, rows: [], problems: [damagedGroup(group, describe(thrown))] };
    return;
  }
  const rowSource = createRowSource(columns, opened.columns);
  const end = group.firstRow + group.rowCount;
  for (let firstRow = group.firstRow; firstRow < end; firstRow += batchRows) {
    const rowCount = Math.min(batchRows, end - firstRow);
    const rows = Array.from({ length: rowCount }, (_, index) => rowSource.next(firstRow + index));
    yield { firstRow, rowCount, rows, problems: [] };
  }
}

async function readColumns({ metadata, columns }: OpenedFile, file: AsyncBuffer, group: Stretch): Promise<ColumnPieces[]> {
  const pieces = new Map(columns.map((name) => [name, [] as ArrayLike<unknown>[]])); // an empty list tells no type
  const rowStart = group.firstRow - 1;
  await parquetRead({
    ...{ file, metadata, rowStart, rowEnd: rowStart + group.rowCount, compressors: codecs },
    ...{ utf8: false, geoparquet: false },
    onChunk: ({ columnName, columnData }) => pieces.get(columnName)?.push(columnData),
  });
  for (const [name, data] of pieces) {
    const found = data.reduce((sum, { length }) => sum + length, 0);
    if (found !== group.rowCount) throw new Error(`the column "${name}" has ${found} values`);
  }
  return [...pieces].map(([name, data]) => ({ name, pieces: data }));
}

function damagedGroup({ firstRow, rowCount }: Stretch, found: string): Problem {
  const lastRow = firstRow + rowCount - 1;
  const range = { line: firstRow, column: 1, endLine: lastRow, endColumn: 1 };
  const message = `Rows ${firstRow} to ${lastRow} cannot be read: ${found}. Copy the file again, or write it again.`;
  return { ...range, code: 'unreadable-file', severity: 'error', message };
}

function unreadable(message: string): RowGroupReader {
  const range: TextRange = { line: 1, column: 1, endLine: 1, endColumn: 1 };
  return {
    ...{ columns: [], rowCount: 0, reasons: [] },
    problems: [{ ...range, code: 'unreadable-file', severity: 'error', message }],
    // eslint-disable-next-line @typescript-eslint/no-empty-function -- a file that cannot be read has no rows
    async *read() {},
  };
}

function describe(thrown: unknown): string {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return message.replace(/^parquet (file )?/, '').replace(/\.$/, '');
}
