/**
 * npm run bench: the same model on the same batches in Temper, each backend that is there, and in PyTorch + PEFT, in
 * alternation in one run. First both sides show that they compute the same: without dropout their losses agree.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { backendNames, type BackendName } from '../protocol';
import { formatShape, parseShape, type BatchShape } from './batches';
import { pytorchEntry, startContestant, temperEntry, type Contestant, type Entry } from './contestants';
import { writeJob } from './job';
import { measure, type Measurement } from './measure';
import type { BenchMethod } from './messages';
import { prepareModel, withoutDropout } from './models';
import { findPython } from './python';
import { describeMachine, formatMegabytes, formatMilliseconds, formatTable } from './report';

interface Options {
  readonly modelDir: string;
  readonly shapes: readonly BatchShape[];
  readonly methods: readonly BenchMethod[];
  readonly backends: readonly BackendName[];
  readonly threads: number;
  readonly rounds: number;
  readonly steps: number;
  /** PyTorch's eager attention as well. */
  readonly all: boolean;
  readonly python: string | undefined;
}

/** Of one batch, at a rate at which it is learnt by heart: a loss that does not move agrees with anything. */
const agreementSteps = 5;
const learningRates = { lora: 5e-3, full: 5e-4 };
const largestDisagreement = 1e-4;
const said = new Set<string>();

async function main(): Promise<void> {
  const options = readOptions();
  for (const method of options.methods) await checkAgreement(options, method);
  const rows: string[][] = [];
  const versions: Record<string, string> = {};
  for (const method of options.methods) {
    for (const shape of options.shapes) {
      const measurements = await measureShape(options, method, shape);
      for (const measurement of measurements) Object.assign(versions, measurement.versions);
      rows.push(...formatRows(method, shape, measurements));
    }
  }
  console.log(`\n${describeMachine(versions)}, ${options.threads} threads, ${options.modelDir}\n`);
  console.log(formatTable(['method', 'batch', 'who', 'step ms', 'tokens/s', 'peak MB', "of PyTorch's time"], rows));
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      model: { type: 'string', default: 'minilm-shape' },
      shape: { type: 'string', default: '16x64,16x16' },
      method: { type: 'string', default: 'lora,full' },
      backends: { type: 'string', default: backendNames.filter((name) => name !== 'cpu').join() },
      threads: { type: 'string', default: String(availableParallelism()) },
      rounds: { type: 'string', default: '5' },
      steps: { type: 'string', default: '4' },
      all: { type: 'boolean', default: false },
    },
  });
  const found = findPython();
  if (found.kind === 'missing') sayOnce(`PyTorch + PEFT is left out: ${found.reason}.`);
  return {
    modelDir: prepareModel(values.model),
    shapes: values.shape.split(',').map(parseShape),
    methods: choose('method', values.method, ['lora', 'full']),
    backends: choose('backend', values.backends, backendNames),
    threads: Number(values.threads),
    rounds: Number(values.rounds),
    steps: Number(values.steps),
    all: values.all,
    python: found.kind === 'found' ? found.python : undefined,
  };
}

function choose<Name extends string>(what: string, text: string, known: readonly Name[]): Name[] {
  return text.split(',').map((wanted) => {
    const name = known.find((candidate) => candidate === wanted);
    if (name === undefined) throw new Error(`There is no ${what} "${wanted}". Known: ${known.join(', ')}.`);
    return name;
  });
}

/** @throws Error when the two sides do not compute the same, for then their times say nothing */
async function checkAgreement({ modelDir, python, backends, threads }: Options, method: BenchMethod): Promise<void> {
  const backend = backends[0];
  if (python === undefined || backend === undefined) return;
  const learning = { batchCount: 1, learningRate: learningRates[method] };
  const jobFile = writeJob({ modelDir: withoutDropout(modelDir), method, shape: { rows: 16, length: 16 }, ...learning });
  const entries = [
    temperEntry(jobFile, backends.find((name) => name === 'wasm') ?? backend, threads),
    pytorchEntry(python, jobFile, { threads }),
  ];
  const contestants = await startAll(entries);
  const losses: (readonly number[])[] = [];
  for (const contestant of contestants) losses.push((await contestant.run(agreementSteps)).losses);
  for (const contestant of contestants) await contestant.close();
  const [ours, theirs] = losses;
  if (ours === undefined || theirs === undefined) return;
  const difference = Math.max(...ours.map((loss, step) => Math.abs(loss - (theirs[step] ?? NaN))));
  const facts =
    `${method}: over ${agreementSteps} steps without dropout the loss falls from ${ours[0]?.toFixed(3)} to ${ours.at(-1)?.toFixed(3)}` +
    ` and differs from PyTorch's by ${difference.toExponential(1)} at most`;
  if (!(difference <= largestDisagreement)) {
    throw new Error(`${facts}, more than ${largestDisagreement}. Temper: ${ours.join(', ')}. PyTorch: ${theirs.join(', ')}.`);
  }
  console.log(`${facts}.`);
}

async function measureShape(options: Options, method: BenchMethod, shape: BatchShape): Promise<Measurement[]> {
  const { modelDir, backends, threads, python, all } = options;
  const jobFile = writeJob({ modelDir, method, shape });
  const entries = backends.map((backend) => temperEntry(jobFile, backend, threads));
  if (python !== undefined) entries.push(pytorchEntry(python, jobFile, { threads }));
  if (python !== undefined && all) entries.push(pytorchEntry(python, jobFile, { threads, attention: 'eager' }));
  const contestants = await startAll(entries);
  console.log(`${method}, ${formatShape(shape)}: ${contestants.map(({ name }) => name).join('; ')}`);
  const measurements = await measure(contestants, options);
  for (const contestant of contestants) await contestant.close();
  return measurements;
}

/** One after the other: the first writes the weights that PyTorch reads. Those that refuse are named, once. */
async function startAll(entries: readonly Entry[]): Promise<Contestant[]> {
  const contestants: Contestant[] = [];
  for (const entry of entries) {
    const started = await startContestant(entry);
    if ('reason' in started) sayOnce(`${started.name} is left out: ${started.reason}`);
    else contestants.push(started);
  }
  return contestants;
}

function formatRows(method: BenchMethod, shape: BatchShape, measurements: readonly Measurement[]): string[][] {
  const reference = measurements.find(({ name }) => name === 'PyTorch + PEFT')?.stepSeconds;
  return measurements.map(({ name, stepSeconds, tokensPerSecond, peakBytes }) => [
    method,
    formatShape(shape),
    name,
    formatMilliseconds(stepSeconds),
    tokensPerSecond.toFixed(0),
    formatMegabytes(peakBytes),
    reference === undefined ? '' : (stepSeconds / reference).toFixed(2),
  ]);
}

function sayOnce(sentence: string): void {
  if (!said.has(sentence)) console.log(sentence);
  said.add(sentence);
}

void main().catch((thrown: unknown) => {
  console.error(thrown);
  process.exit(1);
});
