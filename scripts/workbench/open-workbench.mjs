// One VS Code window with an extension in it, for UI tests and pictures: server, browser and page as one thing to close.
import fs from 'node:fs';
import path from 'node:path';
import { runCommand, startBrowser, webviewFrame, workbenchUrl } from './browser.mjs';
import { findChromium } from './find-chromium.mjs';
import { prepareServer } from './prepare-server.mjs';
import { installVsix, linkExtension, startServer } from './server.mjs';
import { createWorkFolder } from './work-folder.mjs';

/**
 * Opens `folder` (by default an empty one) and waits until the workbench stands and the folder is in the explorer.
 * @param {import('./open-workbench.mjs').WorkbenchOptions} [options]
 * @returns {Promise<import('./open-workbench.mjs').Workbench>}
 */
export async function openWorkbench(options = {}) {
  const server = options.server ?? (await prepareServer());
  const chromium = options.chromium ?? findChromium();
  const work = createWorkFolder();
  /** @type {(() => unknown)[]} */
  const ends = [work.remove];
  const close = async () => {
    for (const end of ends.splice(0).reverse()) await end();
  };
  try {
    if (options.vsix) installVsix(server, work, options.vsix);
    if (options.extensionFolder) linkExtension(work, options.extensionFolder);
    const served = await startServer(server, work, options);
    ends.push(served.stop);
    const browser = await startBrowser(chromium, work, options);
    ends.push(browser.stop);
    const page = await browser.context.newPage();
    const errors = collectErrors(page);
    await page.goto(workbenchUrl(served, options.folder ?? emptyFolder(work.root)));
    await page.locator('.monaco-workbench .explorer-viewlet').waitFor();
    return {
      page,
      errors,
      outside: browser.outside,
      userData: work.data,
      home: work.home,
      serverLog: served.log,
      close,
      runCommand: (title) => runCommand(page, title),
      webview: (n) => webviewFrame(page, n),
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** @param {string} root */
function emptyFolder(root) {
  const folder = path.join(root, 'project');
  fs.mkdirSync(folder);
  return folder;
}

/** @param {import('playwright-core').Page} page */
function collectErrors(page) {
  /** @type {string[]} */
  const errors = [];
  page.on('pageerror', (error) => errors.push(error.stack ?? error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' && !isHarmless(message)) errors.push(message.text());
  });
  return errors;
}

/**
 * The web build names every built-in extension and one script of code-server's wrapper; what is left out is not found.
 * @param {import('playwright-core').ConsoleMessage} message
 */
function isHarmless(message) {
  const { hostname } = new URL(message.location().url || 'none:');
  if (hostname === '127.0.0.1' && message.text().includes('404 (Not Found)')) return true;
  return /fetching the script|Activating extension 'vscode\.[\w-]+' failed: Not Found/.test(message.text());
}
