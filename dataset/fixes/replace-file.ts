/** Puts new bytes in place of a file that others may be reading or changing: the file is the old one or the new one, whole. */
import { randomUUID } from 'node:crypto';
import { open, readFile, realpath, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RunFailure, type RunError } from '../../protocol';

/** What is replaced, and by what. */
export interface FileChange {
  readonly before: Uint8Array;
  readonly after: Uint8Array;
}

/**
 * Writes beside the file, syncs and renames; a symbolic link stays one, and the file keeps its mode and its owner.
 * `false`: the file does not hold `before` any more, and nothing was written.
 * @throws RunFailure 'access-denied' when the file or its folder is read-only
 */
export async function replaceFile(file: string, { before, after }: FileChange): Promise<boolean> {
  const target = await realpath(file);
  const attributes = await stat(target);
  if ((attributes.mode & 0o222) === 0) throw new RunFailure(readOnly(file)); // root could write it all the same
  const temporary = join(dirname(target), `.${basename(target)}.${randomUUID()}.tmp`);
  try {
    await writeNew(temporary, after, attributes);
    if (Buffer.compare(await readFile(target), before) !== 0) return false;
    await renamePatiently(temporary, target);
    return true;
  } catch (thrown) {
    throw isDenied(thrown) ? new RunFailure(readOnly(file)) : thrown;
  } finally {
    await rm(temporary, { force: true });
  }
}

interface FileAttributes {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

async function writeNew(path: string, data: Uint8Array, attributes: FileAttributes): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(data);
    await keepAttributes(file, attributes);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function keepAttributes(file: FileHandle, { mode, uid, gid }: FileAttributes): Promise<void> {
  const own = await file.stat();
  if (own.uid !== uid || own.gid !== gid) {
    try {
      await file.chown(uid, gid);
    } catch (thrown) {
      if (!isDenied(thrown)) throw thrown; // only root may give a file away: who wrote it last owns it then
    }
  }
  await file.chmod(mode & 0o7777);
}

/** On Windows a virus scanner or indexer may hold a file for a moment; elsewhere the first answer counts. */
async function renamePatiently(from: string, to: string): Promise<void> {
  for (let waitMs = 10; ; waitMs *= 2) {
    try {
      return await rename(from, to);
    } catch (thrown) {
      if (process.platform !== 'win32' || !isDenied(thrown) || waitMs > 1000) throw thrown;
      await sleep(waitMs);
    }
  }
}

function isDenied(thrown: unknown): boolean {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  return code === 'EACCES' || code === 'EPERM' || code === 'EROFS' || code === 'EBUSY';
}

function readOnly(file: string): RunError {
  return {
    code: 'access-denied',
    message: `${file} cannot be mended: the file or its folder is read-only.`,
    hint: 'Make both writable, or lint without --fix.',
    file,
  };
}
