/**
 * The folders of an installation. All work happens in one that begins with a dot and says in its name whose it is; a rename
 * makes it the accelerator's. Whatever a killed installer left is found by those names and swept by the next one.
 */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { isAccelerator, type Accelerator } from '../../protocol';
import { currentProcess, processStartedAtMs } from '../../runs/liveness';
import { lookUpProcess } from '../../runs/look-up-process';
import { isMissing } from '../../runs/paths';
import { renamePatiently, syncFolder } from '../../runs/write-atomically';
import { endGroup } from './child-group';

type Purpose = 'installing' | 'replaced' | 'removed';

export interface Owner {
  readonly name: Accelerator;
  readonly atMs: number;
  readonly pid: number;
  readonly startedAtMs: number;
  readonly host: string;
}

/** `ps` counts in seconds. */
const startToleranceMs = 5000;
/** Another machine on a shared disk cannot be asked about its processes: it gets a day. */
const patienceMs = 24 * 60 * 60 * 1000;
const childFile = 'child.json';

/** A new, empty folder. `root` is made when it is not there. */
export async function createStaging(root: string, name: Accelerator): Promise<string> {
  await mkdir(root, { recursive: true });
  const dir = join(root, temporaryName('installing', name));
  await mkdir(dir);
  return dir;
}

/** Somebody who began to install the same thing earlier and is still at it. Of several, the first one goes on. */
export async function findEarlierInstaller(staging: string, root: string, name: Accelerator): Promise<Owner | undefined> {
  const own = parseTemporaryName(staging.slice(root.length + 1))?.owner;
  for (const entry of (await readdir(root)).sort()) {
    const other = parseTemporaryName(entry);
    if (other?.purpose !== 'installing' || other.owner.name !== name || join(root, entry) === staging) continue;
    if (own !== undefined && isEarlier(other.owner, own) && (await isAlive(other.owner))) return other.owner;
  }
  return undefined;
}

/** Notes which process group writes into the folder, so that it can be ended when we are no longer there to do it. */
export async function noteChild(staging: string, pid: number): Promise<void> {
  const startedAtMs = await processStartedAtMs(pid);
  if (startedAtMs !== undefined && existsSync(staging))
    await writeFile(join(staging, childFile), JSON.stringify({ pid, startedAtMs }));
}

/** From here on the accelerator is the new one. An old one stays in place until then, and comes back when the rename fails. */
export async function commit(staging: string, root: string, name: Accelerator): Promise<void> {
  await rm(join(staging, childFile), { force: true });
  const [target, old] = [join(root, name), join(root, temporaryName('replaced', name))];
  const hadOld = await renameIfThere(target, old);
  try {
    await renamePatiently(staging, target);
  } catch (error) {
    if (hadOld) await rename(old, target);
    throw error;
  }
  await syncFolder(root);
  if (hadOld) await removeFolder(old);
}

/** Whether it was there. It is gone as a whole before its files are. */
export async function removeInstalled(root: string, name: Accelerator): Promise<boolean> {
  const doomed = join(root, temporaryName('removed', name));
  if (!(await renameIfThere(join(root, name), doomed))) return false;
  await removeFolder(doomed);
  return true;
}

/** Removes what dead installers left, with their processes, and puts back an old accelerator that one of them had set aside. */
export async function sweep(root: string): Promise<void> {
  for (const entry of await readdir(root).catch(ignoreMissing)) {
    const temporary = parseTemporaryName(entry);
    if (temporary === undefined || (await isAlive(temporary.owner))) continue;
    const [dir, target] = [join(root, entry), join(root, temporary.owner.name)];
    if (temporary.purpose === 'replaced' && !existsSync(target)) {
      await rename(dir, target);
      continue;
    }
    await endOrphans(dir);
    await removeFolder(dir);
  }
}

/** Tries for a while: a process that is just ending may still write into it. */
export async function removeFolder(dir: string): Promise<void> {
  await rm(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}

function temporaryName(purpose: Purpose, name: Accelerator): string {
  const { pid, startedAtMs, host } = currentProcess();
  return `.${purpose}-${name}-${Date.now()}-${pid}-${startedAtMs}-${host.replaceAll(/[^\w.-]/g, '_')}`;
}

function parseTemporaryName(entry: string): { readonly purpose: string; readonly owner: Owner } | undefined {
  const parts = /^\.(installing|replaced|removed)-([a-z-]+)-(\d+)-(\d+)-(\d+)-(.+)$/.exec(entry);
  const [, purpose, name, atMs, pid, startedAtMs, host] = parts ?? [];
  if (purpose === undefined || name === undefined || host === undefined || !isAccelerator(name)) return undefined;
  return { purpose, owner: { name, atMs: Number(atMs), pid: Number(pid), startedAtMs: Number(startedAtMs), host } };
}

async function isAlive({ atMs, pid, startedAtMs, host }: Owner): Promise<boolean> {
  if (host !== hostname().replaceAll(/[^\w.-]/g, '_')) return Date.now() - atMs < patienceMs;
  return isProcess(pid, startedAtMs);
}

/** Where it cannot be looked up, a process of that number is taken for the one that is meant. */
async function isProcess(pid: number, startedAtMs: number): Promise<boolean> {
  const found = await lookUpProcess(pid);
  if (found.kind !== 'running') return found.kind === 'unknown';
  return Math.abs(found.startedAtMs - startedAtMs) <= startToleranceMs;
}

function isEarlier(other: Owner, own: Owner): boolean {
  return other.atMs === own.atMs ? other.pid < own.pid : other.atMs < own.atMs;
}

/** An npm whose installer was killed goes on by itself. */
async function endOrphans(dir: string): Promise<void> {
  const child = parseChild(await readFile(join(dir, childFile), 'utf8').catch(() => '')); // none was started, or it is done
  if (child !== undefined && (await isProcess(child.pid, child.startedAtMs))) endGroup(child.pid, 'SIGKILL');
}

function parseChild(text: string): { readonly pid: number; readonly startedAtMs: number } | undefined {
  const numbers = /^\{"pid":(\d+),"startedAtMs":(\d+(?:\.\d+)?)\}$/.exec(text);
  return numbers === null ? undefined : { pid: Number(numbers[1]), startedAtMs: Number(numbers[2]) };
}

async function renameIfThere(from: string, to: string): Promise<boolean> {
  try {
    await renamePatiently(from, to);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

function ignoreMissing(error: unknown): string[] {
  if (isMissing(error)) return [];
  throw error;
}
