/**
 * A folder of images: with a metadata.jsonl or metadata.csv that names them and says what they are, or with a folder for each
 * class, whose name is the label. A row of class folders is on the "line" of the image's number in the order of the names.
 */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Problem, TextRange } from '../../protocol';
import type { SourceRow } from './format';
import type { RowBatch, RowGroupReader } from './row-groups';
import { firstPlace } from '../text-position';

export interface ImageColumns {
  readonly imageColumn: string;
  readonly labelColumn: string;
}

export type ImageFolder =
  /** Its rows are those of this file, whose names of images are relative to the folder. */
  | { readonly kind: 'metadata'; readonly file: string; readonly format: 'jsonl' | 'csv'; readonly reasons: readonly string[] }
  | { readonly kind: 'images'; readonly reader: RowGroupReader };

const metadataFormats = ['jsonl', 'csv'] as const;
/** Also of images that Temper cannot read: they are reported, not passed over. */
const imageName = /\.(jpe?g|jfif|png|webp|gif|tiff?|avif|bmp|heic|heif|jp2|ico)$/i;
const batchRows = 1000;

/** @throws what Node throws when the folder cannot be read */
export async function openImageFolder(folder: string, columns: ImageColumns): Promise<ImageFolder> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = new Set(entries.map(({ name }) => name));
  for (const format of metadataFormats) {
    const name = `metadata.${format}`;
    if (names.has(name)) return { kind: 'metadata', file: join(folder, name), format, reasons: [`${name} names the images`] };
  }
  const hasFolders = entries.some((entry) => !isPassedOver(entry.name) && (entry.isDirectory() || entry.isSymbolicLink()));
  return { kind: 'images', reader: createReader(folder, columns, hasFolders) };
}

function createReader(folder: string, columns: ImageColumns, hasFolders: boolean): RowGroupReader {
  return {
    columns: hasFolders ? [columns.imageColumn, columns.labelColumn] : [columns.imageColumn],
    rowCount: undefined,
    reasons: [
      hasFolders ? 'the folders of the images are their labels' : 'there is no folder in it, so the images have no labels',
    ],
    problems: [],
    read: ({ firstRow = 1, signal } = {}) => readBatches(folder, columns, { firstRow, signal }),
  };
}

interface From {
  readonly firstRow: number;
  readonly signal: AbortSignal | undefined;
}

async function* readBatches(folder: string, columns: ImageColumns, from: From): AsyncGenerator<RowBatch, void, void> {
  let firstRow = 1;
  let rows: SourceRow[] = [];
  let problems: Problem[] = [];
  const takeBatch = (): RowBatch => {
    const batch = { firstRow, rowCount: rows.length, rows, problems };
    firstRow += rows.length;
    rows = [];
    problems = [];
    return batch;
  };
  for await (const found of walk(folder, { parts: [], visited: new Set() })) {
    from.signal?.throwIfAborted();
    if ('code' in found) problems.push(found);
    else rows.push(new ImageFileRow(firstRow + rows.length, found, columns));
    if (rows.length < batchRows && problems.length < batchRows) continue;
    const batch = takeBatch();
    if (firstRow > from.firstRow) yield batch;
  }
  if (rows.length > 0 || problems.length > 0) yield takeBatch();
}

/** Names of folders from the top, and of the image. */
type ImageParts = readonly string[];

interface Place {
  readonly parts: readonly string[];
  /** Folders by device and number: links can lead in a circle, or twice to one folder. */
  readonly visited: Set<string>;
}

async function* walk(folder: string, place: Place): AsyncGenerator<ImageParts | Problem, void, void> {
  const entries = await listFolder(folder, place.visited);
  if ('code' in entries) return yield entries;
  for (const { name, kind } of entries) {
    const parts = [...place.parts, name];
    if (kind === 'link' || kind === 'folder') yield* followEntry(join(folder, name), { ...place, parts }, kind);
    else if (imageName.test(name)) yield parts;
  }
}

async function* followEntry(path: string, place: Place, kind: EntryKind): AsyncGenerator<ImageParts | Problem, void, void> {
  const isFolder = kind === 'folder' || (await isFolderBehind(path));
  if (isFolder) yield* walk(path, place);
  else if (imageName.test(path)) yield place.parts;
}

/** A link that leads nowhere is an image that cannot be read, which is for others to say. */
async function isFolderBehind(link: string): Promise<boolean> {
  return stat(link).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

type EntryKind = 'file' | 'folder' | 'link';

interface Entry {
  readonly name: string;
  readonly kind: EntryKind;
}

async function listFolder(folder: string, visited: Set<string>): Promise<Entry[] | Problem> {
  try {
    const { dev, ino } = await stat(folder, { bigint: true });
    if (visited.has(`${dev}:${ino}`)) return [];
    visited.add(`${dev}:${ino}`);
    const entries = await readdir(folder, { withFileTypes: true });
    return entries
      .filter(({ name }) => !isPassedOver(name))
      .map((entry): Entry => ({
        name: entry.name,
        kind: entry.isDirectory() ? 'folder' : entry.isSymbolicLink() ? 'link' : 'file',
      }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (thrown) {
    const found = thrown instanceof Error ? thrown.message : String(thrown);
    const message = `The folder cannot be read: ${found}. Its images are missing from the rows.`;
    return { ...firstPlace, code: 'unreadable-file', severity: 'error', message, file: folder };
  }
}

/** What systems and editors leave behind. */
function isPassedOver(name: string): boolean {
  return name.startsWith('.') || name === '__MACOSX';
}

class ImageFileRow implements SourceRow {
  readonly line: number;
  readonly value: Readonly<Record<string, unknown>>;

  constructor(line: number, parts: ImageParts, { imageColumn, labelColumn }: ImageColumns) {
    this.line = line;
    const label = parts.at(-2);
    const fields = [[imageColumn, parts.join('/')], ...(label === undefined ? [] : [[labelColumn, label]])] as const;
    this.value = Object.fromEntries(fields) as Record<string, unknown>; // strings
  }

  get endLine(): number {
    return this.line;
  }

  rangeAt(): TextRange {
    return { line: this.line, column: 1, endLine: this.line, endColumn: 1 };
  }

  keyRangeAt(): TextRange {
    return this.rangeAt();
  }
}
