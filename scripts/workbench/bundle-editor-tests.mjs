// Turns test/editor into CommonJS files under out/editor-tests, which is also a tiny extension: VS Code starts tests only
// together with an extension under development, and ours may come installed from its package instead.
import fs from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { repository } from './prepare-server.mjs';

const source = path.join(repository, 'test/editor');
export const bundleFolder = path.join(repository, 'out/editor-tests');

const manifest = {
  name: 'editor-tests',
  publisher: 'temper',
  version: '0.0.0',
  engines: { vscode: '*' },
  extensionKind: ['workspace'],
};

/**
 * @param {string} [only] a part of the names of the test files wanted; by default all
 * @returns {Promise<{ index: string, host: string[], ui: string[] }>} the bundled files
 */
export async function bundleEditorTests(only = '') {
  const tests = fs
    .readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts') && name.includes(only))
    .sort();
  fs.rmSync(bundleFolder, { recursive: true, force: true });
  await build({
    entryPoints: ['host/index.ts', ...tests].map((name) => path.join(source, name)),
    outbase: source,
    outdir: bundleFolder,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node22',
    sourcemap: 'inline',
    outExtension: { '.js': '.cjs' },
    external: ['vscode', 'playwright-core', 'mocha'],
    plugins: [scriptsStayOutside],
    logLevel: 'warning',
  });
  fs.writeFileSync(path.join(bundleFolder, 'package.json'), JSON.stringify(manifest, null, 2));
  const bundled = (/** @type {string} */ name) => path.join(bundleFolder, name.replace(/\.ts$/, '.cjs'));
  return {
    index: bundled('host/index.ts'),
    host: tests.filter((name) => name.endsWith('.host.test.ts')).map(bundled),
    ui: tests.filter((name) => name.endsWith('.ui.test.ts')).map(bundled),
  };
}

/** Our own scripts know their place in the repository: they are required where they are. */
const scriptsStayOutside = {
  name: 'scripts-stay-outside',
  /** @param {import('esbuild').PluginBuild} plugin */
  setup(plugin) {
    plugin.onResolve({ filter: /\/scripts\/workbench\/[^/]+\.mjs$/ }, (args) => ({
      path: path.resolve(args.resolveDir, args.path),
      external: true,
    }));
  },
};
