/** One download of a repository at a time: a file names the process that is at it. One that is gone holds nothing. */
import { mkdir, open, readFile, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { currentProcess } from '../../runs/liveness';
import { lookUpProcess } from '../../runs/look-up-process';
import { alreadyPulling, type Inquiry } from './failures';

const holderSchema = z.object({ host: z.string(), pid: z.number(), startedAtMs: z.number(), atMs: z.number() });
type Holder = z.infer<typeof holderSchema>;

/** `ps` counts in seconds. */
const startToleranceMs = 5000;
/** Another machine on a shared disk cannot be asked about its processes. */
const patienceMs = 24 * 60 * 60 * 1000;

/** @throws RunFailure 'download-failed' when somebody else is at it. Gives what ends the lock. */
export async function lockRepository(repositoryFolder: string, inquiry: Inquiry): Promise<() => Promise<void>> {
  const file = join(repositoryFolder, '.temper-pull.lock');
  await mkdir(dirname(file), { recursive: true });
  while (!(await tryToCreate(file))) {
    const holder = await readHolder(file);
    if (holder === undefined ? await isYoung(file) : await isAlive(holder)) throw alreadyPulling(inquiry, describe(holder));
    await rm(file, { force: true });
  }
  return () => rm(file, { force: true });
}

async function tryToCreate(path: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx');
    await file.writeFile(JSON.stringify({ ...currentProcess(), atMs: Date.now() }));
    await file.close();
    return true;
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'EEXIST') return false;
    throw thrown;
  }
}

/** Nobody, when it is half-written or gone by now. */
async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    return holderSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return undefined;
  }
}

/** Half-written: somebody may be about to write the other half. */
async function isYoung(path: string): Promise<boolean> {
  const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: 0 })); // gone by now
  return Date.now() - mtimeMs < startToleranceMs;
}

/** Where it cannot be looked up, a process of that number is taken for the one that is meant. */
async function isAlive({ host, pid, startedAtMs, atMs }: Holder): Promise<boolean> {
  if (host !== hostname()) return Date.now() - atMs < patienceMs;
  const found = await lookUpProcess(pid);
  if (found.kind !== 'running') return found.kind === 'unknown';
  return Math.abs(found.startedAtMs - startedAtMs) <= startToleranceMs;
}

function describe(holder: Holder | undefined): string {
  if (holder === undefined) return 'another process';
  return holder.host === hostname() ? `process ${holder.pid}` : `process ${holder.pid} on ${holder.host}`;
}
