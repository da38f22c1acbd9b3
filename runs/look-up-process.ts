/**
 * Finds out whether a process is there and when it started, so that a number that the system gave to somebody else is
 * not taken for the trainer. Each platform is asked in its own way; where none answers, the answer is `unknown`.
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

export type FoundProcess =
  { readonly kind: 'running'; readonly startedAtMs: number } | { readonly kind: 'gone' } | { readonly kind: 'unknown' };

/** The unit of /proc's times: 100 on every architecture that Node runs on (USER_HZ, not the kernel's own rate). */
const ticksPerSecond = 100;
const askMs = 5000;
const run = promisify(execFile);

/** One system call. `true` also for a dead process whose parent has not collected it. */
export function processExists(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false; // 0 and negative numbers would mean a group
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'; // somebody else's, so it is there
  }
}

export async function lookUpProcess(pid: number, platform: NodeJS.Platform = process.platform): Promise<FoundProcess> {
  if (!processExists(pid)) return { kind: 'gone' };
  try {
    if (platform === 'linux') return await readProc(pid);
    return platform === 'win32' ? await askPowerShell(pid) : await askPs(pid);
  } catch {
    return { kind: 'unknown' }; // no /proc, no ps, no PowerShell, no permission: the heartbeat has to decide
  }
}

/** /proc/<pid>/stat: `pid (any name) state …`, where field 22 is the start in ticks since boot. */
async function readProc(pid: number): Promise<FoundProcess> {
  const [ownStat, systemStat] = await Promise.all([readFile(`/proc/${pid}/stat`, 'utf8'), readFile('/proc/stat', 'utf8')]);
  const fields = ownStat.slice(ownStat.lastIndexOf(')') + 2).split(' '); // a name may hold spaces and brackets
  const bootSeconds = Number(/^btime (\d+)$/m.exec(systemStat)?.[1]);
  return describe(fields[0] ?? '', (bootSeconds + Number(fields[22 - 3]) / ticksPerSecond) * 1000);
}

/** macOS and the BSDs: `S+   Sun Nov 22 20:31:45 2026`. */
async function askPs(pid: number): Promise<FoundProcess> {
  const env = { ...process.env, LC_ALL: 'C', TZ: 'UTC' };
  const { stdout } = await run('ps', ['-o', 'stat=', '-o', 'lstart=', '-p', String(pid)], { env, timeout: askMs });
  const [state = '', ...date] = stdout.trim().split(/\s+/);
  return describe(state, Date.parse(`${date.join(' ')} UTC`));
}

async function askPowerShell(pid: number): Promise<FoundProcess> {
  const script = `(Get-Process -Id ${pid}).StartTime.ToUniversalTime().ToString('o')`;
  const options = { timeout: askMs, windowsHide: true };
  const { stdout } = await run('powershell.exe', ['-NoProfile', '-NonInteractive', '-Command', script], options);
  return describe('', Date.parse(stdout.trim()));
}

/** Zombies (Z) and the dead (X) have ended, though nobody has collected them: in a container nobody may ever do so. */
function describe(state: string, startedAtMs: number): FoundProcess {
  if (state.startsWith('Z') || state.startsWith('X')) return { kind: 'gone' };
  return Number.isNaN(startedAtMs) ? { kind: 'unknown' } : { kind: 'running', startedAtMs };
}
