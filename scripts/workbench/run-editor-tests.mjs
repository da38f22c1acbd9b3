// The editor tests: suites in a real extension host, then suites that drive a real window. Everything that needs a
// network is prepared first; the suites themselves run without one where the system lets us.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { bundleEditorTests, bundleFolder } from './bundle-editor-tests.mjs';
import { atEnd } from './ending.mjs';
import { findChromium } from './find-chromium.mjs';
import { prepareServer } from './prepare-server.mjs';
import { withoutNetwork } from './without-network.mjs';

/**
 * @typedef {object} EditorTestOptions
 * @property {string} [vsix] the packaged extension, installed as users install it
 * @property {string} [extensionFolder] instead of a package: the built extension, loaded in test mode
 * @property {string} [workspace] copied, and opened by the host suites; by default an empty folder
 * @property {string} [only] a part of the names of the test files to run
 * @property {string} [grep] a part of the names of the tests to run
 * @property {number} [limitMs] for all host suites together
 */

/**
 * @param {EditorTestOptions} options
 * @returns {Promise<import('./editor-suites.mjs').Count>}
 */
export async function runEditorTests(options) {
  const server = await prepareServer();
  const chromium = findChromium();
  const tests = await bundleEditorTests(options.only);
  const summary = path.join(bundleFolder, 'summary.json');
  const suites = JSON.stringify({ ...options, ...tests, server, chromium, summary });
  const run = withoutNetwork([process.execPath, path.join(import.meta.dirname, 'editor-suites.mjs'), suites]);
  if (!run.isolated) console.log(`The editor tests run with the network on: ${run.reason}.`);
  const end = await runToEnd(run.command);
  if (fs.existsSync(summary)) return JSON.parse(fs.readFileSync(summary, 'utf8'));
  console.log(`The editor tests ended early: ${end}.`);
  return { failures: 1, passed: 0, failed: [`the editor tests ended early: ${end}`], triedAgain: [] };
}

/**
 * @param {string[]} command
 * @returns {Promise<string>} how it ended, in words
 */
function runToEnd([command = '', ...args]) {
  const child = spawn(command, args, { stdio: 'inherit' });
  const stop = atEnd(() => child.kill());
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => {
      stop();
      resolve(signal ? `killed by ${signal}` : `exit code ${code}`);
    });
  });
}
