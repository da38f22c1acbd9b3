import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RunFailure, type RunError } from '../../protocol';
import { encodeSafetensors, listWeights, readWeights } from '../../trainer/safetensors';
import { temporaryFolder } from './temporary-folder';
import { encodeRaw, type RawTensor } from './tiny-model';

const folder = temporaryFolder('weights');
const at = (name: string) => join(folder.path, name);
const index = at('model.safetensors.index.json');
after(() => {
  folder.remove();
});

const f32 = (...values: number[]): RawTensor => ({
  dtype: 'F32',
  shape: [values.length],
  bytes: new Uint8Array(Float32Array.from(values).buffer),
});
const one = 'model-00001-of-00002.safetensors';
const two = 'model-00002-of-00002.safetensors';
const goodMap = { a: one, b: two, packed: two };

function writeShards(weightMap: unknown = goodMap): void {
  writeFileSync(at(one), encodeRaw(new Map([['a', f32(1, 2)]])));
  const packed = { dtype: 'U8', shape: [2], bytes: Uint8Array.of(9, 8) };
  writeFileSync(
    at(two),
    encodeRaw(
      new Map([
        ['b', f32(3)],
        ['packed', packed],
      ]),
    ),
  );
  writeFileSync(index, JSON.stringify({ metadata: { total_size: 14 }, weight_map: weightMap }));
}

/** In each describe: outside of one, it would run around the tests of every file. */
function inEmptyFolder(): void {
  beforeEach(() => {
    rmSync(folder.path, { recursive: true, force: true });
    mkdirSync(folder.path);
  });
}

describe('the weights of a model folder', () => {
  inEmptyFolder();
  it('lie in one file', async () => {
    writeFileSync(at('model.safetensors'), encodeSafetensors(new Map([['a', { shape: [1], values: Float32Array.of(5) }]])));
    const { tensors, integers, hashes } = await readWeights(folder.path);
    assert.deepEqual([...tensors], [['a', { shape: [1], values: Float32Array.of(5) }]]);
    assert.equal(integers.size, 0);
    assert.deepEqual(
      hashes.map(({ path, bytes }) => [path, bytes]),
      [[at('model.safetensors'), readFileSync(at('model.safetensors')).length]],
    );
  });

  it('or in the shards of an index, packed ones as they are', async () => {
    writeShards();
    const { tensors, integers, hashes } = await readWeights(folder.path);
    assert.deepEqual(
      new Map(tensors),
      new Map([
        ['a', { shape: [2], values: Float32Array.of(1, 2) }],
        ['b', { shape: [1], values: Float32Array.of(3) }],
      ]),
    );
    assert.deepEqual([...integers], [['packed', { dtype: 'U8', shape: [2], bytes: Uint8Array.of(9, 8) }]]);
    assert.deepEqual(
      hashes.map(({ path }) => path),
      [at(one), at(two)],
    );
  });

  it('can be listed without being read', async () => {
    writeShards();
    const listed = await listWeights(folder.path);
    assert.deepEqual(
      listed.map(({ name, dtype, shape }) => [name, dtype, shape]),
      [
        ['a', 'F32', [2]],
        ['b', 'F32', [1]],
        ['packed', 'U8', [2]],
      ],
    );
  });

  it('come from the one file when there is an index as well, as in transformers', async () => {
    writeShards();
    writeFileSync(at('model.safetensors'), encodeSafetensors(new Map([['only', { shape: [1], values: Float32Array.of(5) }]])));
    assert.deepEqual([...(await readWeights(folder.path)).tensors.keys()], ['only']);
  });
});

describe('the weights of a model folder are refused, with all that is wrong, when', () => {
  inEmptyFolder();
  it('there are none', async () => {
    await assertRefused(folder.path, 'neither model.safetensors nor model.safetensors.index.json');
  });

  it('there are only pickled ones', async () => {
    writeFileSync(at('pytorch_model.bin'), 'x');
    const error = await assertRefused('only pytorch_model.bin');
    assert.match(error.hint, /as safetensors only/);
  });

  it('shards are missing, and tensors lie in none or in another', async () => {
    writeShards({ a: two, b: two, c: one, d: 'model-00003-of-00003.safetensors', e: 'model-00004-of-00004.safetensors' });
    await assertRefused(
      index,
      'the shards "model-00003-of-00003.safetensors", "model-00004-of-00004.safetensors" are missing',
      `"a" is in ${one}, not in ${two}`,
      `"c" is in no shard; it should be in ${one}`,
    );
  });

  it('two shards are broken', async () => {
    writeShards();
    writeFileSync(at(one), 'short');
    writeFileSync(at(two), readFileSync(at(two)).subarray(0, -1));
    await assertRefused(index, `${one} failed: it has 5 bytes`, `${two} failed: "packed" ends at byte 6 of 5`);
  });

  it('a tensor lies in two shards', async () => {
    writeShards();
    writeFileSync(
      at(one),
      encodeRaw(
        new Map([
          ['a', f32(1, 2)],
          ['b', f32(4)],
        ]),
      ),
    );
    await assertRefused(`"b" is in both ${one} and ${two}`);
  });

  for (const name of [
    '../elsewhere.safetensors',
    '/etc/passwd',
    'sub/model.safetensors',
    '..\\model.safetensors',
    'C:model',
    '..',
    '',
  ]) {
    it(`the index names ${JSON.stringify(name)} as a shard`, async () => {
      writeShards({ ...goodMap, x: name });
      await assertRefused(index, `it names ${JSON.stringify(name)}, and a shard is a file beside the index`);
    });
  }

  for (const [what, content] of [
    ['is not JSON', '{"weight_map"'],
    ['has no map', '{}'],
    ['has numbers for names', '{"weight_map":{"a":1}}'],
  ] as const) {
    it(`the index ${what}`, async () => {
      writeFileSync(index, content);
      await assertRefused(index, 'it has no "weight_map" from tensor names to file names');
    });
  }
});

/** Reading and listing alike. Returns what was said. */
async function assertRefused(...says: string[]): Promise<RunError> {
  await assert.rejects(listWeights(folder.path), RunFailure);
  const thrown: unknown = await readWeights(folder.path).then(
    () => assert.fail('it was read'),
    (reason: unknown) => reason,
  );
  assert.ok(thrown instanceof RunFailure, String(thrown));
  assert.equal(thrown.error.code, 'bad-model');
  for (const part of says) assert.ok(thrown.error.message.includes(part), `${thrown.error.message}\nshould say: ${part}`);
  return thrown.error;
}
