/**
 * npm run bench:quality: a whole fine-tune of a real pretrained model in Temper and in PyTorch + PEFT, with the same steps,
 * batches and initial weights and no dropout, so that nothing is left to chance: both loss curves and both test accuracies
 * side by side. Ends with exit code 1 when the accuracies differ by more than half a point.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { createRandom } from '../dataset/seeded-random';
import { packageRoot } from '../inputs/assets';
import { findModelDir } from '../inputs/find-model';
import { readTokenizer } from '../inputs/tokenizer';
import { createEpochBatches, type EncodedRow } from '../trainer/batches';
import { wilsonInterval } from '../trainer/tasks/classification-metrics';
import { firstOfEach, readClassificationData, type ClassificationData, type LabelledText } from './classification-data';
import { pytorchEntry, startContestant, temperEntry, type Entry } from './contestants';
import type { BenchBatch, BenchMethod, Job } from './messages';
import { withoutDropout } from './models';
import { workDir } from './places';
import { findMiniLm, findPython } from './python';
import { describeMachine, formatSeconds, formatTable } from './report';

const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    data: { type: 'string', default: join(packageRoot(), '..', 'shared', 'data', 'banking77') },
    methods: { type: 'string', default: 'lora,full' },
    epochs: { type: 'string', default: '3' },
    rows: { type: 'string' },
    'rate-lora': { type: 'string', default: '3e-3' },
    'rate-full': { type: 'string', default: '2e-4' },
    threads: { type: 'string', default: String(availableParallelism()) },
  },
});
const batchSize = 16;
const maxLength = 128;
const warmupShare = 0.06;
/** Lines of the table of losses. */
const curvePoints = 12;
const largestDifference = 0.005;

async function main(): Promise<void> {
  if (!existsSync(values.data)) return console.log(`Skipped: there is no data in ${values.data}. Name a folder with --data.`);
  const found = findPython();
  if (found.kind === 'missing') console.log(`PyTorch + PEFT is left out: ${found.reason}.`);
  const python = found.kind === 'found' ? found.python : undefined;
  const model = withoutDropout(findModelDir(values.model ?? findMiniLm(found) ?? 'tiny-encoder', process.cwd()));
  const whole = readClassificationData(values.data);
  const data = values.rows === undefined ? whole : { ...whole, train: firstOfEach(whole.train, Number(values.rows)) };
  console.log(
    `${basename(model)} on ${values.data}: ${data.train.length} rows, ${data.test.length} test rows, ${data.labels.length} labels`,
  );
  const encoded = await encode(model, data, python);
  const outcomes: Outcome[] = [];
  for (const method of ['lora', 'full'] as const) {
    if (!values.methods.split(',').includes(method)) continue;
    const outcome = await compare(method, model, data, encoded, python);
    outcomes.push(outcome);
    console.log(`\n${describeCurves(outcome)}`);
  }
  report(outcomes, data);
}

interface Encoded {
  readonly train: readonly EncodedRow[];
  readonly test: readonly EncodedRow[];
}

/** By Temper's tokenizer for both; whether transformers' gives the same ids is counted. */
async function encode(model: string, { train, test, labels }: ClassificationData, python: string | undefined): Promise<Encoded> {
  const tokenizer = await readTokenizer(model);
  const encodeAll = (rows: readonly LabelledText[]) =>
    rows.map(({ text, label }, index): EncodedRow => ({
      ids: tokenizer.encode(text, maxLength),
      labels: Int32Array.of(labels.indexOf(label)),
      index,
    }));
  const encoded = { train: encodeAll(train), test: encodeAll(test) };
  if (python !== undefined) compareIds(python, model, [...train, ...test], [...encoded.train, ...encoded.test]);
  return encoded;
}

function compareIds(python: string, model: string, rows: readonly LabelledText[], encoded: readonly EncodedRow[]): void {
  const file = join(workDir(), 'texts.json');
  writeFileSync(file, JSON.stringify({ texts: rows.map(({ text }) => text), ids: encoded.map(({ ids }) => [...ids]) }));
  const program = join(packageRoot(), 'bench', 'peers', 'compare_ids.py');
  const { stdout, stderr } = spawnSync(python, [program, model, file, String(maxLength)], { encoding: 'utf8' });
  const answer = stdout.trim().split('\n').at(-1) ?? '';
  if (!answer.startsWith('{')) throw new Error(`${program} gave no answer: ${stderr.slice(-1000)}`);
  const { different, examples } = z.object({ different: z.number(), examples: z.array(z.string()) }).parse(JSON.parse(answer));
  const shown = different === 0 ? '' : `, for instance ${JSON.stringify(examples[0])}`;
  console.log(`Of ${rows.length} texts, ${different} have other token ids in transformers${shown}.`);
}

interface Side {
  readonly name: string;
  readonly losses: readonly number[];
  readonly predicted: readonly number[];
  readonly seconds: number;
  readonly versions: Readonly<Record<string, string>>;
}

interface Outcome {
  readonly method: BenchMethod;
  readonly truth: readonly number[];
  readonly sides: readonly Side[];
}

/** One after the other: the first writes the weights that PyTorch starts from, and each has the machine for itself. */
async function compare(
  method: BenchMethod,
  model: string,
  data: ClassificationData,
  encoded: Encoded,
  python: string | undefined,
): Promise<Outcome> {
  const dir = join(workDir(), 'quality', `${basename(model)}-${method}`);
  mkdirSync(dir, { recursive: true });
  const batches = trainBatches(encoded.train);
  const test = toBatches(encoded.test, 64);
  const job = writeQualityJob(dir, method, model, data.labels.length, batches);
  const testFile = join(dir, 'test.json');
  writeFileSync(testFile, JSON.stringify(test));
  const threads = Number(values.threads);
  const entries = [temperEntry(job, 'wasm', threads), ...(python === undefined ? [] : [pytorchEntry(python, job, { threads })])];
  const sides: Side[] = [];
  for (const entry of entries) sides.push(await train(entry, batches.length, testFile));
  return { method, truth: test.flatMap(({ labels }) => labels), sides };
}

function trainBatches(rows: readonly EncodedRow[]): BenchBatch[] {
  const random = createRandom(0);
  const epochs = Array.from({ length: Number(values.epochs) }, () => createEpochBatches(rows, batchSize, random));
  return epochs.flat().map(toBatch);
}

function toBatches(rows: readonly EncodedRow[], size: number): BenchBatch[] {
  const sorted = rows.toSorted((a, b) => a.ids.length - b.ids.length);
  return Array.from({ length: Math.ceil(rows.length / size) }, (_, index) =>
    toBatch(sorted.slice(index * size, (index + 1) * size)),
  );
}

function toBatch(rows: readonly EncodedRow[]): BenchBatch {
  return { ids: rows.map(({ ids }) => [...ids]), labels: rows.map(({ labels }) => labels[0] ?? 0) };
}

function writeQualityJob(
  dir: string,
  method: BenchMethod,
  model: string,
  labels: number,
  batches: readonly BenchBatch[],
): string {
  const job: Job = {
    model,
    method,
    labels,
    batches: join(dir, 'batches.json'),
    initialWeights: join(dir, 'initial.safetensors'),
    learningRate: Number(method === 'lora' ? values['rate-lora'] : values['rate-full']),
    schedule: { warmupSteps: Math.ceil(warmupShare * batches.length), totalSteps: batches.length },
    weightDecay: 0.01,
    maxGradNorm: 1,
    lora: { r: 8, alpha: 16, targetModules: ['query', 'value'] },
    seed: 0,
  };
  writeFileSync(job.batches, JSON.stringify(batches));
  const file = join(dir, 'job.json');
  writeFileSync(file, JSON.stringify(job, undefined, 2));
  return file;
}

async function train(entry: Entry, steps: number, testFile: string): Promise<Side> {
  const contestant = await startContestant(entry);
  if ('reason' in contestant) throw new Error(`${contestant.name} cannot take part: ${contestant.reason}`);
  const { losses, stepSeconds } = await contestant.run(steps);
  const predicted = await contestant.predict(testFile);
  await contestant.close();
  const seconds = stepSeconds.reduce((sum, step) => sum + step, 0);
  console.log(`${entry.name}: ${steps} steps in ${formatSeconds(seconds)} s`);
  return { name: entry.name, losses, predicted, seconds, versions: contestant.ready.versions };
}

/** Mean losses over stretches of the run, and how far apart they are. */
function describeCurves({ method, sides }: Outcome): string {
  const steps = sides[0]?.losses.length ?? 0;
  const size = Math.max(1, Math.ceil(steps / curvePoints));
  const rows: string[][] = [];
  for (let begin = 0; begin < steps; begin += size) {
    const means = sides.map(({ losses }) => mean(losses.slice(begin, begin + size)));
    const apart = means.length < 2 ? [] : [Math.abs((means[0] ?? NaN) - (means[1] ?? NaN)).toExponential(1)];
    rows.push([`${begin + 1} to ${Math.min(steps, begin + size)}`, ...means.map((loss) => loss.toFixed(4)), ...apart]);
  }
  const header = [
    `${method}: mean loss over steps`,
    ...sides.map(({ name }) => name),
    ...(sides.length < 2 ? [] : ['difference']),
  ];
  return formatTable(header, rows);
}

function report(outcomes: readonly Outcome[], data: ClassificationData): void {
  const rows = outcomes.flatMap(({ method, truth, sides }) =>
    sides.map((side) => {
      const correct = count(truth, side.predicted);
      const { low, high } = wilsonInterval(correct, truth.length);
      const accuracy = `${(correct / truth.length).toFixed(4)} (${low.toFixed(3)} to ${high.toFixed(3)})`;
      const alike = (count(sides[0]?.predicted ?? [], side.predicted) / truth.length).toFixed(4);
      return [method, side.name, accuracy, side === sides[0] ? '' : alike, formatSeconds(side.seconds)];
    }),
  );
  const versions = Object.assign({}, ...outcomes.flatMap(({ sides }) => sides.map((side) => side.versions))) as Record<
    string,
    string
  >; // plain records
  console.log(`\n${describeMachine(versions)}, ${values.threads} threads, ${data.train.length} rows, ${values.epochs} epochs\n`);
  console.log(formatTable(['method', 'who', 'test accuracy', 'predicts as Temper', 'training s'], rows));
  writeFileSync(join(workDir(), 'quality.json'), JSON.stringify(outcomes));
  for (const { method, truth, sides } of outcomes) {
    if (sides.length < 2) continue;
    const [ours = 0, theirs = 0] = sides.map(({ predicted }) => count(truth, predicted) / truth.length);
    const isClose = Math.abs(ours - theirs) <= largestDifference;
    console.log(
      `${method}: ${(100 * Math.abs(ours - theirs)).toFixed(2)} points apart, ${isClose ? 'within' : 'more than'} half a point.`,
    );
    if (!isClose) process.exitCode = 1;
  }
}

function count(truth: readonly number[], predicted: readonly number[]): number {
  return truth.filter((label, row) => label === predicted[row]).length;
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

void main().catch((thrown: unknown) => {
  console.error(thrown);
  process.exit(1);
});
