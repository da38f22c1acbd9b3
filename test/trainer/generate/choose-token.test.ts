/** Choosing the next token, with probabilities worked out by hand. */
import assert from 'node:assert/strict';
import { createRandom } from '../../../dataset/seeded-random';
import { chooseToken, greedy, type Sampling } from '../../../trainer/generate/choose-token';

/** Probabilities 0.1, 0.4, 0.2, 0.3. */
const scores = Float32Array.of(0.1, 0.4, 0.2, 0.3).map(Math.log);
const draws = 4000;

describe('chooseToken', () => {
  it('takes the best, the first of equals, and no number from the source', () => {
    const random = createRandom(1);
    assert.equal(chooseToken(scores, greedy, [], random), 1);
    assert.equal(chooseToken(Float32Array.of(-2, -1, -1), greedy, [], random), 1);
    assert.equal(random.state, createRandom(1).state);
  });

  it('samples as the probabilities are', () => {
    assertShares({ temperature: 1 }, [0.1, 0.4, 0.2, 0.3]);
  });

  it('sharpens with a temperature below 1', () => {
    // p²: 0.01, 0.16, 0.04, 0.09 of 0.30
    assertShares({ temperature: 0.5 }, [1 / 30, 16 / 30, 4 / 30, 9 / 30]);
  });

  it('takes as few tokens as reach p, also when the last one overshoots', () => {
    assertShares({ temperature: 1, topP: 0.6 }, [0, 4 / 7, 0, 3 / 7]); // 0.4 + 0.3
    assertShares({ temperature: 1, topP: 0.39 }, [0, 1, 0, 0]);
    assertShares({ temperature: 1, topP: 0 }, [0, 1, 0, 0]);
    assertShares({ temperature: 1, topP: 0.95 }, [0.1, 0.4, 0.2, 0.3]);
  });

  it('takes p of a large vocabulary as sorting all of it would', () => {
    const random = createRandom(5);
    const many = Float32Array.from({ length: 200 }, () => random.normal());
    const weights = [...many].map(Math.exp);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const sorted = [...many.keys()].sort((a, b) => (weights[b] ?? 0) - (weights[a] ?? 0));
    let reached = 0;
    const nucleus = new Set(sorted.filter((id) => (reached += weights[id] ?? 0) - (weights[id] ?? 0) < 0.7 * total));
    const drawn = new Set(
      Array.from({ length: 20_000 }, () => chooseToken(many, { ...greedy, temperature: 1, topP: 0.7 }, [], random)),
    );
    assert.deepEqual([...drawn].sort(), [...nucleus].sort());
  });

  it('takes the k best, and of those as few as reach p', () => {
    assertShares({ temperature: 1, topK: 3 }, [0, 4 / 9, 2 / 9, 3 / 9]);
    assertShares({ temperature: 1, topK: 9 }, [0.1, 0.4, 0.2, 0.3]);
    assertShares({ temperature: 1, topK: 3, topP: 0.7 }, [0, 4 / 7, 0, 3 / 7]); // 7/9 of what the three have
  });

  it('makes what was seen less likely, whatever the sign of its score', () => {
    const choose = (values: number[], seen: number[]) =>
      chooseToken(Float32Array.from(values), { ...greedy, repetitionPenalty: 2 }, seen, createRandom(0));
    assert.equal(choose([3, 2], []), 0);
    assert.equal(choose([3, 2], [0, 7]), 1, 'half of 3');
    assert.equal(choose([3, 1], [0, 0, 7]), 0, 'once, however often it was seen');
    assert.equal(choose([-1.5, -2], [0]), 1, 'twice -1.5');
  });

  it('refuses scores that are no numbers', () => {
    for (const bad of [
      [1, NaN],
      [NaN, 1],
      [-Infinity, -Infinity],
      [1, Infinity],
    ])
      assert.throws(() => chooseToken(Float32Array.from(bad), greedy, [], createRandom(0)), {
        name: 'RunFailure',
        message: /not finite numbers/,
      });
  });
});

/** Five standard errors around each share. */
function assertShares(sampling: Partial<Sampling>, shares: readonly number[]): void {
  const random = createRandom(7);
  const counts = shares.map(() => 0);
  for (let draw = 0; draw < draws; draw++) {
    const id = chooseToken(scores, { ...greedy, ...sampling }, [], random);
    counts[id] = (counts[id] ?? 0) + 1;
  }
  for (const [id, share] of shares.entries()) {
    const difference = Math.abs((counts[id] ?? 0) / draws - share);
    assert.ok(
      difference <= 5 * Math.sqrt((share * (1 - share)) / draws),
      `token ${id} came ${counts[id]} times of ${draws}, not ${share}`,
    );
  }
}
