// The types of open-workbench.mjs for the tests, which are TypeScript.
import type { FrameLocator, Page } from 'playwright-core';

export interface WorkbenchOptions {
  /** Opened in the explorer; by default an empty temporary folder. */
  readonly folder?: string | undefined;
  /** Installed before the start. */
  readonly vsix?: string | undefined;
  /** Instead of a package: loaded from where it is built, without a copy. */
  readonly extensionFolder?: string | undefined;
  /** A theme's id: 'Default Light Modern' (the default), 'Default Dark Modern', 'Default High Contrast'. */
  readonly theme?: string | undefined;
  /** Added to the user's settings. */
  readonly settings?: Readonly<Record<string, unknown>> | undefined;
  /** Added to the environment of the server and so of the extension host. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** In CSS pixels; by default 1280 × 800. */
  readonly viewport?: { width: number; height: number } | undefined;
  /** Pixels of a picture per CSS pixel; by default 1. */
  readonly deviceScaleFactor?: number | undefined;
  /** What `prepareServer` returned, to save the look-up. */
  readonly server?: string | undefined;
  /** What `findChromium` returned. */
  readonly chromium?: string | undefined;
}

export interface Workbench {
  readonly page: Page;
  /** Uncaught errors and console errors of all frames, refused content among them. */
  readonly errors: readonly string[];
  /** Requests that were not for this machine. */
  readonly outside: readonly string[];
  /** The folder with `User/settings.json`. */
  readonly userData: string;
  /** What the extension host sees as the user's home. */
  readonly home: string;
  serverLog(): string;
  /** Picks a command in the palette by its title. */
  runCommand(title: string): Promise<void>;
  /** The document of the n-th visible webview; the first by default. */
  webview(n?: number): FrameLocator;
  /** Ends the browser and the server and removes their folders. Waits for both. */
  close(): Promise<void>;
}

export declare function openWorkbench(options?: WorkbenchOptions): Promise<Workbench>;
