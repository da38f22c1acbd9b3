/**
 * Dawn and a Vulkan driver, where the tests may have them: TEMPER_WEBGPU_DIR is a folder in which `npm install webgpu` ran,
 * TEMPER_VULKAN_ICD the driver's JSON file (the system's own when unset). CONTRIBUTING.md says how to get both.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type * as Esbuild from 'esbuild';

/** Tests run in the repository root; esbuild is required there at run time, so that no bundle swallows it. */
const root = process.cwd();
const esbuild = createRequire(join(root, 'package.json'))('esbuild') as typeof Esbuild; // require() is untyped

export const webGpuDir = process.env['TEMPER_WEBGPU_DIR'] ?? '';
const driver = process.env['TEMPER_VULKAN_ICD'] ?? '';

/** What is missing to run anything on webgpu here, in words; empty when all is there. */
export function whatIsMissing(): string {
  if (webGpuDir === '') return 'TEMPER_WEBGPU_DIR names no folder with node_modules/webgpu';
  if (!existsSync(join(webGpuDir, 'node_modules', 'webgpu'))) return `${webGpuDir} has no node_modules/webgpu`;
  if (driver !== '' && !existsSync(driver)) return `TEMPER_VULKAN_ICD: there is no ${driver}`;
  return '';
}

export const environment: NodeJS.ProcessEnv = {
  ...process.env,
  ...(driver !== '' && { VK_ICD_FILENAMES: driver }),
  XDG_RUNTIME_DIR: process.env['XDG_RUNTIME_DIR'] ?? root, // Mesa asks for it on stderr
};

/** Bundles a script beside this file and runs it to its end. */
export async function runScript(name: string, args: readonly string[]): Promise<void> {
  const outfile = join(root, 'out', 'test', `webgpu-${name}.cjs`);
  await esbuild.build({
    entryPoints: [join(root, 'test/trainer/webgpu', `${name}.ts`)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    mainFields: ['module', 'main'],
    external: ['@tensorflow/tfjs-node', '@tensorflow/tfjs-node-gpu'],
  });
  const child = spawn(process.execPath, [outfile, ...args], { env: environment, stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null]; // child_process says so
  assert.equal(code, 0, `${name} ended with ${code ?? signal}:\n${stderr}`);
}
