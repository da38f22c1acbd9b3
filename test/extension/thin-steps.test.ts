import assert from 'node:assert/strict';
import { thinSteps } from '../../extension/panel/thin-steps';

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

describe('thinning a curve', () => {
  it('leaves a short one as it is', () => {
    assert.deepEqual(thinSteps(numbers(5), 5), [0, 1, 2, 3, 4]);
    assert.deepEqual(thinSteps([], 5), []);
  });

  it('keeps every second of one that is a little too long, the newest among them', () => {
    assert.deepEqual(thinSteps(numbers(6), 5), [1, 3, 5]);
  });

  it('never gives more than it may, and always the newest', () => {
    for (const count of [1999, 2000, 2001, 3999, 4000, 4001, 12_345]) {
      const thinned = thinSteps(numbers(count), 2000);
      assert.ok(thinned.length <= 2000, `${count} became ${thinned.length}`);
      assert.ok(thinned.length > 600, `${count} became ${thinned.length}`);
      assert.equal(thinned.at(-1), count - 1);
    }
  });
});
