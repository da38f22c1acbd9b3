// The part of run-editor-tests.mjs that runs without a network, in a process of its own; its argument is one JSON object.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import Mocha from 'mocha';
import { bundleFolder } from './bundle-editor-tests.mjs';
import { atEnd } from './ending.mjs';
import { runInHost } from './run-in-host.mjs';

/**
 * @typedef {import('./run-editor-tests.mjs').EditorTestOptions & { server: string, chromium: string, summary: string,
 *   index: string, host: string[], ui: string[] }} Suites
 * @typedef {{ failures: number, passed: number, failed: string[], triedAgain: string[] }} Count
 */

/** @type {Count} */
const none = { failures: 0, passed: 0, failed: [], triedAgain: [] };

/** @type {Suites} */
const suites = JSON.parse(process.argv[2] ?? '{}');
const counts = [await runHostSuites(suites), await runUiSuites(suites)];
/** @type {Count} */
const total = { failures: 0, passed: 0, failed: [], triedAgain: [] };
for (const { failures, passed, failed, triedAgain } of counts) {
  total.failures += failures;
  total.passed += passed;
  total.failed.push(...failed);
  total.triedAgain.push(...triedAgain);
}
if (total.failures + total.passed === 0) {
  console.log('No editor test ran.');
  total.failures = 1;
}
fs.writeFileSync(suites.summary, JSON.stringify(total));
process.exit(total.failures === 0 ? 0 : 1);

/**
 * @param {Suites} suites
 * @returns {Promise<Count>}
 */
async function runHostSuites(suites) {
  if (suites.host.length === 0) return none;
  console.log('\nIn the extension host');
  const developmentPaths = [...(suites.extensionFolder ? [suites.extensionFolder] : []), bundleFolder];
  const run = await runInHost({
    ...suites,
    files: suites.host,
    developmentPaths,
    folder: copyWorkspace(suites.workspace),
    mayBeEmpty: Boolean(suites.grep),
  });
  if (run.reason) {
    const file = path.join(bundleFolder, 'host.log');
    fs.writeFileSync(file, run.log);
    console.log(`  ${run.reason}\n\n${run.log.trim().split('\n').slice(-15).join('\n')}\n\n  The whole log: ${file}`);
  }
  const named = (/** @type {string} */ state) => run.results.filter((result) => result.state === state);
  return {
    failures: run.failures,
    passed: named('passed').length,
    failed: named('failed').map(({ title }) => title),
    triedAgain: [],
  };
}

/** @param {string} [workspace] */
function copyWorkspace(workspace) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'temper-project-'));
  atEnd(() => fs.rmSync(folder, { recursive: true, force: true }));
  if (workspace) fs.cpSync(workspace, folder, { recursive: true });
  return folder;
}

/**
 * @param {Suites} suites
 * @returns {Promise<Count>}
 */
async function runUiSuites(suites) {
  if (suites.ui.length === 0) return none;
  console.log('\nIn the window');
  // test/editor/ui/workbench.ts reads these
  Object.assign(process.env, {
    TEMPER_SERVER: suites.server,
    TEMPER_CHROMIUM: suites.chromium,
    TEMPER_VSIX: suites.vsix ?? '',
    TEMPER_EXTENSION: suites.extensionFolder ?? '',
    TEMPER_PICTURES: path.join(bundleFolder, 'failures'),
  });
  process.setSourceMapsEnabled(true);
  const mocha = new Mocha({ ui: 'bdd', timeout: 60_000, retries: 1, ...(suites.grep ? { grep: suites.grep } : {}) });
  for (const file of suites.ui) mocha.addFile(file);
  /** @type {string[]} */
  const failed = [];
  /** @type {string[]} */
  const triedAgain = [];
  return new Promise((resolve) => {
    const runner = mocha.run((failures) => resolve({ failures, passed: runner.stats?.passes ?? 0, failed, triedAgain }));
    runner.on('fail', (test) => failed.push(test.fullTitle()));
    runner.on('retry', (test) => triedAgain.push(test.fullTitle()));
  });
}
