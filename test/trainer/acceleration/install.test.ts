import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { assetPath } from '../../../inputs/assets';
import { RunFailure, type InstallProgress } from '../../../protocol';
import { processExists } from '../../../runs/look-up-process';
import { installAccelerator, type Installed } from '../../../trainer/acceleration/install';
import { acceleratorDir } from '../../../trainer/acceleration/places';
import { removeInstalled, sweep } from '../../../trainer/acceleration/staging';
import { temporaryFolder } from '../tiny-training';
import { packages } from './fake-packages';
import { environmentOf, FakeRegistry, hasNpm } from './fake-registry';

describe('installing an accelerator, with a real npm', function () {
  this.timeout(120_000);
  const registry = new FakeRegistry();
  let folder: ReturnType<typeof temporaryFolder>;
  let storageDir: string;
  let root: string;

  before(async function () {
    if (!hasNpm()) {
      console.log('      skipped: npm is not on the PATH');
      this.skip();
    }
    await registry.start();
  });
  after(() => registry.stop());
  beforeEach(() => {
    folder = temporaryFolder('accelerate');
    storageDir = join(folder.path, 'storage');
    root = join(storageDir, 'acceleration');
    writeFileSync(join(folder.path, 'npmrc'), '');
  });
  afterEach(() => folder.remove());

  const environment = () => environmentOf(registry, folder.path);

  interface Watching {
    readonly signal?: AbortSignal;
    readonly progress?: InstallProgress[];
    readonly output?: string[];
  }

  function install({ signal = new AbortController().signal, progress = [], output = [] }: Watching = {}): Promise<Installed> {
    return installAccelerator({
      name: 'tensorflow',
      storageDir,
      environment: environment(),
      signal,
      onProgress: (step) => progress.push(step),
      onOutput: (text) => output.push(text),
    });
  }

  /** The command itself, in a process that can be killed. */
  function startCommand(): ChildProcess {
    const args = [assetPath('temper.cjs'), 'accelerate', 'tensorflow', '--json'];
    return spawn(process.execPath, args, { env: environment(), stdio: ['ignore', 'ignore', 'inherit'] });
  }

  function label(): string {
    const dir = acceleratorDir('tensorflow', storageDir);
    return readFileSync(join(dir, 'node_modules', '@tensorflow', 'tfjs-node', 'label.txt'), 'utf8');
  }

  const entries = () => (existsSync(root) ? readdirSync(root) : []);

  /** Every file with its content: what "nothing was changed" is held to. */
  function snapshot(): Record<string, string> {
    if (!existsSync(root)) return {};
    const found = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    return Object.fromEntries(
      found.map((entry) => [join(entry.parentPath, entry.name), readFileSync(join(entry.parentPath, entry.name), 'utf8')]),
    );
  }

  async function appears(file: string): Promise<string> {
    for (let waits = 0; !existsSync(file) || readFileSync(file, 'utf8') === ''; waits++) {
      assert.ok(waits < 600, `waited in vain for ${file}`);
      await wait(50);
    }
    return readFileSync(file, 'utf8');
  }

  async function vanishes(pid: number): Promise<void> {
    for (let waits = 0; isRunning(pid); waits++) {
      assert.ok(waits < 200, `process ${pid} goes on`);
      await wait(50);
    }
  }

  it('downloads, runs the install script, tests it, and only then puts it in its place', async () => {
    registry.serve(packages.working('first'));
    const [progress, output]: [InstallProgress[], string[]] = [[], []];
    const installed = await install({ progress, output });
    assert.equal(installed.dir, join(root, 'tensorflow'));
    assert.equal(installed.version, '4.22.0');
    assert.ok(installed.bytes > 500);
    assert.deepEqual(entries(), ['tensorflow']);
    assert.equal(label(), 'first');
    const phases = progress.map(({ phase }) => phase).filter((phase, index, all) => phase !== all[index - 1]);
    assert.equal(phases.at(-1), 'self-test');
    assert.ok(phases.includes('build'), phases.join());
    assert.ok(output.some((line) => line.includes(registry.url)) && output.includes('* Downloading nothing'), output.join('\n'));
    assert.equal(existsSync(join(installed.dir, 'child.json')), false);
  });

  it('replaces an old one, and leaves nothing of it', async () => {
    registry.serve(packages.working('first'));
    await install();
    registry.serve(packages.working('second'));
    await install();
    assert.deepEqual([label(), entries()], ['second', ['tensorflow']]);
  });

  const failures: [string, () => void, RegExp, RegExp][] = [
    ['the registry does not have it', () => registry.serve(undefined), /does not have it .*404/s, /registry/],
    [
      'the connection is cut in the middle of the archive',
      () => registry.serve(packages.working('cut'), 'cut'),
      /(cut off or damaged|could not be reached)\. Nothing was changed/,
      /again|connection/i,
    ],
    [
      'the install script fails',
      () => registry.serve(packages.failingScript()),
      /no ready-made binary for this system/,
      /Python 3 and a C\+\+ compiler/,
    ],
    [
      'it does not load',
      () => registry.serve(packages.throwing()),
      /does not work here: libtensorflow\.so\.2: cannot open shared object file\. Nothing/,
      /temper doctor/,
    ],
    ['it takes its process with it', () => registry.serve(packages.crashing()), /self-test ended by SIGABRT/, /system/],
    ['it computes wrongly', () => registry.serve(packages.wrong()), /its self-test gave 7, 7 instead of 1, 2/, /temper doctor/],
  ];

  for (const [what, prepare, message, hint] of failures) {
    it(`says so and leaves nothing behind when ${what}`, async () => {
      prepare();
      const error = await failureOf(install());
      assert.match(error.message, message);
      assert.match(error.hint, hint);
      assert.equal(error.code, 'install-failed');
      assert.deepEqual(entries(), []);
    });

    it(`keeps the old one as it was when ${what}`, async () => {
      registry.serve(packages.working('old'));
      await install();
      const before = snapshot();
      prepare();
      await failureOf(install());
      assert.ok(Object.keys(before).length > 3);
      assert.deepEqual(snapshot(), before);
    });
  }

  it('names an unreachable server', async () => {
    const gone = { ...environment(), npm_config_registry: 'http://127.0.0.1:9' };
    const request = { name: 'tensorflow', storageDir, environment: gone, signal: new AbortController().signal } as const;
    const error = await failureOf(installAccelerator({ ...request, onProgress: () => undefined, onOutput: () => undefined }));
    assert.match(error.message, /127\.0\.0\.1:9 could not be reached/);
    assert.match(error.hint, /proxy/);
  });

  it('says that npm ran no script when the user forbids scripts and the package does not work without', async () => {
    writeFileSync(join(folder.path, 'npmrc'), 'ignore-scripts=true\n');
    registry.serve(packages.throwing());
    assert.match((await failureOf(install())).hint, /ignore-scripts/);
  });

  it('says that there is no npm, before it makes a folder', async () => {
    const request = { name: 'tensorflow', storageDir, signal: new AbortController().signal } as const;
    const nothing = { ...request, environment: { PATH: folder.path }, onProgress: () => undefined, onOutput: () => undefined };
    const error = await failureOf(installAccelerator(nothing));
    assert.match(error.message, /npm is not on the PATH/);
    assert.match(error.hint, /nodejs\.org/);
    assert.deepEqual(entries(), []);
  });

  it('ends everything that it started when it is cancelled, also what does not want to end', async () => {
    const pidFile = join(folder.path, 'pid');
    registry.serve(packages.working('old'));
    await install();
    const before = snapshot();
    registry.serve(packages.endless(pidFile));
    const abort = new AbortController();
    const cancelled = failureOf(install({ signal: abort.signal }));
    const pid = Number(await appears(pidFile));
    abort.abort();
    assert.match((await cancelled).message, /cancelled\. Nothing was changed/);
    assert.equal(isRunning(pid), false);
    assert.deepEqual(snapshot(), before);
  });

  it('can be cancelled while the registry is silent', async () => {
    registry.serve(packages.working('late'), 'stall');
    const abort = new AbortController();
    const downloads = registry.downloads;
    const cancelled = failureOf(install({ signal: abort.signal }));
    while (registry.downloads === downloads) await wait(20);
    abort.abort();
    assert.match((await cancelled).message, /cancelled/);
    assert.deepEqual(entries(), []);
  });

  it('lets one of two installers go on, and the other says who is at it', async () => {
    registry.serve(packages.working('once'));
    const outcomes = await Promise.allSettled([install(), wait(5).then(() => install())]);
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    assert.equal(refused.length, 1);
    const reason: unknown = refused[0]?.reason;
    assert.ok(reason instanceof RunFailure);
    assert.match(reason.message, new RegExp(`being installed already, by process ${process.pid}`));
    assert.deepEqual([label(), entries()], ['once', ['tensorflow']]);
  });

  it('sweeps what a killed installer left, and ends the npm that went on without it', async () => {
    const pidFile = join(folder.path, 'pid');
    registry.serve(packages.endless(pidFile));
    const command = startCommand();
    const pid = Number(await appears(pidFile));
    command.kill('SIGKILL');
    await once(command, 'close');
    assert.equal(entries().filter((name) => name.startsWith('.installing-')).length, 1);
    assert.equal(isRunning(pid), true, 'the orphan goes on');
    registry.serve(packages.working('after'));
    await install();
    await vanishes(pid);
    assert.deepEqual([label(), entries()], ['after', ['tensorflow']]);
  });

  it('cleans up when its own process is asked to end', async function () {
    if (process.platform === 'win32') this.skip(); // signals end a process there without asking
    const pidFile = join(folder.path, 'pid');
    registry.serve(packages.endless(pidFile));
    const command = startCommand();
    const pid = Number(await appears(pidFile));
    command.kill('SIGINT');
    const [code] = (await once(command, 'close')) as [number | null]; // child_process says so
    assert.equal(code, 1);
    assert.equal(isRunning(pid), false);
    assert.deepEqual(entries(), []);
  });

  describe('the folders', () => {
    const dead = '1-999999999-1-somewhere';

    it('puts an old one back that a killed installer had set aside', async () => {
      mkdirSync(join(root, `.replaced-tensorflow-${dead}`), { recursive: true });
      writeFileSync(join(root, `.replaced-tensorflow-${dead}`, 'kept.txt'), 'old');
      await sweep(root);
      assert.deepEqual(entries(), ['tensorflow']);
      assert.equal(readFileSync(join(root, 'tensorflow', 'kept.txt'), 'utf8'), 'old');
    });

    it('removes the old one when the new one is in its place', async () => {
      for (const name of ['tensorflow', `.replaced-tensorflow-${dead}`, `.removed-webgpu-${dead}`, `.installing-webgpu-${dead}`])
        mkdirSync(join(root, name), { recursive: true });
      await sweep(root);
      assert.deepEqual(entries(), ['tensorflow']);
    });

    it('leaves alone what is not its own, and what another machine began today', async () => {
      const names = ['.DS_Store', 'notes', `.installing-tensorflow-${Date.now()}-1-1-another-machine`];
      for (const name of names) mkdirSync(join(root, name), { recursive: true });
      await sweep(root);
      assert.deepEqual(entries().sort(), names.sort());
    });

    it('removes an accelerator as a whole, and says whether there was one', async () => {
      mkdirSync(join(root, 'tensorflow', 'node_modules'), { recursive: true });
      assert.equal(await removeInstalled(root, 'tensorflow'), true);
      assert.deepEqual(entries(), []);
      assert.equal(await removeInstalled(root, 'tensorflow'), false);
    });
  });
});

async function failureOf(work: Promise<unknown>): Promise<RunFailure['error']> {
  const thrown: unknown = await work.then(
    () => assert.fail('it was installed'),
    (reason: unknown) => reason,
  );
  assert.ok(thrown instanceof RunFailure, String(thrown));
  return thrown.error;
}

/** A dead process that nobody has collected yet does not run. */
function isRunning(pid: number): boolean {
  if (!processExists(pid)) return false;
  if (process.platform !== 'linux' || !existsSync(`/proc/${pid}/stat`)) return true;
  return !/^\d+ \(.*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}
