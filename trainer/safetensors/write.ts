/**
 * Writes safetensors files: small ones as one piece of bytes, large ones tensor by tensor. Numbers are written as F32, F16
 * or BF16; packed tensors as they are. https://huggingface.co/docs/safetensors
 */
import { createHash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import type { FileHash } from '../../protocol';
import { bitsOf, byteLengthOf, encodeFloats, type Dtype, type WritableDtype } from './dtypes';
import type { NamedTensor, RawTensor } from './read';

/** Read when its turn has come, so that a large model is never in memory as a whole. */
export interface DeferredTensor {
  readonly shape: readonly number[];
  readonly read: () => Promise<Float32Array>;
}
export type WritableTensor = NamedTensor | RawTensor;

export interface WriteOptions {
  /** What numbers are written as; packed tensors keep their own type. Default F32. */
  readonly dtype?: WritableDtype;
  /** Beside `format: pt`, without which transformers refuses a file. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Values are narrowed in pieces of this many. */
const chunkElements = 2 ** 20;

/** Encodes tensors that are in memory, those with the widest elements first and otherwise in the order given. */
export function encodeSafetensors(tensors: ReadonlyMap<string, WritableTensor>, options: WriteOptions = {}): Uint8Array {
  const { header, placed, dataBytes } = layOut(tensors, options);
  const file = new Uint8Array(header.length + dataBytes);
  file.set(header);
  for (const { name, tensor, begin, end } of placed) {
    const bytes = 'bytes' in tensor ? tensor.bytes : encodeFloats(options.dtype ?? 'F32', tensor.values);
    if (bytes.length !== end - begin) throw wrongLength(name, bytes.length, end - begin);
    file.set(bytes, header.length + begin);
  }
  return file;
}

/** As encodeSafetensors, into a file that is synced before it is closed. Returns the hash of what was written. */
export async function writeSafetensors(
  file: string,
  tensors: ReadonlyMap<string, WritableTensor | DeferredTensor>,
  options: WriteOptions = {},
): Promise<FileHash> {
  const { header, placed, dataBytes } = layOut(tensors, options);
  const hash = createHash('sha256');
  const handle = await open(file, 'w');
  try {
    await append(handle, header);
    hash.update(header);
    for (const { name, tensor, begin, end } of placed) {
      let written = 0;
      for (const bytes of await encodeInPieces(tensor, options.dtype ?? 'F32')) {
        await append(handle, bytes);
        hash.update(bytes);
        written += bytes.length;
      }
      if (written !== end - begin) throw wrongLength(name, written, end - begin);
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  return { path: file, bytes: header.length + dataBytes, sha256: hash.digest('hex') };
}

async function encodeInPieces(tensor: WritableTensor | DeferredTensor, dtype: WritableDtype): Promise<Iterable<Uint8Array>> {
  if ('bytes' in tensor) return [tensor.bytes];
  return narrow('values' in tensor ? tensor.values : await tensor.read(), dtype);
}

function* narrow(values: Float32Array, dtype: WritableDtype): Generator<Uint8Array> {
  for (let first = 0; first < values.length; first += chunkElements) {
    yield encodeFloats(dtype, values.subarray(first, first + chunkElements));
  }
}

async function append(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) done += (await handle.write(bytes, done)).bytesWritten;
}

interface Layout<Tensor> {
  readonly header: Uint8Array;
  readonly placed: readonly { readonly name: string; readonly tensor: Tensor; readonly begin: number; readonly end: number }[];
  readonly dataBytes: number;
}

/** The widest elements come first, as in the format's own writer: every tensor then begins at a multiple of its element. */
function layOut<Tensor extends WritableTensor | DeferredTensor>(
  tensors: ReadonlyMap<string, Tensor>,
  { dtype: numbers = 'F32', metadata }: WriteOptions,
): Layout<Tensor> {
  const typed = [...tensors].map(([name, tensor]) => ({ name, tensor, dtype: 'dtype' in tensor ? tensor.dtype : numbers }));
  typed.sort((a, b) => bitsOf(b.dtype) - bitsOf(a.dtype)); // stable
  const header: [string, unknown][] = [['__metadata__', { format: 'pt', ...metadata }]];
  let begin = 0;
  const placed = typed.map(({ name, tensor, dtype }) => {
    const end = begin + requiredBytes(name, dtype, tensor.shape);
    header.push([name, { dtype, shape: tensor.shape, data_offsets: [begin, end] }]);
    const place = { name, tensor, begin, end };
    begin = end;
    return place;
  });
  return { header: encodeHeader(Object.fromEntries(header)), placed, dataBytes: begin };
}

/** The length as a u64, then the JSON, padded with spaces to a multiple of 8. */
function encodeHeader(header: Record<string, unknown>): Uint8Array {
  const json = Buffer.from(JSON.stringify(header));
  const paddedBytes = Math.ceil(json.length / 8) * 8;
  const bytes = Buffer.alloc(8 + paddedBytes, ' ');
  bytes.writeBigUInt64LE(BigInt(paddedBytes));
  json.copy(bytes, 8);
  return bytes;
}

function requiredBytes(name: string, dtype: Dtype, shape: readonly number[]): number {
  const bytes = byteLengthOf(dtype, shape);
  if (bytes === undefined) throw new Error(`"${name}" has a shape that cannot be written: [${shape.join(', ')}].`);
  return bytes;
}

function wrongLength(name: string, found: number, expected: number): Error {
  return new Error(`"${name}" has ${found} bytes and its shape needs ${expected}.`);
}
