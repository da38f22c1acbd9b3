import assert from 'node:assert/strict';
import { addToHash, mixWord } from '../../../dataset/rules/hash';
import { HashIndex } from '../../../dataset/rules/hash-index';
import { createRandom } from '../../../dataset/seeded-random';

function hashOf(...texts: string[]): [number, number] {
  const hash = new Uint32Array(2);
  for (const text of texts) addToHash(hash, text);
  return [hash[0] ?? 0, hash[1] ?? 0];
}

/** Texts that differ little: what weak hashes confuse. */
function* similarTexts(): Generator<string> {
  for (let number = 0; number < 60_000; number++) yield String(number);
  for (let number = 0; number < 60_000; number++) yield `order ${number} has not arrived`;
  for (let length = 1; length < 5_000; length++) yield 'a'.repeat(length);
  for (let length = 1; length < 5_000; length++) yield '\0'.repeat(length);
  for (let code = 0; code < 65_536; code++) yield String.fromCharCode(code, 0x61);
}

describe('addToHash', () => {
  it('gives 195,000 similar texts different hashes, and each half of them as few equal ones as chance', () => {
    const [both, low, high] = [new Set<string>(), new Set<number>(), new Set<number>()];
    const texts = new Set(similarTexts());
    for (const text of texts) {
      const hash = hashOf(text);
      both.add(hash.join());
      low.add(hash[0]);
      high.add(hash[1]);
    }
    assert.equal(both.size, texts.size);
    const expected = texts.size ** 2 / 2 ** 33; // the birthday problem: 4.4
    for (const half of [low, high]) assert.ok(texts.size - half.size < expected * 4, String(texts.size - half.size));
  });

  it('changes half of its 64 bits when one bit of the text changes', () => {
    const random = createRandom(3);
    const changed = Array.from({ length: 64 }, () => 0);
    const rounds = 4000;
    for (let round = 0; round < rounds; round++) {
      const units = Array.from({ length: 1 + random.integer(40) }, () => random.integer(128));
      const at = random.integer(units.length);
      const other = units.with(at, (units[at] ?? 0) ^ (1 << random.integer(16)));
      const [a, b] = [hashOf(String.fromCharCode(...units)), hashOf(String.fromCharCode(...other))];
      for (let bit = 0; bit < 64; bit++)
        if ((((a[bit >> 5] ?? 0) ^ (b[bit >> 5] ?? 0)) >>> (bit & 31)) & 1) changed[bit] = (changed[bit] ?? 0) + 1;
    }
    // five standard deviations of a fair coin
    for (const count of changed) assert.ok(Math.abs(count / rounds - 0.5) < 5 * Math.sqrt(0.25 / rounds), String(count / rounds));
  });

  it('has no relation between its halves', () => {
    let agreeing = 0;
    for (let number = 0; number < 4000; number++) {
      const [low, high] = hashOf(`text ${number}`);
      for (let bit = 0; bit < 32; bit++) agreeing += (((low ^ high) >>> bit) & 1) ^ 1;
    }
    assert.ok(Math.abs(agreeing / 128_000 - 0.5) < 5 * Math.sqrt(0.25 / 128_000));
  });

  it('tells where one text ends and the next begins', () => {
    const ways = [hashOf('ab', 'c'), hashOf('a', 'bc'), hashOf('abc'), hashOf('abc', ''), hashOf('', 'abc')];
    assert.equal(new Set(ways.map(String)).size, ways.length);
  });

  it('reads every unit of a long text', () => {
    const long = 'x'.repeat(1_000_000);
    assert.notDeepEqual(hashOf(long), hashOf(`${long.slice(0, -1)}y`));
    assert.notDeepEqual(hashOf(long), hashOf(`y${long.slice(1)}`));
    assert.deepEqual(hashOf(long), hashOf(long));
  });
});

describe('mixWord', () => {
  it('gives no two words the same', () => {
    assert.equal(new Set(Array.from({ length: 100_000 }, (_, word) => mixWord(word))).size, 100_000);
  });
});

describe('HashIndex', () => {
  it('finds the first of equal keys, as a map does, also where buckets collide', () => {
    const random = createRandom(8);
    const count = 5000;
    const low = Uint32Array.from({ length: count }, () => random.integer(40) * 65_536);
    const high = Uint32Array.from({ length: count }, () => random.integer(40));
    const index = new HashIndex({ low, high });
    const expected = new Map<string, number>();
    for (let row = 0; row < count; row++) {
      const key = `${low[row]},${high[row]}`;
      if (!expected.has(key)) expected.set(key, row);
      assert.equal(index.add(row), expected.get(key));
    }
    assert.equal(index.find(low[7] ?? 0, high[7] ?? 0), expected.get(`${low[7]},${high[7]}`));
    assert.equal(index.find(1, 1), undefined);
  });

  it('holds as many different keys as there are rows', () => {
    const keys = { low: Uint32Array.from({ length: 1000 }, (_, row) => row), high: new Uint32Array(1000) };
    const index = new HashIndex(keys);
    for (let row = 0; row < 1000; row++) assert.equal(index.add(row), row);
    const crowded = {
      low: new Uint32Array(1000).fill(0xffffffff),
      high: Uint32Array.from({ length: 1000 }, (_, row) => row % 500),
    };
    const full = new HashIndex(crowded); // all want its last place
    for (let row = 0; row < 1000; row++) assert.equal(full.add(row), row % 500);
    assert.equal(new HashIndex({ low: new Uint32Array(0), high: new Uint32Array(0) }).find(0, 0), undefined);
  });
});
