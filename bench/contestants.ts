/** Starts contestants and gives them their turns (messages.ts). */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { packageRoot } from '../inputs/assets';
import type { BackendName } from '../protocol';
import { answerSchema, type Answer, type Ran, type Ready, type Turn } from './messages';
import { programsDir } from './places';

/** How to start one. */
export interface Entry {
  readonly name: string;
  readonly command: readonly string[];
}

export interface Contestant {
  readonly name: string;
  readonly ready: Ready;
  run(steps: number): Promise<Ran>;
  /** The most probable class of every row of a file of batches. */
  predict(batchesFile: string): Promise<number[]>;
  /** Resolves when it has ended. */
  close(): Promise<void>;
}

export interface Refused {
  readonly name: string;
  readonly reason: string;
}

export function temperEntry(jobFile: string, backend: BackendName, threads: number): Entry {
  const program = join(programsDir(), 'temper-contestant.cjs');
  return {
    name: `Temper, ${backend}`,
    command: [process.execPath, program, jobFile, '--backend', backend, '--threads', String(threads)],
  };
}

/** `attention` is transformers' name of an implementation; undefined leaves it to transformers. */
export function pytorchEntry(python: string, jobFile: string, options: { threads: number; attention?: string }): Entry {
  const program = join(packageRoot(), 'bench', 'peers', 'pytorch_contestant.py');
  const attention = options.attention === undefined ? [] : ['--attention', options.attention];
  return {
    name: options.attention === undefined ? 'PyTorch + PEFT' : `PyTorch + PEFT, ${options.attention} attention`,
    command: [python, program, jobFile, '--threads', String(options.threads), ...attention],
  };
}

/** @throws Error with what it wrote to stderr, when it ends without an answer */
export async function startContestant({ name, command }: Entry): Promise<Contestant | Refused> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { stdio: 'pipe' });
  const errors: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => errors.push(text));
  child.stdin.on('error', () => undefined); // one that has died is reported by `hear`
  const exited = once(child, 'exit');
  exited.catch(() => undefined); // and so is a program that does not start
  const hear = listenTo(name, child, errors);
  const first = await hear();
  if (first.kind === 'refused') return { name, reason: first.reason };
  if (first.kind !== 'ready') throw new Error(`${name} answered before it was asked.`);
  const ask = (turn: Turn) => {
    child.stdin.write(`${JSON.stringify(turn)}\n`);
    return hear();
  };
  return {
    name,
    ready: first,
    async run(steps) {
      const answer = await ask({ steps });
      if (answer.kind !== 'ran') throw new Error(`${name} answered a turn with "${answer.kind}".`);
      return answer;
    },
    async predict(batchesFile) {
      const answer = await ask({ predict: batchesFile });
      if (answer.kind !== 'predicted') throw new Error(`${name} answered a question with "${answer.kind}".`);
      return answer.labels;
    },
    async close() {
      child.stdin.end();
      await exited;
    },
  };
}

/** The next answer. Other lines, as libraries like to print them, are passed over. */
function listenTo(name: string, child: ChildProcessWithoutNullStreams, errors: readonly string[]): () => Promise<Answer> {
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let failure = '';
  child.on('error', (error) => (failure = error.message));
  return async () => {
    for (;;) {
      const { done, value } = await lines.next();
      if (done === true) throw new Error(`${name} ended without an answer: ${failure}${errors.join('').slice(-2000)}`);
      if (value.startsWith('{')) return answerSchema.parse(JSON.parse(value));
    }
  };
}
