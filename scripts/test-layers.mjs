// Bundles one layer's tests into one file (one copy of TensorFlow.js, as in the product) and runs it with mocha in a process of its own.
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import * as esbuild from 'esbuild';
import { nodeBundle, root } from './build.mjs';
import { withoutNetwork } from './workbench/without-network.mjs';

/** Each can be run alone: `npm test -- trainer`. */
export const layers = ['protocol', 'dataset', 'runs', 'inputs', 'trainer', 'cli', 'extension', 'webview', 'golden', 'docs'];

/**
 * @typedef {{ passes: number, failures: number, pending: number, failed: string[], triedAgain: string[] }} Totals
 * @param {string} layer
 * @param {string[]} [mochaArguments]
 * @returns {Promise<Totals>}
 */
export async function runLayer(layer, mochaArguments = []) {
  const files = globSync(`test/${layer}/**/*.test.ts`, { cwd: root }).sort();
  if (files.length === 0) return { passes: 0, failures: 0, pending: 0, failed: [], triedAgain: [] };
  console.log(`\n— ${layer} —`);
  const bundle = join(root, 'out', 'test', `${layer}.cjs`);
  await esbuild.build({
    ...nodeBundle,
    stdin: {
      contents: files.map((file) => `import './${file.replaceAll('\\', '/')}';`).join('\n'),
      resolveDir: root,
      loader: 'ts',
    },
    outfile: bundle,
    sourcemap: 'inline',
    external: [...nodeBundle.external, 'playwright-core', 'mocha', 'esbuild', 'lightningcss'],
  });
  return runMocha(bundle, mochaArguments);
}

/**
 * @param {string} bundle
 * @param {string[]} mochaArguments
 * @returns {Totals}
 */
function runMocha(bundle, mochaArguments) {
  const report = `${bundle}.json`;
  rmSync(report, { force: true });
  const mocha = join(root, 'node_modules', 'mocha', 'bin', 'mocha.js');
  const reporter = join(root, 'scripts', 'spec-and-totals.cjs');
  const options = [
    '--reporter',
    reporter,
    '--reporter-option',
    `output=${report}`,
    '--timeout',
    '30000',
    '--retries',
    '1',
    ...mochaArguments,
  ];
  const isolated = withoutNetwork([process.execPath, '--enable-source-maps', mocha, ...options, bundle]);
  if (!isolated.isolated) console.log(`These tests run with the network on: ${isolated.reason}.`);
  const [command = process.execPath, ...args] = isolated.command;
  const { status, signal } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  // A run that died before its report has failed, whatever its exit code says.
  if (!existsSync(report)) {
    console.error(`The tests ended without a report (exit code ${status}, signal ${signal}).`);
    return { passes: 0, failures: 1, pending: 0, failed: [`${bundle}: no report`], triedAgain: [] };
  }
  return JSON.parse(readFileSync(report, 'utf8'));
}
