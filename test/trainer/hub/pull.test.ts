import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { temporaryFolder } from '../temporary-folder';
import { FakeHub, gitHash, sha256 } from './fake-hub';
import { contentsOf, failureOf, listFiles, noise, pull, type PullOptions } from './pulling';

const weights = noise(50_000);
const tokenizer = JSON.stringify({ model: 'x'.repeat(2000) }); // large enough for the CDN
const model = {
  'config.json': '{"model_type":"bert"}',
  'tokenizer.json': tokenizer,
  'model.safetensors': weights,
  'pytorch_model.bin': noise(60_000, 2),
  'onnx/model.onnx': noise(3000, 3),
  'README.md': '# A model',
};
const name = 'org/small-model';

describe('pulling a model', () => {
  const hub = new FakeHub();
  const folder = temporaryFolder('pull');
  const cacheDir = join(folder.path, 'hub');
  const repository = join(cacheDir, 'models--org--small-model');
  const pullIt = (options?: PullOptions, what = name) => pull(what, { url: hub.url, cacheDir }, options);

  before(() => hub.start());
  beforeEach(() => {
    hub.reset();
    rmSync(cacheDir, { recursive: true, force: true });
  });
  after(() => {
    hub.stop();
    folder.remove();
  });

  it('puts the files it needs, and no others, into the layout of the Hugging Face cache', async () => {
    const commit = hub.publish(name, model);
    const { plan } = await pullIt();
    const blobs = [gitHash(Buffer.from(model['config.json'])), sha256(Buffer.from(tokenizer)), sha256(weights)];
    const files = ['config.json', 'model.safetensors', 'tokenizer.json'];
    assert.deepEqual(
      listFiles(repository),
      [...blobs.map((hash) => `blobs/${hash}`), 'refs/main', ...files.map((file) => `snapshots/${commit}/${file}`)].sort(),
    );
    assert.equal(readFileSync(join(repository, 'refs/main'), 'utf8'), commit);
    assert.equal(readlinkSync(join(plan.dir, 'model.safetensors')).replaceAll('\\', '/'), `../../blobs/${sha256(weights)}`);
    assert.deepEqual(readFileSync(join(plan.dir, 'model.safetensors')), weights);
  });

  it('says before how much it is, and while it works how far it is', async () => {
    const commit = hub.publish(name, model);
    const { plan, progress } = await pullIt();
    const totalBytes = model['config.json'].length + tokenizer.length + weights.length;
    assert.deepEqual(
      { ...plan, files: [] },
      {
        kind: 'plan',
        model: name,
        commit,
        source: hub.url,
        dir: join(repository, 'snapshots', commit),
        files: [],
        totalBytes,
        missingBytes: totalBytes,
      },
    );
    assert.deepEqual(
      plan.files.find(({ path }) => path === 'model.safetensors'),
      {
        path: 'model.safetensors',
        bytes: weights.length,
        isCached: false,
      },
    );
    const bytes = progress.map((line) => line.bytes);
    assert.deepEqual(
      bytes,
      bytes.toSorted((a, b) => a - b),
    );
    assert.deepEqual([bytes.at(-1), progress.at(-1)?.totalBytes], [totalBytes, totalBytes]);
    const [last] = progress.filter(({ file }) => file === 'model.safetensors').slice(-1);
    assert.deepEqual([last?.fileBytes, last?.fileTotalBytes], [weights.length, weights.length]);
  });

  it('fetches nothing that is there already', async () => {
    hub.publish(name, model);
    await pullIt();
    hub.asked.length = 0;
    const { plan } = await pullIt();
    assert.equal(plan.missingBytes, 0);
    assert.ok(plan.files.every(({ isCached }) => isCached));
    assert.deepEqual(hub.downloadsOf(weights, 'model.safetensors'), []);
  });

  it('follows a revision that has moved, keeps the old commit, and shares what did not change', async () => {
    const first = hub.publish(name, model);
    await pullIt();
    const second = hub.publish(name, { ...model, 'config.json': '{"model_type":"bert","changed":true}' });
    hub.asked.length = 0;
    const { plan } = await pullIt();
    assert.notEqual(first, second);
    assert.equal(readFileSync(join(repository, 'refs/main'), 'utf8'), second);
    assert.equal(readFileSync(join(repository, 'snapshots', first, 'config.json'), 'utf8'), model['config.json']);
    assert.deepEqual(readFileSync(join(repository, 'snapshots', second, 'model.safetensors')), weights);
    assert.equal(plan.missingBytes, '{"model_type":"bert","changed":true}'.length);
    assert.deepEqual(hub.downloadsOf(weights, 'model.safetensors'), []);
  });

  it('takes everything from the commit that it saw first, also when the revision moves meanwhile', async () => {
    const first = hub.publish(name, model);
    const changed = noise(50_000, 9);
    let moved = false;
    const onProgress = () => {
      if (!moved) hub.publish(name, { ...model, 'model.safetensors': changed });
      moved = true;
    };
    const { plan } = await pullIt({ onProgress });
    assert.equal(plan.commit, first);
    const [, ...later] = hub.asked.map(({ path }) => path);
    assert.deepEqual(
      later.filter((path) => !path.includes(first) && !path.includes('/blobs/')),
      [],
      'only the first request names the revision',
    );
    assert.deepEqual(readFileSync(join(plan.dir, 'model.safetensors')), weights);
    assert.equal(readFileSync(join(repository, 'refs/main'), 'utf8'), first);
  });

  it('keeps the old commit as the revision until the new one is complete', async () => {
    const first = hub.publish(name, model);
    await pullIt();
    hub.publish(name, { ...model, 'model.safetensors': noise(50_000, 9) });
    hub.fail('/blobs/', { kind: 'status', status: 404 });
    await failureOf(pullIt());
    assert.equal(readFileSync(join(repository, 'refs/main'), 'utf8'), first);
  });

  it('takes a branch with a slash, a tag, a commit', async () => {
    const branch = hub.publish(name, model, 'refs/pr/1');
    await pullIt({}, `${name}@refs/pr/1`);
    assert.equal(readFileSync(join(repository, 'refs', 'refs', 'pr', '1'), 'utf8'), branch);
    const tagged = hub.publish(name, { ...model, 'config.json': '{}' }, 'v1.0');
    assert.equal((await pullIt({}, `${name}@${tagged}`)).plan.commit, tagged);
    assert.equal(existsSync(join(repository, 'refs', tagged)), false, 'a commit needs no ref');
  });

  it('reads a list of files that comes in pages', async () => {
    hub.publish(name, model);
    hub.pageSize = 2;
    await pullIt();
    assert.ok(hub.asked.filter(({ path }) => path.includes('/tree/')).length >= 3);
    assert.ok(existsSync(join(repository, 'refs/main')));
  });

  it('follows a model that was renamed, under the name that was asked for', async () => {
    hub.publish('new-org/model', model);
    hub.rename(name, 'new-org/model');
    await pullIt();
    assert.ok(existsSync(join(repository, 'refs/main')));
  });

  it('keeps files where there can be no links', async () => {
    hub.publish(name, model);
    const { plan } = await pullIt({ settings: { useLinks: false } });
    assert.equal(lstatSync(join(plan.dir, 'model.safetensors')).isSymbolicLink(), false);
    assert.deepEqual(readFileSync(join(plan.dir, 'model.safetensors')), weights);
    assert.deepEqual(listFiles(join(repository, 'blobs')), [], 'nothing lies there twice');
    hub.asked.length = 0;
    assert.equal((await pullIt({ settings: { useLinks: false } })).plan.missingBytes, 0);
  });

  it('replaces a link that leads nowhere', async () => {
    hub.publish(name, model);
    const { plan } = await pullIt();
    rmSync(join(repository, 'blobs', sha256(weights)));
    assert.equal((await pullIt()).plan.missingBytes, weights.length);
    assert.deepEqual(readFileSync(join(plan.dir, 'model.safetensors')), weights);
  });

  it('is refused while another process is at the same model, and not by one that is gone', async () => {
    hub.publish(name, model);
    const lock = join(repository, '.temper-pull.lock');
    mkdirSync(repository, { recursive: true });
    const startedAtMs = Date.now() - process.uptime() * 1000;
    const holder = { host: (await import('node:os')).hostname(), pid: process.pid, startedAtMs, atMs: Date.now() };
    writeFileSync(lock, JSON.stringify(holder));
    assert.match((await failureOf(pullIt())).message, new RegExp(`downloaded already, by process ${process.pid}`));
    writeFileSync(lock, JSON.stringify({ ...holder, startedAtMs: 0 })); // the number was given to somebody else since
    await pullIt();
    assert.equal(existsSync(lock), false);
  });

  describe('and Python (skipped where there is no Python with huggingface_hub)', function () {
    this.timeout(60_000);
    const python = process.env['TEMPER_PYTHON'] ?? 'python3';
    const run = promisify(execFile);
    before(function () {
      if (spawnSync(python, ['-c', 'import huggingface_hub']).status === 0) return;
      console.log(`      skipped: ${python} has no huggingface_hub (name another in TEMPER_PYTHON)`);
      this.skip();
    });

    const ask = async (dir: string, arguments_: string) => {
      const script = `import huggingface_hub as h; print(h.snapshot_download("${name}", ${arguments_}))`;
      const env = { ...process.env, HF_ENDPOINT: hub.url, HF_HUB_CACHE: dir, HF_HUB_DISABLE_XET: '1' };
      return (await run(python, ['-c', script], { env })).stdout.trim();
    };

    it('make the same cache of the same server', async () => {
      hub.publish(name, model);
      await pullIt();
      const theirs = join(folder.path, 'theirs');
      await ask(theirs, 'allow_patterns=["config.json", "tokenizer.json", "model.safetensors"]');
      const cached = Object.entries(contentsOf(join(theirs, 'models--org--small-model')));
      const layout = cached.filter(([path]) => /^(?:blobs|refs|snapshots)\//.test(path));
      assert.deepEqual(Object.entries(contentsOf(repository)), layout);
    });

    it('find what the other has fetched, without a server', async () => {
      hub.publish(name, model);
      const { plan } = await pullIt();
      assert.equal(await ask(cacheDir, 'local_files_only=True'), plan.dir);
      rmSync(cacheDir, { recursive: true });
      await ask(cacheDir, 'allow_patterns=["config.json", "tokenizer.json", "model.safetensors"]');
      assert.equal((await pullIt()).plan.missingBytes, 0);
    });
  });
});
