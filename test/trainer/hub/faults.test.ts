/** Servers, connections and disks that fail: what is tried again, what is kept, what a person reads. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { temporaryFolder } from '../temporary-folder';
import { FakeHub, sha256, type Fault } from './fake-hub';
import { failureOf, listFiles, noise, pull, type PullOptions } from './pulling';

const weights = noise(300_000);
const config = '{"model_type":"bert"}';
const model = { 'config.json': config, 'tokenizer.json': '{}', 'model.safetensors': weights };
const name = 'org/model';

const hub = new FakeHub();
const folder = temporaryFolder('pull-faults');
const cacheDir = join(folder.path, 'hub');
const repository = join(cacheDir, 'models--org--model');
const blob = join(repository, 'blobs', sha256(weights));
const pullIt = (options?: PullOptions) => pull(name, { url: hub.url, cacheDir }, options);
const rangesOf = () => hub.asked.filter(({ path }) => path.includes('/blobs/')).map(({ range }) => range);

before(() => hub.start());
/** In each describe: outside of one, it would run around the tests of every file. */
function withHub(): void {
  beforeEach(() => {
    hub.reset();
    rmSync(cacheDir, { recursive: true, force: true });
  });
}
after(() => {
  hub.stop();
  folder.remove();
});

function assertComplete(): void {
  assert.deepEqual(readFileSync(blob), weights);
  assert.ok(existsSync(join(repository, 'refs', 'main')));
  assert.equal(existsSync(`${blob}.incomplete`), false);
}

/** Nobody may take it for a model. */
function assertNotThere(): void {
  assert.equal(existsSync(join(repository, 'refs', 'main')), false);
  assert.equal(existsSync(blob), false);
  assert.deepEqual(
    listFiles(join(repository, 'snapshots')).filter((file) => file.endsWith('.safetensors')),
    [],
  );
}

describe('a download of a model goes on', () => {
  withHub();
  const passing: [string, Fault[]][] = [
    ['a connection that drops in the middle', [{ kind: 'cut', bytes: 100_000 }]],
    [
      'one that drops twice',
      [
        { kind: 'cut', bytes: 100_000 },
        { kind: 'cut', bytes: 100_000 },
      ],
    ],
    ['a body that is shorter than the file', [{ kind: 'short', bytes: 100_000 }]],
    ['a server that falls silent', [{ kind: 'stall', bytes: 100_000 }]],
  ];
  for (const [what, faults] of passing) {
    it(`where it was after ${what}`, async () => {
      hub.publish(name, model);
      hub.fail('/blobs/', ...faults);
      const { told } = await pullIt({ settings: { timeoutMs: 3000 } });
      assertComplete();
      assert.equal(told.length, faults.length, told.join('\n'));
      const starts = faults.map((_, index) => `bytes=${(index + 1) * 100_000}-`);
      assert.deepEqual(rangesOf(), [undefined, ...starts]);
    });
  }

  it('from a server that is slow but not silent', async () => {
    hub.publish(name, model);
    hub.fail('/blobs/', { kind: 'slow', pieceBytes: 50_000, everyMs: 500 }); // 2.5 s in all, of which 2 may be silent
    const { told } = await pullIt({ settings: { timeoutMs: 2000 } });
    assertComplete();
    assert.deepEqual(told, []);
  });

  it('after 503 twice, with a longer wait each time', async () => {
    hub.publish(name, model);
    hub.fail('/blobs/', { kind: 'status', status: 503 }, { kind: 'status', status: 503 });
    const { told } = await pullIt();
    assertComplete();
    assert.match(told[0] ?? '', /answered 503 Service Unavailable\. Trying again in 0\.0 s \(1 of 4\)/);
    assert.match(told[1] ?? '', /\(2 of 4\)/);
  });

  it('after 429, when the server says', async () => {
    hub.publish(name, model);
    hub.fail('/revision/', { kind: 'status', status: 429, headers: { 'retry-after': '1' } });
    const startedAtMs = Date.now();
    const { told } = await pullIt();
    assert.ok(Date.now() - startedAtMs >= 990, `${Date.now() - startedAtMs} ms`);
    assert.match(told.join(), /wants fewer requests \(429\)\. Trying again in 1\.0 s/);
  });

  it('from its beginning where the server cannot send parts', async () => {
    hub.publish(name, model);
    hub.fail('/blobs/', { kind: 'cut', bytes: 100_000 }, { kind: 'whole' });
    await pullIt();
    assertComplete();
  });

  it('from where an earlier one was cancelled', async () => {
    hub.publish(name, model);
    hub.fail('/blobs/', { kind: 'slow', pieceBytes: 50_000, everyMs: 400 });
    const cancelling = new AbortController();
    const onProgress = ({ fileBytes }: { fileBytes: number }) => (fileBytes >= 50_000 ? cancelling.abort() : undefined);
    const { message, hint } = await failureOf(pullIt({ signal: cancelling.signal, onProgress }));
    assert.match(message, /was cancelled with \d+\.\d kB of 300\.0 kB there/);
    assert.equal(hint, 'To go on: temper pull org/model');
    assertNotThere();
    assert.deepEqual(
      listFiles(repository).filter((file) => file.includes('incomplete') || file.includes('lock')),
      [`blobs/${sha256(weights)}.incomplete`],
    );
    const { size } = statSync(`${blob}.incomplete`);
    assert.ok(size >= 50_000 && size < weights.length);
    hub.asked.length = 0;
    const { plan } = await pullIt();
    assertComplete();
    assert.equal(plan.missingBytes, weights.length - size);
    assert.deepEqual(rangesOf(), [`bytes=${size}-`]);
  });

  it('as if nothing had been, after one that was cancelled before it began', async () => {
    hub.publish(name, model);
    hub.fail('/tree/', { kind: 'status', status: 503 });
    const cancelling = new AbortController();
    const told: string[] = [];
    const pulling = failureOf(pullIt({ signal: cancelling.signal, told }));
    setTimeout(() => cancelling.abort(), 0);
    assert.match((await pulling).message, /was cancelled before it began/);
    assert.equal(existsSync(cacheDir), false);
    await pullIt();
    assertComplete();
  });

  it('from its beginning when what was there is damaged', async () => {
    hub.publish(name, model);
    mkdirSync(join(repository, 'blobs'), { recursive: true });
    writeFileSync(`${blob}.incomplete`, Buffer.alloc(100_000));
    const { told } = await pullIt();
    assertComplete();
    assert.match(told.join(), /What was there of model\.safetensors is damaged/);
    assert.deepEqual(rangesOf(), ['bytes=100000-', undefined]);
  });

  it('from its beginning when more is there than there should be', async () => {
    hub.publish(name, model);
    mkdirSync(join(repository, 'blobs'), { recursive: true });
    writeFileSync(`${blob}.incomplete`, Buffer.alloc(weights.length + 1));
    await pullIt();
    assertComplete();
    assert.deepEqual(rangesOf(), [undefined]);
  });

  it('without a request when everything is there but the name', async () => {
    hub.publish(name, model);
    mkdirSync(join(repository, 'blobs'), { recursive: true });
    writeFileSync(`${blob}.incomplete`, weights);
    await pullIt();
    assertComplete();
    assert.deepEqual(rangesOf(), []);
  });
});

describe('a download of a model gives up, with words,', () => {
  withHub();
  it('when the content has another hash', async () => {
    hub.publish(name, model);
    hub.fail('/blobs/', { kind: 'corrupt' });
    const { message } = await failureOf(pullIt());
    assert.match(
      message,
      /model\.safetensors arrived damaged.* its hash is [0-9a-f]{64} instead of [0-9a-f]{64}\. It was removed/,
    );
    assert.ok(message.includes(sha256(weights)));
    assertNotThere();
    assert.equal(existsSync(`${blob}.incomplete`), false);
  });

  it('when a small file has another hash', async () => {
    hub.publish(name, model);
    hub.fail('config.json', { kind: 'corrupt' });
    assert.match((await failureOf(pullIt())).message, /config\.json arrived damaged/);
  });

  it('when the server fails five times in a row, and keeps what there is', async () => {
    hub.publish(name, model);
    hub.fail(
      '/blobs/',
      { kind: 'cut', bytes: 100_000 },
      ...Array.from({ length: 5 }, () => ({ kind: 'status', status: 502 }) as const),
    );
    const { message, hint } = await failureOf(pullIt());
    assert.match(message, /failed 5 times in a row: it answered 502 Bad Gateway/);
    assert.match(hint, /goes on from there/);
    assertNotThere();
    assert.equal(statSync(`${blob}.incomplete`).size, 100_000);
  });

  it('when the server only ever falls silent', async () => {
    hub.publish(name, model);
    hub.fail('/blobs/', ...Array.from({ length: 5 }, () => ({ kind: 'stall', bytes: 0 }) as const));
    const failure = await failureOf(pullIt({ settings: { timeoutMs: 100 } }));
    assert.match(failure.message, /failed 5 times in a row: it said nothing for 0\.1 seconds/);
  });

  it('when it is to wait for longer than a minute', async () => {
    hub.publish(name, model);
    hub.fail('/revision/', { kind: 'status', status: 429, headers: { 'retry-after': '300' } });
    const { message, hint } = await failureOf(pullIt());
    assert.match(message, /no more requests for 5 minutes \(429\)/);
    assert.match(hint, /With a token in HF_TOKEN the limits are higher/);
  });

  it('when the server sends another part than asked for, or more than there is', async () => {
    hub.publish(name, model);
    hub.fail('/blobs/', { kind: 'cut', bytes: 100_000 }, { kind: 'other-range' });
    assert.match((await failureOf(pullIt())).message, /asked for the bytes from 100000 on and sent "bytes 100001-/);
    hub.spoilList = (entries) =>
      entries.map((entry) => (entry['lfs'] ? { ...entry, size: 10, lfs: { ...entry['lfs'], size: 10 } } : entry));
    assert.match((await failureOf(pullIt())).message, /longer than the 10 bytes/);
  });

  it('when there is no server', async () => {
    const port = await freePort();
    const { message, hint } = await failureOf(pull(name, { url: `http://127.0.0.1:${port}`, cacheDir }));
    assert.match(message, /could not be reached: connect ECONNREFUSED/);
    assert.match(hint, /HF_ENDPOINT/);
  });

  it('when there is no such revision', async () => {
    hub.publish(name, model);
    const { message } = await failureOf(pull(`${name}@v9`, { url: hub.url, cacheDir }));
    assert.match(message, /org\/model has no revision "v9"/);
  });

  it('when a server that tells strangers so has no such model', async () => {
    hub.fail('/revision/', { kind: 'status', status: 404 });
    assert.match((await failureOf(pullIt())).message, /There is no model "org\/model" at http/);
  });

  it('when a file is gone', async () => {
    hub.publish(name, model);
    hub.fail('tokenizer.json', {
      kind: 'status',
      status: 404,
      headers: { 'x-error-code': 'EntryNotFound', 'x-error-message': 'Entry not found' },
    });
    const { message } = await failureOf(pullIt());
    assert.match(
      message,
      /answered 404 \(Entry not found\) when it was asked for \/org\/model\/resolve\/[0-9a-f]{40}\/tokenizer\.json/,
    );
  });
});

describe('a model that not everybody may have', () => {
  withHub();
  const token = 'hf_abcdefgh';

  it('is denied to strangers, and given to the owner of a token', async () => {
    hub.publish(name, model);
    hub.makePrivate(name, token);
    const { message, hint } = await failureOf(pullIt(), 'access-denied');
    assert.match(
      message,
      /does not show org\/model to visitors \(401\): it is private or gated, or there is no model of that name/,
    );
    assert.match(hint, /https:\/\/huggingface\.co\/settings\/tokens/);
    const wrong = await failureOf(pullIt({ settings: { token: 'hf_wrong' } }), 'access-denied');
    assert.match(wrong.message, /the token is wrong or has ended/);
    assert.ok(!`${wrong.message} ${wrong.hint}`.includes('hf_wrong'));
    await pullIt({ settings: { token } });
    assertComplete();
  });

  it('is told to be gated before anything is said about its size', async () => {
    hub.publish(name, model);
    hub.makeGated(name);
    const { message, hint } = await failureOf(pullIt(), 'access-denied');
    assert.match(message, /org\/model is gated/);
    assert.match(hint, /Accept them at http:\/\/127\.0\.0\.1:\d+\/org\/model, make a token/);
  });

  it('never tells its token to anybody but the Hub', async () => {
    hub.publish(name, model);
    hub.makePrivate(name, token);
    hub.pageSize = 2;
    hub.nextPage = (url) => url.replace(hub.url, hub.cdnUrl);
    await failureOf(pullIt({ settings: { token } })); // that page is not there
    hub.nextPage = (url) => url;
    await pullIt({ settings: { token } });
    const [told, untold] = [true, false].map((isTold) =>
      hub.asked.filter((asked) => (asked.authorization !== undefined) === isTold),
    );
    assert.ok(untold?.some(({ path }) => path.includes('/blobs/')) && untold.some(({ path }) => path.includes('/tree/')));
    assert.ok(told?.every(({ authorization, path }) => authorization === `Bearer ${token}` && !path.includes('/blobs/')));
  });
});

describe('a server that wants to write where it may not', () => {
  withHub();
  const evil = ['../../../evil', '/etc/evil', 'C:/evil', 'a\\..\\..\\evil', '1_Pooling/../../evil', 'a//b', '.', 'a/\u0000b'];
  for (const path of evil) {
    it(`is refused with a file called ${JSON.stringify(path)}`, async () => {
      hub.publish(name, { ...model, [path]: 'evil' });
      const { message, hint } = await failureOf(pullIt());
      assert.ok(message.includes(`outside of its folder: ${JSON.stringify(path)}. Nothing was downloaded`), message);
      assert.match(hint, /Do not use this model/);
      assert.equal(existsSync(cacheDir), false);
    });
  }

  it('is refused with such a name in its index of shards, or among its modules', async () => {
    const index = JSON.stringify({ weight_map: { a: '../../../../evil' } });
    hub.publish(name, { 'config.json': config, 'model.safetensors.index.json': index });
    assert.match((await failureOf(pullIt())).message, /outside of its folder: "\.\.\/\.\.\/\.\.\/\.\.\/evil"/);
    hub.publish(name, { ...model, 'modules.json': JSON.stringify([{ path: '../../evil' }]) });
    assert.match((await failureOf(pullIt())).message, /outside of its folder/);
    assert.equal(existsSync(cacheDir), false);
  });

  it('is refused with a hash that is a path, as contents are called by their hashes', async () => {
    for (const spoilt of [{ oid: '../../evil' }, { lfs: { oid: '../../evil', size: 1, pointerSize: 1 } }]) {
      hub.publish(name, model);
      hub.spoilList = (entries) => entries.map((entry) => ({ ...entry, ...spoilt }));
      assert.match((await failureOf(pullIt())).message, /answered something that cannot be used: (?:lfs\.)?oid/);
    }
    assert.equal(existsSync(cacheDir), false);
  });

  it('is refused with a list that is none, and with a configuration that is no JSON', async () => {
    hub.publish(name, model);
    hub.spoilList = () => [{ type: 'file', path: 7 }];
    assert.match((await failureOf(pullIt())).message, /cannot be used: path/);
    hub.spoilList = (entries) => Array.from({ length: 100_001 }, (_, index) => ({ ...entries[0], path: String(index) }));
    assert.match((await failureOf(pullIt())).message, /a list of more than 100000 files/);
    hub.spoilList = (entries) => entries;
    hub.publish(name, { ...model, 'config.json': '<html>' });
    assert.match((await failureOf(pullIt())).message, /config\.json is not JSON/);
  });
});

describe('a disk that cannot take the model', () => {
  withHub();
  it('is told by its folder, with how much should go there', async () => {
    hub.publish(name, model);
    writeFileSync(cacheDir, 'a file where the folder should be');
    const { message, hint } = await failureOf(pullIt());
    assert.match(message, /hub cannot be written to \(.*(?:ENOTDIR|EEXIST|ENOENT).*\); 300\.0 kB should go there/);
    assert.match(hint, /HF_HUB_CACHE/);
  });

  describe('(a real one of a megabyte, skipped where none can be mounted: not Linux, or not root)', () => {
    let disk = '';
    before(function () {
      const dir = mkdtempSync(join(tmpdir(), 'temper-small-disk-'));
      try {
        execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', dir], { stdio: 'ignore' });
        disk = dir;
      } catch {
        rmSync(dir, { recursive: true });
        console.log('      skipped: no disk can be mounted here');
        this.skip();
      }
    });
    after(() => {
      if (disk === '') return;
      execFileSync('umount', [disk]);
      rmSync(disk, { recursive: true });
    });

    it('is told before anything is downloaded, with both figures', async () => {
      hub.publish(name, { ...model, 'model.safetensors': noise(2_000_000) });
      const { message } = await failureOf(pull(name, { url: hub.url, cacheDir: disk }), 'disk-full');
      assert.match(message, /2\.0 MB are still to be downloaded, and 1\.0 MB are free in/);
      assert.equal(hub.asked.filter(({ path }) => path.includes('/blobs/')).length, 0);
    });

    it('is told when it fills up meanwhile, and what was downloaded is kept', async () => {
      hub.publish(name, { ...model, 'model.safetensors': noise(700_000) });
      hub.fail('/blobs/', { kind: 'slow', pieceBytes: 100_000, everyMs: 20 });
      const onProgress = () => writeFileSync(join(disk, 'other'), Buffer.alloc(500_000));
      const { message } = await failureOf(pull(name, { url: hub.url, cacheDir: disk }, { onProgress }), 'disk-full');
      assert.match(message, /700\.0 kB are still to be downloaded, and \d/);
      assert.equal(listFiles(join(disk, 'models--org--model')).filter((file) => file.endsWith('.incomplete')).length, 1);
    });

    it('is told when it is read-only', async () => {
      hub.publish(name, model);
      rmSync(join(disk, 'models--org--model'), { recursive: true });
      execFileSync('mount', ['-o', 'remount,ro', disk]);
      const { message } = await failureOf(pull(name, { url: hub.url, cacheDir: disk }));
      execFileSync('mount', ['-o', 'remount,rw', disk]);
      assert.match(message, /cannot be written to \((?:EROFS|ENOENT): .*mkdir/); // Node says ENOENT
    });
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  await new Promise((closed) => server.close(closed));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
