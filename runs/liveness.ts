/**
 * Whether somebody is running a run: decided from the heartbeat file, which the trainer touches every second and which
 * names its process, and from that process itself where it is on this machine. Nothing here assumes one platform.
 */
import { utimesSync, writeFileSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import type { RunRecord } from '../protocol';
import { runPaths } from './paths';
import { lookUpProcess, processExists } from './look-up-process';

export type RunProcess = RunRecord['process'];

const beatMs = 1000;
/** A training step may keep the trainer's thread busy for seconds, so silence alone proves nothing earlier than this. */
const freshMs = 15_000;
/** Where the process cannot be looked up: clocks of two machines differ, shared disks cache. */
const patienceMs = 60_000;
/** `ps` counts in seconds, and node starts counting only after the loader is done. */
const startToleranceMs = 5_000;

/** Taken when this file is loaded, which is early, so that a clock set later does not move it. */
const startedAtMs = Math.round(Date.now() - process.uptime() * 1000);

export function currentProcess(): RunProcess {
  return { host: hostname(), pid: process.pid, startedAtMs };
}

/** Names this process as the one that runs it. */
export function writeHeartbeat(runDir: string): void {
  writeFileSync(runPaths(runDir).heartbeat, JSON.stringify(currentProcess()));
}

/** Beats every second from now on, without keeping the process alive for it. */
export function startHeartbeat(runDir: string): { stop(): void } {
  writeHeartbeat(runDir);
  const timer = setInterval(() => {
    beat(runDir);
  }, beatMs);
  timer.unref();
  return {
    stop: () => {
      clearInterval(timer);
    },
  };
}

/** `record` may be missing: the heartbeat says more, because a resumed run has another process than run.json names. */
export async function isAlive(runDir: string, record: Pick<RunRecord, 'process'> | undefined, nowMs: number): Promise<boolean> {
  const heartbeat = await readHeartbeat(runPaths(runDir).heartbeat);
  const runner = heartbeat.process ?? record?.process;
  if (runner === undefined) return false;
  const ageMs = nowMs - heartbeat.touchedAtMs;
  if (runner.host !== hostname()) return ageMs < patienceMs;
  if (!processExists(runner.pid)) return false;
  if (ageMs < freshMs) return true;
  const found = await lookUpProcess(runner.pid);
  if (found.kind === 'gone') return false;
  return found.kind === 'unknown' ? ageMs < patienceMs : Math.abs(found.startedAtMs - runner.startedAtMs) <= startToleranceMs;
}

/** `undefined` when there is no such process, or this machine does not say. */
export async function processStartedAtMs(pid: number): Promise<number | undefined> {
  const found = await lookUpProcess(pid);
  return found.kind === 'running' ? found.startedAtMs : undefined;
}

function beat(runDir: string): void {
  const file = runPaths(runDir).heartbeat;
  try {
    const now = new Date();
    utimesSync(file, now, now);
  } catch {
    restoreHeartbeat(runDir);
  }
}

function restoreHeartbeat(runDir: string): void {
  try {
    writeHeartbeat(runDir);
  } catch {
    // Folder deleted, disk full or unplugged: readers see the silence. A timer must not end a run that still computes.
  }
}

interface Heartbeat {
  readonly process: RunProcess | undefined;
  /** 0 when there is none. */
  readonly touchedAtMs: number;
}

async function readHeartbeat(file: string): Promise<Heartbeat> {
  try {
    const { mtimeMs } = await stat(file);
    return { process: parseProcess(await readFile(file, 'utf8')), touchedAtMs: mtimeMs };
  } catch {
    return { process: undefined, touchedAtMs: 0 }; // none yet, or not readable: as good as silent
  }
}

function parseProcess(text: string): RunProcess | undefined {
  const found: unknown = JSON.parse(text);
  if (typeof found !== 'object' || found === null) return undefined;
  if (!('host' in found && 'pid' in found && 'startedAtMs' in found)) return undefined;
  const { host, pid, startedAtMs: started } = found;
  if (typeof host !== 'string' || typeof pid !== 'number' || typeof started !== 'number') return undefined;
  return { host, pid, startedAtMs: started };
}
