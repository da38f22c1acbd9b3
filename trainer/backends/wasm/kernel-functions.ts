/** The compiled kernels: which build this machine can run, and its functions by name. */
import { readFileSync } from 'node:fs';
import { assetPath } from '../../assets';

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
