// A private headless Chromium that can reach loopback only, and the few things one does with a workbench in it.
import path from 'node:path';
import { chromium as playwright } from 'playwright-core';

const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-default-apps',
  '--disable-domain-reliability',
  '--no-pings',
  '--disable-dev-shm-usage',
  '--disable-features=OptimizationHints,MediaRouter,DialMediaRouteProvider,Translate,AutofillServerCommunication,CertificateTransparencyComponentUpdater',
  '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost',
];

/**
 * @param {string} chromium what `findChromium` returned
 * @param {import('./work-folder.mjs').WorkFolder} work
 * @param {{ viewport?: { width: number, height: number }, deviceScaleFactor?: number }} [options]
 */
export async function startBrowser(chromium, work, options = {}) {
  const context = await playwright.launchPersistentContext(path.join(work.root, 'browser'), {
    executablePath: chromium,
    headless: true,
    args: flags,
    env: { ...process.env, HOME: work.home },
    viewport: options.viewport ?? { width: 1280, height: 800 },
    deviceScaleFactor: options.deviceScaleFactor ?? 1,
    permissions: ['clipboard-read', 'clipboard-write'],
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
  });
  /** @type {string[]} */
  const outside = [];
  // Only watched: a route would switch the browser's cache off. Names do not resolve anyway.
  context.on('request', (request) => {
    if (isOutside(new URL(request.url()))) outside.push(request.url());
  });
  return { context, outside, stop: () => context.close() };
}

/** @param {URL} url */
function isOutside(url) {
  if (!/^(https?|wss?):$/.test(url.protocol) || ['127.0.0.1', 'localhost'].includes(url.hostname)) return false;
  return !url.hostname.endsWith('.vscode-resource.vscode-cdn.net'); // a webview's own files: its service worker answers
}

/**
 * @param {import('./server.mjs').Server} server
 * @param {string} folder
 * @param {[string, string][]} [payload] read by the workbench only under the smoke test driver
 */
export function workbenchUrl(server, folder, payload) {
  const url = new URL(server.url);
  url.searchParams.set('folder', folder);
  if (payload) url.searchParams.set('payload', JSON.stringify(payload));
  return url.href;
}

/**
 * The document that an extension gave its n-th visible webview.
 * @param {import('playwright-core').Page} page
 */
export function webviewFrame(page, n = 0) {
  return page.frameLocator('iframe.webview.ready').nth(n).frameLocator('iframe#active-frame');
}

/**
 * Picks a command in the palette by its title, as a person would: who does not see it yet, opens the palette again.
 * A palette that opens while the window still loads closes when something else takes the focus.
 * @param {import('playwright-core').Page} page
 * @param {string} title
 */
export async function runCommand(page, title) {
  const row = page.locator('.quick-input-list .monaco-list-row', { hasText: title }).first();
  for (let triesLeft = 5; ; triesLeft--) {
    try {
      await page.keyboard.press('F1');
      await page.locator('.quick-input-widget input[type="text"]').fill('>' + title, { timeout: 6000 });
      return await row.click({ timeout: 6000 });
    } catch (thrown) {
      if (triesLeft === 0) throw thrown;
      await page.keyboard.press('Escape');
    }
  }
}
