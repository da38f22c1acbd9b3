import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { findLastLine, parseJsonLine, type JsonLine } from '../../extension/process/json-lines';
import { runCli } from '../../extension/process/run-cli';
import type { Runtime } from '../../extension/process/runtime';
import { startTraining } from '../../extension/process/start-training';
import { RunFailure } from '../../protocol';
import { runPaths, runsDir } from '../../runs/paths';
import { waitUntil } from './wait-until';

const error = { kind: 'error', code: 'bad-data', message: 'Line 3 is not JSON.', hint: 'Correct it.', file: '/t.jsonl', line: 3 };

describe('the command line, run for the editor', () => {
  let dir: string;
  beforeEach(() => (dir = realpathSync(mkdtempSync(join(tmpdir(), 'temper-process-')))));
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  /** A command line of our own in a real child process. */
  function runtime(script: string): Runtime {
    const cliFile = join(dir, 'cli.cjs');
    writeFileSync(
      cliFile,
      `const args = process.argv.slice(2); const say = (line) => console.log(JSON.stringify(line));\n${script}`,
    );
    return { nodePath: process.execPath, cliFile };
  }

  it('gives the result, after each line before it', async () => {
    const lines: JsonLine[] = [];
    const script = `say({ kind: 'progress', done: 1 }); console.log('for people'); say({ kind: 'result', args });`;
    const result = await runCli({ runtime: runtime(script), args: ['eval', 'x y'], onLine: (line) => lines.push(line) });
    assert.deepEqual(result, { kind: 'result', args: ['eval', 'x y', '--json'] });
    assert.deepEqual(
      lines.map(({ kind }) => kind),
      ['progress', 'result'],
    );
  });

  it('throws what an error line says', async () => {
    const failing = runCli({ runtime: runtime(`say(${JSON.stringify(error)}); process.exit(1);`), args: ['eval'] });
    await assert.rejects(failing, (thrown) => thrown instanceof RunFailure && thrown.error.line === 3);
  });

  it('says what was printed when it ends without a result', async () => {
    const failing = runCli({ runtime: runtime(`console.error('no such module'); process.exit(7);`), args: ['eval'] });
    await assert.rejects(failing, /temper eval ended with code 7\. no such module/);
  });

  it('ends the child when it is no longer wanted', async () => {
    const abort = new AbortController();
    const pidFile = join(dir, 'pid');
    const script = `require('fs').writeFileSync(${JSON.stringify(pidFile)}, String(process.pid)); setInterval(() => {}, 1000);`;
    const call = runCli({ runtime: runtime(script), args: ['eval'], signal: abort.signal });
    const ended = assert.rejects(call, { name: 'AbortError' });
    await waitUntil('the child runs', () => existsSync(pidFile) && readFileSync(pidFile, 'utf8') !== '');
    abort.abort();
    await ended;
    await waitUntil('the child is gone', () => !isRunning(Number(readFileSync(pidFile, 'utf8'))));
  });

  const begin = `
    const runDir = require('path').join(args[1], '.temper', 'runs', args[args.indexOf('--run-id') + 1]);
    require('fs').writeFileSync(runDir + '/run.json', JSON.stringify({ args, electron: process.env.ELECTRON_RUN_AS_NODE, pid: process.pid }));`;

  it('starts training and gives the folder once the run has begun', async () => {
    const request = { runtime: runtime(`console.error('hello'); ${begin}`), projectDir: dir, threads: 2 };
    const runDir = await startTraining(request);
    const { args, electron } = JSON.parse(readFileSync(runPaths(runDir).record, 'utf8')) as { args: string[]; electron: string };
    assert.deepEqual(args, ['train', dir, '--run-id', basename(runDir), '--set', 'threads=2', '--json']);
    assert.equal(electron, '1');
    await waitUntil('the log', () => readFileSync(runPaths(runDir).log, 'utf8') === 'hello\n');
  });

  it('tells the trainer when the user wants to start with rows that leak, and only then', async () => {
    const argumentsOf = async (allowLeaks: boolean) => {
      const runDir = await startTraining({ runtime: runtime(begin), projectDir: dir, threads: 0, allowLeaks });
      return (JSON.parse(readFileSync(runPaths(runDir).record, 'utf8')) as { args: string[] }).args;
    };
    assert.equal((await argumentsOf(true)).includes('--allow-leaks'), true);
    assert.equal((await argumentsOf(false)).includes('--allow-leaks'), false);
  });

  it('gives runs that start in the same moment a folder each', async () => {
    const request = { runtime: runtime(begin), projectDir: dir, threads: 0 };
    const started = await Promise.all(Array.from({ length: 6 }, () => startTraining(request)));
    assert.equal(new Set(started).size, 6);
    assert.equal(readdirSync(runsDir(dir)).length, 6);
  });

  it('throws the words of a trainer that refuses, and leaves no folder behind', async () => {
    const request = {
      runtime: runtime(`console.error('noise'); say(${JSON.stringify(error)}); process.exit(1);`),
      projectDir: dir,
      threads: 0,
    };
    await assert.rejects(startTraining(request), (thrown) => thrown instanceof RunFailure && thrown.error.file === '/t.jsonl');
    assert.deepEqual(readdirSync(runsDir(dir)), []);
  });

  it('keeps the log of a trainer that dies without a word, and points at it', async () => {
    const request = { runtime: runtime(`console.error('Segmentation fault'); process.exit(139);`), projectDir: dir, threads: 0 };
    await assert.rejects(startTraining(request), (thrown) => {
      assert.ok(thrown instanceof RunFailure);
      assert.equal(readFileSync(thrown.error.file ?? '', 'utf8'), 'Segmentation fault\n');
      return true;
    });
  });

  it('reads lines that are torn or not meant for it', () => {
    assert.equal(parseJsonLine('{"kind": "err'), undefined);
    assert.equal(parseJsonLine('[1]'), undefined);
    assert.deepEqual(findLastLine('{"kind":"error","n":1}\n{"kind":"error","n":2}\nbye\n{"kind":', 'error'), {
      kind: 'error',
      n: 2,
    });
    assert.equal(findLastLine('', 'error'), undefined);
  });
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
