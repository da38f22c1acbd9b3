/** How the survey asks the machine. Every question has a time limit, and a test can answer for a machine of its own making. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile, realpath, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

export type Answer = { readonly kind: 'said'; readonly text: string } | Refusal;
export type Refusal =
  /** There is no such program. */
  { readonly kind: 'absent' } | { readonly kind: 'failed'; readonly reason: string };

export interface Probe {
  readonly platform: NodeJS.Platform;
  readonly architecture: string;
  readonly nodeVersion: string;
  /** The editor's own Node is a part of Electron, which refuses some of what native modules do. */
  readonly electronVersion: string | undefined;
  readonly environment: NodeJS.ProcessEnv;
  /** The running glibc; none elsewhere than on Linux with glibc. */
  readonly glibcVersion: string | undefined;
  /** What a program prints on stdout. */
  run(command: string, args: readonly string[]): Promise<Answer>;
  readText(path: string): Promise<string | undefined>;
  /** Names of what lies in a folder; none when it cannot be read. */
  list(dir: string): Promise<readonly string[]>;
  /** On the disk that holds `dir`, or will hold it. */
  freeBytes(dir: string): Promise<number | undefined>;
}

const defaultRunLimitMs = 15_000; // the first nvidia-smi after a boot loads the driver, which takes seconds
const readLimitMs = 3000; // a folder on the loader's path may lie on a network disk that is gone
const runFile = promisify(execFile);

export function createProbe(environment: NodeJS.ProcessEnv = process.env, runLimitMs = defaultRunLimitMs): Probe {
  return {
    platform: process.platform,
    architecture: process.arch,
    nodeVersion: process.version,
    electronVersion: process.versions['electron'],
    environment,
    glibcVersion: readGlibcVersion(),
    run: (command, args) => run(command, args, { env: environment, timeout: runLimitMs }),
    readText: (path) => withinLimit(readFile(path, 'utf8'), undefined),
    list: (dir) => withinLimit(readdir(dir), []),
    freeBytes: (dir) => withinLimit(readFreeBytes(dir), undefined),
  };
}

interface RunOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly timeout: number;
}

async function run(command: string, args: readonly string[], options: RunOptions): Promise<Answer> {
  try {
    const { stdout } = await runFile(command, args, { ...options, killSignal: 'SIGKILL', windowsHide: true });
    return { kind: 'said', text: stdout.trim() };
  } catch (thrown) {
    return describeRefusal(thrown, options);
  }
}

function describeRefusal(thrown: unknown, { timeout }: RunOptions): Refusal {
  if (!(thrown instanceof Error)) return { kind: 'failed', reason: String(thrown) };
  if ('code' in thrown && thrown.code === 'ENOENT') return { kind: 'absent' };
  if ('killed' in thrown && thrown.killed === true)
    return { kind: 'failed', reason: `it gave no answer in ${timeout / 1000} seconds` };
  const said = ['stderr', 'stdout'].map((name) => String(new Map(Object.entries(thrown)).get(name) ?? '').trim());
  return { kind: 'failed', reason: said.find((text) => text !== '') ?? thrown.message };
}

/** A failed or late read counts as nothing found. The read itself cannot be ended. */
async function withinLimit<Value, Fallback>(reading: Promise<Value>, fallback: Fallback): Promise<Value | Fallback> {
  const late = sleep(readLimitMs, fallback, { ref: false });
  return Promise.race([reading.catch(() => fallback), late]); // nothing there, or not for us to read
}

async function readFreeBytes(dir: string): Promise<number> {
  let existing = dir;
  while (!existsSync(existing) && dirname(existing) !== existing) existing = dirname(existing);
  const { bavail, bsize } = await statfs(await realpath(existing));
  return bavail * bsize;
}

function readGlibcVersion(): string | undefined {
  if (process.platform !== 'linux') return undefined;
  const report: unknown = process.report.getReport(); // 10 ms
  const header = typeof report === 'object' && report !== null && 'header' in report ? report.header : undefined;
  if (typeof header !== 'object' || header === null || !('glibcVersionRuntime' in header)) return undefined;
  return typeof header.glibcVersionRuntime === 'string' ? header.glibcVersionRuntime : undefined;
}
