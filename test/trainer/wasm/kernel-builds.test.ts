/** The builds of the kernels: which one this process takes, and that the two fast ones cannot be told apart by their results. */
import assert from 'node:assert/strict';
import { Heap } from '../../../trainer/backends/wasm/heap';
import { createTrial, detectKernelBuild, findDifferences } from '../../../trainer/backends/wasm/detect-build';
import { instantiateKernels, readKernelModule, type KernelBuild } from '../../../trainer/backends/wasm/kernel-functions';
import { canRevectorize } from '../../../trainer/backends/wasm/revectorize';
import { assertSameBits, randomBlock, randomInteger, seededRandom } from '../numbers';

describe('kernel builds', () => {
  it('wide and relaxed give the same bits for 60 random products, with bias, transposes and accumulation', () => {
    const random = seededRandom(8);
    for (let i = 0; i < 60; i++) {
      const [m, n, depth] = [1, 2, 3].map(() => 1 + randomInteger(random, i % 3 === 0 ? 400 : 40));
      const product = { m: m ?? 1, n: n ?? 1, depth: depth ?? 1, transposes: i % 4, accumulate: i % 2, seed: i };
      assertSameBits(multiply('wide', product), multiply('relaxed', product), JSON.stringify(product));
    }
  });

  it('wide and relaxed give the same bits in every kernel that has pairs of operations', () => {
    assert.deepEqual(findDifferences(createTrial('wide'), createTrial('relaxed')), []);
  });

  it('a build that computes something else is found out, kernel by kernel', () => {
    const differing = findDifferences(createTrial('simd'), createTrial('relaxed')); // without the fused multiply-add
    for (const kernel of ['gemm', 'layerNorm', 'adamW', 'activate']) assert.ok(differing.includes(kernel), kernel);
  });

  it('the one that is taken is the widest that this process can run', function () {
    const build = detectKernelBuild();
    assert.notEqual(build, 'simd'); // every Node that runs our tests has relaxed SIMD
    if (!canRevectorize() || build === 'relaxed') this.skip(); // no 256-bit vectors here
    assert.equal(build, 'wide');
  });
});

interface Product {
  m: number;
  n: number;
  depth: number;
  transposes: number;
  accumulate: number;
  seed: number;
}

function multiply(build: KernelBuild, { m, n, depth, transposes, accumulate, seed }: Product): Float32Array {
  const heap = new Heap();
  const kernels = instantiateKernels(readKernelModule(build), heap.memory);
  const random = seededRandom(seed);
  const place = (floats: number) => {
    const address = heap.allocate(floats * 4);
    new Float32Array(heap.memory.buffer, address, floats).set(randomBlock(random, floats).values);
    return address;
  };
  const [a, b, c, bias] = [place(m * depth), place(depth * n), place(m * n), place(Math.ceil(n / 16) * 16)];
  const [transposeA, transposeB] = [transposes & 1, transposes >> 1];
  const scratch = heap.allocate(kernels.get('gemmScratchBytes')?.() ?? 0);
  const [aNext, bNext] = [transposeA ? m : depth, transposeB ? depth : n];
  kernels.get('gemm')?.(m, n, depth, a, aNext, transposeA, b, bNext, transposeB, c, n, bias, accumulate, scratch);
  return new Float32Array(heap.memory.buffer, c, m * n).slice();
}
