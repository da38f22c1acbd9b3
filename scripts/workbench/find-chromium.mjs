// A headless Chromium: the one named, installed, or (as root on Debian and Ubuntu) installed now.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const commands = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const macApplications = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
];

/**
 * @returns {string} the path of an executable
 */
export function findChromium() {
  const named = process.env['CHROMIUM'];
  if (named) {
    if (isExecutable(named)) return named;
    throw new Error(`CHROMIUM is set to ${named}, which is not an executable file.`);
  }
  const found = installed() ?? install();
  if (found) return found;
  throw new Error(
    'No Chromium found for the editor tests: install chromium, chromium-headless-shell or Google Chrome, or set CHROMIUM to its path.',
  );
}

function installed() {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter).filter(Boolean);
  const onPath = commands.flatMap((name) => folders.map((folder) => path.join(folder, name)));
  return [...onPath, ...(process.platform === 'darwin' ? macApplications : [])].find(isExecutable);
}

/** Debian's package, when we may install one. The shell starts faster than the whole browser and is 90 MB smaller. */
function install() {
  if (process.getuid?.() !== 0 || !fs.existsSync('/etc/debian_version') || !fs.existsSync('/usr/bin/apt-get')) return undefined;
  process.stderr.write('No Chromium found: installing chromium-headless-shell with apt-get (about 290 MB, once) … ');
  const startMs = Date.now();
  const failures = [aptGet('update')];
  for (const name of ['chromium-headless-shell', 'chromium']) {
    failures.push(aptGet('install', '-y', '--no-install-recommends', name));
    const found = installed();
    if (found) {
      process.stderr.write(`${((Date.now() - startMs) / 1000).toFixed(0)} s\n`);
      return found;
    }
  }
  process.stderr.write('failed\n');
  throw new Error(
    `apt-get could not install Chromium (${failures.filter(Boolean).at(-1)}): install chromium or Google Chrome, or set CHROMIUM to its path.`,
  );
}

/**
 * @param {...string} args
 * @returns {string | undefined} the last line of what went wrong
 */
function aptGet(...args) {
  const result = spawnSync('apt-get', ['-qq', ...args], {
    encoding: 'utf8',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  if (result.status === 0) return undefined;
  return (result.error?.message ?? result.stderr).trim().split('\n').at(-1);
}

/** @param {string} file */
function isExecutable(file) {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false; // not there, or not for us
  }
}
