import assert from 'node:assert/strict';
import { Heap } from '../../../trainer/backends/wasm/heap';
import { detectKernelBuild } from '../../../trainer/backends/wasm/detect-build';
import { readKernelModule } from '../../../trainer/backends/wasm/kernel-functions';
import { ThreadPool } from '../../../trainer/backends/wasm/thread-pool';

describe('ThreadPool', () => {
  it('runs each part once, on as many threads as the grain allows', async () => {
    await withPool(3, (pool, heap) => {
      for (const [total, grain, parts] of [
        [0, 1, 1],
        [1, 1, 1],
        [2, 1, 2],
        [7, 1, 3],
        [100, 60, 1],
        [100, 50, 2],
        [9, 0.5, 3],
      ] as const) {
        const ranges: number[][] = [];
        const address = heap.allocate(400);
        new Float32Array(heap.memory.buffer, address, 100).fill(1);
        pool.parallel('binary', { total, grain }, (from, to) => {
          ranges.push([from, to]);
          return [0, 1, to - from, address + from * 4, 0, 1, address + from * 4, 0, 1, address + from * 4]; // x += x
        });
        assert.equal(ranges.length, parts, `${total} units, grain ${grain}`);
        const values = new Float32Array(heap.memory.buffer, address, 100);
        assert.ok(values.every((v, i) => v === (i < total ? 2 : 1)));
        heap.free(address);
      }
    });
  });

  it('names a kernel that does not exist', async () => {
    await withPool(1, (pool) => {
      assert.throws(() => pool.call('sgemm'), /no kernel "sgemm"/);
      assert.throws(() => {
        pool.parallel('sgemm', { total: 1, grain: 1 }, () => []);
      }, /no kernel "sgemm"/);
    });
  });

  it('reports a kernel that fails on a worker, and goes on', async () => {
    await withPool(2, (pool, heap) => {
      const address = heap.allocate(64);
      const outside = 0xfffffff0;
      const call = (workerAddress: number) => {
        pool.parallel('activate', { total: 2, grain: 1 }, (_from, _to, thread) => [
          2,
          4,
          address,
          thread === 1 ? workerAddress : address,
        ]);
      };
      assert.throws(() => {
        call(outside);
      }, /"activate" failed on 1 worker thread/);
      call(address);
    });
  });

  it('throws after close, and its workers end', async () => {
    const heap = new Heap();
    const pool = new ThreadPool(2, readKernelModule(detectKernelBuild()), heap.memory);
    pool.close();
    await pool.ended();
    assert.throws(() => {
      pool.parallel('activate', { total: 2, grain: 1 }, () => [2, 0, 0, 0]);
    }, /is closed/);
  });

  it('refuses no threads and half threads', () => {
    const create = (threads: number) => new ThreadPool(threads, readKernelModule(detectKernelBuild()), new Heap().memory);
    for (const threads of [0, 1.5, -1, NaN, 65]) assert.throws(() => create(threads), /1 to 64 threads/);
  });
});

async function withPool(threads: number, use: (pool: ThreadPool, heap: Heap) => void): Promise<void> {
  const heap = new Heap();
  const pool = new ThreadPool(threads, readKernelModule(detectKernelBuild()), heap.memory);
  try {
    use(pool, heap);
  } finally {
    pool.close();
    await pool.ended();
  }
}
