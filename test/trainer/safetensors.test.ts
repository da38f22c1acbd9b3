import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RunFailure } from '../../protocol';
import { encodeSafetensors, readSafetensors } from '../../trainer/safetensors';
import { encodeRaw, withHeader } from './tiny-model';
import { temporaryFolder } from './tiny-training';

const folder = temporaryFolder('safetensors');
const file = join(folder.path, 'model.safetensors');
after(() => {
  folder.remove();
});

const f32 = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
const u16 = (...values: number[]) => new Uint8Array(Uint16Array.from(values).buffer);

async function readBytes(bytes: Uint8Array) {
  writeFileSync(file, bytes);
  return readSafetensors(file);
}

describe('reading safetensors', () => {
  it('gives names, shapes and values in the order of the file', async () => {
    const tensors = await readBytes(
      encodeRaw(
        new Map([
          ['b.weight', { dtype: 'F32', shape: [2, 3], bytes: f32(1, 2, 3, 4, 5, 6) }],
          ['a.bias', { dtype: 'F32', shape: [1], bytes: f32(-0.5) }],
        ]),
      ),
    );
    assert.deepEqual([...tensors.keys()], ['b.weight', 'a.bias']);
    assert.deepEqual(tensors.get('b.weight'), { shape: [2, 3], values: Float32Array.of(1, 2, 3, 4, 5, 6) });
    assert.deepEqual(tensors.get('a.bias'), { shape: [1], values: Float32Array.of(-0.5) });
  });

  it('widens bfloat16 by its bits', async () => {
    // 1.5, -2, infinity, the smallest subnormal 2^-133, -0
    const tensors = await readBytes(
      encodeRaw(new Map([['x', { dtype: 'BF16', shape: [5], bytes: u16(0x3fc0, 0xc000, 0x7f80, 0x0001, 0x8000) }]])),
    );
    assert.deepEqual([...(tensors.get('x')?.values ?? [])], [1.5, -2, Infinity, 2 ** -133, -0]);
  });

  it('widens float16 by its bits', async () => {
    // 1, -2, the largest 65504, the smallest subnormal 2^-24, nearest to 1/3, infinity, not a number, -0
    const halves = u16(0x3c00, 0xc000, 0x7bff, 0x0001, 0x3555, 0x7c00, 0x7e00, 0x8000);
    const tensors = await readBytes(encodeRaw(new Map([['x', { dtype: 'F16', shape: [8], bytes: halves }]])));
    assert.deepEqual([...(tensors.get('x')?.values ?? [])], [1, -2, 65504, 2 ** -24, 0.333251953125, Infinity, NaN, -0]);
  });

  it('reads a tensor that does not begin at a multiple of four bytes', async () => {
    const tensors = await readBytes(
      encodeRaw(
        new Map([
          ['half', { dtype: 'F16', shape: [1], bytes: u16(0x3c00) }],
          ['whole', { dtype: 'F32', shape: [2], bytes: f32(7, 8) }],
        ]),
      ),
    );
    assert.deepEqual([...(tensors.get('whole')?.values ?? [])], [7, 8]);
  });

  it('leaves integer tensors out, which old exports carry', async () => {
    const ids = new Uint8Array(BigInt64Array.of(0n, 1n).buffer);
    const tensors = await readBytes(
      encodeRaw(
        new Map([
          ['embeddings.position_ids', { dtype: 'I64', shape: [1, 2], bytes: ids }],
          ['x', { dtype: 'F32', shape: [1], bytes: f32(3) }],
        ]),
      ),
    );
    assert.deepEqual([...tensors.keys()], ['x']);
  });

  it('takes a scalar and an empty tensor', async () => {
    const tensors = await readBytes(
      encodeRaw(
        new Map([
          ['scalar', { dtype: 'F32', shape: [], bytes: f32(4) }],
          ['none', { dtype: 'F32', shape: [0, 3], bytes: f32() }],
        ]),
      ),
    );
    assert.deepEqual([...(tensors.get('scalar')?.values ?? [])], [4]);
    assert.equal(tensors.get('none')?.values.length, 0);
  });
});

describe('writing safetensors', () => {
  const written = encodeSafetensors(
    new Map([
      ['x', { shape: [2, 2], values: Float32Array.of(1, -2, 3.5, 1e-30) }],
      ['y', { shape: [1], values: Float32Array.of(9) }],
    ]),
  );

  it('gives back what was written, bit by bit', async () => {
    const tensors = await readBytes(written);
    assert.deepEqual(tensors.get('x'), { shape: [2, 2], values: Float32Array.of(1, -2, 3.5, 1e-30) });
    assert.deepEqual(tensors.get('y'), { shape: [1], values: Float32Array.of(9) });
  });

  it('is laid out as the format says: length, JSON padded to 8 bytes with the format of PyTorch, then the bytes', () => {
    const bytes = Buffer.from(written);
    const headerBytes = Number(bytes.readBigUInt64LE());
    assert.equal(headerBytes % 8, 0);
    assert.deepEqual(JSON.parse(bytes.toString('utf8', 8, 8 + headerBytes)), {
      __metadata__: { format: 'pt' },
      x: { dtype: 'F32', shape: [2, 2], data_offsets: [0, 16] },
      y: { dtype: 'F32', shape: [1], data_offsets: [16, 20] },
    });
    assert.equal(bytes.length, 8 + headerBytes + 20);
    assert.equal(bytes.readFloatLE(8 + headerBytes + 8), 3.5);
    assert.equal(bytes.readFloatLE(8 + headerBytes + 16), 9);
  });

  it('writes a part of a larger buffer as that part', async () => {
    const values = Float32Array.of(1, 2, 3, 4).subarray(1, 3);
    const tensors = await readBytes(encodeSafetensors(new Map([['x', { shape: [2], values }]])));
    assert.deepEqual([...(tensors.get('x')?.values ?? [])], [2, 3]);
  });
});

const entry = (dtype: string, shape: number[], begin: number, end: number) => ({ dtype, shape, data_offsets: [begin, end] });
const header = (value: unknown, dataBytes = 16) => withHeader(JSON.stringify(value), new Uint8Array(dataBytes));

/** Files that must be refused, with what the message must say. */
const hostile: readonly [what: string, bytes: Uint8Array, ...says: string[]][] = [
  ['is empty', new Uint8Array(0), 'it has 0 bytes'],
  ['has fewer bytes than a header length', new Uint8Array(7), 'it has 7 bytes'],
  [
    'claims a header of 10 GB',
    withHeader('{}', new Uint8Array(0), 10_000_000_000n),
    'its header claims 10000000000 bytes and the file has 10',
  ],
  ['claims a header one byte longer than the file', withHeader('{}', new Uint8Array(0), 3n), 'claims 3 bytes'],
  [
    'claims the longest header there is',
    withHeader('{}', new Uint8Array(0), 2n ** 64n - 1n),
    'claims 18446744073709551615 bytes',
  ],
  ['has a header that is not JSON', withHeader('{"x":', new Uint8Array(16)), 'not a JSON object'],
  ['has a header that is a list', header([1, 2]), 'not a JSON object'],
  ['is really a web page', Buffer.from('<!DOCTYPE html><html><head><title>404</title>'), 'its header claims'],
  ['was cut off', header({ x: entry('F32', [4], 0, 16), y: entry('F32', [4], 16, 32) }, 20), '"y" ends at byte 32 of 20'],
  ['has a shape larger than its bytes', header({ x: entry('F32', [2, 2], 0, 4) }), '"x" [2, 2] of F32 needs 16 bytes and has 4'],
  ['has a shape smaller than its bytes', header({ x: entry('F32', [1], 0, 16) }), '"x" [1] of F32 needs 4 bytes and has 16'],
  ['has two tensors on the same bytes', header({ x: entry('F32', [4], 0, 16), y: entry('F32', [4], 0, 16) }), '"y" overlaps'],
  ['has two tensors that overlap by a byte', header({ x: entry('F32', [2], 0, 8), y: entry('F32', [2], 7, 15) }), '"y" overlaps'],
  ['has a tensor that ends before it begins', header({ x: entry('F32', [2], 8, 0) }), '"x" [2] of F32 needs 8 bytes and has -8'],
  ['has a negative dimension', header({ x: entry('F32', [-1], 0, 4) }), '"x" has no valid dtype, shape and data_offsets'],
  ['has half a dimension', header({ x: entry('F32', [1.5], 0, 6) }), '"x" has no valid'],
  ['has a shape of more elements than can be counted', header({ x: entry('F32', [2 ** 50, 2 ** 50], 0, 16) }), '"x"', 'has 16'],
  ['has no offsets', header({ x: { dtype: 'F32', shape: [1] } }), '"x" has no valid'],
  ['has an entry that is null', header({ x: null }), '"x" has no valid'],
  ['has an unknown dtype', header({ x: entry('F8_E4M3', [16], 0, 16) }), '"x" has dtype F8_E4M3; Temper reads F32, F16 and BF16'],
  ['has a dtype named like a method', header({ x: entry('toString', [], 0, 4) }), '"x" has dtype toString'],
  [
    'has several faults, all of which are named',
    header({ x: entry('F64', [2], 0, 16), y: entry('F32', [9], 0, 16), z: 3 }),
    '"x" has dtype F64',
    '"y" [9] of F32 needs 36 bytes and has 16',
    '"z" has no valid',
  ],
];

describe('a safetensors file is refused, by name and with what is wrong, when it', () => {
  for (const [what, bytes, ...says] of hostile) {
    it(what, async () => {
      await assertRefused(readBytes(bytes), ...says);
    });
  }

  it('is not there', async () => {
    const missing = join(folder.path, 'missing.safetensors');
    await assertRefused(readSafetensors(missing), missing, 'cannot be opened', 'ENOENT');
  });

  it('is a folder', async () => {
    const dir = join(folder.path, 'folder.safetensors');
    mkdirSync(dir);
    await assertRefused(readSafetensors(dir), dir);
  });
});

async function assertRefused(reading: Promise<unknown>, ...says: string[]): Promise<void> {
  const thrown: unknown = await reading.then(
    () => assert.fail('it was read'),
    (reason: unknown) => reason,
  );
  assert.ok(thrown instanceof RunFailure, String(thrown));
  const { code, message, hint, file: named } = thrown.error;
  assert.equal(code, 'bad-model');
  assert.ok(named !== undefined && message.includes(named), message);
  assert.match(hint, /Copy or download it again/);
  for (const part of says) assert.ok(message.includes(part), `${message}\nshould say: ${part}`);
}
