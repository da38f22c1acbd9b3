/** A disk that is really full: a file system of 256 KiB in memory, where this machine lets us mount one. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeThrown } from '../../protocol';
import { listCheckpoints, verifyCheckpoint, writeCheckpoint } from '../../runs/checkpoint-folder';
import { openEventLog } from '../../runs/event-log';
import { EventTail } from '../../runs/event-tail';
import { runPaths } from '../../runs/paths';
import { writeFileAtomically } from '../../runs/write-atomically';

describe('on a full disk', () => {
  let disk: string;
  let runDir: string;
  let mounted = false;

  beforeEach(function () {
    disk = mkdtempSync(join(tmpdir(), 'temper-full-disk-'));
    mounted = mountSmallDisk(disk);
    if (!mounted) {
      rmSync(disk, { recursive: true });
      this.skip();
    }
    runDir = join(disk, 'run');
    mkdirSync(runDir);
  });
  afterEach(() => {
    if (!mounted) return;
    execFileSync('umount', [disk]);
    rmSync(disk, { recursive: true });
  });

  const save = (step: number, bytes: number) =>
    writeCheckpoint({ runDir, step, method: 'full', files: new Map([['model.safetensors', new Uint8Array(bytes)]]) });

  it('a checkpoint that does not fit leaves no part, and the one before stays whole', async () => {
    await save(1, 100_000);
    const error = await save(2, 400_000).catch((thrown: unknown) => describeThrown(thrown));
    assert.ok('code' in error);
    assert.equal(error.code, 'disk-full');
    assert.deepEqual(readdirSync(runPaths(runDir).checkpoints), ['step-000001']);
    const [checkpoint] = await listCheckpoints(runDir);
    await verifyCheckpoint(checkpoint?.dir ?? '');
    await save(3, 50_000); // the space came back
  });

  it('a file that does not fit keeps its old content', async () => {
    const file = join(runDir, 'run.json');
    await writeFileAtomically(file, 'old');
    await assert.rejects(writeFileAtomically(file, new Uint8Array(400_000)), { code: 'ENOSPC' });
    assert.equal(readFileSync(file, 'utf8'), 'old');
    assert.deepEqual(readdirSync(runDir), ['run.json']);
  });

  it('an event that does not fit is an error, and events go on when there is space again', async () => {
    const log = openEventLog(runDir, { nowMs: () => 1 });
    const ballast = join(disk, 'ballast');
    writeFileSync(ballast, new Uint8Array(200_000));
    assert.throws(
      () => {
        for (let i = 0; i < 100; i++) log.append({ kind: 'notice', message: 'x'.repeat(5_000) });
      },
      { code: 'ENOSPC' },
    );
    rmSync(ballast);
    const last = log.append({ kind: 'paused' });
    log.close();
    const events = await new EventTail(runPaths(runDir).events).readNew();
    assert.deepEqual(events.at(-1), last);
  });
});

function mountSmallDisk(dir: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', dir], { stdio: 'ignore' });
    return true;
  } catch {
    return false; // not Linux, or not root
  }
}
