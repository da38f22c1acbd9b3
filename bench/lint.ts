/**
 * npm run bench:lint: how fast the linter is and how much memory it takes: rows of a million, all rules, a file of 1 GB, an
 * edit in 40 MB, and other checkers beside it on the same files. The data is made with a seed, in a temporary folder.
 */
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { compareCheckers } from './lint-checkers';
import { readSource, RowMaker, writeLintProject, writeRows } from './lint-data';
import { editsSchema, readingSchema, runOnce, temperCommand, type Edits, type Reading } from './lint-runs';
import { describeMachine, formatMegabytes, formatTable } from './report';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: 'syntax,rules,large,edits,checkers' },
    rounds: { type: 'string', default: '3' },
    size: { type: 'string', default: '1' },
    profile: { type: 'string' },
  },
});
const rounds = Number(values.rounds);
/** Less than 1 for a quick look: the figures of small files say little. */
const size = Number(values.size);

const sections: Readonly<Record<string, (dir: string) => void>> = {
  syntax: measureSyntax,
  rules: measureRules,
  large: measureLarge,
  edits: measureEdits,
  checkers: (dir) => {
    compareCheckers(dir, { rows: scaled(200_000), rounds });
  },
};

function main(): void {
  console.log(`${describeMachine()}. Rows: ${readSource().name}. The best of ${rounds} runs, each a process of its own.`);
  for (const name of values.only.split(',')) {
    const measure = sections[name];
    if (measure === undefined) throw new Error(`There is no part "${name}". Known: ${Object.keys(sections).join(', ')}.`);
    const dir = mkdtempSync(join(tmpdir(), 'temper-bench-lint-'));
    try {
      measure(dir);
    } finally {
      rmSync(dir, { recursive: true });
    }
  }
}

/** What training needs of a file, and that with the rules that look at one row. */
function measureSyntax(dir: string): void {
  const rows = ['jsonl', 'csv'].flatMap((format) => {
    const file = join(dir, `rows.${format}`);
    writeRows(new RowMaker({ seed: 0, twins: 0.01 }), { file, rows: scaled(1_000_000) });
    return [
      ['syntax and shape', 'shape'],
      ['and the rules of single rows', 'rows'],
    ].map(([what = '', depth = '']) => [format.toUpperCase(), what, ...formatReading(read(file, depth))]);
  });
  print(`${scaled(1_000_000).toLocaleString('en-US')} rows from disk`, ['format', 'what', ...readingHeader], rows);
}

function measureRules(dir: string): void {
  const [train, test] = [scaled(100_000), scaled(20_000)];
  const project = join(dir, 'project');
  writeLintProject(project, { file: 'train.jsonl', rows: train }, { file: 'test.jsonl', rows: test });
  const reading = read(project, 'all');
  const found = Object.entries(reading.problems).map(([code, count]) => `${count} ${code}`);
  const title = `All rules, tokens of tiny-encoder: ${train.toLocaleString('en-US')} training rows, ${test.toLocaleString('en-US')} test rows`;
  print(title, readingHeader, [formatReading(reading)]);
  console.log(`\nFound: ${found.join(', ')}.`);
}

/** The same rows in files of three sizes: memory must not follow. */
function measureLarge(dir: string): void {
  const table = [250, 500, 1000].map((megabytes) => {
    const project = join(dir, String(megabytes));
    writeLintProject(project, { file: 'train.jsonl', bytes: scaled(megabytes * 1e6) });
    const bytes = statSync(join(project, 'train.jsonl')).size;
    const reading = read(project, 'all', 1);
    rmSync(project, { recursive: true });
    return [formatMegabytes(bytes), String(reading.rows), ...formatReading(reading)];
  });
  print('Large files, all rules, one run', ['MB', 'rows', ...readingHeader], table);
}

function measureEdits(dir: string): void {
  const table = ['jsonl', 'csv'].map((format) => {
    const project = join(dir, format);
    mkdirSync(project);
    writeLintProject(project, { file: `train.${format}`, bytes: scaled(40e6) });
    const runs = Array.from({ length: rounds }, () =>
      runOnce(temperCommand(['edit', project, `train.${format}`], values.profile), editsSchema),
    );
    const best = runs.toSorted((a, b) => percentile(a.editMs, 0.95) - percentile(b.editMs, 0.95))[0];
    return best ? [format.toUpperCase(), ...formatEdits(best)] : [];
  });
  const header = [
    'format',
    'rows',
    'opened in s',
    'MB then',
    'edit ms: median',
    'p95',
    'most',
    'of the processor: median',
    'p95',
    'MB at last',
  ];
  print('200 edits in an open file of 40 MB', header, table);
}

function formatEdits({ editMs, cpuMs, openSeconds, openPeakBytes, peakBytes, rows }: Edits): string[] {
  const times = [
    percentile(editMs, 0.5),
    percentile(editMs, 0.95),
    Math.max(...editMs),
    percentile(cpuMs, 0.5),
    percentile(cpuMs, 0.95),
  ];
  return [
    String(rows),
    openSeconds.toFixed(1),
    formatMegabytes(openPeakBytes),
    ...times.map((time) => time.toFixed(0)),
    formatMegabytes(peakBytes),
  ];
}

function percentile(numbers: readonly number[], part: number): number {
  return numbers.toSorted((a, b) => a - b)[Math.ceil(part * numbers.length) - 1] ?? NaN;
}

function read(path: string, depth: string, times = rounds): Reading {
  const command = temperCommand(['read', path, '--depth', depth], values.profile);
  const runs = Array.from({ length: times }, () => runOnce(command, readingSchema));
  const best = runs.toSorted((a, b) => a.seconds - b.seconds)[0];
  if (best === undefined) throw new Error('--rounds must be 1 or more.');
  return { ...best, cpuSeconds: Math.min(...runs.map(({ cpuSeconds }) => cpuSeconds)) };
}

const readingHeader = ['s', 'rows/s', 'processor s', 'rows/s of it', 'peak MB'];

function formatReading({ seconds, cpuSeconds, rows, peakBytes }: Reading): string[] {
  const pace = (time: number) => Math.round(rows / time).toLocaleString('en-US');
  return [seconds.toFixed(1), pace(seconds), cpuSeconds.toFixed(1), pace(cpuSeconds), formatMegabytes(peakBytes)];
}

function scaled(count: number): number {
  return Math.round(size * count);
}

function print(title: string, header: readonly string[], rows: readonly (readonly string[])[]): void {
  console.log(`\n### ${title}\n\n${formatTable(header, rows)}`);
}

main();
