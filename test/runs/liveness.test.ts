import assert from 'node:assert/strict';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { currentProcess, isAlive, processStartedAtMs, startHeartbeat, type RunProcess } from '../../runs/liveness';
import { lookUpProcess, processExists } from '../../runs/look-up-process';
import { runPaths } from '../../runs/paths';
import { kill, killScripts, startScript } from './start-script';
import { createTemporaryRun, type TemporaryRun } from './temporary-run';

const second = 1000;

describe('liveness', function () {
  this.timeout(30 * second); // real children on a machine that may be busy
  let run: TemporaryRun;
  let heartbeat: string;
  let parent: ChildProcess | undefined;
  beforeEach(() => {
    run = createTemporaryRun();
    heartbeat = runPaths(run.runDir).heartbeat;
  });
  afterEach(async () => {
    await killScripts();
    if (parent) await kill(parent);
    run.delete();
  });

  /** A heartbeat of `process`, last touched `ageMs` ago. */
  function beat(process: RunProcess, ageMs: number): void {
    writeFileSync(heartbeat, JSON.stringify(process));
    const touched = (Date.now() - ageMs) / second;
    utimesSync(heartbeat, touched, touched);
  }

  const startRunner = () => startScript(heartScript, [run.runDir]);

  it('is there while the child runs and gone as soon as it is killed', async () => {
    const child = await startRunner();
    assert.ok(await isAlive(run.runDir, undefined, Date.now()));
    await kill(child);
    assert.ok(!(await isAlive(run.runDir, undefined, Date.now())));
  });

  it('is there while a long step keeps the child from touching its heartbeat', async () => {
    await startRunner();
    assert.ok(await isAlive(run.runDir, undefined, Date.now() + 3600 * second));
  });

  it('is decided by the process that resumed the run, not by the one in run.json', async () => {
    await startRunner();
    const first = { host: hostname(), pid: 2 ** 22 + 1, startedAtMs: 1 };
    assert.ok(await isAlive(run.runDir, { process: first }, Date.now()));
  });

  it('is decided by run.json before the first heartbeat', async () => {
    assert.ok(await isAlive(run.runDir, { process: currentProcess() }, Date.now()));
    assert.ok(!(await isAlive(run.runDir, { process: { ...currentProcess(), pid: 2 ** 22 + 1 } }, Date.now())));
    assert.ok(!(await isAlive(run.runDir, undefined, Date.now())));
  });

  it('is not there when the number belongs to a process that started at another time', async () => {
    beat({ ...currentProcess(), startedAtMs: currentProcess().startedAtMs - 3600 * second }, 16 * second);
    assert.ok(!(await isAlive(run.runDir, undefined, Date.now())));
    assert.ok(!(await isAlive(run.runDir, { process: currentProcess() }, Date.now())));
  });

  it('survives a clock that was set while the run beats', async () => {
    beat({ ...currentProcess(), startedAtMs: currentProcess().startedAtMs - 3600 * second }, 2 * second);
    assert.ok(await isAlive(run.runDir, undefined, Date.now()));
  });

  it('of a run on another machine rests on its heartbeat alone', async () => {
    const elsewhere = { host: `not-${hostname()}`, pid: process.pid, startedAtMs: 1 };
    beat(elsewhere, 50 * second);
    assert.ok(await isAlive(run.runDir, undefined, Date.now()));
    beat(elsewhere, 70 * second);
    assert.ok(!(await isAlive(run.runDir, undefined, Date.now())));
    rmSync(heartbeat);
    assert.ok(!(await isAlive(run.runDir, { process: elsewhere }, Date.now())));
  });

  for (const content of ['', '{"host":', '[]', 'null', '{"host":1,"pid":1,"startedAtMs":1}']) {
    it(`is decided by run.json when the heartbeat holds ${JSON.stringify(content)}`, async () => {
      writeFileSync(heartbeat, content);
      assert.ok(await isAlive(run.runDir, { process: currentProcess() }, Date.now()));
      assert.ok(!(await isAlive(run.runDir, undefined, Date.now())));
    });
  }

  it('is not believed of process 0 or of a group', () => {
    for (const pid of [0, -1, 1.5, Number.NaN]) assert.ok(!processExists(pid), String(pid));
  });

  it('is over for a child that ended but was never collected', async function () {
    if (process.platform !== 'linux') this.skip();
    const shell = spawn('sh', ['-c', 'sleep 0.01 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'inherit'] });
    parent = shell;
    const output: unknown[] = await once(shell.stdout, 'data');
    const zombie = Number(String(output[0]));
    while (!readFileSync(`/proc/${zombie}/stat`, 'utf8').includes(') Z ')) await new Promise((done) => setTimeout(done, 5));
    beat({ host: hostname(), pid: zombie, startedAtMs: Date.now() }, 16 * second);
    assert.ok(!(await isAlive(run.runDir, undefined, Date.now())));
  });
});

describe('the heartbeat', () => {
  let run: TemporaryRun;
  beforeEach(() => (run = createTemporaryRun()));
  afterEach(async () => {
    await killScripts();
    run.delete();
  });

  it('names the process, is touched every second, comes back when deleted and stops when told', async function () {
    this.timeout(30 * second);
    const file = runPaths(run.runDir).heartbeat;
    const heart = startHeartbeat(run.runDir);
    assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), currentProcess());
    utimesSync(file, 1, 1);
    await new Promise((done) => setTimeout(done, 1200));
    assert.ok(Date.now() - statSync(file).mtimeMs < 2 * second);
    rmSync(file);
    await new Promise((done) => setTimeout(done, 1200));
    assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), currentProcess());
    heart.stop();
    rmSync(file);
    await new Promise((done) => setTimeout(done, 1200));
    assert.throws(() => statSync(file));
  });

  it('does not end or hold up its process when the run folder is deleted', async function () {
    this.timeout(30 * second);
    const child = await startScript(shortScript, [run.runDir]);
    run.delete();
    assert.deepEqual(await once(child, 'exit'), [0, null]);
  });
});

describe('the start of a process', () => {
  it('is what the process itself says, within the tolerance', async () => {
    const found = await processStartedAtMs(process.pid);
    assert.ok(found !== undefined && Math.abs(found - currentProcess().startedAtMs) < 3 * second, String(found));
    assert.equal(currentProcess().pid, process.pid);
    assert.equal(currentProcess().host, hostname());
  });

  it('is read from ps where there is no /proc, with the same answer', async function () {
    if (process.platform === 'win32' || !hasPs()) this.skip();
    const found = await lookUpProcess(process.pid, 'darwin');
    assert.ok(found.kind === 'running');
    assert.ok(Math.abs(found.startedAtMs - currentProcess().startedAtMs) < 3 * second);
  });

  it('is unknown where nobody can say, and absent where there is no process', async function () {
    assert.deepEqual(await lookUpProcess(2 ** 22 + 1), { kind: 'gone' });
    assert.equal(await processStartedAtMs(2 ** 22 + 1), undefined);
    if (process.platform === 'win32') this.skip();
    assert.deepEqual(await lookUpProcess(process.pid, 'win32'), { kind: 'unknown' }); // there is no PowerShell here
  });
});

const heartScript = `
  import { startHeartbeat } from '../../runs/liveness';
  startHeartbeat(process.argv[2]);
  console.log('ready');
  setInterval(() => {}, 1000);
`;

const shortScript = `
  import { startHeartbeat } from '../../runs/liveness';
  startHeartbeat(process.argv[2]);
  console.log('ready');
  setTimeout(() => {}, 1500);
`;

/** BusyBox has a ps that knows no start times. */
function hasPs(): boolean {
  try {
    execFileSync('ps', ['-o', 'lstart=', '-p', String(process.pid)], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
