import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RunFailure } from '../../protocol';
import { cleanTemporary, listCheckpoints, removeCheckpoint, writeCheckpoint } from '../../runs/checkpoint-folder';
import { readCheckpointManifest, verifyCheckpoint } from '../../runs/checkpoint-folder';
import { runPaths } from '../../runs/paths';
import { createTemporaryRun, type TemporaryRun } from './temporary-run';

const bytesOf = (text: string) => new TextEncoder().encode(text);

/** From `printf abc | sha256sum` and `printf '' | sha256sum`. */
const sha256OfAbc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
const sha256OfNothing = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

describe('a checkpoint', () => {
  let run: TemporaryRun;
  let checkpoints: string;
  beforeEach(() => {
    run = createTemporaryRun();
    checkpoints = runPaths(run.runDir).checkpoints;
  });
  afterEach(() => {
    run.delete();
  });

  const save = (step: number, content = 'abc') =>
    writeCheckpoint({
      runDir: run.runDir,
      step,
      method: 'lora',
      files: new Map([
        ['model.safetensors', bytesOf(content)],
        ['tokenizer/empty.json', new Uint8Array()],
      ]),
    });
  const at = (name: string, ...rest: string[]) => join(checkpoints, name, ...rest);
  const steps = async () => (await listCheckpoints(run.runDir)).map(({ step }) => step);

  it('has its files, their hashes, and a path that reads the same on every platform', async () => {
    assert.deepEqual(await save(400), { path: 'checkpoints/step-000400', bytes: 3 });
    assert.equal(readFileSync(at('step-000400', 'model.safetensors'), 'utf8'), 'abc');
    assert.deepEqual(JSON.parse(readFileSync(at('step-000400', 'MANIFEST.json'), 'utf8')), {
      formatVersion: 1,
      step: 400,
      method: 'lora',
      files: [
        { path: 'model.safetensors', bytes: 3, sha256: sha256OfAbc },
        { path: 'tokenizer/empty.json', bytes: 0, sha256: sha256OfNothing },
      ],
    });
    assert.deepEqual(readdirSync(checkpoints), ['step-000400']);
    assert.equal((await verifyCheckpoint(at('step-000400'))).step, 400);
  });

  it('may be written by a function into the folder it is given', async () => {
    const write = async (dir: string) => {
      await mkdir(join(dir, 'deep', 'er'), { recursive: true });
      await writeFile(join(dir, 'deep', 'er', 'a.bin'), 'abc');
    };
    assert.deepEqual(await writeCheckpoint({ runDir: run.runDir, step: 1, method: 'full', write }), {
      path: 'checkpoints/step-000001',
      bytes: 3,
    });
    assert.deepEqual((await verifyCheckpoint(at('step-000001'))).files, [
      { path: 'deep/er/a.bin', bytes: 3, sha256: sha256OfAbc },
    ]);
  });

  it('is listed with the others in the order of steps', async () => {
    for (const step of [1_000_000, 20, 3]) await save(step);
    assert.deepEqual(await steps(), [3, 20, 1_000_000]);
    const [first] = await listCheckpoints(run.runDir);
    assert.deepEqual([first?.dir, first?.path, first?.bytes], [at('step-000003'), 'checkpoints/step-000003', 3]);
  });

  it('does not exist while it is written, without a manifest, or with a torn one', async () => {
    let seenMeanwhile: number[] | undefined;
    const write = async (dir: string) => {
      await writeFile(join(dir, 'MANIFEST.json'), manifestOf('model.safetensors'));
      seenMeanwhile = await steps();
    };
    await writeCheckpoint({ runDir: run.runDir, step: 1, method: 'full', write });
    assert.deepEqual(seenMeanwhile, []);
    mkdirSync(at('step-000002'));
    writeFileSync(at('step-000002', 'model.safetensors'), 'abc');
    mkdirSync(at('step-000003'));
    writeFileSync(at('step-000003', 'MANIFEST.json'), '{"formatVersion":1,"st');
    assert.deepEqual(await steps(), [1]);
  });

  it('replaces the one of the same step as a whole', async () => {
    await save(7, 'old content');
    await save(7, 'abc');
    assert.equal((await verifyCheckpoint(at('step-000007'))).files[0]?.sha256, sha256OfAbc);
    assert.deepEqual(readdirSync(checkpoints), ['step-000007']);
  });

  it('takes the place of a folder that was never finished', async () => {
    mkdirSync(at('step-000007', 'junk'), { recursive: true });
    await save(7);
    await verifyCheckpoint(at('step-000007'));
    assert.deepEqual(readdirSync(at('step-000007')).sort(), ['MANIFEST.json', 'model.safetensors', 'tokenizer']);
  });

  it('leaves nothing when its writer fails, and keeps the one that was there', async () => {
    await save(7);
    const write = async (dir: string) => {
      await writeFile(join(dir, 'model.safetensors'), 'ab');
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    };
    await assert.rejects(writeCheckpoint({ runDir: run.runDir, step: 7, method: 'lora', write }), { code: 'ENOSPC' });
    await assert.rejects(writeCheckpoint({ runDir: run.runDir, step: 8, method: 'lora', write }), { code: 'ENOSPC' });
    assert.deepEqual(readdirSync(checkpoints), ['step-000007']);
    await verifyCheckpoint(at('step-000007'));
  });

  it('is gone once removed, and removing it again is no error', async () => {
    await save(1);
    await save(2);
    await removeCheckpoint(run.runDir, 1);
    await removeCheckpoint(run.runDir, 1);
    assert.deepEqual(readdirSync(checkpoints), ['step-000002']);
  });

  it('outlives the clearing of what a crash left behind', async () => {
    await save(1);
    mkdirSync(at('.step-000002.123.tmp', 'deep'), { recursive: true });
    writeFileSync(at('.step-000002.123.tmp', 'MANIFEST.json'), '{}');
    await cleanTemporary(run.runDir);
    assert.deepEqual(readdirSync(checkpoints), ['step-000001']);
  });

  it('comes back when the crash fell between the old one leaving and the new one coming', async () => {
    await save(5);
    renameSync(at('step-000005'), at('.step-000005.old'));
    await cleanTemporary(run.runDir);
    await verifyCheckpoint(at('step-000005'));
    renameSync(at('step-000005'), at('.step-000005.old'));
    await save(5, 'newer'); // the crash fell after the new one came
    renameSync(at('step-000005'), at('step-000006'));
    mkdirSync(at('.step-000006.old'));
    await cleanTemporary(run.runDir);
    assert.ok(!readdirSync(checkpoints).some((name) => name.startsWith('.')));
  });

  it('needs no cleaning in a run that never saved', async () => {
    await cleanTemporary(run.runDir);
    assert.deepEqual(await listCheckpoints(run.runDir), []);
  });

  it('is damaged in every way at once: one error names them all', async () => {
    const files = new Map(['a', 'b', 'c', 'd'].map((name) => [`${name}.bin`, bytesOf('abc')]));
    await writeCheckpoint({ runDir: run.runDir, step: 1, method: 'full', files });
    const dir = at('step-000001');
    writeFileSync(join(dir, 'a.bin'), 'abd');
    writeFileSync(join(dir, 'b.bin'), 'abcd');
    rmSync(join(dir, 'c.bin'));
    const error = await failureOf(verifyCheckpoint(dir));
    assert.equal(error.code, 'bad-checkpoint');
    assert.match(error.message, /a\.bin has other content than was saved/);
    assert.match(error.message, /b\.bin has 4 bytes instead of 3/);
    assert.match(error.message, /c\.bin is missing/);
    assert.doesNotMatch(error.message, /d\.bin/);
    assert.equal(error.file, join(dir, 'MANIFEST.json'));
    assert.notEqual(error.hint, '');
  });

  const manifests: [string, string | undefined, RegExp][] = [
    ['no manifest', undefined, /is not a checkpoint: it has no MANIFEST\.json/],
    ['a torn manifest', '{"formatVersion":1,"st', /it is not JSON/],
    ['an empty manifest', '', /it is not JSON/],
    ['a manifest of a newer version', '{"formatVersion":2,"step":1,"method":"x","files":[]}', /"formatVersion"/],
    ['a manifest without files', '{"formatVersion":1,"step":1,"method":"x"}', /"files"/],
    ['a file outside', manifestOf('../../run.json'), /outside the folder: \.\.\/\.\.\/run\.json/],
    ['an absolute file', manifestOf('/etc/passwd'), /outside the folder: \/etc\/passwd/],
  ];
  for (const [what, text, expected] of manifests) {
    it(`with ${what} is refused with the file and a remedy`, async () => {
      const dir = at('step-000001');
      mkdirSync(dir, { recursive: true });
      if (text !== undefined) writeFileSync(join(dir, 'MANIFEST.json'), text);
      const error = await failureOf(readCheckpointManifest(dir));
      assert.equal(error.code, 'bad-checkpoint');
      assert.match(error.message, expected);
      assert.equal(error.file, join(dir, 'MANIFEST.json'));
      assert.notEqual(error.hint, '');
    });
  }
});

function manifestOf(path: string): string {
  return JSON.stringify({ formatVersion: 1, step: 1, method: 'x', files: [{ path, bytes: 1, sha256: 'a' }] });
}

async function failureOf(promise: Promise<unknown>): Promise<RunFailure['error']> {
  const thrown: unknown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  assert.ok(thrown instanceof RunFailure, String(thrown));
  return thrown.error;
}
