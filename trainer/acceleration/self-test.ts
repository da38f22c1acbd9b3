/**
 * The self-test of an accelerator: it is loaded and has to compute a gradient that is known by hand. It runs in a process
 * of its own, because native code that does not fit the system takes its process with it.
 */
import { join, sep } from 'node:path';
import { realpath } from 'node:fs/promises';
import { assetPath } from '../../inputs/assets';
import { RunFailure, runErrorSchema, type Accelerator } from '../../protocol';
import { startBackend } from '../backends/choose';
import { runGroup, type GroupCall } from './child-group';
import { selfTestDied, selfTestFailed } from './install-failures';
import { acceleratorPackages } from './packages';
import { findPackage } from './places';

export type ChildWatch = Pick<GroupCall, 'signal' | 'onStart' | 'onLine'>;

/** Starts `temper accelerate <name> --test <dir>`. Resolves when it passed. @throws RunFailure with what it said */
export async function runSelfTest(name: Accelerator, dir: string, ranScript: boolean, watch: ChildWatch): Promise<void> {
  const args = [assetPath('temper.cjs'), 'accelerate', name, '--test', dir, '--json'];
  const environment = { ...process.env, TEMPER_ACCELERATION_DIR: join(dir, 'none') }; // only what lies in `dir` counts
  const outcome = await runGroup({ command: process.execPath, args, cwd: dir, environment, ...watch });
  if (watch.signal.aborted || outcome.code === 0) return;
  const said = outcome.output
    .split('\n')
    .filter((line) => line.startsWith('{"kind":"error"'))
    .at(-1);
  const error = said === undefined ? undefined : runErrorSchema.safeParse(parseJson(said)).data;
  throw error === undefined ? selfTestDied(name, outcome) : selfTestFailed(name, error.message, ranScript);
}

/** The test itself, in this process. What it says is the reason for people. @throws RunFailure 'backend-missing' */
export async function testAccelerator(name: Accelerator, dir: string): Promise<string> {
  const { name: packageName } = acceleratorPackages[name];
  await checkPlace(packageName, dir);
  const { usable, reason } = await startBackend(name, { backend: name, threads: undefined, projectDir: dir });
  if (!usable) throw failed(reason);
  return reason;
}

/** A copy elsewhere must not pass the test for this one. */
async function checkPlace(packageName: string, dir: string): Promise<void> {
  const found = findPackage(packageName, [dir]); // none: npm said it was installed, and it is not
  if (found === undefined || !(await realpath(found)).startsWith(`${await realpath(dir)}${sep}`))
    throw failed(`${packageName} is not in ${dir}`);
}

function failed(message: string): RunFailure {
  return new RunFailure({ code: 'backend-missing', message, hint: 'Install it again, or run `temper doctor`.' });
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined; // cut off when the process died
  }
}
