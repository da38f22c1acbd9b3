import assert from 'node:assert/strict';
import { Heap, HeapExhausted } from '../../../trainer/backends/wasm/heap';
import { randomInteger, seededRandom } from '../numbers';

const MB = 1024 * 1024;

describe('Heap', () => {
  it('gives aligned blocks that never hold address 0 and never overlap, whatever is freed in between', () => {
    for (const seed of [0, 1, 2, 3]) exercise(seed);
  });

  it('uses a freed block again before it grows', () => {
    const heap = new Heap(8 * MB);
    const first = heap.allocate(1000);
    heap.allocate(1000);
    heap.free(first);
    assert.equal(heap.allocate(900), first);
  });

  it('joins neighbours that are freed, in any order', () => {
    const orders = [
      [0, 1, 2],
      [0, 2, 1],
      [1, 0, 2],
      [1, 2, 0],
      [2, 0, 1],
      [2, 1, 0],
    ];
    for (const order of orders) {
      const heap = new Heap(8 * MB);
      const blocks = [0, 1, 2].map(() => heap.allocate(MB));
      heap.allocate(64); // so that the three are not simply the end of the heap
      for (const i of order) heap.free(blocks[i] ?? NaN);
      assert.equal(heap.allocate(3 * MB), blocks[0], `freed in the order ${order.join(', ')}`);
    }
  });

  it('says what was asked, what is in use and what the limit is when it is exhausted, and goes on', () => {
    const heap = new Heap(4 * MB);
    const held = heap.allocate(2 * MB);
    assert.throws(
      () => heap.allocate(3 * MB),
      (error) => {
        assert.ok(error instanceof HeapExhausted);
        assert.deepEqual([error.askedBytes, error.usedBytes, error.limitBytes], [3 * MB, 2 * MB, 4 * MB]);
        assert.match(error.message, /asked for 3\.0 MB, 2\.0 MB in use, limit 4\.0 MB/);
        return true;
      },
    );
    assert.equal(heap.stats().usedBytes, 2 * MB);
    heap.free(held);
    heap.allocate(3 * MB);
  });

  it('keeps the peak, until it is reset', () => {
    const heap = new Heap(8 * MB);
    const block = heap.allocate(2 * MB);
    heap.free(block);
    heap.allocate(64);
    assert.deepEqual(heap.stats(), { usedBytes: 64, peakBytes: 2 * MB });
    heap.resetPeak();
    assert.equal(heap.stats().peakBytes, 64);
  });

  it('leaves views valid when it grows', () => {
    const heap = new Heap(64 * MB);
    const address = heap.allocate(16);
    const view = new Float32Array(heap.memory.buffer, address, 4);
    view.set([1, 2, 3, 4]);
    heap.allocate(40 * MB);
    assert.deepEqual([...view], [1, 2, 3, 4]);
  });

  it('refuses to free what is free, what it never gave, and negative sizes', () => {
    const heap = new Heap(MB);
    const block = heap.allocate(64);
    heap.free(block);
    assert.throws(() => {
      heap.free(block);
    }, /No block of the tensor heap begins at/);
    assert.throws(() => {
      heap.free(block + 64);
    }, /No block/);
    assert.throws(() => heap.allocate(-1), /cannot have -1 bytes/);
    assert.throws(() => heap.allocate(NaN), /cannot have NaN bytes/);
  });
});

/** Random allocations and frees against a naive model: the list of what is held. */
function exercise(seed: number): void {
  const random = seededRandom(seed);
  const heap = new Heap(32 * MB);
  const held: { address: number; bytes: number }[] = [];
  for (let i = 0; i < 3000; i++) {
    if (random.next() < 0.55) {
      const bytes = randomInteger(random, random.next() < 0.1 ? MB : 5000);
      held.push({ address: heap.allocate(bytes), bytes });
    } else {
      const [block] = held.splice(randomInteger(random, held.length), 1);
      if (block) heap.free(block.address);
    }
    if (i % 50 === 0) requireSound(heap, held, seed);
  }
  for (const { address } of held) heap.free(address);
  assert.equal(heap.stats().usedBytes, 0);
  // Everything has come back as one piece: it can all be had again.
  heap.allocate(31 * MB);
}

function requireSound(heap: Heap, held: { address: number; bytes: number }[], seed: number): void {
  const sorted = held.toSorted((a, b) => a.address - b.address);
  let end = 1;
  for (const { address, bytes } of sorted) {
    assert.ok(address >= end, `seed ${seed}: the block at ${address} overlaps one that ends at ${end}`);
    assert.equal(address % 64, 0);
    end = address + bytes;
  }
  assert.ok(end <= heap.memory.buffer.byteLength);
  const rounded = held.reduce((sum, { bytes }) => sum + Math.max(64, Math.ceil(bytes / 64) * 64), 0);
  assert.equal(heap.stats().usedBytes, rounded);
}
