/** `temper accelerate`, from the bundle, with a real npm and a registry on this machine: what it prints is a promise. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../inputs/assets';
import { installProgressSchema } from '../../protocol';
import { packages } from '../trainer/acceleration/fake-packages';
import { environmentOf, FakeRegistry, hasNpm } from '../trainer/acceleration/fake-registry';
import { temporaryFolder } from '../trainer/tiny-training';
import { collect, temper, waitUntil } from './tiny-project';

/** Where it has binaries; elsewhere the command refuses, rightly. */
const canHaveTensorFlow = ['linux-x64', 'darwin-x64', 'darwin-arm64', 'win32-x64'].includes(
  `${process.platform}-${process.arch}`,
);

describe('temper accelerate', function () {
  this.timeout(120_000);
  const registry = new FakeRegistry();
  const folder = temporaryFolder('accelerate-cli');
  const dir = join(folder.path, 'storage', 'acceleration', 'tensorflow');

  before(() => registry.start());
  after(() => {
    registry.stop();
    folder.remove();
  });

  function start(...args: string[]): ChildProcess {
    return startTemper('accelerate', ...args);
  }

  function startTemper(...args: string[]): ChildProcess {
    return spawn(process.execPath, [join(packageRoot(), 'bin', 'temper.cjs'), ...args], {
      cwd: folder.path,
      env: environmentOf(registry, folder.path),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  describe('with an npm', function () {
    before(function () {
      if (hasNpm() && canHaveTensorFlow) return;
      console.log('      skipped: there is no npm on the PATH, or no TensorFlow for this system');
      this.skip();
    });

    it('prints what npm says, progress, and as its result what a run would use now', async () => {
      registry.serve(packages.working('cli'));
      const { code, lines, last, stderr } = await collect(start('tensorflow', '--json'));
      assert.deepEqual([code, stderr], [0, ''], JSON.stringify(last));
      assert.ok(lines.some(({ kind, text }) => kind === 'output' && text === '* Downloading nothing'));
      const progress = lines.filter(({ kind }) => kind === 'progress').map((line) => installProgressSchema.parse(line));
      assert.equal(progress.at(-1)?.phase, 'self-test');
      const { bytes, ...rest } = last;
      assert.deepEqual(rest, { kind: 'result', accelerator: 'tensorflow', version: '4.22.0', dir, chosen: 'tensorflow' });
      assert.ok(Number(bytes) > 500);
    });

    it('leaves something that every other command uses', async () => {
      const { lines, last } = await collect(startTemper('doctor', '--json'));
      assert.equal(last['chosen'], 'tensorflow');
      const report = lines.find(({ kind, name }) => kind === 'accelerator' && name === 'tensorflow');
      assert.deepEqual([report?.['state'], report?.['isInstalled']], ['usable', true]);
    });

    it('tests what lies in a folder, with --test', async () => {
      const good = await collect(start('tensorflow', '--test', dir, '--json'));
      assert.deepEqual([good.code, Object.keys(good.last).sort()], [0, ['accelerator', 'dir', 'kind', 'reason']]);
      const bad = await collect(start('tensorflow', '--test', folder.path, '--json'));
      assert.deepEqual([bad.code, bad.last['code']], [1, 'backend-missing']);
      assert.match(String(bad.last['message']), /@tensorflow\/tfjs-node is not in /);
    });

    it('ends with an error line when it fails, and with words and npm’s own in a terminal', async () => {
      registry.serve(packages.failingScript());
      const { code, last } = await collect(start('tensorflow', '--json'));
      assert.deepEqual([code, last.kind, last['code']], [1, 'error', 'install-failed']);
      assert.deepEqual(Object.keys(last).sort(), ['code', 'hint', 'kind', 'message']);
      const inWords = await collect(start('tensorflow'));
      assert.deepEqual([inWords.code, inWords.stdout], [1, '']);
      assert.match(inWords.stderr, /gyp ERR! find Python[\s\S]*Error: @tensorflow\/tfjs-node@4\.22\.0 could not be installed/);
    });

    it('cancels at the first Ctrl-C, and is gone without a trace at the second', async function () {
      if (process.platform === 'win32') this.skip(); // signals end a process there without asking
      const pidFile = join(folder.path, 'pid');
      registry.serve(packages.endless(pidFile));
      const child = start('tensorflow', '--json');
      const ended = collect(child);
      await waitUntil(() => existsSync(pidFile), 'the install script runs');
      child.kill('SIGINT');
      await new Promise((resume) => setTimeout(resume, 300));
      child.kill('SIGINT');
      assert.equal((await ended).code, 130);
      assert.deepEqual(readdirSync(join(dir, '..')), ['tensorflow'], 'the old one stays');
    });

    it('removes it again, and says when there is none', async () => {
      const removed = await collect(start('tensorflow', '--remove', '--json'));
      assert.deepEqual([removed.code, removed.last], [0, { kind: 'result', accelerator: 'tensorflow', dir, removed: true }]);
      assert.equal(existsSync(dir), false);
      const again = await collect(start('tensorflow', '--remove', '--json'));
      assert.deepEqual([again.code, again.last['removed']], [0, false]);
    });

    it('refuses what cannot work here before it downloads anything', async function () {
      const downloads = registry.downloads;
      const { lines } = await temper(['doctor', '--json']);
      const impossible = lines.find(({ kind, state }) => kind === 'accelerator' && state === 'impossible');
      if (impossible === undefined) this.skip(); // a machine that can have everything
      const { code, last } = await collect(start(String(impossible['name']), '--json'));
      assert.deepEqual([code, last['code']], [1, 'install-failed']);
      assert.ok(String(last['message']).includes(String(impossible['message'])), String(last['message']));
      assert.equal(registry.downloads, downloads);
    });
  });

  const misuse: [string, string[], RegExp][] = [
    ['no name', [], /takes one name/],
    ['two names', ['webgpu', 'tensorflow'], /takes one name/],
    ['an unknown name', ['cuda'], /There is no accelerator "cuda"\. Known: tensorflow-gpu, tensorflow, webgpu/],
    ['two wishes', ['webgpu', '--remove', '--test', '.'], /exclude each other/],
  ];
  for (const [what, args, message] of misuse) {
    it(`refuses ${what} with exit code 2`, async () => {
      const { code, last } = await collect(start(...args, '--json'));
      assert.deepEqual([code, last['code']], [2, 'bad-usage']);
      assert.match(String(last['message']), message);
    });
  }
});
