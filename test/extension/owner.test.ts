import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { every, Owner } from '../../extension/owner';
import { Debounce, Throttle } from '../../extension/timing';

describe('an owner', () => {
  it('ends what it owns once, the youngest first', () => {
    const ended: string[] = [];
    const owner = new Owner();
    for (const name of ['a', 'b', 'c']) owner.own({ dispose: () => ended.push(name) });
    owner.dispose();
    owner.dispose();
    assert.deepEqual(ended, ['c', 'b', 'a']);
  });

  it('ends at once what is added after its own end', () => {
    const owner = new Owner();
    owner.dispose();
    let isEnded = false;
    owner.own({ dispose: () => (isEnded = true) });
    assert.equal(isEnded, true);
  });

  it('stops repeated work', async () => {
    let count = 0;
    const owner = new Owner();
    owner.own(every(5, () => count++));
    await sleep(40);
    owner.dispose();
    const atEnd = count;
    await sleep(30);
    assert.ok(atEnd > 0);
    assert.equal(count, atEnd);
  });
});

describe('doing something less often', () => {
  it('a debounce waits for quiet', async () => {
    let count = 0;
    const debounce = new Debounce(40, () => count++);
    for (let i = 0; i < 5; i++) {
      debounce.ask();
      await sleep(10);
    }
    assert.equal(count, 0);
    await sleep(60);
    assert.equal(count, 1);
  });

  it('a throttle does not starve while it is asked again and again', async () => {
    let count = 0;
    const throttle = new Throttle(20, () => count++);
    const endMs = Date.now() + 120;
    while (Date.now() < endMs) {
      throttle.ask();
      await sleep(2);
    }
    throttle.dispose();
    assert.ok(count >= 2 && count <= 7, `ran ${count} times`);
  });

  it('neither works after its end', async () => {
    let count = 0;
    for (const waiting of [new Debounce(5, () => count++), new Throttle(5, () => count++)]) {
      waiting.ask();
      waiting.dispose();
    }
    await sleep(20);
    assert.equal(count, 0);
  });
});
