/**
 * V8's revectorizer joins two neighbouring 128-bit operations of WebAssembly to one of 256 bits, which doubles the pace
 * of a matrix product on processors with AVX2. It stands behind a flag of V8, so it is switched on while one module of
 * ours compiles and off again, and what the module computes is compared with the ordinary build before it is used.
 */
import { setFlagsFromString } from 'node:v8';

/** The first V8 whose revectorizer knows all that our kernels need. */
const FIRST_V8 = 13;

/** Whether this V8 has the flag. Node says what it was built with; Electron does not, and is asked to try. */
export function canRevectorize(): boolean {
  const { v8_enable_wasm_simd256_revec: builtIn } = process.config.variables as Record<string, unknown>;
  return process.arch === 'x64' && Number.parseInt(process.versions.v8, 10) >= FIRST_V8 && builtIn !== 0;
}

/** Compiles at once with the optimizing compiler, as code that is compiled later would miss the flag. */
export function compileRevectorized(bytes: Uint8Array): WebAssembly.Module {
  setFlags('--experimental-wasm-revectorize', '--no-liftoff', '--no-wasm-lazy-compilation');
  try {
    return new WebAssembly.Module(bytes);
  } finally {
    setFlags('--no-experimental-wasm-revectorize', '--liftoff', '--wasm-lazy-compilation');
  }
}

function setFlags(...flags: string[]): void {
  for (const flag of flags) setFlagsFromString(flag);
}
