/**
 * The checkpoints of a run: written in a hidden folder, synced, hashed, then renamed, so that whoever lists them sees
 * complete ones only. The trainer is the only writer; what the files mean is its business.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { CheckpointManifest, FileHash } from '../protocol';
import { filesBelow, hashFolder, readCheckpointManifest } from './checkpoint-manifest';
import { checkpointName, folderNames, isCheckpointDir, isMissing, manifestName, runPaths } from './paths';
import { renamePatiently, syncFolder, writeAndSync } from './write-atomically';

export { readCheckpointManifest, verifyCheckpoint } from './checkpoint-manifest';

/** Either the bytes of each file, or a function that writes them into the folder it is given. */
export type CheckpointFiles = { readonly files: ReadonlyMap<string, Uint8Array> } | { write(dir: string): Promise<void> };

export type CheckpointToWrite = CheckpointFiles & {
  readonly runDir: string;
  readonly step: number;
  /** How the model was tuned: `lora`, `full`, `head-only`. */
  readonly method: string;
};

export interface CheckpointOnDisk {
  readonly step: number;
  readonly dir: string;
  /** Relative to the run folder, with slashes on every platform. */
  readonly path: string;
  readonly bytes: number;
  readonly manifest: CheckpointManifest;
}

/** Replaces a checkpoint of the same step. When it fails, for instance on a full disk, nothing of it stays. */
export async function writeCheckpoint(checkpoint: CheckpointToWrite): Promise<{ path: string; bytes: number }> {
  const { checkpoints } = runPaths(checkpoint.runDir);
  const name = checkpointName(checkpoint.step);
  const temporary = join(checkpoints, `.${name}.${randomUUID()}.tmp`);
  await mkdir(temporary, { recursive: true });
  try {
    const files = await fillFolder(temporary, checkpoint);
    await replaceFolder(temporary, join(checkpoints, name));
    return { path: `checkpoints/${name}`, bytes: totalBytes(files) };
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
}

/** Complete checkpoints, lowest step first. Folders without a valid manifest do not exist. */
export async function listCheckpoints(runDir: string): Promise<CheckpointOnDisk[]> {
  const { checkpoints } = runPaths(runDir);
  const names = await folderNames(checkpoints);
  const found = await Promise.all(names.map((name) => describeCheckpoint(join(checkpoints, name), `checkpoints/${name}`)));
  return found.filter((checkpoint) => checkpoint !== undefined).sort((a, b) => a.step - b.step);
}

/** Hidden first, then deleted: a half-deleted folder is never seen. A checkpoint that is not there is no error. */
export async function removeCheckpoint(runDir: string, step: number): Promise<void> {
  const { checkpoints } = runPaths(runDir);
  const name = checkpointName(step);
  const hidden = join(checkpoints, `.${name}.${randomUUID()}.tmp`);
  try {
    await renamePatiently(join(checkpoints, name), hidden);
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  await rm(hidden, { recursive: true, force: true });
}

/** Clears what a crash left behind. Only for the trainer, before it writes: others may be looking at a folder in the making. */
export async function cleanTemporary(runDir: string): Promise<void> {
  const { checkpoints } = runPaths(runDir);
  for (const name of await hiddenNames(checkpoints)) {
    if (name.endsWith('.old')) await restoreReplaced(checkpoints, name);
    if (name.endsWith('.tmp') || name.endsWith('.old')) await rm(join(checkpoints, name), { recursive: true, force: true });
  }
}

async function fillFolder(dir: string, checkpoint: CheckpointToWrite): Promise<FileHash[]> {
  if ('write' in checkpoint) await checkpoint.write(dir);
  else await writeFiles(dir, checkpoint.files);
  const paths = await filesBelow(dir);
  for (const path of paths) await syncFile(path);
  for (const folder of new Set(paths.map(dirname))) await syncFolder(folder);
  const files = await hashFolder(dir);
  const manifest: CheckpointManifest = { formatVersion: 1, step: checkpoint.step, method: checkpoint.method, files };
  await writeAndSync(join(dir, manifestName), `${JSON.stringify(manifest, undefined, 2)}\n`);
  await syncFolder(dir);
  return files;
}

async function writeFiles(dir: string, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
  for (const [path, bytes] of files) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), bytes);
  }
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r+'); // Windows syncs only what is open for writing
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** No platform renames over a folder that is not empty, so the old one steps aside; a crash in between is repaired. */
async function replaceFolder(from: string, to: string): Promise<void> {
  const aside = join(dirname(to), `.${basename(to)}.old`);
  await rm(isCheckpointDir(to) ? aside : to, { recursive: true, force: true });
  if (isCheckpointDir(to)) await renamePatiently(to, aside);
  try {
    await renamePatiently(from, to);
  } catch (error) {
    await restoreReplaced(dirname(to), basename(aside));
    throw error;
  }
  await syncFolder(dirname(to));
  await rm(aside, { recursive: true, force: true });
}

/** `.step-000400.old` is the only copy when the writer got no further than the first of the two renames. */
async function restoreReplaced(checkpoints: string, name: string): Promise<void> {
  const [aside, target] = [join(checkpoints, name), join(checkpoints, name.slice(1, -'.old'.length))];
  if (isCheckpointDir(aside) && !isCheckpointDir(target)) await renamePatiently(aside, target);
}

async function hiddenNames(dir: string): Promise<string[]> {
  const names = await readdir(dir).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  return names.filter((name) => name.startsWith('.'));
}

async function describeCheckpoint(dir: string, path: string): Promise<CheckpointOnDisk | undefined> {
  try {
    const manifest = await readCheckpointManifest(dir);
    return { step: manifest.step, dir, path, bytes: totalBytes(manifest.files), manifest };
  } catch {
    return undefined; // a folder without a valid manifest does not exist
  }
}

function totalBytes(files: readonly FileHash[]): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}
