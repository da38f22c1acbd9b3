import assert from 'node:assert/strict';
import { Heap } from '../../../trainer/backends/wasm/heap';
import { readKernelModule } from '../../../trainer/backends/wasm/kernel-functions';
import { ThreadPool } from '../../../trainer/backends/wasm/thread-pool';

const GUARD = 12345;
/** Far behind the constants of the kernels, in the first page, where nothing is ever allocated. */
const ZEROS = 32768;

/** Kernels with one input and one output of `count` floats. */
const CALLS: Record<string, (pool: ThreadPool, count: number, x: number, y: number) => void> = {
  activate: (pool, count, x, y) => pool.call('activate', 0, count, x, y),
  binary: (pool, count, x, y) => pool.call('binary', 0, 1, count, x, 0, 1, x, 0, 1, y),
  columnSums: (pool, count, x, y) => pool.call('columnSums', 1, count, count, x, y),
  dropout: (pool, count, x, y) => pool.call('dropout', count, 0, 1, 0, 1, x, y),
  layerNorm: (pool, count, x, y) => pool.call('layerNorm', 1, count, x, 0, x, x, 1e-5, y),
  nf4Dequantize: (pool, count, x, y) => pool.call('nf4Dequantize', 1, count, x, x, ZEROS, ZEROS, ZEROS, 2, y),
  rmsNorm: (pool, count, x, y) => pool.call('rmsNorm', 1, count, x, x, x, 1e-5, y),
  rmsNormGammaGrad: (pool, count, x, y) => pool.call('rmsNormGammaGrad', 0, 1, 1, 1, count, x, x, 0, 1e-5, y),
  rmsNormGrad: (pool, count, x, y) => pool.call('rmsNormGrad', 1, count, x, x, 0, x, 1e-5, y),
  rotary: (pool, count, x, y) => pool.call('rotary', 1, 1, count, count >> 1, x, x, x, ZEROS, 1, y),
  swiglu: (pool, count, x, y) => pool.call('swiglu', count, x, x, y),
  swigluGrad: (pool, count, x, y) => pool.call('swigluGrad', count, x, x, x, y, y),
};

describe('wasm kernels', () => {
  for (const build of ['relaxed', 'simd'] as const) {
    for (const [name, call] of Object.entries(CALLS)) {
      it(`${name} (${build}) writes all of its output and nothing beside it`, () => {
        const heap = new Heap();
        const pool = new ThreadPool(1, readKernelModule(build), heap.memory);
        for (let count = 1; count <= 40; count++)
          requireExactOutput(heap, count, (x, y) => {
            call(pool, count, x, y);
          });
      });
    }
  }

  it('gemm writes only its own part of a wider matrix', () => {
    const heap = new Heap();
    const pool = new ThreadPool(1, readKernelModule('relaxed'), heap.memory);
    const scratch = heap.allocate(pool.call('gemmScratchBytes'));
    const [a, c] = [heap.allocate(1000), heap.allocate(4000)];
    for (const [m, n] of [
      [1, 1],
      [6, 8],
      [7, 9],
      [5, 3],
    ] as const) {
      const view = new Float32Array(heap.memory.buffer, c, 1000).fill(GUARD);
      new Float32Array(heap.memory.buffer, a, 250).fill(1);
      pool.call('gemm', m, n, 2, a, 2, 0, a, 2, 1, c + 80, 20, 0, 0, scratch);
      const isInside = (i: number) => Math.floor(i / 20) >= 1 && Math.floor(i / 20) <= m && i % 20 < n;
      view.forEach((value, i) => {
        assert.equal(value, isInside(i) ? 2 : GUARD, `[${m}, ${n}], element ${i}`);
      });
    }
  });
});

function requireExactOutput(heap: Heap, count: number, call: (x: number, y: number) => void): void {
  const block = heap.allocate(4 * (2 * count + 16));
  const y = block + 4 * count;
  const values = new Float32Array(heap.memory.buffer, block, 2 * count + 16);
  values.forEach((_, i) => {
    values[i] = i < count ? (i % 5) + 1 : GUARD;
  });
  call(block, y);
  assert.ok(
    values.subarray(count, 2 * count).every((v) => v !== GUARD),
    `${count} elements: some were not written`,
  );
  assert.ok(
    values.subarray(2 * count).every((v) => v === GUARD),
    `${count} elements: something beyond them was written`,
  );
  heap.free(block);
}
