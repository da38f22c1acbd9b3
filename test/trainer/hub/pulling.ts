/** Pulls from a server on this machine into a folder of the test's, and looks at what is there afterwards. */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  parseHubModelName,
  RunFailure,
  type ErrorCode,
  type PullPlan,
  type PullProgress,
  type RunError,
} from '../../../protocol';
import type { Connection } from '../../../trainer/hub/connection';
import { carryOut, preparePull } from '../../../trainer/hub/pull';
import type { HubSettings } from '../../../trainer/hub/settings';

export interface Pulled {
  readonly plan: PullPlan;
  readonly progress: readonly PullProgress[];
  /** What people were told about faults. */
  readonly told: readonly string[];
}

export interface PullOptions {
  readonly settings?: Partial<HubSettings>;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: PullProgress) => void;
  readonly told?: string[];
}

/** With waits of milliseconds where the product has seconds. */
export async function pull(name: string, places: { url: string; cacheDir: string }, options: PullOptions = {}): Promise<Pulled> {
  const told = options.told ?? [];
  const defaults = { endpoint: places.url, cacheDir: places.cacheDir, token: undefined, timeoutMs: 20_000, useLinks: true };
  const connection: Connection = {
    inquiry: { name: parseHubModelName(name) ?? assert.fail(name), settings: { ...defaults, ...options.settings } },
    signal: options.signal ?? new AbortController().signal,
    onRetry: (text) => told.push(text),
    firstWaitMs: 1,
  };
  const prepared = await preparePull(connection);
  const progress: PullProgress[] = [];
  await carryOut(prepared, connection, (line) => {
    progress.push(line);
    options.onProgress?.(line);
  });
  return { plan: prepared.plan, progress, told };
}

/** What it says to a person. */
export async function failureOf(pulling: Promise<unknown>, code: ErrorCode = 'download-failed'): Promise<RunError> {
  const thrown: unknown = await pulling.then(
    () => assert.fail('nothing went wrong'),
    (reason: unknown) => reason,
  );
  assert.ok(thrown instanceof RunFailure, thrown instanceof Error ? thrown.stack : String(thrown));
  assert.equal(thrown.error.code, code, thrown.message);
  assert.notEqual(thrown.error.hint, '');
  return thrown.error;
}

/** Every file below the folder with its content, links followed. */
export function contentsOf(dir: string): Record<string, string> {
  const names = globSync('**/*', { cwd: dir, withFileTypes: true }).filter((entry) => !entry.isDirectory());
  const paths = names.map((entry) => join(entry.parentPath, entry.name)).sort();
  return Object.fromEntries(paths.map((path) => [path.slice(dir.length + 1).replaceAll('\\', '/'), readFileSync(path, 'utf8')]));
}

export function listFiles(dir: string): string[] {
  return existsSync(dir) ? Object.keys(contentsOf(dir)) : [];
}

/** Bytes that are the same each time and compress badly. */
export function noise(length: number, seed = 1): Buffer {
  let state = seed;
  return Buffer.from(Array.from({ length }, () => (state = (state * 48271) % 2147483647) & 255));
}
