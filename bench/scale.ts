/**
 * npm run bench:scale: how time and memory of a step on the wasm backend grow with sequence length, batch, model size and
 * threads. One varies at a time, each point is a process of its own.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { formatShape, type BatchShape } from './batches';
import { startContestant, temperEntry } from './contestants';
import { writeJob } from './job';
import { measure, type Measurement } from './measure';
import { prepareModel } from './models';
import { describeMachine, formatMegabytes, formatMilliseconds, formatTable } from './report';

const { values } = parseArgs({
  options: {
    method: { type: 'string', default: 'lora' },
    model: { type: 'string', default: 'minilm-shape' },
    only: { type: 'string', default: 'length,batch,model,threads' },
    steps: { type: 'string', default: '6' },
  },
});

interface Point {
  readonly model: string;
  readonly shape: BatchShape;
  readonly threads: number;
}

const usual: Point = { model: values.model, shape: { rows: 16, length: 64 }, threads: availableParallelism() };

const tables: Record<string, { readonly title: string; readonly points: readonly Point[]; label(point: Point): string }> = {
  length: {
    title: 'tokens a row',
    points: [16, 32, 64, 128, 256, 512].map((length) => ({ ...usual, shape: { rows: 16, length } })),
    label: ({ shape }) => String(shape.length),
  },
  batch: {
    title: 'rows',
    points: [1, 2, 4, 8, 16, 32, 64].map((rows) => ({ ...usual, shape: { rows, length: 64 } })),
    label: ({ shape }) => String(shape.rows),
  },
  model: {
    title: 'model',
    points: ['tiny-encoder', 'minilm-shape', 'bert-base-shape'].map((model) => ({ ...usual, model })),
    label: ({ model }) => model,
  },
  threads: {
    title: 'threads',
    points: threadCounts().map((threads) => ({ ...usual, threads })),
    label: ({ threads }) => String(threads),
  },
};

async function main(): Promise<void> {
  console.log(`${describeMachine()}, ${values.method}. Unless a table varies it: ${describePoint(usual)}.`);
  for (const name of values.only.split(',')) {
    const table = tables[name];
    if (table === undefined) throw new Error(`There is no table "${name}". Known: ${Object.keys(tables).join(', ')}.`);
    const rows: string[][] = [];
    for (const point of table.points) rows.push([table.label(point), ...(await measurePoint(point))]);
    console.log(`\n${formatTable([table.title, 'step ms', 'tokens/s', 'peak MB'], rows)}`);
  }
}

/** What does not fit, or is longer than the model's positions, is said in its place. */
async function measurePoint({ model, shape, threads }: Point): Promise<string[]> {
  const jobFile = writeJob({ modelDir: prepareModel(model), method: values.method === 'full' ? 'full' : 'lora', shape });
  const contestant = await startContestant(temperEntry(jobFile, 'wasm', threads));
  if ('reason' in contestant) return [contestant.reason, '', ''];
  try {
    const [measurement] = await measure([contestant], { rounds: 1, steps: Number(values.steps) });
    return measurement === undefined ? [] : formatMeasurement(measurement);
  } catch (thrown) {
    return [lastLine(thrown instanceof Error ? thrown.message : String(thrown)), '', ''];
  } finally {
    await contestant.close();
  }
}

function formatMeasurement({ stepSeconds, tokensPerSecond, peakBytes }: Measurement): string[] {
  return [formatMilliseconds(stepSeconds), tokensPerSecond.toFixed(0), formatMegabytes(peakBytes)];
}

function describePoint({ model, shape, threads }: Point): string {
  return `${model}, ${formatShape(shape)}, ${threads} threads`;
}

/** 1, 2, 4 and so on, and all cores. */
function threadCounts(): number[] {
  const powers = [1, 2, 4, 8, 16, 32, 64].filter((count) => count < availableParallelism());
  return [...powers, availableParallelism()];
}

function lastLine(text: string): string {
  return (
    text
      .trimEnd()
      .split('\n')
      .find((line) => /error/i.test(line)) ?? text.slice(0, 200)
  );
}

void main().catch((thrown: unknown) => {
  console.error(thrown);
  process.exit(1);
});
