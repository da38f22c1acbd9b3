import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RunFailure } from '../../protocol';
import { encodeSafetensors, readRawSafetensors, readSafetensors } from '../../trainer/safetensors';
import { randomInteger, seededRandom } from './numbers';
import { temporaryFolder } from './temporary-folder';

const folder = temporaryFolder('fuzz');
const file = join(folder.path, 'model.safetensors');
after(() => {
  folder.remove();
});

const good = encodeSafetensors(
  new Map([
    ['encoder.layer.0.weight', { shape: [3, 4], values: Float32Array.from({ length: 12 }, (_, index) => index - 5) }],
    ['encoder.layer.0.bias', { shape: [4], values: Float32Array.of(1, 2, 3, 4) }],
    ['scalar', { shape: [], values: Float32Array.of(0.5) }],
    ['none', { shape: [0, 7], values: new Float32Array(0) }],
  ]),
);
const dataBytes = 4 * 17;

/** What can befall a file on its way: most changes hit the header, where they matter. */
const damages: readonly ((bytes: Buffer, at: (limit: number) => number) => Buffer)[] = [
  (bytes, at) => flip(bytes, at(bytes.length - dataBytes), 1 << at(8)),
  (bytes, at) => flip(bytes, at(bytes.length), 1 + at(255)),
  (bytes, at) => flip(bytes, at(8), 1 + at(255)),
  (bytes, at) => bytes.subarray(0, at(bytes.length)),
  (bytes, at) => Buffer.concat([bytes, Buffer.alloc(1 + at(40), at(256))]),
  (bytes, at) => replaceDigit(bytes, at),
  (bytes, at) => {
    const from = at(bytes.length);
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(Math.min(bytes.length, from + 1 + at(12)))]);
  },
];

function flip(bytes: Buffer, place: number, mask: number): Buffer {
  const flipped = Buffer.from(bytes);
  flipped[place] = (flipped[place] ?? 0) ^ mask;
  return flipped;
}

/** Turns one digit of the header into something else that may still be JSON: shapes and offsets that lie. */
function replaceDigit(bytes: Buffer, at: (limit: number) => number): Buffer {
  const changed = Buffer.from(bytes);
  const digits = [...bytes.subarray(8, bytes.length - dataBytes).entries()].filter(([, byte]) => byte >= 0x30 && byte <= 0x39);
  const digit = digits[at(digits.length)];
  if (digit !== undefined) changed[8 + digit[0]] = '0123456789-.e,'.charCodeAt(at(14));
  return changed;
}

describe('a damaged safetensors file', () => {
  it('gives tensors that fit their shapes, or a failure that names it, 2,500 times', async function () {
    this.timeout(120_000);
    const random = seededRandom(20);
    const at = (limit: number) => randomInteger(random, limit);
    const outcomes = { read: 0, refused: 0 };
    for (let round = 0; round < 2500; round++) {
      let bytes: Buffer = Buffer.from(good);
      for (let times = 1 + at(2); times > 0; times--) bytes = damages[at(damages.length)]?.(bytes, at) ?? bytes;
      writeFileSync(file, bytes);
      outcomes[await outcome(bytes)]++;
    }
    assert.ok(outcomes.read > 60 && outcomes.refused > 1500, JSON.stringify(outcomes)); // both ends of the road are walked
  });
});

async function outcome(bytes: Buffer): Promise<'read' | 'refused'> {
  try {
    const tensors = await readSafetensors(file);
    for (const [name, { shape, values }] of tensors) assert.equal(values.length, count(shape), name);
    const raw = [...(await readRawSafetensors(file)).values()];
    const headerBytes = 8 + Number(bytes.readBigUInt64LE());
    assert.equal(
      raw.reduce((sum, tensor) => sum + tensor.bytes.length, headerBytes),
      bytes.length,
    );
    return 'read';
  } catch (thrown) {
    assert.ok(thrown instanceof RunFailure, `${String(thrown)}\n${bytes.toString('latin1')}`);
    assert.equal(thrown.error.code, 'bad-model');
    assert.ok(thrown.error.message.includes(file));
    return 'refused';
  }
}

function count(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}
