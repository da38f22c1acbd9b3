/** `temper accelerate`: installs a faster backend on request, or removes it. The one command that downloads. Ctrl-C cancels it. */
import { resolve } from 'node:path';
import { accelerators, isAccelerator, RunFailure, type Accelerator, type InstallProgress } from '../../../protocol';
import { findObstacles } from '../../acceleration/explain';
import { formatGigabytes } from '../../acceleration/explain-machine';
import { installAccelerator } from '../../acceleration/install';
import { cannotInstall } from '../../acceleration/install-failures';
import { acceleratorPackages } from '../../acceleration/packages';
import { accelerationRoot, accelerationStorage, acceleratorDir } from '../../acceleration/places';
import { createProbe } from '../../acceleration/probe';
import { testAccelerator } from '../../acceleration/self-test';
import { removeInstalled, sweep } from '../../acceleration/staging';
import { surveyMachine } from '../../acceleration/survey';
import { chooseBackend } from '../../backends/choose';
import { cancelOnSignal } from '../cancel-on-signal';
import { badUsage, type Command, type CommandArguments } from '../command';
import type { Output } from '../output';

const keptLines = 20;

export const accelerateCommand: Command = {
  name: 'accelerate',
  synopsis: `accelerate <${accelerators.join('|')}> [--remove | --test DIR]`,
  summary: 'Download a faster backend into Temper’s own storage and test it, or remove it. `temper doctor` says which ones fit.',
  options: { remove: { type: 'boolean' }, test: { type: 'string' } },
  async run(args, output) {
    const name = readName(args);
    const testDir = args.text('test');
    if (testDir !== undefined) return test(name, resolve(testDir), output);
    return args.flag('remove') ? remove(name, output) : install(name, output);
  },
};

function readName({ positionals, flag, text }: CommandArguments): Accelerator {
  const [name = '', ...more] = positionals;
  if (more.length > 0 || name === '') throw badUsage('accelerate takes one name.', accelerateCommand);
  if (flag('remove') && text('test') !== undefined) throw badUsage('--remove and --test exclude each other.', accelerateCommand);
  if (isAccelerator(name)) return name;
  throw badUsage(`There is no accelerator "${name}". Known: ${accelerators.join(', ')}.`, accelerateCommand);
}

async function install(name: Accelerator, output: Output): Promise<0> {
  const storageDir = accelerationStorage();
  await refuseWhatCannotWork(name, storageDir);
  output.say(`Downloading ${acceleratorPackages[name].name} from ${acceleratorPackages[name].source}.`);
  const cancelling = cancelOnSignal();
  try {
    const onProgress = (progress: InstallProgress) => report(progress, output);
    const onOutput = (text: string) => output.record({ kind: 'output', text });
    const request = { name, storageDir, environment: process.env, signal: cancelling.signal, onProgress, onOutput };
    const { dir, version, bytes } = await showingDetail(installAccelerator(request), output);
    const { name: chosen } = await chooseBackend({ backend: 'auto', threads: undefined, projectDir: resolve('.') });
    output.say(`${name} works, and is installed in ${dir} (${formatGigabytes(bytes)}). A run would use ${chosen} now.`);
    output.record({ kind: 'result', accelerator: name, version, dir, bytes, chosen });
    return 0;
  } finally {
    cancelling.remove();
  }
}

/** People in a terminal have no log: the end of what npm printed stands above the error. */
async function showingDetail<Result>(work: Promise<Result>, output: Output): Promise<Result> {
  try {
    return await work;
  } catch (thrown) {
    const detail = thrown instanceof RunFailure ? thrown.error.detail : undefined;
    if (detail !== undefined) output.say(detail.trim().split('\n').slice(-keptLines).join('\n'));
    throw thrown;
  }
}

/** All obstacles at once, and before anything is downloaded. */
async function refuseWhatCannotWork(name: Accelerator, storageDir: string): Promise<void> {
  const obstacles = findObstacles(name, await surveyMachine(createProbe(), storageDir));
  if (obstacles.length === 0) return;
  const remedies = obstacles.flatMap(({ remedy }) => remedy ?? []);
  const remedy = remedies.join(' ') || '`temper doctor` says what was found on this machine.';
  throw cannotInstall(name, obstacles.map(({ message }) => message).join(' '), remedy);
}

async function remove(name: Accelerator, output: Output): Promise<0> {
  const storageDir = accelerationStorage();
  await sweep(accelerationRoot(storageDir));
  const dir = acceleratorDir(name, storageDir);
  const removed = await removeInstalled(accelerationRoot(storageDir), name);
  output.say(removed ? `${name} was removed from ${dir}.` : `${name} is not installed in ${dir}: there was nothing to remove.`);
  output.record({ kind: 'result', accelerator: name, dir, removed });
  return 0;
}

async function test(name: Accelerator, dir: string, output: Output): Promise<0> {
  const reason = await testAccelerator(name, dir);
  output.say(`${name} in ${dir} works: ${reason}.`);
  output.record({ kind: 'result', accelerator: name, dir, reason });
  return 0;
}

function report(progress: InstallProgress, output: Output): void {
  const { phase, bytes, message } = progress;
  output.record(progress);
  output.progress(`${phase.padEnd(9)} ${(bytes / 1e6).toFixed(1).padStart(7)} MB  ${message}`);
}
