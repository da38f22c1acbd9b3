// Builds everything into dist/: wasm kernels, the CLI and trainer, the kernel worker, the extension and its linting thread,
// the panels, the config schema.
import { existsSync, globSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as esbuild from 'esbuild';
import { buildKernels } from './build-kernels.mjs';
import { buildSharp } from './build-sharp.mjs';

export const root = join(import.meta.dirname, '..');
export const dist = join(root, 'dist');

/** What every bundle for Node shares. TensorFlow.js is bundled from its ES modules, so that gradients register once. */
export const nodeBundle = {
  absWorkingDir: root,
  bundle: true,
  platform: /** @type {const} */ ('node'),
  format: /** @type {const} */ ('cjs'),
  target: 'node20',
  mainFields: ['module', 'main'],
  logLevel: /** @type {const} */ ('warning'),
  external: ['vscode', '@tensorflow/tfjs-node', '@tensorflow/tfjs-node-gpu'],
};

/** One TensorFlow.js must own all tensors, so this bundle has none of its own: it is a function of the one that is running. */
const webGpuBackend = {
  in: 'trainer/backends/webgpu/backend.ts',
  out: 'webgpu-backend.cjs',
  external: ['@tensorflow/tfjs-core'],
  banner: {
    js: 'module.exports = (tensors) => { const module = { exports: {} }, require = (name) => ({ "@tensorflow/tfjs-core": tensors })[name];',
  },
  footer: { js: 'return module.exports; };' },
};

const entries = [
  { in: 'trainer/cli/main.ts', out: 'temper.cjs' },
  { in: 'trainer/backends/wasm/worker.ts', out: 'wasm-worker.cjs' },
  webGpuBackend,
  // zod asks for the browser's navigator, and VS Code warns whoever does that in the extension host.
  { in: 'extension/extension.ts', out: 'extension.cjs', define: { navigator: 'undefined' } },
  { in: 'extension/lint-worker/main.ts', out: 'lint-worker.cjs' },
];

/** @param {{ minify?: boolean }} [options] */
export async function build({ minify = false } = {}) {
  await mkdir(dist, { recursive: true });
  if (minify) await Promise.all(globSync('*.map', { cwd: dist }).map((map) => rm(join(dist, map)))); // of an earlier build
  await Promise.all([
    buildKernels(dist),
    buildSharp(root, dist, { ...nodeBundle, minify }),
    buildWebview('webview/main.ts', 'webview.js', minify),
    buildWebview('webview/report/main.ts', 'report.js', minify),
    buildSchema(),
    ...entries.map(({ in: entry, out, ...options }) =>
      esbuild.build({
        ...nodeBundle,
        ...options,
        entryPoints: [entry],
        outfile: join(dist, out),
        minify,
        sourcemap: !minify,
        legalComments: 'external',
      }),
    ),
  ]);
}

/**
 * @param {string} entry
 * @param {string} out
 * @param {boolean} minify
 */
function buildWebview(entry, out, minify) {
  return esbuild.build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile: join(dist, out),
    bundle: true,
    format: 'iife',
    target: 'es2022',
    minify: true,
    sourcemap: !minify,
    legalComments: 'external',
    logLevel: 'warning',
  });
}

/** temper.schema.json gives temper.json completion in the editor; it is derived, never written by hand. */
async function buildSchema() {
  const outfile = join(root, 'out', 'protocol.cjs');
  await esbuild.build({ ...nodeBundle, entryPoints: ['protocol/index.ts'], outfile });
  const { runConfigJsonSchema } = await import(`${pathToFileURL(outfile).href}?${Date.now()}`).then((module) => module.default);
  await writeFile(join(dist, 'temper.schema.json'), `${JSON.stringify(runConfigJsonSchema(), undefined, 2)}\n`);
}

/** Builds once for scripts that need the products and may be started alone. */
export async function buildIfMissing() {
  if (!existsSync(join(dist, 'temper.cjs'))) await build();
}

if (process.argv[1] === import.meta.filename) await build({ minify: process.argv.includes('--minify') });
