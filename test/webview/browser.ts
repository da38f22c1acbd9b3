/**
 * Element tests run in a real Chromium: one browser for all of them, pages served from memory under the strict content
 * policy the extension uses. Every request that leaves the page and every broken policy is kept for the tests to see.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { chromium, type Browser, type Page } from 'playwright-core';
import type { Gallery } from './gallery/gallery';
import type { FaceName } from './gallery/faces';
import type { ThemeName } from './gallery/themes';

/** The tests run from the repository's root, bundled or not. */
const root = process.cwd();
const origin = 'http://panel.test';
export const pageNonce = 'c2VjcmV0';

declare global {
  interface Window {
    gallery: Gallery;
  }
}

export interface OpenedPage {
  readonly page: Page;
  /** Addresses outside the page that something asked for; always refused. */
  readonly strangers: readonly string[];
  /** Uncaught errors, and what the content policy refused. */
  readonly faults: readonly string[];
}

export interface PageOptions {
  readonly face?: FaceName;
  readonly theme?: ThemeName;
  readonly width?: number;
  readonly reducedMotion?: boolean;
}

let browser: Promise<Browser> | undefined;
const bundles = new Map<string, Promise<string>>();

/** The panel with a fake host, showing a face. */
export async function openGallery({
  face = 'full',
  theme = 'dark',
  width = 1180,
  reducedMotion = false,
}: PageOptions = {}): Promise<OpenedPage> {
  const opened = await openPage('test/webview/gallery/gallery.ts', {
    search: `?face=${face}&theme=${theme}`,
    width,
    reducedMotion,
  });
  await nextFrames(opened.page);
  return opened;
}

interface RawPageOptions {
  readonly search?: string;
  readonly body?: string;
  readonly width?: number;
  readonly reducedMotion?: boolean;
  /** Runs in the page before its own script. */
  readonly before?: () => void;
}

export async function openPage(entry: string, options: RawPageOptions = {}): Promise<OpenedPage> {
  const { search = '', body = '', width = 1180, reducedMotion = false, before } = options;
  browser ??= launch();
  const context = await (
    await browser
  ).newContext({ viewport: { width, height: 900 }, reducedMotion: reducedMotion ? 'reduce' : 'no-preference' });
  const page = await context.newPage();
  const strangers: string[] = [];
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
  await serve(page, entry, body, strangers);
  if (before) await page.addInitScript(before);
  await page.goto(`${origin}/${search}`);
  return { page, strangers, faults };
}

/** What can be read in the first element with this tag, on one line. Only in the gallery. */
export function readText(page: Page, tag: string): Promise<string> {
  return page
    .locator(tag)
    .first()
    .evaluate((element) => window.gallery.visibleText(element));
}

/** Until what was asked for is drawn: the panel's frame, Lit's update after it, the canvas's frame. */
export async function nextFrames(page: Page, count = 4): Promise<void> {
  await page.evaluate(async (frames) => {
    for (let frame = 0; frame < frames; frame++) await new Promise((resolve) => requestAnimationFrame(resolve));
  }, count);
}

export async function closeBrowser(): Promise<void> {
  const running = await browser;
  browser = undefined;
  await running?.close();
}

async function launch(): Promise<Browser> {
  const script = pathToFileURL(join(root, 'scripts/workbench/find-chromium.mjs')).href;
  const { findChromium } = (await import(script)) as { findChromium: () => string }; // a script without types
  return chromium.launch({ executablePath: findChromium(), args: ['--no-sandbox', '--force-color-profile=srgb'] });
}

async function serve(page: Page, entry: string, body: string, strangers: string[]): Promise<void> {
  const script = await bundle(entry);
  const style = await readFile(join(root, 'test/webview/gallery/page.css'), 'utf8');
  await page.route('**/*', (route) => {
    const { pathname, origin: asked } = new URL(route.request().url());
    if (asked !== origin) strangers.push(route.request().url());
    else if (pathname === '/') return route.fulfill({ contentType: 'text/html', body: html(body) });
    else if (pathname === '/panel.js') return route.fulfill({ contentType: 'text/javascript', body: script });
    else if (pathname === '/page.css') return route.fulfill({ contentType: 'text/css', body: style });
    else if (pathname !== '/favicon.ico') strangers.push(route.request().url());
    return route.abort();
  });
}

function html(body: string): string {
  const policy = `default-src 'none'; script-src 'nonce-${pageNonce}'; style-src ${origin} 'nonce-${pageNonce}';`;
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}">
    <meta property="csp-nonce" content="${pageNonce}">    <link rel="stylesheet" href="/page.css"><title>Run</title></head>
    <body>${body}<script nonce="${pageNonce}" src="/panel.js"></script></body></html>`;
}

function bundle(entry: string): Promise<string> {
  const known = bundles.get(entry);
  if (known) return known;
  const made = build({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: 'iife',
    target: 'es2022',
    tsconfig: 'webview/tsconfig.json', // decorators: the gallery holds elements
    logLevel: 'warning',
  }).then(({ outputFiles }) => outputFiles[0]?.text ?? '');
  bundles.set(entry, made);
  return made;
}
