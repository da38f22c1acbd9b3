/**
 * Where accelerators lie: packages that are no part of Temper and may be installed on request. One folder each in Temper's
 * storage, or the user's own project. A folder under its final name is complete: the installer renames last.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../inputs/assets';
import { accelerators, type Accelerator } from '../../protocol';

/** The folders to look for a package in, in order: the user's project, Temper's storage, beside Temper. */
export function accelerationPlaces(projectDir: string): string[] {
  const installed = accelerators.map((name) => acceleratorDir(name)).filter((dir) => existsSync(dir));
  return [...new Set([projectDir, ...installed, packageRoot()])];
}

/** The file that `require` would load for the package, from the first of the folders that has it. */
export function findPackage(name: string, places: readonly string[]): string | undefined {
  return places.map((place) => resolveFrom(name, place)).find((path) => path !== undefined);
}

function resolveFrom(name: string, dir: string): string | undefined {
  if (!existsSync(dir)) return undefined;
  try {
    return createRequire(join(dir, 'package.json')).resolve(name);
  } catch {
    return undefined; // not installed there
  }
}

/** Exists once the accelerator was installed and passed its self-test. */
export function acceleratorDir(name: Accelerator, storageDir = accelerationStorage()): string {
  return join(accelerationRoot(storageDir), name);
}

/** Holds one folder per accelerator, and folders that begin with a dot while one is being installed. */
export function accelerationRoot(storageDir: string): string {
  return join(storageDir, 'acceleration');
}

/** The editor names its own storage; a terminal uses the folder where this system keeps a program's data. */
export function accelerationStorage(
  environment: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  const named = environment['TEMPER_ACCELERATION_DIR'];
  if (named !== undefined && named !== '') return named;
  if (platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'Temper');
  if (platform === 'win32') return join(environment['LOCALAPPDATA'] ?? join(homedir(), 'AppData', 'Local'), 'Temper');
  return join(environment['XDG_DATA_HOME'] ?? join(homedir(), '.local', 'share'), 'temper');
}
