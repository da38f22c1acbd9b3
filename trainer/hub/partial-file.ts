/**
 * A blob on its way to the disk: what is there of it, and the hash of that. It is opened where a broken download left off,
 * and gets its final name only when the hash is right.
 */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { renamePatiently } from '../../runs/write-atomically';
import type { RemoteFile } from './repository';

export class PartialFile {
  /** Those that are written, from the first one on. */
  bytes = 0;
  private readonly path: string;
  private readonly file: RemoteFile;
  private readonly handle: FileHandle;
  private hash: Hash;

  private constructor(path: string, file: RemoteFile, handle: FileHandle) {
    this.path = path;
    this.file = file;
    this.handle = handle;
    this.hash = startHash(file);
  }

  /** Reads what is there already, be it right or not. */
  static async open(path: string, file: RemoteFile): Promise<PartialFile> {
    await mkdir(dirname(path), { recursive: true });
    const partial = new PartialFile(path, file, await openOrCreate(path));
    try {
      await partial.readWhatIsThere();
    } catch (thrown) {
      await partial.close();
      throw thrown;
    }
    return partial;
  }

  /** At its place, not at the end: should two processes ever write one file, they write the same bytes. */
  async append(chunk: Uint8Array): Promise<void> {
    for (let written = 0; written < chunk.length;)
      written += (await this.handle.write(chunk, written, chunk.length - written, this.bytes + written)).bytesWritten;
    this.hash.update(chunk);
    this.bytes += chunk.length;
  }

  async restart(): Promise<void> {
    await this.handle.truncate(0);
    this.hash = startHash(this.file);
    this.bytes = 0;
  }

  /** The hash of what is there so far. */
  digest(): string {
    return this.hash.copy().digest('hex');
  }

  isRight(): boolean {
    return this.bytes === this.file.bytes && this.digest() === this.file.hash.hex;
  }

  /** From here on it is complete, for every reader, also after a power cut. */
  async moveTo(blob: string): Promise<void> {
    await this.handle.sync();
    await this.handle.close();
    await renamePatiently(this.path, blob);
  }

  async remove(): Promise<void> {
    await this.handle.close();
    await rm(this.path, { force: true });
  }

  async close(): Promise<void> {
    await this.handle.close();
  }

  private async readWhatIsThere(): Promise<void> {
    const content = createReadStream(this.path) as AsyncIterable<Buffer>; // without an encoding it gives buffers
    for await (const chunk of content) {
      this.hash.update(chunk);
      this.bytes += chunk.length;
    }
  }
}

/** Git hashes the kind and the length in front of the content. */
function startHash({ hash, bytes }: RemoteFile): Hash {
  return hash.kind === 'sha256' ? createHash('sha256') : createHash('sha1').update(`blob ${bytes}\0`);
}

/** `r+` and `w+` write at any place, but the first refuses a file that is not there and the second empties one that is. */
async function openOrCreate(path: string): Promise<FileHandle> {
  return (await open(path, 'a')).close().then(() => open(path, 'r+'));
}
