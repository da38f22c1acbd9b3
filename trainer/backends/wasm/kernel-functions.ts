/** The compiled kernels: their builds, and the functions of one by name. */
import { readFileSync } from 'node:fs';
import { assetPath } from '../../assets';
import { canRevectorize, compileRevectorized } from './revectorize';

export type KernelFunction = (...args: number[]) => number | undefined;

/**
 * `wide`: relaxed SIMD, made for V8 to join pairs of 128-bit operations to 256-bit ones; `relaxed`: relaxed SIMD, which
 * has a fused multiply-add; `simd`: what every engine has. `wide` and `relaxed` give the same bits.
 */
export type KernelBuild = 'wide' | 'relaxed' | 'simd';

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
