/** `temper train`: one run, from temper.json to an evaluated checkpoint. Ctrl-C stops it and saves; twice ends it at once. */
import { resolve } from 'node:path';
import { readProject } from '../../../dataset/project';
import { exitCodeOf, type ControlRequest, type RunEvent } from '../../../protocol';
import { ControlInbox } from '../../../runs/control';
import type { Surroundings } from '../../loop';
import { runTraining, type RunOutcome } from '../../run';
import { badUsage, type Command } from '../command';
import type { Output } from '../output';
import { describeEvent, ProgressLine } from '../progress-line';
import { summarizeRun } from '../run-summary';

const pauseMs = 100;

export const trainCommand: Command = {
  name: 'train',
  synopsis: 'train [dir] [--set name=value]... [--run-id ID] [--allow-leaks]',
  summary: 'Train what temper.json in the folder describes.',
  options: { set: { type: 'string', multiple: true }, 'run-id': { type: 'string' }, 'allow-leaks': { type: 'boolean' } },
  async run(args, output) {
    if (args.positionals.length > 1) throw badUsage('train takes one folder.', trainCommand);
    const project = await readProject(resolve(args.positionals[0] ?? '.'), args.texts('set'));
    const stopRequests: ControlRequest[] = [];
    const listener = listenForSignals(stopRequests);
    const progressLine = new ProgressLine(() => Date.now());
    try {
      const outcome = await runTraining({
        project,
        runId: args.text('run-id'),
        allowLeaks: args.flag('allow-leaks'),
        surroundings: (runDir) => createSurroundings(runDir, stopRequests),
        onEvent: (event) => {
          report(event, progressLine, output);
        },
      });
      return conclude(outcome, output);
    } finally {
      listener.remove();
    }
  },
};

function createSurroundings(runDir: string, signalled: ControlRequest[]): Surroundings {
  const inbox = new ControlInbox(runDir);
  return {
    nowMs: () => Date.now(),
    memoryBytes: () => process.memoryUsage.rss(),
    requests: () => [...inbox.readNew(), ...signalled.splice(0)],
    rest: () => new Promise((resume) => setImmediate(resume)),
    hold: () => new Promise((resume) => setTimeout(resume, pauseMs)),
  };
}

/** The first signal asks for a stop that saves, the second ends the process. */
function listenForSignals(requests: ControlRequest[]): { remove(): void } {
  let asked = false;
  const onSignal = () => {
    if (asked) process.exit(130);
    asked = true;
    requests.push({ kind: 'stop' });
  };
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.on(signal, onSignal);
  return {
    remove() {
      for (const signal of signals) process.removeListener(signal, onSignal);
    },
  };
}

function report(event: RunEvent, progressLine: ProgressLine, output: Output): void {
  output.record(event);
  const line = progressLine.update(event);
  if (line !== undefined) output.progress(line);
  const text = describeEvent(event);
  if (text !== undefined) output.say(text);
}

function conclude(outcome: RunOutcome, output: Output): 0 | 1 | 2 {
  const { phase } = outcome.state;
  const error = phase.kind === 'ended' ? phase.error : undefined;
  const summary = summarizeRun(outcome.runId, outcome.runDir, outcome.state);
  if (error !== undefined && !output.json) output.error(error);
  output.say(`Run folder: ${outcome.runDir}`);
  output.record({ kind: 'result', ...summary, ...(error && { error }) });
  return error === undefined ? 0 : exitCodeOf(error);
}
