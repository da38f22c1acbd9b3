/** `temper stop`: asks a run to save and end, and waits until it has; `--now` ends its process. */
import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { resolve } from 'node:path';
import { isEnded, RunFailure } from '../../../protocol';
import { requestControl } from '../../../runs/control';
import { isRunDir } from '../../../runs/paths';
import { readRun, type RunOnDisk } from '../../../runs/read-run';
import { badUsage, type Command } from '../command';
import { summarizeRun } from '../run-summary';

const patienceMs = 120_000;
const forceAfterMs = 5000;

export const stopCommand: Command = {
  name: 'stop',
  synopsis: 'stop <run-dir> [--now]',
  summary:
    'Stop a run after its step and save a checkpoint; --now signals its process, and kills it if it is still there after five seconds.',
  options: { now: { type: 'boolean' } },
  async run({ positionals, flag }, output) {
    const [target] = positionals;
    if (target === undefined || positionals.length > 1) throw badUsage('stop takes one run folder.', stopCommand);
    const runDir = resolve(target);
    if (!existsSync(runDir) || !isRunDir(runDir)) throw notARun(runDir);
    const before = await readRun(runDir);
    if (!isEnded(before.state.phase)) await (flag('now') ? endProcess(before) : requestControl(runDir, { kind: 'stop' }));
    output.say('Waiting for the run to end…');
    const { state, record } = await waitForEnd(runDir);
    const { runId, state: name, bestStep, checkpoints } = summarizeRun(record?.runId ?? runDir, runDir, state);
    output.say(`${runId}: ${name}.`);
    output.record({ kind: 'result', runId, runDir, state: name, bestStep, checkpoints });
    return 0;
  },
};

async function waitForEnd(runDir: string): Promise<RunOnDisk> {
  const giveUpAtMs = Date.now() + patienceMs;
  for (;;) {
    const run = await readRun(runDir);
    if (isEnded(run.state.phase)) return run;
    if (Date.now() > giveUpAtMs) throw stillRunning(runDir);
    await wait(200);
  }
}

/** Politely first, by force after five seconds. */
async function endProcess({ record, dir }: RunOnDisk): Promise<void> {
  if (record === undefined) throw notARun(dir);
  const { pid, host } = record.process;
  if (host !== hostname()) throw runsElsewhere(dir, host);
  process.kill(pid, 'SIGTERM');
  const forceAtMs = Date.now() + forceAfterMs;
  while (Date.now() < forceAtMs && isRunning(pid)) await wait(100);
  if (isRunning(pid)) process.kill(pid, 'SIGKILL');
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false; // nobody there to be asked
  }
}

function notARun(dir: string): RunFailure {
  return new RunFailure({
    code: 'bad-run',
    message: `${dir} is not a run folder (it has no run.json).`,
    hint: 'Run folders lie in .temper/runs; `temper runs` lists them.',
    file: dir,
  });
}

/** Its process id means another process here. */
function runsElsewhere(dir: string, host: string): RunFailure {
  return new RunFailure({
    code: 'bad-run',
    message: `The run in ${dir} runs on ${host}; only that machine can end its process.`,
    hint: 'Leave --now out: a request to stop and save reaches it through the folder.',
    file: dir,
  });
}

function stillRunning(dir: string): RunFailure {
  return new RunFailure({
    code: 'bad-run',
    message: `The run in ${dir} did not end within ${patienceMs / 1000} seconds.`,
    hint: 'Wait for its step to end, or use --now.',
    file: dir,
  });
}
