/** What this machine has for acceleration: read, never judged, and nothing is changed. `explain.ts` puts it into words. */
import { existsSync } from 'node:fs';
import { posix } from 'node:path';
import { accelerators, type Accelerator } from '../../protocol';
import { cudaLibraries } from './packages';
import { acceleratorDir } from './places';
import { findNpm, type Npm } from './npm';
import type { Probe } from './probe';
import { surveyGraphics, type Gpu, type NvidiaDriver } from './survey-gpu';
import { findLibraries, type Library } from './survey-libraries';

export type Vulkan =
  /** macOS and Windows bring an interface of their own that WebGPU uses. */
  | { readonly kind: 'not-needed' }
  | { readonly kind: 'no-loader' }
  | { readonly kind: 'no-driver'; readonly loader: string }
  /** All of them compute on the processor. */
  | { readonly kind: 'software'; readonly loader: string; readonly drivers: readonly string[] }
  | { readonly kind: 'ready'; readonly loader: string; readonly drivers: readonly string[] };

export interface Survey {
  readonly platform: NodeJS.Platform;
  readonly architecture: string;
  readonly glibcVersion: string | undefined;
  readonly nodeVersion: string;
  readonly electronVersion: string | undefined;
  readonly gpus: readonly Gpu[];
  readonly nvidiaDriver: NvidiaDriver;
  /** Every library that TensorFlow loads for CUDA. */
  readonly cuda: readonly Library[];
  readonly vulkan: Vulkan;
  readonly npm: Npm;
  readonly freeBytes: number | undefined;
  readonly storageDir: string;
  /** What Temper's storage holds. */
  readonly installed: readonly Accelerator[];
}

export async function surveyMachine(probe: Probe, storageDir: string): Promise<Survey> {
  const [graphics, cuda, vulkan, npm, freeBytes] = await Promise.all([
    surveyGraphics(probe),
    findLibraries(probe, probe.platform === 'darwin' ? [] : cudaLibraries(probe.platform)),
    surveyVulkan(probe),
    findNpm(probe),
    probe.freeBytes(storageDir),
  ]);
  const { platform, architecture, glibcVersion, nodeVersion, electronVersion } = probe;
  const installed = accelerators.filter((name) => existsSync(acceleratorDir(name, storageDir)));
  const system = { platform, architecture, glibcVersion, nodeVersion, electronVersion };
  return { ...system, ...graphics, cuda, vulkan, npm, freeBytes, storageDir, installed };
}

async function surveyVulkan(probe: Probe): Promise<Vulkan> {
  if (probe.platform !== 'linux') return { kind: 'not-needed' };
  const [[loader], drivers] = await Promise.all([findLibraries(probe, ['libvulkan.so.1']), listVulkanDrivers(probe)]);
  if (loader?.kind !== 'loadable') return { kind: 'no-loader' };
  if (drivers.length === 0) return { kind: 'no-driver', loader: loader.path };
  return { kind: drivers.every(isSoftware) ? 'software' : 'ready', loader: loader.path, drivers };
}

/** Mesa's lavapipe and Google's SwiftShader, by the names of their files. */
function isSoftware(driver: string): boolean {
  return /^(?:lvp|lavapipe|(?:vk_)?swiftshader)/.test(driver);
}

/** A driver announces itself by a JSON file (Vulkan loader, driver interface); variables replace the folders. */
async function listVulkanDrivers(probe: Probe): Promise<string[]> {
  const { VK_DRIVER_FILES: files, VK_ICD_FILENAMES: olderName, XDG_DATA_HOME: data, HOME: home } = probe.environment;
  const named = files ?? olderName;
  if (named !== undefined && named !== '') return named.split(':').map((path) => posix.basename(path));
  const user = data ?? (home === undefined ? undefined : `${home}/.local/share`);
  const roots = ['/etc', '/usr/local/share', '/usr/share', ...(user === undefined ? [] : [user])];
  const names = await Promise.all(roots.map((root) => probe.list(`${root}/vulkan/icd.d`)));
  return [...new Set(names.flat())].filter((name) => name.endsWith('.json'));
}
