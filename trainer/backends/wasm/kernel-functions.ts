/** The compiled kernels: which build this machine can run, and its functions by name. */
import { readFileSync } from 'node:fs';
import { assetPath } from '../../assets';

export type KernelFunction = (...args: number[]) => number | undefined;

/** The smallest module with an f32x4.relaxed_madd; valid only where there is relaxed SIMD. */
const RELAXED_PROBE = Uint8Array.of(
  0,
  97,
  115,
  109,
  1,
  0,
  0,
  0, // magic, version
  1,
  5,
  1,
  96,
  0,
  1,
  123, // type: () -> v128
  3,
  2,
  1,
  0, // one function of it
  10,
  19,
  1,
  17,
  0, // code: one body
  65,
  0,
  253,
  17,
  65,
  0,
  253,
  17,
  65,
  0,
  253,
  17, // i32.const 0, i32x4.splat, three times
  253,
  133,
  2,
  11, // f32x4.relaxed_madd, end
);

export type KernelBuild = 'relaxed' | 'simd';

/** The fastest build this process can run. */
export function detectKernelBuild(): KernelBuild {
  return WebAssembly.validate(RELAXED_PROBE) ? 'relaxed' : 'simd';
}

/** Compiles a build from `dist/`. */
export function readKernelModule(build: KernelBuild): WebAssembly.Module {
  return new WebAssembly.Module(readFileSync(assetPath(`kernels-${build}.wasm`)));
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
