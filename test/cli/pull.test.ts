/** `temper pull`, from the bundle, with a Hub on this machine: what it prints is a promise, and what it fetched trains. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as http from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { packageRoot } from '../../inputs/assets';
import { pullPlanSchema, pullProgressSchema } from '../../protocol';
import { temporaryFolder } from '../trainer/temporary-folder';
import { FakeHub } from '../trainer/hub/fake-hub';
import { listFiles, noise } from '../trainer/hub/pulling';
import { collect, kindsOf, waitUntil, writeTinyProject } from './tiny-project';

const weights = noise(200_000);
const model = { 'config.json': '{"model_type":"bert"}', 'model.safetensors': weights, 'pytorch_model.bin': 'x' };
const totalBytes = weights.length + model['config.json'].length;

describe('temper pull', function () {
  this.timeout(60_000);
  const hub = new FakeHub();
  const folder = temporaryFolder('pull-cli');
  const cacheDir = join(folder.path, 'hf', 'hub');

  before(() => hub.start());
  beforeEach(() => {
    hub.reset();
    rmSync(join(folder.path, 'hf'), { recursive: true, force: true });
  });
  after(() => {
    hub.stop();
    folder.remove();
  });

  function start(args: readonly string[], environment: NodeJS.ProcessEnv = {}): ChildProcess {
    const inherited = Object.entries(process.env).filter(([name]) => !/^(?:HF_|HUGGING)/.test(name));
    return spawn(process.execPath, [join(packageRoot(), 'bin', 'temper.cjs'), ...args], {
      cwd: folder.path,
      env: { ...Object.fromEntries(inherited), HF_ENDPOINT: hub.url, HF_HOME: join(folder.path, 'hf'), ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }
  const temper = (args: readonly string[], environment?: NodeJS.ProcessEnv) => collect(start(args, environment));

  it('prints what it is going to fetch, how far it is, and where the model lies', async () => {
    const commit = hub.publish('org/model', model);
    const { code, lines, last, stderr } = await temper(['pull', 'org/model', '--json']);
    assert.deepEqual([code, stderr], [0, ''], JSON.stringify(last));
    const plan = pullPlanSchema.parse(lines[0]);
    assert.deepEqual([plan.model, plan.commit, plan.source, plan.totalBytes], ['org/model', commit, hub.url, totalBytes]);
    const progress = lines.filter(({ kind }) => kind === 'progress').map((line) => pullProgressSchema.parse(line));
    assert.equal(progress.at(-1)?.bytes, totalBytes);
    assert.deepEqual(Object.keys(lines[1] ?? {}).sort(), ['bytes', 'file', 'fileBytes', 'fileTotalBytes', 'kind', 'totalBytes']);
    const dir = join(cacheDir, 'models--org--model', 'snapshots', commit);
    assert.deepEqual(last, {
      kind: 'result',
      model: 'org/model',
      commit,
      dir,
      totalBytes,
      downloadedBytes: totalBytes,
      isComplete: true,
    });
    assert.deepEqual(readFileSync(join(dir, 'model.safetensors')), weights);
  });

  it('only says how much it is, with --dry-run', async () => {
    const commit = hub.publish('org/model', model, 'v2');
    const { code, lines, last } = await temper(['pull', 'org/model@v2', '--dry-run', '--json']);
    assert.deepEqual([code, lines.map(({ kind }) => kind)], [0, ['plan', 'result']]);
    const dir = join(cacheDir, 'models--org--model', 'snapshots', commit);
    assert.deepEqual(last, {
      kind: 'result',
      model: 'org/model@v2',
      commit,
      dir,
      totalBytes,
      downloadedBytes: 0,
      isComplete: false,
    });
    assert.equal(existsSync(cacheDir), false);
    assert.deepEqual(hub.downloadsOf(weights, 'model.safetensors'), []);
  });

  it('tells people the size, and what to write into temper.json', async () => {
    hub.publish('org/model', model);
    const { code, stdout, stderr } = await temper(['pull', 'org/model']);
    assert.deepEqual([code, stdout], [0, '']);
    assert.match(stderr, /^org\/model \([0-9a-f]{7}\) at http:\/\/127\.0\.0\.1:\d+: 2 files, 200\.0 kB\.\n/);
    assert.match(stderr, /In temper\.json: "model": "org\/model"\n$/);
    assert.match(
      (await temper(['pull', 'org/model'])).stderr,
      /2 files, 200\.0 kB, of which nothing is still to be downloaded\./,
    );
  });

  it('says that it tries again, and ends with an error line when that is no use', async () => {
    hub.publish('org/model', model);
    hub.fail('/revision/', { kind: 'status', status: 503 }, { kind: 'status', status: 503 });
    const outcome = await temper(['pull', 'org/model', '--dry-run', '--json']);
    assert.deepEqual([outcome.code, kindsOf(outcome)], [0, ['output', 'plan', 'result']]);
    assert.match(String(outcome.lines[1]?.['text']), /answered 503 Service Unavailable\. Trying again in 2\.0 s \(2 of 4\)/);
    const { code, lines, last } = await temper(['pull', 'org/model@v9', '--json']);
    assert.deepEqual([code, lines.length, last.kind, last['code']], [1, 1, 'error', 'download-failed']);
    assert.match(String(last['message']), /no revision "v9"/);
  });

  it('reads the token from HF_TOKEN, and from the file that hf auth login writes', async () => {
    hub.publish('org/model', model);
    hub.makePrivate('org/model', 'hf_secret');
    const denied = await temper(['pull', 'org/model', '--json']);
    assert.deepEqual([denied.code, denied.last['code']], [1, 'access-denied']);
    const named = await temper(['pull', 'org/model', '--dry-run', '--json'], { HF_TOKEN: 'hf_secret' });
    assert.equal(named.code, 0, named.stdout);
    mkdirSync(join(folder.path, 'hf'), { recursive: true });
    writeFileSync(join(folder.path, 'hf', 'token'), 'hf_secret');
    const filed = await temper(['pull', 'org/model', '--json']);
    assert.equal(filed.code, 0, filed.stdout);
    assert.ok(!`${denied.stdout}${named.stdout}${filed.stdout}${filed.stderr}`.includes('hf_secret'));
  });

  it('stops at Ctrl-C, and goes on from there the next time', async function () {
    if (process.platform === 'win32') this.skip(); // signals end a process there without asking
    hub.publish('org/model', model);
    hub.fail('/blobs/', { kind: 'slow', pieceBytes: 20_000, everyMs: 600 });
    const child = start(['pull', 'org/model', '--json']);
    const outcome = collect(child);
    const blobs = join(cacheDir, 'models--org--model', 'blobs');
    const isIncomplete = (name: string) => name.endsWith('.incomplete');
    const read = () =>
      existsSync(blobs)
        ? readdirSync(blobs)
            .filter(isIncomplete)
            .map((name) => readFileSync(join(blobs, name)).length)
        : [];
    await waitUntil(() => (read()[0] ?? 0) >= 40_000, 'some of it is there');
    child.kill('SIGINT');
    const { code, last } = await outcome;
    assert.deepEqual([code, last['code'], last['hint']], [1, 'download-failed', 'To go on: temper pull org/model']);
    assert.ok(
      listFiles(join(cacheDir, 'models--org--model')).every((file) => file.startsWith('blobs/') || file.endsWith('config.json')),
    );
    const again = await temper(['pull', 'org/model', '--json']);
    assert.equal(again.code, 0);
    assert.ok(Number(again.last['downloadedBytes']) <= weights.length - 40_000);
  });

  it('goes through the proxy that HTTP_PROXY names, where Node can', async function () {
    if (!('setGlobalProxyFromEnv' in http)) this.skip();
    hub.publish('org/model', model);
    const asked: string[] = [];
    const proxy = http.createServer().on('connect', ({ url = '' }, socket) => {
      asked.push(url);
      const hubSocket = connect(Number(new URL(hub.url).port), '127.0.0.1', () => socket.write('HTTP/1.1 200 OK\r\n\r\n'));
      hubSocket.pipe(socket).pipe(hubSocket);
    });
    await new Promise<void>((listening) => proxy.listen(0, '127.0.0.1', listening));
    const address = proxy.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const environment = { HF_ENDPOINT: 'http://hub.test', HTTP_PROXY: `http://127.0.0.1:${port}`, NO_PROXY: '' };
    const { code, stdout } = await temper(['pull', 'org/model', '--dry-run', '--json'], environment);
    proxy.closeAllConnections();
    proxy.close();
    assert.equal(code, 0, stdout);
    assert.deepEqual([...new Set(asked)], ['hub.test:80']);
  });

  const misuse: [string, string[], RegExp][] = [
    ['no name', [], /takes one name/],
    ['two names', ['a/b', 'c/d'], /takes one name/],
    ['what is no name', ['https://huggingface.co/a/b'], /"https:\/\/huggingface\.co\/a\/b" is not the name of a model/],
  ];
  for (const [what, args, message] of misuse) {
    it(`refuses ${what} with exit code 2, and asks nobody`, async () => {
      const { code, last } = await temper(['pull', ...args, '--json']);
      assert.deepEqual([code, last['code']], [2, 'bad-usage']);
      assert.match(String(last['message']), message);
      assert.deepEqual(hub.asked, []);
    });
  }

  describe('and temper train', () => {
    const project = join(folder.path, 'project');
    const encoder = join(packageRoot(), 'models', 'tiny-encoder');
    const train = () => temper(['train', project, '--set', 'training.maxSteps=2', '--json']);

    it('which never downloads by itself, says how to', async () => {
      writeTinyProject(project, { model: 'org/encoder' });
      hub.publish('org/encoder', model);
      const { code, last } = await train();
      assert.deepEqual([code, last['code']], [1, 'bad-model'], JSON.stringify(last));
      assert.match(String(last['message']), /project\/org\/encoder.* and the Hugging Face cache in .* has no org\/encoder/);
      assert.match(String(last['hint']), /run "temper pull org\/encoder"/);
      assert.deepEqual(hub.asked, []);
    });

    it('which trains what was pulled', async () => {
      writeTinyProject(project, { model: 'org/encoder' });
      const names = ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json'].filter((name) =>
        existsSync(join(encoder, name)),
      );
      hub.publish('org/encoder', Object.fromEntries(names.map((name) => [name, readFileSync(join(encoder, name))])));
      assert.equal((await temper(['pull', 'org/encoder', '--json'])).code, 0);
      hub.asked.length = 0;
      const { code, last, stdout } = await train();
      assert.deepEqual([code, last['state']], [0, 'completed'], stdout);
      assert.deepEqual(hub.asked, []);
    });
  });
});
