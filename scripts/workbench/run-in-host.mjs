// Runs a mocha index inside a real extension host. What counts is the result file that the index writes: the exit code
// alone is not to be trusted, a host that crashed is reported as 0.
import fs from 'node:fs';
import path from 'node:path';
import { format } from 'node:util';
import { startBrowser, workbenchUrl } from './browser.mjs';
import { installVsix, startServer } from './server.mjs';
import { createWorkFolder } from './work-folder.mjs';

/**
 * @typedef {{ title: string, state: 'passed' | 'failed' | 'pending', ms?: number, error?: string }} HostResult
 * @typedef {{ failures: number, results: HostResult[], reason?: string, log: string }} HostRun
 *   `failures` is never 0 when there is a `reason`; `log` is the console of workbench and extension host.
 *
 * @typedef {object} HostOptions
 * @property {string} server what `prepareServer` returned
 * @property {string} chromium what `findChromium` returned
 * @property {string} index a CommonJS file that exports `run()`
 * @property {string[]} files the test files that the index loads
 * @property {string[]} developmentPaths extensions loaded from their folder, in test mode; at least one
 * @property {string} [vsix] installed before the start; its extension runs in production mode
 * @property {string} folder the workspace
 * @property {string} [grep]
 * @property {boolean} [mayBeEmpty] finding no test is then no failure
 * @property {number} [limitMs] for all tests together, by default five minutes
 * @property {(text: string) => void} [print] gets mocha's report as it grows
 */

/**
 * @param {HostOptions} options
 * @returns {Promise<HostRun>}
 */
export async function runInHost(options) {
  const work = createWorkFolder();
  try {
    if (options.vsix) installVsix(options.server, work, options.vsix);
    const files = hostFiles(work.root);
    const server = await startServer(options.server, work, { smokeTestDriver: true, env: hostEnvironment(files, options) });
    const stopPrinting = follow(files.report, options.print ?? ((text) => process.stdout.write(text)));
    try {
      const { end, log } = await runPage(server, work, options);
      stopPrinting();
      const serverLog = server.log().replaceAll(/^File not found: .*\n/gm, ''); // built-in extensions that are left out
      return { ...readHostResult(files.result, end, options.mayBeEmpty), log: serverLog + log };
    } finally {
      stopPrinting();
      await server.stop();
    }
  } finally {
    work.remove();
  }
}

/** @param {string} folder where the index leaves what happened */
export function hostFiles(folder) {
  return { result: path.join(folder, 'result.json'), report: path.join(folder, 'report.txt') };
}

/**
 * What test/editor/host/index.ts reads.
 * @param {{ result: string, report: string }} files
 * @param {{ files: string[], grep?: string }} tests
 */
export function hostEnvironment(files, tests) {
  return {
    TEMPER_HOST_TESTS: JSON.stringify(tests.files),
    TEMPER_HOST_GREP: tests.grep ?? '',
    TEMPER_HOST_RESULT: files.result,
    TEMPER_HOST_REPORT: files.report,
  };
}

/**
 * @param {string} file
 * @param {string} end how the host ended, in words
 * @param {boolean} [mayBeEmpty]
 * @returns {{ failures: number, results: HostResult[], reason?: string }}
 */
export function readHostResult(file, end, mayBeEmpty = false) {
  if (!fs.existsSync(file)) return { failures: 1, results: [], reason: `No test started: ${end}.` };
  /** @type {{ ended: boolean, running?: string, failures: number, results: HostResult[] }} */
  const { ended, running, failures, results } = JSON.parse(fs.readFileSync(file, 'utf8'));
  const failed = Math.max(failures, results.filter((result) => result.state === 'failed').length);
  let reason;
  if (!ended) reason = `The tests did not finish: ${end}${running ? `, during "${running}"` : ''}.`;
  else if (!mayBeEmpty && results.every((result) => result.state === 'pending')) reason = 'No test ran.';
  return reason ? { failures: failed + 1, results, reason } : { failures: failed, results };
}

/**
 * Opens the page that makes the workbench start the tests, and waits for the host's end.
 * @param {import('./server.mjs').Server} server
 * @param {import('./work-folder.mjs').WorkFolder} work
 * @param {HostOptions} options
 */
async function runPage(server, work, options) {
  const browser = await startBrowser(options.chromium, work);
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  let log = '';
  try {
    const page = await browser.context.newPage();
    /** @type {Promise<string>} */
    const ended = new Promise((resolve) => {
      const limitMs = options.limitMs ?? 300_000;
      timer = setTimeout(() => resolve(`the time limit of ${limitMs / 1000} s passed`), limitMs);
      page.on('crash', () => resolve('the page of the workbench crashed'));
      browser.context.on('close', () => resolve('the browser ended'));
      // the workbench calls these two when they exist
      void page.exposeFunction('codeAutomationExit', (/** @type {number} */ code) => resolve(endInWords(code)));
    });
    await page.exposeFunction('codeAutomationLog', (/** @type {string} */ type, /** @type {unknown[]} */ args) => {
      log += `[${type}] ${format(...args)}\n`;
    });
    page.on('pageerror', (error) => (log += `[page] ${error.message}\n`));
    await page.goto(workbenchUrl(server, options.folder, testPayload(server, options)));
    return { end: await ended, log };
  } finally {
    clearTimeout(timer);
    await browser.stop();
  }
}

/** @param {number} code */
function endInWords(code) {
  if (code === 0) return 'the extension host ended early, it crashed or was ended by a test';
  return `the extension host ended with code ${code}, the test index could not be loaded or it threw`;
}

/**
 * @param {import('./server.mjs').Server} server
 * @param {HostOptions} options
 * @returns {[string, string][]}
 */
function testPayload(server, options) {
  const remote = (/** @type {string} */ file) => `vscode-remote://${server.authority}${encodeURI(path.resolve(file))}`;
  return [
    ...options.developmentPaths.map((folder) => /** @type {[string, string]} */ (['extensionDevelopmentPath', remote(folder)])),
    ['extensionTestsPath', remote(options.index)],
  ];
}

/**
 * Prints what is added to a file, until the returned function is called.
 * @param {string} file
 * @param {(text: string) => void} print
 */
export function follow(file, print) {
  let position = 0;
  const printNew = () => {
    if (!fs.existsSync(file)) return;
    const text = fs.readFileSync(file, 'utf8');
    if (text.length > position) print(text.slice(position));
    position = text.length;
  };
  const timer = setInterval(printNew, 200);
  return () => {
    clearInterval(timer);
    printNew();
  };
}
