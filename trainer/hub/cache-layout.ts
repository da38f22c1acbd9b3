/**
 * The Hugging Face cache on this disk, laid out as huggingface_hub does it, so that Python finds what we fetched and the
 * other way round: `blobs/` has contents under their hashes, `snapshots/<commit>/` links to them under the files' names,
 * `refs/<revision>` says which commit a branch or tag was.
 */
import { copyFile, mkdir, rename, rm, stat, symlink } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { dirname, join, relative } from 'node:path';
import { refFile, snapshotDir } from '../../inputs/hub-cache';
import { isMissing } from '../../runs/paths';
import { writeFileAtomically } from '../../runs/write-atomically';
import type { RemoteFile } from './repository';

/** One commit of one repository. */
export interface CachePlace {
  readonly repositoryDir: string;
  readonly commit: string;
  readonly useLinks: boolean;
}

/** The content of a file, once it is there as a whole. */
export function blobFile(place: CachePlace, file: RemoteFile): string {
  return join(place.repositoryDir, 'blobs', file.hash.hex);
}

/** The name is that of older versions of huggingface_hub, which go on from it as we do. */
export function incompleteFile(place: CachePlace, file: RemoteFile): string {
  return `${blobFile(place, file)}.incomplete`;
}

export function pointerFile(place: CachePlace, file: RemoteFile): string {
  return join(snapshotDir(place.repositoryDir, place.commit), ...file.path.split('/'));
}

/** Where the file's content is already: under its name, only as a blob (another commit has it), or nowhere. */
export async function findCached(place: CachePlace, file: RemoteFile): Promise<'pointer' | 'blob' | undefined> {
  if ((await sizeOf(pointerFile(place, file))) === file.bytes) return 'pointer';
  return (await sizeOf(blobFile(place, file))) === file.bytes ? 'blob' : undefined;
}

/** How many bytes an earlier, broken download left. */
export async function countIncomplete(place: CachePlace, file: RemoteFile): Promise<number> {
  return Math.min((await sizeOf(incompleteFile(place, file))) ?? 0, file.bytes);
}

/** Gives a blob its name in the snapshot. Where there can be no links, the file itself goes there. */
export async function giveName(place: CachePlace, file: RemoteFile, isNewBlob: boolean): Promise<void> {
  const [blob, pointer] = [blobFile(place, file), pointerFile(place, file)];
  await mkdir(dirname(pointer), { recursive: true });
  const temporary = `${pointer}.${randomUUID()}.tmp`;
  try {
    if (!place.useLinks || !(await tryToLink(relative(dirname(pointer), blob), temporary)))
      await (isNewBlob ? rename(blob, temporary) : copyFile(blob, temporary));
    await rename(temporary, pointer);
  } catch (thrown) {
    await rm(temporary, { force: true });
    throw thrown;
  }
}

/** Written when everything else is there: until then the revision is what it was. A commit is its own name and needs no ref. */
export async function writeRef({ repositoryDir: dir, commit }: CachePlace, revision: string): Promise<void> {
  if (revision === commit) return;
  const file = refFile(dir, revision);
  await mkdir(dirname(file), { recursive: true });
  await writeFileAtomically(file, commit);
}

const noLinks = new Set(['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EINVAL']);

/** Windows allows links only to developers and administrators, some disks to nobody. */
async function tryToLink(target: string, path: string): Promise<boolean> {
  try {
    await symlink(target, path);
    return true;
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && noLinks.has(String(thrown.code))) return false;
    throw thrown;
  }
}

/** Of what a link leads to. */
async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (thrown) {
    if (isMissing(thrown)) return undefined;
    throw thrown;
  }
}
