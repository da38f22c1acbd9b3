// The folders of one editor, and what keeps a server inside them: its arguments and its environment.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { atEnd } from './ending.mjs';

/** @typedef {{ root: string, home: string, data: string, extensions: string, serverData: string, remove(): void }} WorkFolder */

/**
 * The folders of one server. Without `root` they are temporary and go with the process or by `remove`.
 * @param {string} [root]
 * @returns {WorkFolder}
 */
export function createWorkFolder(root) {
  const isTemporary = root === undefined;
  root ??= fs.mkdtempSync(path.join(os.tmpdir(), 'temper-editor-'));
  const at = (/** @type {string} */ name) => path.join(root, name);
  const remove = atEnd(() => {
    // retries: a child that is being killed may still be writing
    if (isTemporary) fs.rmSync(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  });
  const work = { root, home: at('home'), data: at('data'), extensions: at('extensions'), serverData: at('server'), remove };
  for (const folder of [work.home, path.join(work.data, 'User'), work.extensions]) fs.mkdirSync(folder, { recursive: true });
  return work;
}

/**
 * @param {string} server
 * @param {WorkFolder} work
 */
export function serverArguments(server, work) {
  return [
    path.join(server, 'out/server-main.js'),
    '--accept-server-license-terms',
    '--server-data-dir',
    work.serverData,
    '--user-data-dir',
    work.data,
    '--extensions-dir',
    work.extensions,
  ];
}

/**
 * Ours, without what npm or another VS Code left in it, and with the gallery switched off.
 * @param {WorkFolder} work
 * @returns {NodeJS.ProcessEnv}
 */
export function serverEnvironment(work) {
  const foreign = /^(npm_|VSCODE_|CODE_SERVER_|ELECTRON_|PASSWORD$|HASHED_PASSWORD$|PORT$|NODE_OPTIONS$|INIT_CWD$)/;
  const kept = Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
  const { home } = work;
  return {
    ...kept,
    HOME: home,
    XDG_CONFIG_HOME: path.join(home, '.config'),
    XDG_DATA_HOME: path.join(home, '.local/share'),
    XDG_CACHE_HOME: path.join(home, '.cache'),
    EXTENSIONS_GALLERY: '{}',
    DO_NOT_TRACK: '1',
  };
}
