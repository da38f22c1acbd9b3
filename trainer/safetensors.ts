/**
 * Reads and writes safetensors files: a u64 header length, a JSON header, raw little-endian tensors. Reading is strict:
 * sizes, overlaps, dtypes and bounds are checked before a byte is believed, and all mismatches are reported at once.
 * https://huggingface.co/docs/safetensors
 */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { z } from 'zod';
import { RunFailure, type FileHash } from '../protocol';

/** A tensor on the JavaScript side, always widened to float32. */
export interface NamedTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}
export type NamedTensors = ReadonlyMap<string, NamedTensor>;

const bytesPerElement = { F32: 4, F16: 2, BF16: 2 } as const;
type FloatType = keyof typeof bytesPerElement;

/** A header larger than this is not a header: real ones stay below a few megabytes. */
const maxHeaderBytes = 100_000_000;

const size = z.number().int().min(0);
const headerSchema = z.record(z.string(), z.unknown());
const entrySchema = z.object({ dtype: z.string(), shape: z.array(size), data_offsets: z.tuple([size, size]) });
interface Entry {
  readonly name: string;
  readonly dtype: FloatType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/**
 * Reads every floating-point tensor of the file. Integer tensors (position ids of old exports) are left out.
 * @throws RunFailure 'bad-model' naming the file and everything wrong with it
 */
export async function readSafetensors(file: string): Promise<NamedTensors> {
  return decodeSafetensors(file, await readBytes(file));
}

/** As readSafetensors, with the hash of the bytes that were read. */
export async function readHashedSafetensors(file: string): Promise<{ tensors: NamedTensors; hash: FileHash }> {
  const bytes = await readBytes(file);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { tensors: decodeSafetensors(file, bytes), hash: { path: file, bytes: bytes.length, sha256 } };
}

function decodeSafetensors(file: string, bytes: Buffer): NamedTensors {
  const { entries, dataStart } = parseHeader(file, bytes);
  return new Map(entries.map((entry) => [entry.name, { shape: entry.shape, values: decode(bytes, dataStart, entry) }]));
}

/** Encodes float32 tensors in the order given, with the `format: pt` that transformers insists on. */
export function encodeSafetensors(tensors: NamedTensors): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: { format: 'pt' } };
  let offset = 0;
  for (const [name, { shape, values }] of tensors) {
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, offset + values.byteLength] };
    offset += values.byteLength;
  }
  const json = Buffer.from(JSON.stringify(header));
  const headerBytes = Math.ceil(json.length / 8) * 8;
  const file = Buffer.alloc(8 + headerBytes + offset, ' ');
  file.writeBigUInt64LE(BigInt(headerBytes));
  json.copy(file, 8);
  let position = 8 + headerBytes;
  for (const { values } of tensors.values()) {
    file.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), position);
    position += values.byteLength;
  }
  return file;
}

async function readBytes(file: string): Promise<Buffer> {
  const handle = await open(file).catch((thrown: unknown) => {
    throw torn(file, [`it cannot be opened (${thrown instanceof Error ? thrown.message : String(thrown)})`]);
  });
  try {
    return await handle.readFile();
  } catch (thrown) {
    throw torn(file, [`it cannot be read (${thrown instanceof Error ? thrown.message : String(thrown)})`]);
  } finally {
    await handle.close();
  }
}

function parseHeader(file: string, bytes: Buffer): { entries: Entry[]; dataStart: number } {
  if (bytes.length < 8) throw torn(file, [`it has ${bytes.length} bytes, fewer than a header`]);
  const headerBytes = bytes.readBigUInt64LE();
  if (headerBytes > BigInt(Math.min(maxHeaderBytes, bytes.length - 8))) {
    throw torn(file, [`its header claims ${headerBytes} bytes and the file has ${bytes.length}`]);
  }
  const dataStart = 8 + Number(headerBytes);
  const header = headerSchema.safeParse(parseJson(bytes.toString('utf8', 8, dataStart)));
  if (!header.success) throw torn(file, ['its header is not a JSON object']);
  const mismatches: string[] = [];
  const entries = Object.entries(header.data).flatMap(([name, entry]) => parseEntry(name, entry, mismatches));
  mismatches.push(...misplaced(entries, bytes.length - dataStart));
  if (mismatches.length > 0) throw torn(file, mismatches);
  return { entries, dataStart };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the caller reports what it expected instead
  }
}

function parseEntry(name: string, input: unknown, mismatches: string[]): Entry[] {
  if (name === '__metadata__') return [];
  const parsed = entrySchema.safeParse(input);
  if (!parsed.success) {
    mismatches.push(`"${name}" has no valid dtype, shape and data_offsets`);
    return [];
  }
  const { dtype, shape, data_offsets } = parsed.data;
  if (/^(I|U)\d+$|^BOOL$/.test(dtype)) return [];
  if (!isFloatType(dtype)) {
    mismatches.push(`"${name}" has dtype ${dtype}; Temper reads F32, F16 and BF16`);
    return [];
  }
  return [{ name, dtype, shape, begin: data_offsets[0], end: data_offsets[1] }];
}

function isFloatType(dtype: string): dtype is FloatType {
  return Object.hasOwn(bytesPerElement, dtype);
}

/** Tensors that leave the file, overlap their neighbour, or whose bytes do not match their shape. */
function misplaced(entries: readonly Entry[], dataBytes: number): string[] {
  const mismatches: string[] = [];
  let previousEnd = 0;
  for (const { name, dtype, shape, begin, end } of entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    const expected = shape.reduce((product, dimension) => product * dimension, bytesPerElement[dtype]);
    if (end - begin !== expected)
      mismatches.push(`"${name}" [${shape.join(', ')}] of ${dtype} needs ${expected} bytes and has ${end - begin}`);
    if (end > dataBytes) mismatches.push(`"${name}" ends at byte ${end} of ${dataBytes}`);
    if (begin < previousEnd) mismatches.push(`"${name}" overlaps the tensor before it`);
    previousEnd = Math.max(previousEnd, end);
  }
  return mismatches;
}

function decode(bytes: Buffer, dataStart: number, { dtype, begin, end }: Entry): Float32Array {
  const raw = bytes.subarray(dataStart + begin, dataStart + end);
  const aligned = raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.byteLength);
  if (dtype === 'F32') return new Float32Array(aligned);
  const halves = new Uint16Array(aligned);
  return Float32Array.from(halves, dtype === 'BF16' ? fromBfloat16 : fromFloat16);
}

const bits = new Uint32Array(1);
const asFloat = new Float32Array(bits.buffer);

function fromBfloat16(half: number): number {
  bits[0] = half << 16;
  return asFloat[0] ?? NaN;
}

/** IEEE 754 binary16: 1 sign, 5 exponent and 10 fraction bits. */
function fromFloat16(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function torn(file: string, mismatches: readonly string[]): RunFailure {
  return new RunFailure({
    code: 'bad-model',
    message: `Reading the tensors of ${file} failed: ${mismatches.join('; ')}.`,
    hint: 'The file is incomplete or not a safetensors file. Copy or download it again.',
    file,
  });
}
