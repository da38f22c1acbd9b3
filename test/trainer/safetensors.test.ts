import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RunFailure } from '../../protocol';
import {
  encodeSafetensors,
  readHashedSafetensors,
  readRawSafetensors,
  readSafetensors,
  writeSafetensors,
  type RawTensor,
} from '../../trainer/safetensors';
import { encodeRaw, withHeader } from './tiny-model';
import { temporaryFolder } from './temporary-folder';

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

  it('rounds float64 to float32', async () => {
    const bytes = new Uint8Array(Float64Array.of(1.5, 1 / 3, -1e300).buffer);
    const tensors = await readBytes(encodeRaw(new Map([['x', { dtype: 'F64', shape: [3], bytes }]])));
    assert.deepEqual([...(tensors.get('x')?.values ?? [])], [1.5, Math.fround(1 / 3), -Infinity]);
  });

  it('gives packed tensors as they stand in the file to those who ask', async () => {
    const packed = Uint8Array.of(7, 130, 255);
    writeFileSync(
      file,
      encodeRaw(
        new Map([
          ['weight', { dtype: 'U8', shape: [3, 1], bytes: packed }],
          ['absmax', { dtype: 'BF16', shape: [1], bytes: u16(0x3fc0) }],
        ]),
      ),
    );
    assert.deepEqual(
      [...(await readRawSafetensors(file))],
      [
        ['weight', { dtype: 'U8', shape: [3, 1], bytes: packed }],
        ['absmax', { dtype: 'BF16', shape: [1], bytes: u16(0x3fc0) }],
      ],
    );
    assert.deepEqual([...(await readSafetensors(file)).keys()], ['absmax']);
  });

  it('reads a tensor of several chunks, and hashes all that the file holds, integers too', async () => {
    const count = 2_500_000; // 4.8 chunks of half precision, and 2.4 of single
    const halves = Uint16Array.from({ length: count }, (_, index) => index % 0x7c00);
    const whole = Float32Array.from({ length: count }, (_, index) => index);
    const bytes = encodeRaw(
      new Map([
        ['ids', { dtype: 'I64', shape: [1], bytes: new Uint8Array(8) }],
        ['halves', { dtype: 'BF16', shape: [count], bytes: new Uint8Array(halves.buffer) }],
        ['whole', { dtype: 'F32', shape: [count], bytes: new Uint8Array(whole.buffer) }],
      ]),
    );
    writeFileSync(file, bytes);
    const { tensors, hash } = await readHashedSafetensors(file);
    assert.deepEqual(tensors.get('whole')?.values, whole);
    const bits = new Uint32Array(tensors.get('halves')?.values.buffer ?? new ArrayBuffer(0));
    assert.ok(halves.every((half, index) => bits[index] === half * 65536));
    assert.deepEqual(hash, { path: file, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') });
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

describe('writing safetensors in half precision', () => {
  const third = 1 / 3;

  it('rounds to the nearest bfloat16, ties to even', async () => {
    const values = Float32Array.of(1, third, 1 + 2 ** -8, 1 + 3 * 2 ** -8, -0, 3.4e38, Infinity, NaN, 2 ** -133);
    const tensors = await readBytes(encodeSafetensors(new Map([['x', { shape: [9], values }]]), { dtype: 'BF16' }));
    const expected = [1, 0.333984375, 1, 1 + 2 ** -6, -0, Infinity, Infinity, NaN, 2 ** -133];
    assert.deepEqual([...(tensors.get('x')?.values ?? [])], expected);
  });

  it('rounds to the nearest float16, ties to even, into subnormals and infinity', async () => {
    const cases: [value: number, expected: number][] = [
      [1, 1],
      [third, 0.333251953125],
      [1 + 2 ** -11, 1],
      [1 + 3 * 2 ** -11, 1 + 2 ** -9],
      [65504, 65504],
      [65519, 65504],
      [65520, Infinity],
      [1e9, Infinity],
      [-Infinity, -Infinity],
      [NaN, NaN],
      [2 ** -14, 2 ** -14],
      [2 ** -14 - 2 ** -26, 2 ** -14],
      [2 ** -24, 2 ** -24],
      [2 ** -25, 0],
      [2 ** -25 * 1.001, 2 ** -24],
      [3 * 2 ** -25, 2 ** -23],
      [-5e-5, -5.0008296966552734e-5],
      [1e-30, 0],
      [-0, -0],
    ];
    const values = Float32Array.from(cases, ([value]) => value);
    const tensors = await readBytes(encodeSafetensors(new Map([['x', { shape: [cases.length], values }]]), { dtype: 'F16' }));
    assert.deepEqual(
      [...(tensors.get('x')?.values ?? [])],
      cases.map(([, expected]) => expected),
    );
  });

  it('gives back every float16 and every bfloat16 that there is', async () => {
    for (const dtype of ['F16', 'BF16'] as const) {
      const halves = Uint16Array.from({ length: 2 ** 16 }, (_, half) => half).filter((half) => !isNotANumber(dtype, half));
      const bytes = new Uint8Array(halves.buffer);
      const tensors = await readBytes(encodeRaw(new Map([['x', { dtype, shape: [halves.length], bytes }]])));
      writeFileSync(file, encodeSafetensors(tensors, { dtype }));
      assert.deepEqual((await readRawSafetensors(file)).get('x')?.bytes, bytes, dtype);
    }
  });

  it('leaves packed tensors as they are, behind the wider ones so that those begin at a multiple of their size', async () => {
    const packed: RawTensor = { dtype: 'U8', shape: [3], bytes: Uint8Array.of(1, 2, 3) };
    const values = Float32Array.of(1.5);
    writeFileSync(
      file,
      encodeSafetensors(
        new Map<string, RawTensor | { shape: number[]; values: Float32Array }>([
          ['packed', packed],
          ['absmax', { shape: [1], values }],
        ]),
      ),
    );
    const tensors = await readRawSafetensors(file);
    assert.deepEqual([...tensors.keys()], ['absmax', 'packed']);
    assert.deepEqual(tensors.get('packed'), packed);
  });
});

function isNotANumber(dtype: 'F16' | 'BF16', half: number): boolean {
  return dtype === 'F16' ? (half & 0x7fff) > 0x7c00 : (half & 0x7fff) > 0x7f80;
}

describe('writing safetensors tensor by tensor', () => {
  const values = Float32Array.from({ length: 3_000_000 }, (_, index) => index / 7); // three pieces

  for (const dtype of ['F32', 'BF16'] as const) {
    it(`gives the bytes of the encoder in ${dtype}, and their hash`, async () => {
      const tensors = new Map([
        ['big', { shape: [3, 1_000_000], values }],
        ['none', { shape: [0], values: new Float32Array(0) }],
      ]);
      const hash = await writeSafetensors(file, tensors, { dtype, metadata: { made: 'here' } });
      const expected = encodeSafetensors(tensors, { dtype, metadata: { made: 'here' } });
      assert.ok(readFileSync(file).equals(expected));
      assert.deepEqual(hash, { path: file, bytes: expected.length, sha256: createHash('sha256').update(expected).digest('hex') });
    });
  }

  it('asks for a deferred tensor when its turn has come', async () => {
    const asked: string[] = [];
    const deferred = (name: string) => ({ shape: [1], read: () => Promise.resolve((asked.push(name), Float32Array.of(4))) });
    await writeSafetensors(
      file,
      new Map([
        ['a', deferred('a')],
        ['b', deferred('b')],
      ]),
    );
    assert.deepEqual(asked, ['a', 'b']);
    assert.deepEqual([...((await readSafetensors(file)).get('b')?.values ?? [])], [4]);
  });

  it('refuses values that do not fit their shape', async () => {
    const wrong = { shape: [2], values: Float32Array.of(1) };
    assert.throws(() => encodeSafetensors(new Map([['x', wrong]])), /"x" has 4 bytes and its shape needs 8/);
    await assert.rejects(writeSafetensors(file, new Map([['x', wrong]])), /"x" has 4 bytes and its shape needs 8/);
  });
});

const entry = (dtype: string, shape: number[], begin: number, end: number) => ({ dtype, shape, data_offsets: [begin, end] });
const header = (value: unknown, dataBytes = 16) => withHeader(JSON.stringify(value), new Uint8Array(dataBytes));

/** {"é": 3} in Latin-1. */
function latin1Header(): Buffer {
  return withHeader('{"??": 3}', new Uint8Array(0)).fill(0xe9, 10, 12);
}

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
  [
    'has an unknown dtype',
    header({ x: entry('F8_E4M3', [16], 0, 16) }),
    '"x" has dtype F8_E4M3; Temper reads F32, F16, BF16 and F64',
  ],
  [
    'has a dtype named like a method',
    header({ x: entry('toString', [], 0, 4) }),
    '"x" has dtype "toString", which the format does not know',
  ],
  ['has a fraction as an offset', header({ x: entry('F32', [4], 0.5, 16) }), '"x" has no valid'],
  ['has a negative offset', header({ x: entry('F32', [4], -16, 0) }), '"x" has no valid'],
  ['has offsets beyond what can be counted', header({ x: entry('F32', [4], 2 ** 60, 2 ** 60 + 16) }), '"x" has no valid'],
  [
    'has offsets far behind its end',
    header({ x: entry('F32', [4], 2 ** 50, 2 ** 50 + 16) }),
    'ends at byte 1125899906842640 of 16',
  ],
  [
    'has a shape whose product overflows to zero',
    header({ x: entry('F32', [2 ** 50, 2 ** 50, 0], 0, 0) }),
    '"x"',
    'can be counted',
  ],
  ['has a hole before its first tensor', header({ x: entry('F32', [3], 4, 16) }), '4 bytes before "x" belong to no tensor'],
  ['has a hole between tensors', header({ x: entry('U8', [4], 0, 4), y: entry('F32', [2], 8, 16) }), '4 bytes before "y" belong'],
  ['has bytes after its last tensor', header({ x: entry('F32', [3], 0, 12) }), 'the last 4 bytes belong to no tensor'],
  ['has no tensors and yet data', header({}), 'the last 16 bytes belong to no tensor'],
  ['is cut off right behind its length', withHeader('', new Uint8Array(0), 8n), 'its header claims 8 bytes and the file has 8'],
  ['has an empty header', withHeader('', new Uint8Array(0)), 'not a JSON object'],
  ['has spaces before its header', withHeader('  {}', new Uint8Array(0)), 'not a JSON object'],
  ['has a header that is not UTF-8', latin1Header(), 'not a JSON object'],
  ['has a header of a hundred thousand brackets', withHeader(`{"x":${'['.repeat(1e5)}`, new Uint8Array(0)), 'not a JSON object'],
  [
    'has an entry nested a hundred thousand deep',
    withHeader(`{"x":${'['.repeat(1e5)}${']'.repeat(1e5)}}`, new Uint8Array(0)),
    '"x" has no valid',
  ],
  [
    'names a tensor twice, the second time in other letters',
    withHeader(
      String.raw`{"x":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"x":{"dtype":"I32","shape":[4],"data_offsets":[0,16]}}`,
      new Uint8Array(16),
    ),
    'its header has "x" twice',
  ],
  [
    'gives a tensor two shapes',
    withHeader('{"x":{"dtype":"F32","shape":[4],"shape":[2,2],"data_offsets":[0,16]}}', new Uint8Array(16)),
    'its header has "shape" twice',
  ],
  [
    'has a tensor named like a prototype',
    withHeader('{"__proto__":{"dtype":"F32"}}', new Uint8Array(0)),
    '"__proto__" has no valid',
  ],
  ['has metadata that is no list of texts', header({ __metadata__: { a: 1 }, x: entry('F32', [4], 0, 16) }), '__metadata__'],
  [
    'has more faults than anybody reads',
    header(Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`x${index}`, 3]))),
    '"x99" has no valid',
    'and 900 more',
  ],
  [
    'has several faults, all of which are named',
    header({ x: entry('F99', [2], 0, 16), y: entry('F32', [9], 0, 16), z: 3 }),
    '"x" has dtype "F99", which',
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

  it('is a pipe into which nobody writes', async function () {
    const pipe = join(folder.path, 'pipe.safetensors');
    if (process.platform === 'win32') this.skip();
    if (!existsSync(pipe)) execFileSync('mkfifo', [pipe]);
    await assertRefused(readSafetensors(pipe), pipe, 'it is not a file');
  });

  it('is a folder', async () => {
    const dir = join(folder.path, 'folder.safetensors');
    mkdirSync(dir);
    await assertRefused(readSafetensors(dir), dir);
  });
});

describe('a safetensors file that claims more than there is', () => {
  const huge = join(folder.path, 'huge.safetensors');
  const cases: [what: string, start: Uint8Array][] = [
    ['a header of 10 GB in a file of 10 GB', withHeader('{}', new Uint8Array(0), 9_999_999_000n)],
    ['a header as long as headers may be, of nothing but zeros', withHeader('', new Uint8Array(0), 100_000_000n)],
    ['an empty header before 10 GB of data', withHeader('{}', new Uint8Array(0))],
    ['a tensor of 40 GB in a file of 10 GB', header({ x: entry('F32', [10_000_000_000], 0, 40_000_000_000) }, 0)],
  ];
  for (const [what, start] of cases) {
    it(`costs no memory: ${what}`, async function () {
      writeFileSync(huge, start);
      truncateSync(huge, 10_000_000_000); // sparse: it takes no room on the disk
      if (statSync(huge).blocks * 512 > 1e9) this.skip(); // a file system that cannot leave holes
      const before = process.memoryUsage();
      const started = performance.now();
      await assertRefused(readSafetensors(huge), huge);
      const after = process.memoryUsage();
      assert.ok(after.rss - before.rss < 64e6, `${before.rss} to ${after.rss}`);
      assert.ok(after.arrayBuffers - before.arrayBuffers < 8e6, `${before.arrayBuffers} to ${after.arrayBuffers}`);
      assert.ok(performance.now() - started < 2000);
    });
  }

  it('is refused by the tensor that no memory can hold, when the file is as long as it says', async function () {
    const elements = 2 ** 37; // half a terabyte
    const start = header({ x: entry('F32', [elements], 0, 4 * elements) }, 0);
    writeFileSync(huge, start);
    try {
      truncateSync(huge, start.length + 4 * elements);
    } catch {
      this.skip(); // a file system with smaller files
    }
    await assert.rejects(readSafetensors(huge), (thrown) => {
      assert.ok(thrown instanceof RunFailure);
      assert.equal(thrown.error.code, 'out-of-memory');
      assert.match(thrown.error.message, /not enough memory for "x" of .*, which takes 549755813888 bytes/);
      return true;
    });
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
