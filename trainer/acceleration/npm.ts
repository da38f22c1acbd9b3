/** Finds the npm that a person has. Temper brings none: what it installs on request, it installs with theirs and their settings. */
import { win32 } from 'node:path';
import type { Probe, Refusal } from './probe';

export interface FoundNpm {
  readonly kind: 'found';
  readonly version: string;
  readonly command: string;
  /** Stand before npm's own arguments. */
  readonly leadingArguments: readonly string[];
}

export type Npm = FoundNpm | Refusal;

export async function findNpm(probe: Probe): Promise<Npm> {
  const caller = probe.platform === 'win32' ? await findOnWindows(probe) : { command: 'npm', leadingArguments: [] };
  if (caller === undefined) return { kind: 'absent' };
  const answer = await probe.run(caller.command, [...caller.leadingArguments, '--version', '--no-update-notifier']);
  return answer.kind === 'said' ? { kind: 'found', version: answer.text, ...caller } : answer;
}

/** There npm is a batch file, which only a shell can start. The script behind it needs none, and so no quoting. */
async function findOnWindows(probe: Probe): Promise<Pick<FoundNpm, 'command' | 'leadingArguments'> | undefined> {
  const path = Object.entries(probe.environment).find(([name]) => name.toUpperCase() === 'PATH')?.[1] ?? '';
  for (const dir of path.split(';').filter((entry) => entry !== '')) {
    const names = (await probe.list(dir)).map((name) => name.toLowerCase());
    if (!names.includes('npm.cmd')) continue;
    const script = win32.join(dir, 'node_modules', 'npm', 'bin', 'npm-cli.js');
    if ((await probe.readText(script)) === undefined) continue;
    return { command: names.includes('node.exe') ? win32.join(dir, 'node.exe') : 'node', leadingArguments: [script] };
  }
  return undefined;
}
