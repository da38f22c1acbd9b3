import assert from 'node:assert/strict';
import { createRandom } from '../../dataset/seeded-random';

const draw = (seed: number, count: number) => {
  const random = createRandom(seed);
  return Array.from({ length: count }, () => random.next());
};

describe('createRandom', function () {
  this.timeout(30_000);
  it('draws the numbers of Mulberry32, as its author published it', () => {
    // Recorded from the reference in C (mulberry32.c), seeds 0 and 42.
    assert.deepEqual(
      draw(0, 3).map((value) => value * 2 ** 32),
      [1144304738, 1416247, 958946056],
    );
    assert.deepEqual(
      draw(42, 3).map((value) => value * 2 ** 32),
      [2581720956, 1925393290, 3661312704],
    );
  });

  it('gives the same seed the same numbers, and another seed others', () => {
    assert.deepEqual(draw(5, 50), draw(5, 50));
    assert.notDeepEqual(draw(5, 50), draw(6, 50));
  });

  it('continues from a remembered state', () => {
    const random = createRandom(9);
    random.normal();
    random.shuffle([1, 2, 3]);
    const copy = createRandom(random.state);
    assert.deepEqual([copy.next(), copy.normal(), copy.integer(99)], [random.next(), random.normal(), random.integer(99)]);
  });

  it('spreads evenly over [0, 1) and over whole numbers', () => {
    const random = createRandom(1);
    const counts = Array.from({ length: 7 }, () => 0);
    for (let round = 0; round < 70_000; round++) {
      const value = random.integer(7);
      counts[value] = (counts[value] ?? 0) + 1;
    }
    assert.equal(counts.length, 7);
    for (const count of counts) assert.ok(Math.abs(count - 10_000) < 400, String(counts)); // four standard deviations
  });

  it('draws normal numbers with mean 0 and deviation 1', () => {
    const random = createRandom(2);
    const values = Array.from({ length: 100_000 }, () => random.normal());
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    const beyondTwo = values.filter((value) => Math.abs(value) > 2).length / values.length;
    assert.ok(Math.abs(mean) < 0.02 && Math.abs(variance - 1) < 0.03, `${mean} ${variance}`);
    assert.ok(Math.abs(beyondTwo - 0.0455) < 0.004, String(beyondTwo));
  });

  it('shuffles into every order alike, without touching the items it was given', () => {
    const random = createRandom(3);
    const items = Object.freeze(['a', 'b', 'c']);
    const counts = new Map<string, number>();
    for (let round = 0; round < 60_000; round++) {
      const order = random.shuffle(items).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    assert.deepEqual([...counts.keys()].sort(), ['abc', 'acb', 'bac', 'bca', 'cab', 'cba']);
    for (const count of counts.values()) assert.ok(Math.abs(count - 10_000) < 400, String([...counts]));
  });

  it('shuffles nothing and one thing', () => {
    assert.deepEqual([createRandom(0).shuffle([]), createRandom(0).shuffle(['x'])], [[], ['x']]);
  });
});
