/** Takes a name for a new run by making its folder: two runs may start in one second, from the editor and a terminal. */
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { newRunId, runsDir } from './paths';

/** The folder, empty and this caller's alone: who makes it has it, and whoever comes second takes the next name. */
export async function reserveRunDir(projectDir: string): Promise<string> {
  const root = runsDir(projectDir);
  await mkdir(root, { recursive: true });
  for (;;) {
    const runDir = join(root, newRunId(Date.now(), await readdir(root)));
    if (await isMine(runDir)) return runDir;
  }
}

async function isMine(runDir: string): Promise<boolean> {
  try {
    await mkdir(runDir);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}
