/** Brings a file's lint up to date with what an editor holds, or with the disk. What did not change is not read again. */
import { open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { describeThrown, type Problem } from '../../protocol';
import { detectFormat } from '../formats/detect-format';
import { openImageFolder, type ImageColumns } from '../formats/image-folder';
import { openParquet } from '../formats/parquet';
import type { RowGroupReader } from '../formats/row-groups';
import { firstPlace } from '../text-position';
import { isTextFormat } from './file-context';
import { changeText, FileLint } from './file-lint';
import { keyOfRole, nameOfRole, type FileRole } from './file-role';
import type { Depth } from './lint-block';
import type { TextChange } from './linted-file';
import { readTextInto, type Reading } from './read-file';
import { readRowGroupsInto } from './read-row-groups';

/** What an editor holds. While it is linted, the blocks have the text. */
export interface OpenText {
  text: string;
  /** By the name of the role: a file can be two splits. */
  readonly lints: Map<string, FileLint>;
}

export interface Opening extends Reading {
  readonly depth: Depth;
}

const headBytes = 65_536;

export function textOf({ text, lints }: OpenText): string {
  const [lint] = lints.values();
  return lint?.text() ?? text;
}

export function editText(opened: OpenText, changes: readonly TextChange[]): void {
  for (const change of changes) {
    if (opened.lints.size === 0) opened.text = changeText(opened.text, change);
    for (const lint of opened.lints.values()) lint.edit(change);
  }
}

/** `undefined` when it was stopped; then the next call goes on. */
export async function openText(opened: OpenText, role: FileRole, { depth, rest }: Opening): Promise<FileLint | undefined> {
  const known = opened.lints.get(nameOfRole(role));
  const lint = known?.key === keyOfRole(role) ? known : startLint(opened, role, depth);
  lint.role = role;
  while (lint.lintNext()) if (!(await rest())) return undefined;
  return lint;
}

function startLint(opened: OpenText, role: FileRole, depth: Depth): FileLint {
  const lint = new FileLint(role, depth);
  lint.open(textOf(opened));
  opened.lints.set(nameOfRole(role), lint);
  opened.text = '';
  return lint;
}

/** `undefined` when it was stopped. */
export async function openDisk(known: FileLint | undefined, role: FileRole, opening: Opening): Promise<FileLint | undefined> {
  const stamp = await stampOf(role.file);
  if (known?.stamp === stamp && known.key === keyOfRole(role)) {
    known.role = role;
    return known;
  }
  const lint = new FileLint(role, opening.depth);
  lint.stamp = stamp;
  try {
    return (await readInto(lint, opening)) ? lint : undefined;
  } catch (thrown) {
    opening.signal?.throwIfAborted();
    lint.refuse(unreadable(thrown));
    return lint;
  }
}

function unreadable(thrown: unknown): Problem {
  const message = `The file cannot be read (${describeThrown(thrown).message}). See that it is there, whole, and yours to read.`;
  return { ...firstPlace, code: 'unreadable-file', severity: 'error', message };
}

/** Of what is gone, or was never there: reading it says so. */
async function stampOf(file: string): Promise<string> {
  const found = await stat(file).catch(() => undefined);
  return found ? `${found.mtimeMs}|${found.size}` : 'gone';
}

async function readInto(lint: FileLint, opening: Opening): Promise<boolean> {
  const { file, data } = lint.role;
  const found = await stat(file);
  const isFolder = found.isDirectory();
  if (!isFolder && !found.isFile()) throw new Error('it is neither a file nor a folder'); // a pipe would be waited for
  const format = detectFormat(basename(file), isFolder ? undefined : await readHead(file), data);
  if ('code' in format) {
    lint.refuse(format);
    return true;
  }
  if (isTextFormat(format)) return readTextInto(lint, format, opening);
  const reader = format.format === 'parquet' ? await openParquet(file) : await openImages(file, data);
  return readRowGroupsInto(lint, format, reader, opening);
}

async function openImages(folder: string, columns: ImageColumns): Promise<RowGroupReader> {
  const found = await openImageFolder(folder, columns);
  if (found.kind === 'metadata') throw new Error(`it is described by ${found.file}, which is the file to read`);
  return found.reader;
}

async function readHead(file: string): Promise<Buffer> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(headBytes), 0, headBytes, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
