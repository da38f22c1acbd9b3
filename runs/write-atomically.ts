/** Writing that survives a crash: a file is there as a whole or not at all, a line is added or not. */
import { randomUUID } from 'node:crypto';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const newline = 0x0a;

/** Writes beside `path`, syncs, renames. Readers see the old content or the new, never a part. */
export async function writeFileAtomically(path: string, data: string | Uint8Array): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`);
  try {
    await writeAndSync(temporary, data);
    await renamePatiently(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

export async function writeAndSync(path: string, data: string | Uint8Array): Promise<void> {
  const file = await open(path, 'w');
  try {
    await file.writeFile(data);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Appends `line` in one write. A torn line that a crash left at the end is closed first, so that it spoils only itself. */
export async function appendLine(path: string, line: string): Promise<void> {
  const file = await open(path, 'a+');
  try {
    await file.appendFile(`${(await endsMidLine(file)) ? '\n' : ''}${line}\n`);
  } finally {
    await file.close();
  }
}

async function endsMidLine(file: FileHandle): Promise<boolean> {
  const { size } = await file.stat();
  if (size === 0) return false;
  const last = new Uint8Array(1);
  await file.read(last, 0, 1, size - 1);
  return last[0] !== newline;
}

/** Makes a rename in `dir` survive a power cut, where the platform can. */
export async function syncFolder(dir: string): Promise<void> {
  let folder: FileHandle | undefined;
  try {
    folder = await open(dir, 'r');
    await folder.sync();
  } catch (error) {
    if (!cannotSyncFolders(error)) throw error;
  } finally {
    await folder?.close();
  }
}

/** Windows cannot open or sync a folder, some network file systems cannot sync one: the rename itself still happened. */
function cannotSyncFolders(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'EPERM' || code === 'EISDIR' || code === 'EACCES' || code === 'EINVAL' || code === 'ENOTSUP';
}

/** On Windows a virus scanner or indexer may hold a new file for a moment; elsewhere the first answer counts. */
export async function renamePatiently(from: string, to: string): Promise<void> {
  for (let waitMs = 10; ; waitMs *= 2) {
    try {
      await rename(from, to);
      return;
    } catch (error) {
      const held = error instanceof Error && 'code' in error && ['EPERM', 'EACCES', 'EBUSY'].includes(String(error.code));
      if (process.platform !== 'win32' || !held || waitMs > 1000) throw error;
      await sleep(waitMs);
    }
  }
}
