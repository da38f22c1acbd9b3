/** The compiled kernels: which build this machine can run, and its functions by name. */
import { readFileSync } from 'node:fs';
import { assetPath } from '../../assets';
import { canRevectorize, compileRevectorized } from './revectorize';

export type KernelFunction = (...args: number[]) => number | undefined;

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

/**
 * `wide`: relaxed SIMD, made for V8 to join pairs of 128-bit operations to 256-bit ones; `relaxed`: relaxed SIMD, which
 * has a fused multiply-add; `simd`: what every engine has. `wide` and `relaxed` give the same bits.
 */
export type KernelBuild = 'wide' | 'relaxed' | 'simd';

let detected: KernelBuild | undefined;

/** The fastest build this process can run; found out once, in some 50 ms. */
export function detectKernelBuild(): KernelBuild {
  return (detected ??= findFastestBuild());
}

function findFastestBuild(): KernelBuild {
  if (!WebAssembly.validate(RELAXED_PROBE)) return 'simd';
  return canRevectorize() && isFasterAndEqual('wide', 'relaxed') ? 'wide' : 'relaxed';
}

/** Compiles a build from `dist/`. */
export function readKernelModule(build: KernelBuild): WebAssembly.Module {
  const bytes = readFileSync(assetPath(`kernels-${build}.wasm`));
  return build === 'wide' && canRevectorize() ? compileRevectorized(bytes) : new WebAssembly.Module(bytes);
}

/** The module's functions in the order of its export list, which numbers them the same way in each thread. */
export function listKernelNames(module: WebAssembly.Module): string[] {
  return WebAssembly.Module.exports(module)
    .filter(({ kind }) => kind === 'function')
    .map(({ name }) => name);
}

/** Instantiates the module on this memory, for the calling thread. */
export function instantiateKernels(module: WebAssembly.Module, memory: WebAssembly.Memory): Map<string, KernelFunction> {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  // Every function of our module takes and returns numbers.
  return new Map(listKernelNames(module).map((name) => [name, exports[name] as KernelFunction]));
}

/** Times the same small product in both builds, and compares what they give bit for bit. */
function isFasterAndEqual(candidate: KernelBuild, reference: KernelBuild): boolean {
  const [fast, sure] = [timeProduct(candidate), timeProduct(reference)];
  const equal = fast.values.every((value, i) => Object.is(value, sure.values[i]));
  return equal && fast.ms * 1.1 < sure.ms;
}

/** C [48, 96] = A [48, 192] B [192, 96]: fits the first caches, 1.8 million multiplications, some 20 microseconds. */
const PROBE = { m: 48, n: 96, depth: 192 };
const PROBE_REPEATS = 30;

function timeProduct(build: KernelBuild): { ms: number; values: Float32Array } {
  const { m, n, depth } = PROBE;
  const memory = new WebAssembly.Memory({ initial: 64, maximum: 65536, shared: true });
  const kernels = instantiateKernels(readKernelModule(build), memory);
  const [a, b, c, scratch] = [64, 64 + m * depth * 4, 64 + (m + n) * depth * 4, 262144];
  new Float32Array(memory.buffer, a, (m + n) * depth).forEach((_, i, inputs) => (inputs[i] = Math.sin(i)));
  const multiply = () => kernels.get('gemm')?.(m, n, depth, a, depth, 0, b, n, 0, c, n, 0, 0, scratch);
  const times = Array.from({ length: PROBE_REPEATS }, () => {
    const start = performance.now();
    multiply();
    return performance.now() - start;
  });
  return { ms: Math.min(...times), values: new Float32Array(memory.buffer, c, m * n) };
}
