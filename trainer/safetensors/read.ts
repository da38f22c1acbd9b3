/**
 * Reads the tensors of one safetensors file, one by one from the open file: what is in memory at a time is what was decoded
 * and one chunk, never the file beside its tensors. The header was checked before (header.ts).
 */
import { createHash, type Hash } from 'node:crypto';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { RunFailure, type FileHash } from '../../protocol';
import { bitsOf, decodeFloats, isFloatDtype, isIntegerDtype, type Dtype, type FloatDtype } from './dtypes';
import { readFully, readHeader, torn, type Entry, type SafetensorsHeader } from './header';

/** A tensor on the JavaScript side, always widened to float32. */
export interface NamedTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}
export type NamedTensors = ReadonlyMap<string, NamedTensor>;

/** A tensor as it stands in the file: packed weights, position ids. */
export interface RawTensor {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}
export type RawTensors = ReadonlyMap<string, RawTensor>;

/** The floating-point tensors as numbers; integer ones as they are, where they were asked for. */
export interface SafetensorsContent {
  readonly tensors: NamedTensors;
  readonly integers: RawTensors;
}

/** A multiple of 8, so that no element is cut. */
const chunkBytes = 4 * 2 ** 20;

/**
 * Reads every floating-point tensor of the file. Integer tensors (position ids of old exports) are left out.
 * @throws RunFailure 'bad-model' naming the file and everything wrong with it
 */
export async function readSafetensors(file: string): Promise<NamedTensors> {
  return withFile(file, async (handle) => (await readContent(file, handle, {})).tensors);
}

/** As readSafetensors, with the hash of the whole file, computed on the way. */
export async function readHashedSafetensors(file: string): Promise<{ tensors: NamedTensors; hash: FileHash }> {
  const { tensors, hash } = await readWholeSafetensors(file);
  return { tensors, hash };
}

/** As readHashedSafetensors, with the integer tensors as they stand in the file: 4-bit weights lie in those. */
export async function readWholeSafetensors(file: string): Promise<SafetensorsContent & { hash: FileHash }> {
  return withFile(file, async (handle) => {
    const hash = createHash('sha256');
    const content = await readContent(file, handle, { hash, keepIntegers: true });
    const { size } = await handle.stat();
    return { ...content, hash: { path: file, bytes: size, sha256: hash.digest('hex') } };
  });
}

/** Every tensor as it stands in the file, whatever its type. */
export async function readRawSafetensors(file: string): Promise<RawTensors> {
  return withFile(file, async (handle) => {
    const { entries, bytes: header } = await readHeader(file, handle);
    const tensors = new Map<string, RawTensor>();
    for (const entry of entries) {
      const bytes = allocate(file, entry, () => new Uint8Array(entry.end - entry.begin));
      await readFully(file, handle, bytes, header.length + entry.begin);
      tensors.set(entry.name, { dtype: entry.dtype, shape: entry.shape, bytes });
    }
    return tensors;
  });
}

/** Names, types and shapes only: cheap, whatever the size of the file. */
export async function readSafetensorsHeader(file: string): Promise<SafetensorsHeader> {
  return withFile(file, (handle) => readHeader(file, handle, isRead));
}

interface ReadOptions {
  readonly hash?: Hash;
  readonly keepIntegers?: boolean;
}

async function readContent(file: string, handle: FileHandle, { hash, keepIntegers }: ReadOptions): Promise<SafetensorsContent> {
  const { entries, bytes: header } = await readHeader(file, handle, isRead);
  hash?.update(header);
  const source = { file, handle, dataStart: header.length, hash };
  const tensors = new Map<string, NamedTensor>();
  const integers = new Map<string, RawTensor>();
  for (const entry of entries) {
    const { name, dtype, shape } = entry;
    if (isFloatDtype(dtype)) tensors.set(name, { shape, values: await readFloats(source, entry, dtype) });
    else if (keepIntegers === true) integers.set(name, { dtype, shape, bytes: await readBytes(source, entry) });
  }
  return { tensors, integers };
}

/** Of other types this product can make neither numbers nor sense. */
function isRead(dtype: Dtype): boolean {
  return isFloatDtype(dtype) || isIntegerDtype(dtype);
}

/** Where the bytes come from; entries must be read in the order of their bytes, all of them, for the hash to be right. */
interface Source {
  readonly file: string;
  readonly handle: FileHandle;
  readonly dataStart: number;
  readonly hash: Hash | undefined;
}

async function readFloats(source: Source, entry: Entry, dtype: FloatDtype): Promise<Float32Array> {
  const elementBytes = bitsOf(dtype) / 8;
  const count = (entry.end - entry.begin) / elementBytes;
  const values = allocate(source.file, entry, () => new Float32Array(count));
  if (dtype === 'F32') {
    await readInto(source, entry, new Uint8Array(values.buffer));
    return values;
  }
  const chunk = new Uint8Array(Math.min(chunkBytes, entry.end - entry.begin));
  for (let begin = entry.begin; begin < entry.end; begin += chunk.length) {
    const part = chunk.subarray(0, Math.min(chunk.length, entry.end - begin));
    await readInto(source, { begin }, part);
    const first = (begin - entry.begin) / elementBytes;
    decodeFloats(dtype, part, values.subarray(first, first + part.length / elementBytes));
  }
  return values;
}

async function readBytes(source: Source, entry: Entry): Promise<Uint8Array> {
  const bytes = allocate(source.file, entry, () => new Uint8Array(entry.end - entry.begin));
  await readInto(source, entry, bytes);
  return bytes;
}

/** In chunks, so that hashing does not hold up the process for long. */
async function readInto(
  { file, handle, dataStart, hash }: Source,
  { begin }: { begin: number },
  target: Uint8Array,
): Promise<void> {
  for (let done = 0; done < target.length; done += chunkBytes) {
    const part = target.subarray(done, done + chunkBytes);
    await readFully(file, handle, part, dataStart + begin + done);
    hash?.update(part);
  }
}

function allocate<Bytes>(file: string, { name, begin, end }: Entry, make: () => Bytes): Bytes {
  try {
    return make();
  } catch (thrown) {
    throw new RunFailure({
      code: 'out-of-memory',
      message: `There was not enough memory for "${name}" of ${file}, which takes ${end - begin} bytes.`,
      hint: 'Use a smaller model, or a machine with more memory.',
      file,
      detail: String(thrown),
    });
  }
}

/** Opens, reads, closes. What the system says about a file that cannot be read becomes a message with its name. */
async function withFile<Result>(file: string, read: (handle: FileHandle) => Promise<Result>): Promise<Result> {
  const handle = await openFile(file).catch((thrown: unknown) => {
    throw torn(file, [`it cannot be opened (${thrown instanceof Error ? thrown.message : String(thrown)})`]);
  });
  try {
    return await read(handle);
  } catch (thrown) {
    if (thrown instanceof RunFailure) throw thrown;
    throw torn(file, [`it cannot be read (${thrown instanceof Error ? thrown.message : String(thrown)})`]);
  } finally {
    await handle.close();
  }
}

/** Asks first: opening a pipe would wait for somebody to write into it. */
async function openFile(file: string): Promise<FileHandle> {
  if (!(await stat(file)).isFile()) throw new Error('it is not a file');
  return open(file);
}
