import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { appendLine, syncFolder, writeFileAtomically } from '../../runs/write-atomically';
import { kill, killScripts, startScript } from './start-script';
import { createTemporaryRun, type TemporaryRun } from './temporary-run';

describe('writing atomically', function () {
  this.timeout(30_000); // a real child on a machine that may be busy
  let run: TemporaryRun;
  let file: string;
  beforeEach(() => {
    run = createTemporaryRun();
    file = join(run.runDir, 'run.json');
  });
  afterEach(async () => {
    await killScripts();
    run.delete();
  });

  it('writes text and bytes and leaves nothing beside them', async () => {
    await writeFileAtomically(file, 'größer 🐧');
    assert.equal(readFileSync(file, 'utf8'), 'größer 🐧');
    await writeFileAtomically(file, Uint8Array.of(0, 255));
    assert.deepEqual([...readFileSync(file)], [0, 255]);
    assert.deepEqual(readdirSync(run.runDir), ['run.json']);
  });

  it('keeps the old content and no temporary file when it fails', async () => {
    mkdirSync(join(run.runDir, 'folder', 'in the way'), { recursive: true });
    await assert.rejects(writeFileAtomically(join(run.runDir, 'folder'), 'x'));
    assert.deepEqual(readdirSync(run.runDir), ['folder']);
    await assert.rejects(writeFileAtomically(join(run.runDir, 'missing', 'x'), 'x'), { code: 'ENOENT' });
  });

  it('never shows a part to a reader, however often a process writes', async () => {
    const [a, b] = ['a'.repeat(200_000), 'b'.repeat(300_000)];
    writeFileSync(file, a);
    const child = await startScript(flipScript, [file]);
    for (let look = 0; look < 300; look++) {
      const found = readFileSync(file, 'utf8');
      assert.ok(found === a || found === b, `a part of ${found.length} characters`);
    }
    await kill(child);
    const found = readFileSync(file, 'utf8');
    assert.ok(found === a || found === b);
  });

  it('does without syncing folders where the platform cannot', async function () {
    if (process.platform === 'win32' || process.getuid?.() === 0) this.skip(); // only a refusal shows it, and root gets none
    chmodSync(run.runDir, 0o300);
    await syncFolder(run.runDir);
    chmodSync(run.runDir, 0o700);
  });

  it('still says that a folder is missing', async () => {
    await assert.rejects(syncFolder(join(run.runDir, 'missing')), { code: 'ENOENT' });
  });
});

describe('appending a line', () => {
  let run: TemporaryRun;
  let file: string;
  beforeEach(() => {
    run = createTemporaryRun();
    file = join(run.runDir, 'lines');
  });
  afterEach(() => {
    run.delete();
  });

  it('makes the file and adds to it', async () => {
    assert.ok(!existsSync(file));
    await appendLine(file, 'one');
    await appendLine(file, 'zwölf');
    assert.equal(readFileSync(file, 'utf8'), 'one\nzwölf\n');
  });

  it('closes a torn line first', async () => {
    writeFileSync(file, 'one\ntor');
    await appendLine(file, 'two');
    assert.equal(readFileSync(file, 'utf8'), 'one\ntor\ntwo\n');
  });
});

const flipScript = `
  import { writeFileAtomically } from '../../runs/write-atomically';
  async function main() {
    for (let i = 0; ; i++) {
      await writeFileAtomically(process.argv[2], i % 2 ? 'a'.repeat(200_000) : 'b'.repeat(300_000));
      if (i === 0) console.log('ready');
    }
  }
  void main();
`;
