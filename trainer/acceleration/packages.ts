/** The packages behind the accelerators: pinned, because each was tried in this version, and what each needs of a machine. */
import type { Accelerator } from '../../protocol';

export interface AcceleratorPackage {
  readonly name: string;
  readonly version: string;
  /** `platform-architecture`, as Node names them, for which its authors publish binaries. */
  readonly targets: readonly string[];
  /** The oldest glibc that its binaries load with, where that matters. */
  readonly minimumGlibc: string | undefined;
  /** Whether npm has to run its install script for it to work. */
  readonly needsInstallScript: boolean;
  readonly source: string;
  /** While it is being installed, the archive beside what was unpacked. */
  readonly diskBytes: number;
}

const tensorflowSource = 'the npm registry (the package) and storage.googleapis.com (the TensorFlow library)';

export const acceleratorPackages: Readonly<Record<Accelerator, AcceleratorPackage>> = {
  'tensorflow-gpu': {
    name: '@tensorflow/tfjs-node-gpu',
    version: '4.22.0',
    targets: ['linux-x64', 'win32-x64'],
    minimumGlibc: undefined,
    needsInstallScript: true,
    source: tensorflowSource,
    diskBytes: 2_000_000_000,
  },
  tensorflow: {
    name: '@tensorflow/tfjs-node',
    version: '4.22.0',
    targets: ['linux-x64', 'darwin-x64', 'darwin-arm64', 'win32-x64'],
    minimumGlibc: undefined,
    needsInstallScript: true,
    source: tensorflowSource,
    diskBytes: 900_000_000,
  },
  webgpu: {
    name: 'webgpu',
    version: '0.6.2',
    targets: ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64', 'win32-x64', 'win32-arm64'],
    minimumGlibc: '2.34',
    needsInstallScript: false,
    source: 'the npm registry',
    diskBytes: 200_000_000,
  },
};

/** What libtensorflow 2.9 loads when it computes with CUDA, named as the loader is asked for them. */
export function cudaLibraries(platform: NodeJS.Platform): readonly string[] {
  return platform === 'win32' ? cudaLibrariesOnWindows : cudaLibrariesOnLinux;
}

const cudaLibrariesOnLinux = [
  'libcudart.so.11.0',
  'libcublas.so.11',
  'libcublasLt.so.11',
  'libcufft.so.10',
  'libcurand.so.10',
  'libcusolver.so.11',
  'libcusparse.so.11',
  'libcudnn.so.8',
];

const cudaLibrariesOnWindows = [
  'cudart64_110.dll',
  'cublas64_11.dll',
  'cublasLt64_11.dll',
  'cufft64_10.dll',
  'curand64_10.dll',
  'cusolver64_11.dll',
  'cusparse64_11.dll',
  'cudnn64_8.dll',
];

/** The oldest NVIDIA driver that runs programs made for CUDA 11 (NVIDIA, CUDA compatibility guide, table of minor versions). */
export function minimumDriver(platform: NodeJS.Platform): string {
  return platform === 'win32' ? '452.39' : '450.80.02';
}

/** Dotted numbers, compared number by number: 450.80.02 is older than 535.54. */
export function isOlder(version: string, than: string): boolean {
  const [left, right] = [version, than].map((text) => text.split('.').map(Number));
  if (left === undefined || right === undefined) return false;
  const place = right.findIndex((number, index) => number !== (left[index] ?? 0));
  return place >= 0 && (left[place] ?? 0) < (right[place] ?? 0);
}
