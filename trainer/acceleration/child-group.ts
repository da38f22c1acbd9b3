/**
 * Runs a program together with whatever it starts, as one group: when it is no longer wanted, all of them end, and the
 * promise resolves only then. An install script must not go on writing into a folder that is being removed.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { LineSplitter } from '../../runs/line-splitter';

export interface GroupCall {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  readonly onStart: (pid: number) => void;
  readonly onLine: (line: string) => void;
}

export interface GroupOutcome {
  /** 0 only when it ended well by itself. */
  readonly code: number | null;
  readonly endedBy: NodeJS.Signals | null;
  /** The end of what it printed, on both streams. */
  readonly output: string;
}

const graceMs = 3000;
const keptCharacters = 20_000;

/** Rejects only when the program cannot be started. */
export function runGroup(call: GroupCall): Promise<GroupOutcome> {
  const child = spawn(call.command, call.args, {
    cwd: call.cwd,
    env: call.environment,
    detached: process.platform !== 'win32', // a group of its own, which Ctrl-C in the terminal does not reach
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
  });
  const output = collectOutput(child, call.onLine);
  const stopListening = endOnAbort(child, call.signal);
  return new Promise((resolve, reject) => {
    child.on('spawn', () => call.onStart(child.pid ?? 0));
    child.on('error', (error) => {
      stopListening();
      reject(error);
    });
    child.on('close', (code, endedBy) => {
      stopListening();
      if (code !== 0) endGroup(child.pid, 'SIGKILL'); // what it left running
      resolve({ code, endedBy, output: output() });
    });
  });
}

/** Returns at once; a group that is gone already is none of our business. */
export function endGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined || pid <= 0) return;
  try {
    if (process.platform === 'win32') execFileSync('taskkill', ['/pid', String(pid), '/T', '/F'], { stdio: 'ignore' });
    else process.kill(-pid, signal);
  } catch {
    // gone
  }
}

function collectOutput(child: ChildProcess, onLine: (line: string) => void): () => string {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    const splitter = new LineSplitter();
    stream?.on('data', (chunk: Buffer) => {
      text = (text + chunk.toString('utf8')).slice(-keptCharacters);
      for (const line of splitter.push(chunk)) onLine(line.trimEnd());
    });
  }
  return () => text;
}

/** Politely, then by force. */
function endOnAbort(child: ChildProcess, signal: AbortSignal): () => void {
  let force: NodeJS.Timeout | undefined;
  const end = () => {
    endGroup(child.pid, 'SIGTERM');
    force = setTimeout(() => endGroup(child.pid, 'SIGKILL'), graceMs);
  };
  if (signal.aborted) end();
  else signal.addEventListener('abort', end, { once: true });
  return () => {
    signal.removeEventListener('abort', end);
    clearTimeout(force);
  };
}
