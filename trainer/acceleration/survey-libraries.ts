/** Finds shared libraries by looking where the system's loader looks, and where people keep them although it does not look there. */
import { posix, win32 } from 'node:path';
import type { Probe } from './probe';

export type Library =
  | { readonly kind: 'loadable'; readonly name: string; readonly path: string }
  /** On the disk, but not where the loader looks. */
  | { readonly kind: 'outside'; readonly name: string; readonly path: string }
  | { readonly kind: 'missing'; readonly name: string };

/** What an answer costs: listing each folder of the loader's path once. */
export async function findLibraries(probe: Probe, names: readonly string[]): Promise<Library[]> {
  const [inside, outside] = await Promise.all([listLoaderPaths(probe), listFolders(probe, await foldersOutside(probe))]);
  return names.map((name) => {
    const key = keyOf(name, probe.platform);
    const [loadable, elsewhere] = [inside.get(key), outside.get(key)];
    if (loadable !== undefined) return { kind: 'loadable', name, path: loadable };
    return elsewhere === undefined ? { kind: 'missing', name } : { kind: 'outside', name, path: elsewhere };
  });
}

/** Library name to path; of two with one name the loader takes the first. */
type Paths = ReadonlyMap<string, string>;

async function listLoaderPaths(probe: Probe): Promise<Paths> {
  if (probe.platform === 'win32') return listFolders(probe, windowsFolders(probe));
  const named = await listFolders(probe, splitFolders(probe.environment['LD_LIBRARY_PATH'], ':'));
  const [cached, standard] = await Promise.all([readLoaderCache(probe), listFolders(probe, standardFolders(probe))]);
  return new Map([...standard, ...cached, ...named]); // the last one of a name wins
}

/** `ldconfig -p`: `	libz.so.1 (libc6,x86-64) => /lib/x86_64-linux-gnu/libz.so.1`. */
async function readLoaderCache(probe: Probe): Promise<Paths> {
  for (const command of ['ldconfig', '/sbin/ldconfig']) {
    const answer = await probe.run(command, ['-p']);
    if (answer.kind !== 'said') continue;
    const wanted = probe.architecture === 'arm64' ? 'AArch64' : 'x86-64';
    const lines = [...answer.text.matchAll(/^\s*(\S+) \(([^)]*)\) => (.+)$/gm)];
    const ours = lines.filter(([, , flags = '']) => flags.includes(wanted));
    return new Map(ours.reverse().map(([, name = '', , path = '']) => [name, path]));
  }
  return new Map();
}

function standardFolders(probe: Probe): string[] {
  const triple = probe.architecture === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu';
  return [`/lib/${triple}`, `/usr/lib/${triple}`, '/lib64', '/usr/lib64', '/lib', '/usr/lib'];
}

function windowsFolders({ environment }: Probe): string[] {
  const path = Object.entries(environment).find(([name]) => name.toUpperCase() === 'PATH')?.[1];
  return [win32.join(environment['SystemRoot'] ?? 'C:\\Windows', 'System32'), ...splitFolders(path, ';')];
}

/** Where the installers of CUDA and cuDNN, and conda, put them. */
async function foldersOutside(probe: Probe): Promise<string[]> {
  if (probe.platform === 'win32') return windowsToolkits(probe);
  const versions = (await probe.list('/usr/local')).filter((name) => name.startsWith('cuda'));
  const conda = probe.environment['CONDA_PREFIX'];
  return [...versions.map((name) => `/usr/local/${name}/lib64`), '/opt/cuda/lib64', ...(conda ? [`${conda}/lib`] : [])];
}

async function windowsToolkits(probe: Probe): Promise<string[]> {
  const programs = probe.environment['ProgramFiles'] ?? 'C:\\Program Files';
  const roots = [win32.join(programs, 'NVIDIA GPU Computing Toolkit', 'CUDA'), win32.join(programs, 'NVIDIA', 'CUDNN')];
  const versions = await Promise.all(
    roots.map(async (root) => (await probe.list(root)).map((name) => win32.join(root, name, 'bin'))),
  );
  return versions.flat();
}

async function listFolders(probe: Probe, dirs: readonly string[]): Promise<Paths> {
  const path = probe.platform === 'win32' ? win32 : posix;
  const inFolder = async (dir: string) =>
    (await probe.list(dir)).map((name) => [keyOf(name, probe.platform), path.join(dir, name)] as const);
  const listed = await Promise.all(dirs.map(inFolder));
  return new Map(listed.reverse().flat()); // the last one of a name wins, so the first folder
}

function splitFolders(value: string | undefined, separator: string): string[] {
  return (value ?? '').split(separator).filter((dir) => dir !== '');
}

/** Windows does not tell upper from lower case. */
function keyOf(name: string, platform: NodeJS.Platform): string {
  return platform === 'win32' ? name.toLowerCase() : name;
}
