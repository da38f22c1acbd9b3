/** Finds what ships with Temper, wherever in the package the running bundle lies. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder whose package.json is named "temper": the nearest above the running file. Throws outside of one. */
export function packageRoot(): string {
  for (let folder = __dirname; ; folder = dirname(folder)) {
    if (isTemperPackage(join(folder, 'package.json'))) return folder;
    if (dirname(folder) === folder) throw new Error(`No package.json named "temper" in ${__dirname} or above it.`);
  }
}

/** The path of a built file in `dist/`. Throws with the remedy when it is not there. */
export function assetPath(name: string): string {
  const path = join(packageRoot(), 'dist', name);
  if (existsSync(path)) return path;
  throw new Error(`${path} is missing; run "npm run build".`);
}

export function temperVersion(): string {
  return readManifest(join(packageRoot(), 'package.json'))?.version ?? 'unknown';
}

function isTemperPackage(path: string): boolean {
  return existsSync(path) && readManifest(path)?.name === 'temper';
}

function readManifest(path: string): { readonly name?: string; readonly version?: string } | undefined {
  return JSON.parse(readFileSync(path, 'utf8')) as { name?: string; version?: string } | undefined; // npm's own manifests have strings here
}
