// A complete VS Code server with the web workbench, out of the npm package code-server, cached under node_modules/.cache.
// Only VS Code's own server is kept; code-server's wrapper, AI and built-in extensions with code are left out, and the two
// natives that matter are replaced by stand-ins, so that no compiler is needed.
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { atEnd } from './ending.mjs';

const packageVersion = '4.139.1';
const vscodeVersion = '1.139.1';

export const repository = path.resolve(import.meta.dirname, '../..');
const cache = path.join(repository, 'node_modules/.cache/temper');

/** Built-in extensions with code that stay: completion in temper.json needs this one. */
const keptExtensions = new Set(['json-language-features']);
/** Natives that are loaded at every start, and the files that take their place. */
const standIns = { '@vscode/spdlog': 'spdlog.stand-in.cjs', '@vscode/native-watchdog': 'native-watchdog.stand-in.cjs' };
/** Dependencies that only removed extensions and AI features load: two thirds of the download. */
const unusedDependencies = /^@(github|devcontainers)\/|^@microsoft\/mxc-sdk$/;

/**
 * @returns {Promise<string>} the folder that holds `out/server-main.js`
 */
export async function prepareServer() {
  const ready = path.join(cache, `vscode-${packageVersion}`);
  if (fs.existsSync(ready)) return ready;
  const startMs = Date.now();
  process.stderr.write(`Preparing VS Code ${vscodeVersion} for tests (npm package code-server ${packageVersion}, once) … `);
  fs.mkdirSync(cache, { recursive: true });
  const unfinished = fs.mkdtempSync(path.join(cache, 'unfinished-'));
  const remove = atEnd(() => fs.rmSync(unfinished, { recursive: true, force: true }));
  try {
    build(unfinished);
    publish(path.join(unfinished, 'server'), ready);
  } catch (error) {
    process.stderr.write('failed\n');
    throw error;
  } finally {
    remove();
  }
  process.stderr.write(`${((Date.now() - startMs) / 1000).toFixed(0)} s\n`);
  return ready;
}

/**
 * The node that the server runs on. A wrong major does not fail, it hangs: VS Code 1.139 asks for 24.
 * @returns {string}
 */
export function serverNode() {
  const pinned = path.join(repository, 'node_modules/.bin/node');
  if (fs.existsSync(pinned)) return fs.realpathSync(pinned);
  if (Number(process.versions.node.split('.')[0]) >= 22) return process.execPath;
  throw new Error(`The VS Code server needs Node 24, this is ${process.version}: run npm install, which brings one.`);
}

/** @param {string} folder */
function build(folder) {
  const server = path.join(folder, 'server');
  fs.mkdirSync(server);
  npm(['pack', `code-server@${packageVersion}`, '--pack-destination', folder], folder);
  const archive = fs.readdirSync(folder).find((name) => name.endsWith('.tgz'));
  if (!archive) throw new Error(`npm pack left no archive in ${folder}`);
  execFileSync('tar', ['-xzf', path.join(folder, archive), '-C', server, '--strip-components=3', 'package/lib/vscode']);
  dropExtensions(path.join(server, 'extensions'));
  dropDependencies(path.join(server, 'package.json'));
  npm(['install', '--omit=dev', '--ignore-scripts', '--legacy-peer-deps', '--no-save', '--package-lock=true'], server);
  for (const [name, file] of Object.entries(standIns)) {
    fs.copyFileSync(path.join(import.meta.dirname, file), path.join(server, 'node_modules', name, 'index.js'));
  }
  dropForeignRipgrep(path.join(server, 'node_modules/@vscode/ripgrep-universal/bin'));
  const version = execFileSync(serverNode(), [path.join(server, 'out/server-main.js'), '--version'], { encoding: 'utf8' });
  if (!version.startsWith(vscodeVersion)) throw new Error(`Expected VS Code ${vscodeVersion}, found ${version.split('\n')[0]}`);
}

/** @param {string} folder */
function dropExtensions(folder) {
  for (const name of fs.readdirSync(folder)) {
    const manifest = path.join(folder, name, 'package.json');
    if (keptExtensions.has(name) || !fs.existsSync(manifest)) continue;
    const { main, browser } = JSON.parse(fs.readFileSync(manifest, 'utf8'));
    if (main || browser) fs.rmSync(path.join(folder, name), { recursive: true });
  }
}

/** @param {string} file */
function dropDependencies(file) {
  const manifest = JSON.parse(fs.readFileSync(file, 'utf8'));
  for (const name of Object.keys(manifest.dependencies)) {
    if (unusedDependencies.test(name)) delete manifest.dependencies[name];
  }
  fs.writeFileSync(file, JSON.stringify(manifest, null, 2));
}

/** @param {string} folder */
function dropForeignRipgrep(folder) {
  for (const name of fs.readdirSync(folder)) {
    if (name !== `${process.platform}-${process.arch}`) fs.rmSync(path.join(folder, name), { recursive: true });
  }
}

/**
 * Another run may have been faster: then its server is as good as ours.
 * @param {string} finished
 * @param {string} ready
 */
function publish(finished, ready) {
  try {
    fs.renameSync(finished, ready);
  } catch (error) {
    if (!fs.existsSync(ready)) throw error;
  }
}

/**
 * Runs the npm that runs this script, or the one on the PATH, whatever the user's npmrc says.
 * @param {string[]} args
 * @param {string} cwd
 */
function npm(args, cwd) {
  const own = process.env['npm_execpath'];
  const isNpm = own !== undefined && path.basename(own) === 'npm-cli.js';
  const [command, first] = isNpm ? [process.execPath, [own]] : ['npm', []];
  const settled = [
    '--yes',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
    '--engine-strict=false',
    '--dry-run=false',
    '--global=false',
  ];
  const result = spawnSync(command, [...first, ...args, ...settled], { cwd, env: npmEnvironment(), encoding: 'utf8' });
  if (result.error) throw new Error(`npm could not be started: ${result.error.message}`);
  if (result.status !== 0) throw new Error(`npm ${args[0]} failed in ${cwd}:\n${result.stderr.trim()}`);
}

/** The environment without what npm says about the script and the package that runs now. */
function npmEnvironment() {
  const aboutThisRun = /^(npm_(package|lifecycle|command|config_(local_prefix|prefix|global_prefix|noproxy))|INIT_CWD$)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !aboutThisRun.test(name)));
}
