/** Starts a trainer that outlives the window and this process. From then on its folder is all we know of it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { open, readFile, rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RunFailure } from '../../protocol';
import { isMissing, runPaths } from '../../runs/paths';
import { reserveRunDir } from '../../runs/reserve-run-dir';
import { messages } from '../messages';
import { findLastLine } from './json-lines';
import { failureOf } from './run-cli';
import { createChildEnvironment, type Runtime } from './runtime';

export interface TrainingRequest {
  readonly runtime: Runtime;
  readonly projectDir: string;
  /** 0 leaves it to the trainer. */
  readonly threads: number;
  /** The user has been asked: held-out rows may stand in the training rows. */
  readonly allowLeaks?: boolean;
}

/** The run's folder, as soon as the run has begun. Throws a `RunFailure` with the trainer's own words when it does not. */
export async function startTraining(request: TrainingRequest): Promise<string> {
  const runDir = await reserveRunDir(request.projectDir);
  const child = await spawnTrainer(request, runDir);
  const ended = waitForEnd(child);
  while (!existsSync(runPaths(runDir).record)) {
    const isOver = await Promise.race([ended, sleep(50, false)]);
    if (isOver && !existsSync(runPaths(runDir).record)) throw await explain(runDir);
  }
  return runDir;
}

async function spawnTrainer(
  { runtime, projectDir, threads, allowLeaks }: TrainingRequest,
  runDir: string,
): Promise<ChildProcess> {
  const leaks = allowLeaks === true ? ['--allow-leaks'] : [];
  const settings = threads > 0 ? ['--set', `threads=${threads}`] : [];
  const args = [runtime.cliFile, 'train', projectDir, '--run-id', basename(runDir), ...settings, ...leaks, '--json'];
  const log = await open(runPaths(runDir).log, 'a');
  try {
    const child = spawn(runtime.nodePath, args, {
      cwd: projectDir,
      env: createChildEnvironment(runtime),
      detached: true,
      windowsHide: true,
      stdio: ['ignore', log.fd, log.fd],
    });
    await once(child, 'spawn');
    child.unref();
    return child;
  } finally {
    await log.close();
  }
}

async function waitForEnd(child: ChildProcess): Promise<true> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return true;
}

/** The trainer's last line says why it refused. Then its folder holds nothing else, and goes. */
async function explain(runDir: string): Promise<Error> {
  const log = await readFile(runPaths(runDir).log, 'utf8').catch(ignoreMissing);
  const failure = failureOf(findLastLine(log, 'error'));
  if (failure === undefined) return new RunFailure(endedWithoutWord(runDir));
  await rm(runDir, { recursive: true, force: true });
  return failure;
}

function endedWithoutWord(runDir: string) {
  const file = runPaths(runDir).log;
  return { code: 'internal', message: messages.endedWithoutWord, hint: '', file } as const;
}

function ignoreMissing(error: unknown): string {
  if (isMissing(error)) return '';
  throw error;
}
