/** Runs a few lines of TypeScript against the sources of this project in a real child process. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type * as Esbuild from 'esbuild';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

/** Tests run in the repository root; esbuild is required there at run time, so that no bundle swallows it. */
const root = process.cwd();
const started: ChildProcess[] = [];
const esbuild = createRequire(join(root, 'package.json'))('esbuild') as typeof Esbuild; // require() is untyped

/** The lines may import from '../../runs/…'. Resolves when the child has printed `ready`. Whoever starts calls `killScripts`. */
export async function startScript(lines: string, args: readonly string[]): Promise<ChildProcess> {
  const script = join(mkdtempSync(join(tmpdir(), 'temper-script-')), 'script.cjs');
  const built = esbuild.buildSync({
    stdin: { contents: lines, resolveDir: resolve(root, 'test/runs'), loader: 'ts' },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    write: false,
  });
  writeFileSync(script, built.outputFiles[0]?.contents ?? '');
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  started.push(child);
  await once(child.stdout, 'data');
  rmSync(dirname(script), { recursive: true }); // node has read it
  return child;
}

/** For `afterEach`: also a test that failed leaves no child behind. */
export async function killScripts(): Promise<void> {
  for (const child of started.splice(0)) await kill(child);
}

export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}
