/** Machines that we do not have: what each of their programs, files and folders would answer. */
import { posix, win32 } from 'node:path';
import type { Answer, Probe } from '../../../trainer/acceleration/probe';
import type { Survey } from '../../../trainer/acceleration/survey';

export interface Machine {
  readonly platform?: NodeJS.Platform;
  readonly architecture?: string;
  readonly glibcVersion?: string | undefined;
  readonly environment?: NodeJS.ProcessEnv;
  /** What a program prints, by its name, or why it fails. Others are not there. */
  readonly programs?: Readonly<Record<string, string | { readonly fails: string }>>;
  /** Path to content. Folders are those that these paths imply. */
  readonly files?: Readonly<Record<string, string>>;
  readonly freeBytes?: number;
}

export function probeOf(machine: Machine): Probe {
  const { platform = 'linux', architecture = 'x64', environment = {}, programs = {}, files = {} } = machine;
  const path = platform === 'win32' ? win32 : posix;
  return {
    platform,
    architecture,
    nodeVersion: 'v24.1.0',
    electronVersion: undefined,
    environment,
    glibcVersion: 'glibcVersion' in machine ? machine.glibcVersion : '2.39',
    run: (command) => Promise.resolve(answer(programs[command])),
    readText: (file) => Promise.resolve(files[file]),
    list: (dir) => {
      const inside = Object.keys(files).filter((file) => file.startsWith(`${dir}${platform === 'win32' ? '\\' : '/'}`));
      const entries = inside.map((file) => {
        let entry = file;
        while (path.dirname(entry) !== dir) entry = path.dirname(entry);
        return path.basename(entry);
      });
      return Promise.resolve([...new Set(entries)]);
    },
    freeBytes: () => Promise.resolve(machine.freeBytes ?? 50e9),
  };
}

function answer(program: string | { readonly fails: string } | undefined): Answer {
  if (program === undefined) return { kind: 'absent' };
  return typeof program === 'string' ? { kind: 'said', text: program } : { kind: 'failed', reason: program.fails };
}

/** A machine on which everything can be installed, to take things away from. */
export const completeSurvey: Survey = {
  platform: 'linux',
  architecture: 'x64',
  glibcVersion: '2.39',
  nodeVersion: 'v24.1.0',
  electronVersion: undefined,
  gpus: [{ vendor: 'nvidia', name: 'NVIDIA H200', memoryBytes: 143_771 * 2 ** 20 }],
  nvidiaDriver: { kind: 'working', version: '550.54.15' },
  cuda: [
    { kind: 'loadable', name: 'libcudart.so.11.0', path: '/cuda/libcudart.so.11.0' },
    { kind: 'loadable', name: 'libcudnn.so.8', path: '/cuda/libcudnn.so.8' },
  ],
  vulkan: { kind: 'ready', loader: '/lib/libvulkan.so.1', drivers: ['nvidia_icd.json'] },
  npm: { kind: 'found', version: '11.0.0', command: 'npm', leadingArguments: [] },
  freeBytes: 50e9,
  storageDir: '/home/me/temper',
  installed: [],
};
