/**
 * The header of a safetensors file: which tensors it holds, and where. Everything is checked before a byte of data is
 * believed, by the rules of the format's own reader: known types, shapes that fit their bytes, and no byte of the data
 * twice, unused or missing. All that is wrong is reported at once. https://huggingface.co/docs/safetensors
 */
import type { FileHandle } from 'node:fs/promises';
import { z } from 'zod';
import { RunFailure } from '../../protocol';
import { byteLengthOf, isDtype, type Dtype } from './dtypes';
import { findRepeatedKeys } from './repeated-keys';

export interface Entry {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Relative to the first byte after the header; `end` is exclusive. */
  readonly begin: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  /** In the order of their bytes. */
  readonly entries: readonly Entry[];
  /** The text pairs under `__metadata__`. */
  readonly metadata: Readonly<Record<string, string>>;
  /** The length field and the JSON as they stand in the file. */
  readonly bytes: Uint8Array;
}

/** The format's own limit; real headers stay below a few megabytes. */
const maxHeaderBytes = 100_000_000;
const lengthBytes = 8;
/** A damaged header can hold millions of faults; nobody reads more than these. */
const maxMismatches = 100;

const size = z.number().int().min(0);
const entrySchema = z.object({ dtype: z.string(), shape: z.array(size), data_offsets: z.tuple([size, size]) });
const metadataSchema = z.record(z.string(), z.string());

/**
 * `isRead` says which types the caller can make something of; others are faults.
 * @throws RunFailure 'bad-model' naming the file and everything wrong with it
 */
export async function readHeader(
  file: string,
  handle: FileHandle,
  isRead: (dtype: Dtype) => boolean = () => true,
): Promise<SafetensorsHeader> {
  const { size: fileBytes } = await handle.stat();
  const bytes = await readHeaderBytes(file, handle, fileBytes);
  const text = decodeUtf8(bytes.subarray(lengthBytes));
  const header = text === undefined ? undefined : parseJson(text);
  if (text === undefined || !isRecord(header)) throw torn(file, ['its header is not a JSON object']);
  const mismatches = findRepeatedKeys(text).map((key) => `its header has ${quote(key)} twice`);
  const metadata = metadataSchema.safeParse(header['__metadata__'] ?? {});
  if (!metadata.success) mismatches.push('its __metadata__ is not a list of texts');
  const named = Object.entries(header).filter(([name]) => name !== '__metadata__');
  const entries = named.flatMap(([name, entry]) => parseEntry(name, entry, mismatches));
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  const unread = entries.filter(({ dtype }) => !isRead(dtype));
  mismatches.push(...unread.map(({ name, dtype }) => `${quote(name)} has dtype ${dtype}; Temper reads F32, F16, BF16 and F64`));
  mismatches.push(...entries.flatMap(misfit), ...misplaced(entries, fileBytes - bytes.length, entries.length === named.length));
  if (mismatches.length > 0) throw torn(file, mismatches);
  return { entries, metadata: metadata.data ?? {}, bytes };
}

async function readHeaderBytes(file: string, handle: FileHandle, fileBytes: number): Promise<Uint8Array> {
  if (fileBytes < lengthBytes) throw torn(file, [`it has ${fileBytes} bytes, fewer than a header`]);
  const start = Buffer.alloc(lengthBytes + 1);
  await readFully(file, handle, start.subarray(0, Math.min(start.length, fileBytes)), 0);
  const claimed = start.readBigUInt64LE();
  if (claimed > BigInt(Math.min(maxHeaderBytes, fileBytes - lengthBytes))) {
    const limit = claimed > BigInt(fileBytes - lengthBytes) ? '' : `, of which a header takes at most ${maxHeaderBytes}`;
    throw torn(file, [`its header claims ${claimed} bytes and the file has ${fileBytes}${limit}`]);
  }
  if (start[lengthBytes] !== 0x7b) throw torn(file, ['its header is not a JSON object']); // the format asks for { at once
  const bytes = new Uint8Array(lengthBytes + Number(claimed));
  await readFully(file, handle, bytes, 0);
  return bytes;
}

/** Fills `target` from `position` on. A file that became shorter since it was measured is torn. */
export async function readFully(file: string, handle: FileHandle, target: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < target.length;) {
    const { bytesRead } = await handle.read(target, done, target.length - done, position + done);
    if (bytesRead === 0) throw torn(file, [`it ended at byte ${position + done} while it was read`]);
    done += bytesRead;
  }
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined; // the caller reports what it expected instead
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the caller reports what it expected instead
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseEntry(name: string, input: unknown, mismatches: string[]): Entry[] {
  const parsed = entrySchema.safeParse(input);
  if (!parsed.success) {
    mismatches.push(`${quote(name)} has no valid dtype, shape and data_offsets`);
    return [];
  }
  const { dtype, shape, data_offsets } = parsed.data;
  if (!isDtype(dtype)) {
    mismatches.push(`${quote(name)} has dtype ${quote(dtype)}, which the format does not know`);
    return [];
  }
  return [{ name, dtype, shape, begin: data_offsets[0], end: data_offsets[1] }];
}

/** A tensor whose bytes are not those that its shape needs. */
function misfit({ name, dtype, shape, begin, end }: Entry): string[] {
  const expected = byteLengthOf(dtype, shape);
  if (end - begin === expected) return [];
  const needs = expected === undefined ? 'more bytes than can be counted' : `${expected} bytes`;
  return [`${quote(name)} ${formatShape(shape)} of ${dtype} needs ${needs} and has ${end - begin}`];
}

/** Each tensor must begin where the one before it ends, and the last one end with the file. */
function misplaced(entries: readonly Entry[], dataBytes: number, isComplete: boolean): string[] {
  const mismatches: string[] = [];
  let covered = 0;
  for (const { name, begin, end } of entries) {
    if (end > dataBytes) mismatches.push(`${quote(name)} ends at byte ${end} of ${dataBytes}`);
    if (begin < covered) mismatches.push(`${quote(name)} overlaps the tensor before it`);
    if (begin > covered && isComplete) mismatches.push(`${begin - covered} bytes before ${quote(name)} belong to no tensor`);
    covered = Math.max(covered, end);
  }
  if (covered < dataBytes && isComplete) mismatches.push(`the last ${dataBytes - covered} bytes belong to no tensor`);
  return mismatches;
}

function formatShape(shape: readonly number[]): string {
  return `[${shape.slice(0, 8).join(', ')}${shape.length > 8 ? `, and ${shape.length - 8} more` : ''}]`;
}

function quote(name: string): string {
  return JSON.stringify(name.length > 200 ? `${name.slice(0, 200)}…` : name);
}

export function torn(file: string, mismatches: readonly string[]): RunFailure {
  const shown = mismatches.slice(0, maxMismatches);
  if (shown.length < mismatches.length) shown.push(`and ${mismatches.length - shown.length} more`);
  return new RunFailure({
    code: 'bad-model',
    message: `Reading the tensors of ${file} failed: ${shown.join('; ')}.`,
    hint: 'The file is incomplete or not a safetensors file. Copy or download it again.',
    file,
  });
}
