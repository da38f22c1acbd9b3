/** The compiled kernels: their builds, and the functions of one by name. */
import { readFileSync } from 'node:fs';
import { assetPath } from '../../../inputs/assets';
import { canRevectorize, compileRevectorized } from './revectorize';

export type KernelFunction = (...args: number[]) => number | undefined;

/**
 * `wide`: relaxed SIMD, made for V8 to join pairs of 128-bit operations to 256-bit ones; `relaxed`: relaxed SIMD, which
 * has a fused multiply-add; `simd`: what every engine has. `wide` and `relaxed` give the same bits.
 */
export type KernelBuild = 'wide' | 'relaxed' | 'simd';

const modules = new Map<KernelBuild, WebAssembly.Module>();

/** A build from `dist/`, compiled once: choosing between builds and starting a backend ask for the same one. */
export function readKernelModule(build: KernelBuild): WebAssembly.Module {
  const module = modules.get(build) ?? compileBuild(build);
  modules.set(build, module);
  return module;
}

function compileBuild(build: KernelBuild): WebAssembly.Module {
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
