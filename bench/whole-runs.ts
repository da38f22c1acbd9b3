/** Whole fine-tunes of a project, each in a child process: `temper train`, and Hugging Face's Trainer in Python. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { z } from 'zod';
import { packageRoot } from '../inputs/assets';
import { parseRunEvent, type RunEvent } from '../protocol';
import { readPeakBytes } from './peak-memory';

export interface WholeRun {
  readonly testAccuracy: number;
  /** From the first step to the last evaluation during training. */
  readonly trainingSeconds: number;
  /** From the start of the process to its end. */
  readonly seconds: number;
  readonly peakBytes: number;
  /** Validation accuracy, with the seconds since the first step began. */
  readonly curve: readonly CurvePoint[];
}

export interface CurvePoint {
  readonly step: number;
  readonly seconds: number;
  readonly accuracy: number;
}

export interface PeerRequest {
  readonly python: string;
  readonly project: string;
  /** A Hugging Face folder. */
  readonly model: string;
  readonly method: 'lora' | 'full';
  readonly epochs: number;
  readonly learningRate: number;
  /** Further options of peers/classify.py. */
  readonly options: readonly string[];
}

const peerAnswerSchema = z.object({
  seconds: z.number(),
  testAccuracy: z.number(),
  curve: z.array(z.tuple([z.number(), z.number(), z.number()])),
  peakMb: z.number(),
});
const watchMs = 200;

export async function runTemper(project: string): Promise<WholeRun> {
  const temper = join(packageRoot(), 'bin', 'temper.cjs');
  const { output, seconds, peakBytes } = await runChild([process.execPath, temper, 'train', project, '--json']);
  const events = output.split('\n').flatMap((line) => parseRunEvent(parseLine(line)) ?? []);
  const steps = events.flatMap((event) => (event.kind === 'step' ? [event] : []));
  const [first] = steps;
  const last = events.findLast(isValidation);
  if (first === undefined || last === undefined) throw new Error(`temper train ${project} took no step:\n${output.slice(-2000)}`);
  const startMs = first.atMs - first.stepMs;
  const memory = Math.max(...steps.map(({ memoryBytes }) => memoryBytes));
  return {
    testAccuracy: events.find((event) => isAccuracyOf(event, 'test'))?.metrics.accuracy ?? NaN,
    trainingSeconds: (last.atMs - startMs) / 1000,
    seconds,
    peakBytes: Math.max(peakBytes, memory),
    curve: events.filter(isValidation).map(({ step, atMs, metrics }) => ({
      step,
      seconds: (atMs - startMs) / 1000,
      accuracy: metrics.accuracy ?? NaN,
    })),
  };
}

/** The program is peers/classify.py, or one in TEMPER_BENCH_PEER that takes and prints the same. */
export async function runPeer({ python, project, model, method, epochs, learningRate, options }: PeerRequest): Promise<WholeRun> {
  const program = process.env['TEMPER_BENCH_PEER'] ?? join(packageRoot(), 'bench', 'peers', 'classify.py');
  const numbers = ['--epochs', String(epochs), '--lr', String(learningRate)];
  const { output, seconds } = await runChild([python, program, project, model, method, ...numbers, ...options]);
  const found = peerAnswerSchema.parse(parseLine(output.trimEnd().split('\n').at(-1) ?? ''));
  return {
    testAccuracy: found.testAccuracy,
    trainingSeconds: found.seconds,
    seconds,
    peakBytes: found.peakMb * 1e6,
    curve: found.curve.map(([step, at, accuracy]) => ({ step, seconds: at, accuracy })),
  };
}

type Evaluated = Extract<RunEvent, { kind: 'evaluated' }>;

function isAccuracyOf(event: RunEvent, split: Evaluated['split']): event is Evaluated {
  return event.kind === 'evaluated' && event.subject === 'trained' && event.split === split;
}

function isValidation(event: RunEvent): event is Evaluated {
  return isAccuracyOf(event, 'validation');
}

function parseLine(line: string): unknown {
  return line.startsWith('{') ? JSON.parse(line) : undefined;
}

/** @throws Error with the end of what it wrote, when it fails */
async function runChild([program = '', ...args]: readonly string[]) {
  const startMs = performance.now();
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  let peakBytes = 0;
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const watch = setInterval(() => (peakBytes = Math.max(peakBytes, readPeakBytes(child.pid ?? 0))), watchMs);
  const [code] = (await once(child, 'close').finally(() => clearInterval(watch))) as [number | null]; // as Node documents it
  if (code !== 0) throw new Error(`${[program, ...args].join(' ')} failed:\n${output.slice(-2000)}${errors.slice(-4000)}`);
  return { output, seconds: (performance.now() - startMs) / 1000, peakBytes };
}
