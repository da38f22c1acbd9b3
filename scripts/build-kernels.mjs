// Compiles the AssemblyScript kernels of the wasm backend: one source, with relaxed SIMD
// for wide and for narrow registers, and without.
// Skipped while sources, flags and compiler are those of the last build. Runnable alone: node scripts/build-kernels.mjs
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const sourceDir = join(root, 'trainer/backends/wasm/kernels');
const commonFlags = [
  '-O3',
  '--noAssert',
  '--runtime',
  'stub',
  '--importMemory',
  '--sharedMemory',
  '--maximumMemory',
  '65536',
  '--enable',
  'simd',
  '--enable',
  'threads',
];
/** `replace`: a source file that another one takes the place of. */
const builds = [
  {
    file: 'kernels-wide.wasm',
    flags: ['--enable', 'relaxed-simd'],
    replace: { 'gemm-tile.ts': 'gemm-tile-wide.ts' },
  },
  { file: 'kernels-relaxed.wasm', flags: ['--enable', 'relaxed-simd'], replace: {} },
  { file: 'kernels-simd.wasm', flags: [], replace: {} },
];

/** Writes both modules to `outDir`, a path from the repository root or absolute; true when it had to compile. */
export async function buildKernels(outDir = 'dist') {
  const target = resolve(root, outDir);
  const stamp = join(target, 'kernels.hash');
  const hash = hashOfInputs();
  const upToDate =
    existsSync(stamp) && readFileSync(stamp, 'utf8') === hash && builds.every(({ file }) => existsSync(join(target, file)));
  if (upToDate) return false;
  mkdirSync(target, { recursive: true });
  rmSync(stamp, { force: true });
  for (const build of builds) await compile(build, target);
  writeFileSync(stamp, hash);
  return true;
}

/** @param {{ file: string, flags: string[], replace: Record<string, string> }} build */
async function compile({ file, flags, replace }, target) {
  const asc = await import('assemblyscript/asc');
  const out = relative(root, join(target, file));
  const entry = relative(root, join(sourceDir, 'index.ts'));
  const readFile = (name, baseDir) => readSource(join(baseDir, dirname(name), replace[basename(name)] ?? basename(name)));
  const { error, stderr } = await asc.main([entry, '--baseDir', root, '-o', out, ...commonFlags, ...flags], { readFile });
  if (error) throw new Error(`Compiling the kernels to ${file} failed:\n${stderr.toString()}`, { cause: error });
}

/** What the compiler asks for: null where there is no such file. */
function readSource(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : null;
}

function hashOfInputs() {
  const hash = createHash('sha256').update(JSON.stringify([commonFlags, builds]));
  hash.update(createRequire(import.meta.url)('assemblyscript/package.json').version);
  for (const name of readdirSync(sourceDir).sort()) hash.update(name).update(readFileSync(join(sourceDir, name)));
  return hash.digest('hex');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log((await buildKernels()) ? 'Compiled the wasm kernels to dist/.' : 'The wasm kernels in dist/ are up to date.');
}
