/**
 * Installs an accelerator: npm downloads it into a folder beside its place, a self-test has to pass, one rename makes it the
 * accelerator. Until that rename nothing has changed; whatever fails, is cancelled or ends this process leaves nothing behind.
 */
import { rmSync } from 'node:fs';
import { lstat, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temperVersion } from '../../inputs/assets';
import type { Accelerator, InstallProgress } from '../../protocol';
import { endGroup, runGroup } from './child-group';
import { alreadyInstalling, cancelled, cannotInstall, describeNpmFailure } from './install-failures';
import { findNpm, type FoundNpm } from './npm';
import { acceleratorPackages } from './packages';
import { accelerationRoot, acceleratorDir } from './places';
import { createProbe } from './probe';
import { runSelfTest } from './self-test';
import { commit, createStaging, findEarlierInstaller, noteChild, removeFolder, sweep } from './staging';

export interface InstallRequest {
  readonly name: Accelerator;
  readonly storageDir: string;
  /** For npm: registry, proxy and cache are the user's own settings. */
  readonly environment: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  onProgress(progress: InstallProgress): void;
  /** Each line that npm and the install scripts print. */
  onOutput(text: string): void;
}

export interface Installed {
  readonly dir: string;
  readonly version: string;
  readonly bytes: number;
}

const progressEveryMs = 1000;

/** @throws RunFailure 'install-failed' or 'disk-full', with everything as it was before */
export async function installAccelerator(request: InstallRequest): Promise<Installed> {
  const { name, storageDir, signal } = request;
  const root = accelerationRoot(storageDir);
  await sweep(root);
  const npm = await requireNpm(request);
  const staging = await createStaging(root, name);
  const work = new Installation(request, npm, staging);
  try {
    const earlier = await findEarlierInstaller(staging, root, name);
    if (earlier !== undefined) throw alreadyInstalling(name, earlier.pid);
    const bytes = await work.run();
    if (signal.aborted) throw cancelled(name);
    await commit(staging, root, name);
    return { dir: acceleratorDir(name, storageDir), version: acceleratorPackages[name].version, bytes };
  } catch (thrown) {
    throw signal.aborted ? cancelled(name) : thrown;
  } finally {
    await removeFolder(staging); // gone already after the rename
    work.end();
  }
}

async function requireNpm({ name, environment }: InstallRequest): Promise<FoundNpm> {
  const npm = await findNpm(createProbe(environment));
  if (npm.kind === 'found') return npm;
  const reason = npm.kind === 'absent' ? 'npm is not on the PATH.' : `npm fails: ${npm.reason}`;
  throw cannotInstall(name, reason, 'Install Node.js, which brings npm: https://nodejs.org');
}

/** The steps up to the rename, and what is known while they run. */
class Installation {
  readonly #request: InstallRequest;
  readonly #npm: FoundNpm;
  readonly #staging: string;
  readonly #timer: NodeJS.Timeout;
  #phase: InstallProgress['phase'] = 'download';
  #message = '';
  #bytes = 0;
  #ranScript = false;
  #childPid: number | undefined;

  constructor(request: InstallRequest, npm: FoundNpm, staging: string) {
    this.#request = request;
    this.#npm = npm;
    this.#staging = staging;
    this.#timer = setInterval(() => void this.#measure(), progressEveryMs);
    process.on('exit', this.#endAtOnce);
  }

  /** The bytes that were installed. */
  async run(): Promise<number> {
    await this.#download();
    if (!this.#request.signal.aborted) await this.#test();
    await this.#measure();
    return this.#bytes;
  }

  end(): void {
    clearInterval(this.#timer);
    process.removeListener('exit', this.#endAtOnce);
  }

  async #download(): Promise<void> {
    const { name, environment, signal } = this.#request;
    const { name: packageName, version } = acceleratorPackages[name];
    const manifest = {
      private: true,
      allowScripts: { [packageName]: true },
      temper: { accelerator: name, version: temperVersion() },
    };
    await writeFile(join(this.#staging, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
    const args = [
      ...this.#npm.leadingArguments,
      'install',
      ...npmOptions,
      '--prefix',
      this.#staging,
      `${packageName}@${version}`,
    ];
    const outcome = await runGroup({ command: this.#npm.command, args, cwd: this.#staging, environment, ...this.#watch() });
    this.#childPid = undefined;
    if (!signal.aborted && outcome.code !== 0) throw describeNpmFailure(name, outcome);
  }

  async #test(): Promise<void> {
    this.#enter('self-test', 'Loading it and computing a gradient');
    await runSelfTest(this.#request.name, this.#staging, this.#ranScript, this.#watch());
    this.#childPid = undefined;
  }

  #watch() {
    return {
      signal: this.#request.signal,
      onStart: (pid: number) => {
        this.#childPid = pid;
        void noteChild(this.#staging, pid).catch(() => undefined); // only helps a later sweep
      },
      onLine: (line: string) => this.#hear(line),
    };
  }

  #hear(line: string): void {
    if (this.#phase === 'self-test' || line.trim() === '') return;
    this.#request.onOutput(line);
    if (/^> \S+ (?:pre|post)?install\b/.test(line)) this.#ranScript = true;
    this.#enter(phaseAfter(line, this.#phase), line.trim());
  }

  #enter(phase: InstallProgress['phase'], message: string): void {
    const isNews = phase !== this.#phase;
    this.#phase = phase;
    this.#message = message;
    if (isNews) this.#report();
  }

  async #measure(): Promise<void> {
    this.#bytes = await folderBytes(this.#staging);
    this.#report();
  }

  #report(): void {
    if (this.#request.signal.aborted) return;
    this.#request.onProgress({ kind: 'progress', phase: this.#phase, bytes: this.#bytes, message: this.#message });
  }

  /** This process ends in the middle of it: nothing can be awaited any more. */
  readonly #endAtOnce = () => {
    endGroup(this.#childPid, 'SIGKILL');
    rmSync(this.#staging, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  };
}

/** Of npm's settings only those that decide where it writes and how much it says. */
const npmOptions = [
  '--no-save',
  '--no-package-lock',
  '--no-global',
  '--no-audit',
  '--no-fund',
  '--no-update-notifier',
  '--no-progress',
  '--foreground-scripts',
  '--loglevel=http',
];

/** An install script may download once more (TensorFlow's library), and then build. */
function phaseAfter(line: string, phase: InstallProgress['phase']): InstallProgress['phase'] {
  if (/downloading/i.test(line)) return 'download';
  return /^> \S+ (?:pre|post)?install\b|\bbuilding\b/i.test(line) ? 'build' : phase;
}

/** What vanishes or cannot be read while it is counted, counts nothing. */
async function folderBytes(dir: string): Promise<number> {
  const entries = await readdir(dir, { withFileTypes: true }).catch(() => []);
  let bytes = 0;
  for (const entry of entries) {
    const path = join(dir, entry.name);
    bytes += entry.isDirectory()
      ? await folderBytes(path)
      : await lstat(path).then(
          ({ size }) => size,
          () => 0,
        );
  }
  return bytes;
}
