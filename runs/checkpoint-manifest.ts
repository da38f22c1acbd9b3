/** MANIFEST.json: which files a checkpoint has, how long they are, and their SHA-256. Made here, checked here. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, posix, relative, resolve, sep } from 'node:path';
import { checkpointManifestSchema, RunFailure, type CheckpointManifest, type FileHash } from '../protocol';
import { isMissing, manifestName } from './paths';
import { readDocument } from './read-document';

/** Throws a `RunFailure` when the manifest is missing or cannot be understood. The files themselves are not looked at. */
export async function readCheckpointManifest(dir: string): Promise<CheckpointManifest> {
  const document = await readDocument(join(dir, manifestName), checkpointManifestSchema);
  if (document.kind === 'missing') throw new RunFailure(notACheckpoint(dir));
  if (document.kind === 'bad') throw new RunFailure(badManifest(dir, document.found));
  const outside = document.value.files.filter(({ path }) => !isInside(path));
  if (outside.length > 0) {
    throw new RunFailure(badManifest(dir, `it names files outside the folder: ${outside.map(({ path }) => path).join(', ')}`));
  }
  return document.value;
}

/** Reads every byte. Throws one `RunFailure` that names everything wrong, or returns the manifest. */
export async function verifyCheckpoint(dir: string): Promise<CheckpointManifest> {
  const manifest = await readCheckpointManifest(dir);
  const faults = (await Promise.all(manifest.files.map((file) => findFault(dir, file)))).filter((fault) => fault !== undefined);
  if (faults.length === 0) return manifest;
  throw new RunFailure({
    code: 'bad-checkpoint',
    message: `The checkpoint ${dir} is damaged: ${faults.join('; ')}.`,
    hint: 'Use another checkpoint of this run, or copy the folder again from where it came.',
    file: join(dir, manifestName),
  });
}

/** Every file below `dir` in the order of their names, hashed from the disk. */
export async function hashFolder(dir: string): Promise<FileHash[]> {
  const files = await filesBelow(dir);
  const hashes: FileHash[] = [];
  for (const file of files) hashes.push(await hashFile(file, relative(dir, file).split(sep).join(posix.sep)));
  return hashes;
}

export async function filesBelow(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

async function hashFile(file: string, path: string): Promise<FileHash> {
  const hash = createHash('sha256');
  let bytes = 0;
  const chunks: AsyncIterable<Uint8Array> = createReadStream(file); // without an encoding it gives bytes
  for await (const chunk of chunks) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { path, bytes, sha256: hash.digest('hex') };
}

async function findFault(dir: string, expected: FileHash): Promise<string | undefined> {
  const file = join(dir, expected.path);
  try {
    const { size } = await stat(file);
    if (size !== expected.bytes) return `${expected.path} has ${size} bytes instead of ${expected.bytes}`;
    const { sha256 } = await hashFile(file, expected.path);
    return sha256 === expected.sha256 ? undefined : `${expected.path} has other content than was saved`;
  } catch (error) {
    return isMissing(error) ? `${expected.path} is missing` : `${expected.path} cannot be read (${String(error)})`;
  }
}

function isInside(path: string): boolean {
  const root = resolve('/checkpoint');
  return resolve(root, path).startsWith(root + sep);
}

function notACheckpoint(dir: string) {
  return {
    code: 'bad-checkpoint',
    message: `${dir} is not a checkpoint: it has no ${manifestName}, which is written last.`,
    hint: 'Give a folder like .temper/runs/<run>/checkpoints/step-000400. One that was never finished cannot be used.',
    file: join(dir, manifestName),
  } as const;
}

function badManifest(dir: string, found: string) {
  return {
    code: 'bad-checkpoint',
    message: `The checkpoint ${dir} cannot be used: ${found}.`,
    hint: 'Use another checkpoint of this run. This one was written by another version of Temper or changed by hand.',
    file: join(dir, manifestName),
  } as const;
}
