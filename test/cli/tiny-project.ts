/** A project that the real `temper` trains in a second: a tiny model, a few rows, a temper.json. And how to call it. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { packageRoot } from '../../inputs/assets';
import { jsonl, tinyRows, writeTinyModel } from '../trainer/tiny-model';

/** Four steps, evaluated twice, in one thread. */
export const tinySettings = {
  model: 'model',
  data: { train: 'train.jsonl', validation: 'validation.jsonl', test: 'test.jsonl' },
  method: { type: 'lora', r: 2, alpha: 4 },
  training: { maxSteps: 4, batchSize: 8, learningRate: 0.01, maxLength: 32 },
  evaluation: { every: 2 },
  backend: 'wasm',
  threads: 1,
};

/** Writes the project, with other settings on top where they are given. Returns its folder. */
export function writeTinyProject(dir: string, settings: Readonly<Record<string, unknown>> = {}): string {
  mkdirSync(dir, { recursive: true });
  writeTinyModel(join(dir, 'model'));
  writeFileSync(join(dir, 'train.jsonl'), jsonl(tinyRows(24)));
  writeFileSync(join(dir, 'validation.jsonl'), jsonl(tinyRows(8, ['good', 'bad'], 8)));
  writeFileSync(join(dir, 'test.jsonl'), jsonl(tinyRows(10, ['good', 'bad'], 9)));
  writeFileSync(join(dir, 'temper.json'), JSON.stringify({ ...tinySettings, ...settings }, undefined, 2));
  return dir;
}

/** So many steps that nobody waits for their end. */
export const endless = [
  'training.epochs=1000',
  'training.maxSteps=100000',
  'evaluation.every=100000',
  'training.batchSize=1',
].flatMap((setting) => ['--set', setting]);

export type JsonLine = Readonly<Record<string, unknown>> & { readonly kind: string };

export interface CliOutcome {
  readonly code: number | null;
  readonly lines: readonly JsonLine[];
  /** The last one: the result, or the error. */
  readonly last: JsonLine;
  readonly stdout: string;
  readonly stderr: string;
}

/** `temper`, from the bundle, in a process of its own. */
export async function temper(args: readonly string[], cwd = packageRoot()): Promise<CliOutcome> {
  return collect(startTemper(args, cwd));
}

export function startTemper(args: readonly string[], cwd = packageRoot()): ChildProcess {
  return spawn(process.execPath, [join(packageRoot(), 'bin', 'temper.cjs'), ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
}

export async function collect(child: ChildProcess): Promise<CliOutcome> {
  let [stdout, stderr] = ['', ''];
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  const [code] = (await once(child, 'close')) as [number | null, string | null]; // child_process says so
  const lines = stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as JsonLine); // every line has a kind, which each test looks at
  return { code, lines, last: lines.at(-1) ?? { kind: 'nothing' }, stdout, stderr };
}

/** The kinds of the lines without repetition, in the order in which they first appear. */
export function kindsOf({ lines }: CliOutcome): string[] {
  return [...new Set(lines.map(({ kind }) => kind))];
}

export function runFolders(projectDir: string): string[] {
  const all = join(projectDir, '.temper', 'runs');
  return existsSync(all) ? readdirSync(all).map((name) => join(all, name)) : [];
}

/** The kinds of events that a run has logged so far. */
export function loggedKinds(runDir: string): string[] {
  const file = join(runDir, 'events.ndjson');
  if (!existsSync(file)) return [];
  const whole = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return whole.map((line) => (JSON.parse(line) as JsonLine).kind); // the log's lines have a kind too
}

export async function waitUntil(isSo: () => boolean, what: string, limitMs = 60_000): Promise<void> {
  const giveUpAtMs = Date.now() + limitMs;
  while (!isSo()) {
    assert.ok(Date.now() < giveUpAtMs, `waited in vain until ${what}`);
    await wait(30);
  }
}
