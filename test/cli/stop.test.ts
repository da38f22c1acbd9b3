/** Stopping real child processes: politely, by signal, by force; and what is left of their runs. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { ChildProcess } from 'node:child_process';
import { listCheckpoints, verifyCheckpoint } from '../../runs/checkpoint-folder';
import { temporaryFolder } from '../trainer/tiny-training';
import { collect, endless, loggedKinds, startTemper, temper, waitUntil, writeTinyProject, type CliOutcome } from './tiny-project';

describe('a run that is going on', function () {
  this.timeout(120_000);
  const folder = temporaryFolder('stop');
  const project = join(folder.path, 'project');
  const runDirOf = (id: string) => join(project, '.temper', 'runs', id);
  const children: ChildProcess[] = [];
  before(() => {
    writeTinyProject(project);
  });
  after(() => {
    for (const child of children) child.kill('SIGKILL');
    folder.remove();
  });

  /** Returns when it has done a step. */
  async function startRun(id: string): Promise<{ child: ChildProcess; outcome: Promise<CliOutcome> }> {
    const child = startTemper(['train', project, '--run-id', id, ...endless, '--json']);
    children.push(child);
    const outcome = collect(child);
    await waitUntil(() => loggedKinds(runDirOf(id)).includes('step') || child.exitCode !== null, 'it does a step');
    return { child, outcome };
  }

  async function assertStoppedAndSaved(id: string, { code, last, lines }: CliOutcome): Promise<void> {
    assert.deepEqual([code, last.kind, last['state']], [0, 'result', 'stopped']);
    const lastStep = lines.findLast(({ kind }) => kind === 'step')?.['step'];
    const [checkpoint, ...others] = await listCheckpoints(runDirOf(id));
    assert.deepEqual(others, []);
    assert.equal(checkpoint?.step, lastStep, 'saved after the step that was under way, and none came after');
    await verifyCheckpoint(checkpoint?.dir ?? '');
    assert.deepEqual(loggedKinds(runDirOf(id)).slice(-3), ['stopping', 'saved', 'ended']);
    assert.deepEqual(readdirSync(checkpoint?.dir ?? '').sort(), [
      'MANIFEST.json',
      'adapter_config.json',
      'adapter_model.safetensors',
      'config.json',
      'optimizer.safetensors',
      'tokenizer.json',
      'tokenizer_config.json',
      'trainer_state.json',
    ]);
  }

  it('is listed as training, and "temper stop" ends it as stopped, with a complete checkpoint', async () => {
    const { outcome } = await startRun('asked');
    const listed = await temper(['runs', project, '--json']);
    assert.deepEqual([listed.lines[0]?.['runId'], listed.lines[0]?.['state']], ['asked', 'training']);
    const stopped = await temper(['stop', runDirOf('asked'), '--json']);
    assert.deepEqual([stopped.code, stopped.last.kind, stopped.last['state']], [0, 'result', 'stopped']);
    assert.equal((stopped.last['checkpoints'] as unknown[]).length, 1);
    await assertStoppedAndSaved('asked', await outcome);
  });

  it('stops and saves at the first SIGINT', async () => {
    const { child, outcome } = await startRun('interrupted');
    child.kill('SIGINT');
    await assertStoppedAndSaved('interrupted', await outcome);
  });

  it('its checkpoint can be used: predict and eval open it', async () => {
    const predicted = await temper(['predict', runDirOf('asked'), 'the app works great', '--json']);
    assert.deepEqual([predicted.code, predicted.last], [0, { kind: 'result', rows: 1 }], predicted.stdout);
  });

  it('is lost when its process is killed, and no part of a checkpoint counts', async () => {
    const { child, outcome } = await startRun('killed');
    child.kill('SIGKILL');
    await outcome;
    const listed = await temper(['runs', project, '--json']);
    assert.equal(listed.lines.find(({ runId }) => runId === 'killed')?.['state'], 'lost');
    assert.deepEqual(await listCheckpoints(runDirOf('killed')), []);
    const stopped = await temper(['stop', runDirOf('killed'), '--json']);
    assert.deepEqual([stopped.code, stopped.last['state']], [0, 'lost'], 'nobody waits for it');
    const evaluated = await temper(['eval', runDirOf('killed'), '--json']);
    assert.deepEqual([evaluated.code, evaluated.last['code']], [1, 'bad-checkpoint']);
    assert.match(String(evaluated.last['message']), /the run has no checkpoint/);
  });

  it('--now ends its process', async () => {
    const { child, outcome } = await startRun('at-once');
    const stopped = await temper(['stop', runDirOf('at-once'), '--now', '--json']);
    assert.equal(stopped.code, 0);
    assert.ok(['stopped', 'lost'].includes(String(stopped.last['state'])), String(stopped.last['state']));
    await outcome;
    assert.ok(child.exitCode !== null || child.signalCode !== null);
  });

  it('--now never ends a process here for a run on another machine', async () => {
    const bystander = startTemper(['train', project, '--run-id', 'bystander', ...endless]);
    children.push(bystander);
    await waitUntil(() => loggedKinds(runDirOf('bystander')).includes('step'), 'the bystander does a step');
    const elsewhere = runDirOf('elsewhere');
    cpSync(runDirOf('bystander'), elsewhere, { recursive: true });
    for (const name of ['run.json', 'heartbeat']) {
      const file = join(elsewhere, name);
      writeFileSync(file, readFileSync(file, 'utf8').replaceAll(`"${hostname()}"`, '"another-machine"'));
    }
    const stopped = await temper(['stop', elsewhere, '--now', '--json']);
    assert.deepEqual([stopped.code, stopped.last['code']], [1, 'bad-run']);
    assert.match(String(stopped.last['message']), /runs on another-machine/);
    assert.equal(bystander.exitCode, null, 'the bystander is still there');
    bystander.kill('SIGKILL');
    await once(bystander, 'exit');
  });
});

describe('temper eval', function () {
  this.timeout(60_000);
  const folder = temporaryFolder('torn-checkpoint');
  const project = join(folder.path, 'project');
  const checkpoints = join(project, '.temper', 'runs', 'first', 'checkpoints');
  const torn = join(checkpoints, 'step-000900');
  before(async () => {
    writeTinyProject(project);
    const { code } = await temper(['train', project, '--run-id', 'first', '--set', 'training.maxSteps=1', '--json']);
    assert.equal(code, 0);
  });
  beforeEach(() => {
    rmSync(torn, { recursive: true, force: true });
    cpSync(join(checkpoints, 'step-000001'), torn, { recursive: true });
  });
  after(() => {
    folder.remove();
  });

  const faults: readonly [what: string, spoil: () => void, message: RegExp][] = [
    [
      'was cut off',
      () => {
        writeFileSync(
          join(torn, 'adapter_model.safetensors'),
          readFileSync(join(torn, 'adapter_model.safetensors')).subarray(0, 500),
        );
      },
      /adapter_model\.safetensors has 500 bytes instead of \d+/,
    ],
    [
      'has another byte',
      () => {
        flipLastByte(join(torn, 'adapter_model.safetensors'));
      },
      /adapter_model\.safetensors has other content than was saved/,
    ],
    [
      'lacks a file',
      () => {
        rmSync(join(torn, 'adapter_model.safetensors'));
      },
      /adapter_model\.safetensors is missing/,
    ],
    [
      'was never finished',
      () => {
        rmSync(join(torn, 'MANIFEST.json'));
      },
      /has neither a MANIFEST\.json, which a complete checkpoint has, nor a run\.json/,
    ],
    [
      'is not there',
      () => {
        rmSync(torn, { recursive: true });
      },
      /there is no such folder/,
    ],
    [
      'has a manifest that is torn',
      () => {
        writeFileSync(join(torn, 'MANIFEST.json'), '{"formatVersion": 1,');
      },
      /it is not JSON/,
    ],
  ];
  for (const [what, spoil, message] of faults) {
    it(`refuses a checkpoint that ${what}, by name`, async () => {
      spoil();
      const { code, last, lines } = await temper(['eval', torn, '--json']);
      assert.deepEqual([code, last.kind, last['code']], [1, 'error', 'bad-checkpoint'], JSON.stringify(last));
      assert.match(String(last['message']), message);
      assert.ok(String(last['message']).includes(torn) && String(last['file']).startsWith(torn), JSON.stringify(last));
      assert.notEqual(last['hint'], '');
      assert.deepEqual(lines, [last]);
    });
  }

  it('refuses an adapter whose base model has changed since', async () => {
    const file = join(project, 'model', 'model.safetensors');
    const original = readFileSync(file);
    flipLastByte(file);
    const { code, last } = await temper(['eval', join(checkpoints, 'step-000001'), '--json']);
    writeFileSync(file, original);
    assert.deepEqual([code, last['code']], [1, 'bad-checkpoint']);
    assert.match(String(last['message']), /was trained on other weights/);
  });

  it('still measures with the labels of the run when train has other ones by now', async () => {
    const file = join(project, 'test.jsonl');
    const rows = readFileSync(file, 'utf8');
    writeFileSync(
      join(project, 'train.jsonl'),
      `${readFileSync(join(project, 'train.jsonl'), 'utf8')}{"text":"the app waits","label":"unsure"}\n`,
    );
    writeFileSync(file, `${rows}{"text":"the app waits","label":"unsure"}\n`);
    const { code, last } = await temper(['eval', join(checkpoints, 'step-000001'), '--json']);
    assert.deepEqual([code, last['code']], [1, 'bad-data'], JSON.stringify(last));
    assert.match(String(last['message']), /"unsure" is not one of the labels/);
    assert.ok(existsSync(file));
  });
});

function flipLastByte(file: string): void {
  const bytes = readFileSync(file);
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
  writeFileSync(file, bytes);
}
