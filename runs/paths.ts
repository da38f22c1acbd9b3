/** Where things are in a project's runs and in one run folder. Every reader relies on this layout. */
import { existsSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';

export interface RunPaths {
  readonly record: string;
  readonly events: string;
  readonly control: string;
  readonly heartbeat: string;
  readonly log: string;
  readonly batches: string;
  readonly checkpoints: string;
  readonly evals: string;
}

/** A checkpoint's list of files, written last: its presence makes a folder a checkpoint. */
export const manifestName = 'MANIFEST.json';

/** All absolute. */
export function runPaths(runDir: string): RunPaths {
  const at = (name: string) => resolve(runDir, name);
  return {
    record: at('run.json'),
    events: at('events.ndjson'),
    control: at('control.ndjson'),
    heartbeat: at('heartbeat'),
    log: at('log.txt'),
    batches: at('batches.ndjson'),
    checkpoints: at('checkpoints'),
    evals: at('evals'),
  };
}

/** 400 → `step-000400`; longer numbers are not cut. */
export function checkpointName(step: number): string {
  return `step-${String(step).padStart(6, '0')}`;
}

export function runsDir(projectDir: string): string {
  return resolve(projectDir, '.temper', 'runs');
}

export function isRunDir(dir: string): boolean {
  const paths = runPaths(dir);
  return existsSync(paths.record) || existsSync(paths.events);
}

export function isCheckpointDir(dir: string): boolean {
  return existsSync(join(dir, manifestName));
}

/** From `<run>/checkpoints/step-000400` to `<run>`. */
export function runDirOfCheckpoint(checkpointDir: string): string {
  return resolve(checkpointDir, '..', '..');
}

/** `20261122-203145` in the user's own time, so that people recognise their run; `-2`, `-3` … when that is taken. */
export function newRunId(nowMs: number, existing: Iterable<string>): string {
  const now = new Date(nowMs);
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`;
  const id = `${day}-${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`;
  const taken = new Set(existing);
  if (!taken.has(id)) return id;
  let copy = 2;
  while (taken.has(`${id}-${copy}`)) copy++;
  return `${id}-${copy}`;
}

/** The project's run folders, newest first. Names alone do not order them: `--run-id` may be anything. */
export async function listRunDirs(projectDir: string): Promise<string[]> {
  const root = runsDir(projectDir);
  const dirs = (await folderNames(root)).map((name) => join(root, name)).filter(isRunDir);
  const dated = await Promise.all(dirs.map(async (dir) => ({ dir, createdAtMs: await createdAtMs(dir) })));
  dated.sort((a, b) => b.createdAtMs - a.createdAtMs || b.dir.localeCompare(a.dir, 'en', { numeric: true }));
  return dated.map(({ dir }) => dir);
}

/** Names of the folders in `dir` that are not hidden; none when there is no such folder. */
export async function folderNames(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { withFileTypes: true }).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  return entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.')).map(({ name }) => name);
}

/** Whether `error` says that a file or a folder on the way to it does not exist. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}

/** From run.json even where that is otherwise broken; the folder's age is the last resort. */
async function createdAtMs(runDir: string): Promise<number> {
  try {
    const record: unknown = JSON.parse(await readFile(runPaths(runDir).record, 'utf8'));
    if (typeof record === 'object' && record !== null && 'createdAtMs' in record && typeof record.createdAtMs === 'number') {
      return record.createdAtMs;
    }
  } catch {
    // Missing or torn: readRun says so in words; here it only decides a place in a list.
  }
  return (await stat(runDir)).mtimeMs;
}
