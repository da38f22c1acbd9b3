/** Puts what a survey found about the machine into words: one sentence for each thing, and what to do where something can be done. */
import type { Finding } from '../../protocol';
import { isOlder, minimumDriver } from './packages';
import type { Survey } from './survey';
import type { Gpu } from './survey-gpu';

/** One sentence about each thing that matters here: nothing about CUDA where there is no NVIDIA GPU. */
export function explainMachine(survey: Survey): Finding[] {
  const findings = [
    explainNode(survey),
    explainGpus(survey),
    explainDriver(survey),
    explainCuda(survey),
    explainVulkan(survey),
    explainNpm(survey),
    explainDisk(survey),
  ];
  return findings.filter((finding) => finding !== undefined);
}

/** How much is written, in the unit of shops and disks. */
export function formatGigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}

const found = (subject: Finding['subject'], message: string): Finding => ({
  kind: 'finding',
  subject,
  state: 'found',
  message,
});

function explainNode({ nodeVersion, electronVersion, platform, architecture, glibcVersion }: Survey): Finding {
  const owner = electronVersion === undefined ? '' : `, the one inside of the editor (Electron ${electronVersion})`;
  const library = platform !== 'linux' ? '' : glibcVersion === undefined ? ', not glibc' : `, glibc ${glibcVersion}`;
  return found('node', `Node ${nodeVersion.replace(/^v/, '')}${owner}, on ${platform}-${architecture}${library}.`);
}

function explainGpus({ gpus }: Survey): Finding {
  if (gpus.length > 0) return found('gpu', `${joinWords(gpus.map(describeGpu))}.`);
  return { kind: 'finding', subject: 'gpu', state: 'missing', message: 'No GPU was found; the processor computes.' };
}

function describeGpu({ name, memoryBytes }: Gpu): string {
  return memoryBytes === undefined ? name : `${name} with ${(memoryBytes / 2 ** 30).toFixed(1)} GiB`;
}

export function explainDriver(survey: Survey): Finding | undefined {
  const { nvidiaDriver: driver, platform } = survey;
  if (!hasNvidia(survey)) return undefined;
  const unsuitable = { kind: 'finding', subject: 'driver', state: 'unsuitable' } as const;
  switch (driver.kind) {
    case 'working': {
      if (!isOlder(driver.version, minimumDriver(platform))) return found('driver', `NVIDIA's driver ${driver.version} works.`);
      const message = `NVIDIA's driver ${driver.version} is too old: CUDA 11 needs ${minimumDriver(platform)} or newer.`;
      return { ...unsuitable, message, remedy: 'Update the driver: https://www.nvidia.com/drivers' };
    }
    case 'loaded':
      return {
        ...unsuitable,
        message: `NVIDIA's driver ${driver.version} is in the kernel, but its libraries and nvidia-smi are not here.`,
        remedy:
          'In a container, hand the GPU through ("docker run --gpus all"); elsewhere install the rest of the driver (nvidia-utils).',
      };
    case 'failing':
      return {
        ...unsuitable,
        message: `nvidia-smi fails: ${firstLine(driver.reason)}.`,
        remedy: 'Restart the machine if the driver was just updated; otherwise install the driver again.',
      };
    case 'absent':
      return {
        ...unsuitable,
        state: 'missing',
        message: "There is an NVIDIA GPU, but NVIDIA's driver is not installed.",
        remedy: 'Install the driver: https://www.nvidia.com/drivers',
      };
    default:
      return driver satisfies never;
  }
}

export function explainCuda(survey: Survey): Finding | undefined {
  const { cuda } = survey;
  if (!hasNvidia(survey) || cuda.length === 0) return undefined;
  const outside = cuda.filter((library) => library.kind === 'outside');
  const missing = cuda.filter(({ kind }) => kind === 'missing');
  if (outside.length + missing.length === 0)
    return found('cuda', `CUDA 11 and cuDNN 8: all ${cuda.length} libraries that TensorFlow loads are there.`);
  const sentences = [
    ...(missing.length > 0 ? [`TensorFlow needs CUDA 11 and cuDNN 8; not found: ${names(missing)}.`] : []),
    ...(outside.length > 0
      ? [`On the disk, but not where the system looks: ${outside.map(({ path }) => path).join(', ')}.`]
      : []),
  ];
  const remedy = [...(missing.length > 0 ? [installCuda] : []), ...(outside.length > 0 ? [widenPath(survey)] : [])].join(' ');
  return {
    kind: 'finding',
    subject: 'cuda',
    state: missing.length > 0 ? 'missing' : 'unsuitable',
    message: sentences.join(' '),
    remedy,
  };
}

const installCuda =
  'Install the CUDA Toolkit 11.2 or a later 11.x (https://developer.nvidia.com/cuda-toolkit-archive) and cuDNN 8 (https://developer.nvidia.com/cudnn-archive).';

function widenPath({ platform }: Survey): string {
  const variable = platform === 'win32' ? 'PATH' : 'LD_LIBRARY_PATH';
  return `Add these folders to ${variable}, then start the editor or the terminal anew.`;
}

export function explainVulkan({ vulkan }: Survey): Finding | undefined {
  switch (vulkan.kind) {
    case 'not-needed':
      return undefined;
    case 'ready':
      return found(
        'vulkan',
        `Vulkan with ${vulkan.drivers.length === 1 ? 'the driver' : 'drivers'} ${vulkan.drivers.join(', ')}.`,
      );
    case 'no-loader':
      return {
        kind: 'finding',
        subject: 'vulkan',
        state: 'missing',
        message: 'Vulkan, through which WebGPU computes, is not installed (libvulkan.so.1).',
        remedy: 'Install it: libvulkan1 on Debian and Ubuntu, vulkan-loader on Fedora, vulkan-icd-loader on Arch.',
      };
    case 'software':
      return {
        kind: 'finding',
        subject: 'vulkan',
        state: 'unsuitable',
        message: `Vulkan has no driver for a GPU, only ${joinWords(vulkan.drivers)}, which computes on the processor and slower than wasm.`,
        remedy: vulkanDrivers,
      };
    case 'no-driver':
      return {
        kind: 'finding',
        subject: 'vulkan',
        state: 'unsuitable',
        message: 'Vulkan is installed, but no driver for a GPU has announced itself to it (vulkan/icd.d).',
        remedy: vulkanDrivers,
      };
    default:
      return vulkan satisfies never;
  }
}

const vulkanDrivers =
  "Install your GPU's Vulkan driver: NVIDIA's comes with its driver, for AMD and Intel it is mesa-vulkan-drivers.";

export function explainNpm({ npm }: Survey): Finding {
  switch (npm.kind) {
    case 'found':
      return found('npm', `npm ${npm.version}.`);
    case 'absent':
      return {
        kind: 'finding',
        subject: 'npm',
        state: 'missing',
        message: 'npm, which installs accelerators, is not on the PATH.',
        remedy: 'Install Node.js, which brings npm (https://nodejs.org), then start the editor or the terminal anew.',
      };
    case 'failed':
      return {
        kind: 'finding',
        subject: 'npm',
        state: 'unsuitable',
        message: `npm, which installs accelerators, fails: ${firstLine(npm.reason)}.`,
        remedy: 'Install Node.js again (https://nodejs.org).',
      };
    default:
      return npm satisfies never;
  }
}

function explainDisk({ freeBytes, storageDir }: Survey): Finding {
  if (freeBytes !== undefined) return found('disk', `${formatGigabytes(freeBytes)} free in ${storageDir}.`);
  return { kind: 'finding', subject: 'disk', state: 'unknown', message: `How much is free in ${storageDir} cannot be told.` };
}

export function hasNvidia({ gpus, nvidiaDriver }: Survey): boolean {
  return nvidiaDriver.kind !== 'absent' || gpus.some(({ vendor }) => vendor === 'nvidia');
}

function names(libraries: readonly { readonly name: string }[]): string {
  return libraries.map(({ name }) => name).join(', ');
}

export function joinWords(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1) ?? ''}`;
}

function firstLine(text: string): string {
  return (text.split('\n')[0] ?? '').trim().replace(/\.$/, '');
}
