/**
 * Which build of the kernels this process takes. The wide one stands on a pass of V8's that is off by default, so it is
 * taken only where a product is faster and where all kernels that have pairs of operations give the bits of the ordinary
 * build, here and now.
 */
import { instantiateKernels, readKernelModule } from './kernel-functions';
import type { KernelBuild, KernelFunction } from './kernel-functions';
import { canRevectorize } from './revectorize';

/** The smallest module with an f32x4.relaxed_madd; valid only where there is relaxed SIMD. */
const RELAXED_PROBE = Buffer.from(
  [
    '0061736d 01000000', // magic, version
    '01 05 01 60 00 01 7b', // one type: () -> v128
    '03 02 01 00', // one function of it
    '0a 13 01 11 00', // one body, without locals
    '41 00 fd 11 41 00 fd 11 41 00 fd 11', // i32.const 0, i32x4.splat, three times
    'fd 85 02 0b', // f32x4.relaxed_madd, end
  ]
    .join('')
    .replaceAll(' ', ''),
  'hex',
);

let detected: KernelBuild | undefined;

/** The fastest build this process can run; found out once, in some 50 ms. */
export function detectKernelBuild(): KernelBuild {
  return (detected ??= findFastestBuild());
}

function findFastestBuild(): KernelBuild {
  if (!WebAssembly.validate(RELAXED_PROBE)) return 'simd';
  return canRevectorize() && isFasterAndEqual('wide', 'relaxed') ? 'wide' : 'relaxed';
}

function isFasterAndEqual(candidate: KernelBuild, reference: KernelBuild): boolean {
  const [fast, sure] = [createTrial(candidate), createTrial(reference)];
  return timeProduct(fast) * 1.1 < timeProduct(sure) && findDifferences(fast, sure).length === 0;
}

/** The kernels of a build on a memory of its own, which holds the same numbers in every trial. */
export interface Trial {
  readonly kernels: ReadonlyMap<string, KernelFunction>;
  readonly memory: WebAssembly.Memory;
}

/** Behind the page that holds the constants of the module: numbers, then what the kernels write, then their scratch. */
const NUMBERS = 65536;
const NUMBER_COUNT = 32768;
const RESULTS = NUMBERS + NUMBER_COUNT * 4;
const RESULT_BYTES = 73728;
/** What stands where a kernel writes, for those that update in place. */
const BEFORE = Float32Array.from({ length: RESULT_BYTES / 4 }, (_, i) => Math.cos(i));
const SCRATCH = RESULTS + RESULT_BYTES;
const WEIGHTS = SCRATCH + 2 ** 21;
/** Where the layout of two rows of tokens stands, in place of the last numbers: query start, queries, key start, keys, first place. */
const ROWS = RESULTS - 64;
const ROW_NUMBERS = [0, 9, 0, 9, 0, 9, 11, 9, 11, 0];

export function createTrial(build: KernelBuild): Trial {
  const memory = new WebAssembly.Memory({ initial: 64, maximum: 65536, shared: true });
  const kernels = instantiateKernels(readKernelModule(build), memory);
  new Float32Array(memory.buffer, NUMBERS, NUMBER_COUNT).forEach((_, i, numbers) => (numbers[i] = 3 * Math.sin(i * i)));
  new Int32Array(memory.buffer, ROWS, ROW_NUMBERS.length).set(ROW_NUMBERS);
  return { kernels, memory };
}

/** C [48, 96] = A [48, 192] B [192, 96] fits the first caches: 0.9 million multiplications, some 20 microseconds. */
function timeProduct({ kernels }: Trial): number {
  const multiply = () => kernels.get('gemm')?.(48, 96, 192, NUMBERS, 192, 0, NUMBERS + 36864, 96, 0, RESULTS, 96, 0, 0, SCRATCH);
  const times = Array.from({ length: 30 }, () => {
    const start = performance.now();
    multiply();
    return performance.now() - start;
  });
  return Math.min(...times);
}

/** Names of the kernels whose results differ in a bit. */
export function findDifferences(one: Trial, other: Trial): string[] {
  return trialCalls()
    .filter(([kernel, args]) => !Buffer.from(resultOf(one, kernel, args)).equals(Buffer.from(resultOf(other, kernel, args))))
    .map(([kernel]) => kernel);
}

function resultOf({ kernels, memory }: Trial, kernel: string, args: readonly number[]): Uint8Array {
  new Float32Array(memory.buffer, RESULTS, BEFORE.length).set(BEFORE);
  kernels.get(kernel)?.(...args);
  return new Uint8Array(memory.buffer, RESULTS, RESULT_BYTES).slice();
}

/** Every kernel with pairs of operations, at sizes with all kinds of rests; they read NUMBERS and write RESULTS. */
function trialCalls(): [kernel: string, args: number[]][] {
  const [x, y, z, out, more] = [NUMBERS, NUMBERS + 16384, NUMBERS + 32768, RESULTS, RESULTS + 65536];
  const [rows, width, count] = [7, 45, 315];
  const activations = [0, 1, 2, 3, 4, 5].flatMap((kind): [string, number[]][] => [
    ['activate', [kind, count, x, out]],
    ['activateGrad', [kind, count, x, y, out]],
  ]);
  const attention = [0, 4, 2, 2, 5, 1, 4, 22, ROWS, x, y, z, x + 8192]; // causal, with a window and a bias
  const adamFactors = [0.5, 0.9, 0.1, 0.99, 0.01, 0.999, 0.01, 1.5, 1e-6];
  return [
    ...activations,
    ['gemm', [29, 37, 53, x, 53, 0, y, 37, 0, out, 37, 0, 1, SCRATCH]],
    ['gemm', [29, 37, 53, x, 29, 1, y, 53, 1, out, 37, z, 0, SCRATCH]],
    ['attention', [...attention, out, WEIGHTS, SCRATCH]],
    ['attentionGrad', [...attention, x + 4096, out, out + 4096, more, more + 4096, WEIGHTS, WEIGHTS + 65536, SCRATCH]],
    ['adamW', [count, out, x, out + 4096, more, ...adamFactors]],
    ['binary', [0, 1, count, x, 0, 1, y, 0, 1, out]],
    ['dropout', [count, 3, 99, 1e9, 1.25, x, out]],
    ['layerNorm', [rows, width, x, y, z, z + 256, 1e-5, out]],
    ['layerNormGrad', [rows, width, x, y, z, z + 4096, 1e-5, out]],
    ['rmsNorm', [rows, width, x, y, z, 1e-5, out]],
    ['rmsNormGrad', [rows, width, x, y, z, z + 4096, 1e-5, out]],
    ['swiglu', [count, x, y, out]],
    ['swigluGrad', [count, x, y, z, out, more]],
    ['softmaxStatistics', [rows, width, x, out]],
    ['columnSums', [rows, width, width, x, out]],
    ['sumOfSquares', [0, 3, 105, count, x, out]],
  ];
}
