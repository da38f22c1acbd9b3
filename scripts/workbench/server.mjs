// A private VS Code server: loopback, a random port, folders of its own for everything it reads and writes.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { atEnd } from './ending.mjs';
import { serverNode } from './prepare-server.mjs';
import { serverArguments, serverEnvironment } from './work-folder.mjs';

/** @typedef {import('./work-folder.mjs').WorkFolder} WorkFolder */

export const themes = /** @type {const} */ ({
  light: 'Default Light Modern',
  dark: 'Default Dark Modern',
  highContrast: 'Default High Contrast',
});

/** Quiet, offline, without AI, and the same on every machine. */
const baseSettings = {
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'workbench.enableExperiments': false,
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'chat.disableAIFeatures': true,
  'chat.commandCenter.enabled': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'window.autoDetectHighContrast': false,
  'git.enabled': false,
  'git.autofetch': false,
  'npm.fetchOnlinePackageInfo': false,
  'typescript.disableAutomaticTypeAcquisition': true,
  'json.schemaDownload.enable': false,
  'security.workspace.trust.enabled': false,
  'workbench.colorTheme': themes.light,
};

const endsAlone = ['--enable-remote-auto-shutdown', '--reconnection-grace-time', '60'];

/**
 * @param {string} server
 * @param {WorkFolder} work
 * @param {string} vsix
 */
export function installVsix(server, work, vsix) {
  const args = [...serverArguments(server, work), '--install-extension', path.resolve(vsix)];
  const result = spawnSync(serverNode(), args, { env: serverEnvironment(work), cwd: work.root, encoding: 'utf8' });
  if (result.status === 0 && fs.readdirSync(work.extensions).length > 1) return;
  throw new Error(`VS Code did not install ${vsix}:\n${(result.error?.message ?? result.stdout + result.stderr).trim()}`);
}

/**
 * Makes the server load an extension from where it is built, without a copy.
 * @param {WorkFolder} work
 * @param {string} extensionFolder
 */
export function linkExtension(work, extensionFolder) {
  const { publisher, name, version } = JSON.parse(fs.readFileSync(path.join(extensionFolder, 'package.json'), 'utf8'));
  const link = path.join(work.extensions, `${publisher}.${name}-${version}`);
  fs.rmSync(link, { force: true });
  fs.symlinkSync(path.resolve(extensionFolder), link, 'dir');
}

/**
 * @param {string} server what `prepareServer` returned
 * @param {WorkFolder} work
 * @param {{ theme?: string, settings?: object, env?: NodeJS.ProcessEnv, smokeTestDriver?: boolean, isForTests?: boolean }} [options]
 *   `smokeTestDriver` lets a page start tests in the extension host; it also hides toasts and refuses modal dialogs.
 *   `isForTests` is true by default: the server ends some minutes after its last window, should we be killed.
 */
export async function startServer(server, work, options = {}) {
  const settings = { ...baseSettings, ...(options.theme ? { 'workbench.colorTheme': options.theme } : {}), ...options.settings };
  const settingsFile = path.join(work.data, 'User/settings.json');
  fs.writeFileSync(settingsFile, JSON.stringify(settings, null, 2));
  const args = [
    ...serverArguments(server, work),
    '--host',
    '127.0.0.1',
    '--port',
    '0',
    '--without-connection-token',
    '--disable-telemetry',
    '--disable-workspace-trust',
    '--disable-getting-started-override',
    ...(options.isForTests === false ? [] : endsAlone),
    ...(options.smokeTestDriver ? ['--enable-smoke-test-driver'] : []),
  ];
  const child = spawn(serverNode(), args, {
    env: { ...serverEnvironment(work), ...options.env },
    cwd: work.root,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const kill = atEnd(() => killGroup(child.pid, 'SIGKILL'));
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (/** @type {Buffer} */ chunk) => (log += chunk));
  const port = await readPort(child, () => log).catch((error) => {
    kill();
    throw error;
  });
  return {
    url: `http://127.0.0.1:${port}`,
    /** The host of `vscode-remote://` addresses. */
    authority: `127.0.0.1:${port}`,
    log: () => log,
    ended: exited,
    /** Ends the server with all its children: politely, after three seconds by force. */
    async stop() {
      killGroup(child.pid, 'SIGTERM');
      const timer = setTimeout(kill, 3000);
      await exited;
      clearTimeout(timer);
      kill();
    },
  };
}

/** @typedef {Awaited<ReturnType<typeof startServer>>} Server */

/**
 * The port that the server chose, from what it prints.
 * @param {import('node:child_process').ChildProcessByStdio<null, import('node:stream').Readable, import('node:stream').Readable>} child
 * @param {() => string} log
 * @returns {Promise<string>}
 */
function readPort(child, log) {
  return new Promise((resolve, reject) => {
    const look = () => {
      const match = /listening on (?:http:\/\/127\.0\.0\.1:)?(\d+)/.exec(log());
      if (match?.[1]) resolve(match[1]);
    };
    child.stdout.on('data', look);
    child.stderr.on('data', look);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`The VS Code server ended with ${code}:\n${log()}`)));
    setTimeout(() => reject(new Error(`The VS Code server did not start within 30 s:\n${log()}`)), 30_000).unref();
  });
}

/**
 * @param {number | undefined} pid
 * @param {NodeJS.Signals} signal
 */
function killGroup(pid, signal) {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch {
    // nobody of the group is left
  }
}
