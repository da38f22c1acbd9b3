/** banking77 (customer questions, 77 intents) as a Temper project, which the Python side reads too. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../inputs/assets';
import type { MethodConfig } from '../protocol';
import { firstOfEach, type LabelledText } from './classification-data';
import { workDir } from './places';

export interface ProjectRequest {
  /** Of the project's folder. */
  readonly name: string;
  /** A bundled model or a Hugging Face folder. */
  readonly model: string;
  readonly method: Extract<MethodConfig['type'], 'lora' | 'full'>;
  readonly epochs: number;
  readonly learningRate: number;
  /** So many training rows of each label; all of them when absent. */
  readonly perLabel?: number;
  readonly threads?: number;
}

const validationRows = 1000;
const hint = 'Set TEMPER_BENCH_DATA to a folder with its train.csv and test.csv.';

/** Where the data should lie. */
export function banking77Dir(): string {
  return process.env['TEMPER_BENCH_DATA'] ?? join(packageRoot(), '..', 'shared', 'data', 'banking77');
}

/** Where the data lies, or undefined after saying what is missing. */
export function findBanking77(): string | undefined {
  const dir = banking77Dir();
  if (existsSync(join(dir, 'train.csv'))) return dir;
  console.log(`Skipped: banking77 is not at ${dir}. ${hint}`);
  return undefined;
}

/** Writes the project anew and returns its folder. 1,000 rows are held back; evaluation is twice an epoch, to the end. */
export function writeProject(dataDir: string, request: ProjectRequest): string {
  const { name, model, method, epochs, learningRate, perLabel, threads } = request;
  const project = join(workDir(), 'projects', name.replaceAll(/\W+/g, '-'));
  rmSync(project, { recursive: true, force: true });
  mkdirSync(join(project, 'data'), { recursive: true });
  const shuffled = shuffle(readCsv(join(dataDir, 'train.csv')), 0);
  const rest = shuffled.slice(validationRows);
  const splits = {
    train: perLabel === undefined ? rest : firstOfEach(rest, perLabel),
    validation: shuffled.slice(0, validationRows),
    test: readCsv(join(dataDir, 'test.csv')),
  };
  for (const [split, rows] of Object.entries(splits)) {
    writeFileSync(join(project, 'data', `${split}.jsonl`), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  }
  const config = {
    model,
    data: Object.fromEntries(Object.keys(splits).map((split) => [split, `data/${split}.jsonl`])),
    method: { type: method },
    training: { epochs, learningRate, seed: 0 },
    evaluation: { earlyStoppingPatience: 0 },
    ...(threads === undefined ? {} : { threads }),
  };
  writeFileSync(join(project, 'temper.json'), JSON.stringify(config, undefined, 2));
  return project;
}

/** text,category with quoted texts: enough for this one file. */
function readCsv(file: string): LabelledText[] {
  const rows = readFileSync(file, 'utf8').matchAll(/^(?:"((?:[^"]|"")*)"|([^",\n]*)),([^,\r\n]+)\r?$/gm);
  return [...rows]
    .slice(1)
    .map(([, quoted, plain, label = '']) => ({ text: (quoted ?? plain ?? '').replaceAll('""', '"').trim(), label }));
}

function shuffle(rows: readonly LabelledText[], seed: number): LabelledText[] {
  let state = seed + 1;
  const keyed = rows.map((row) => ({ row, key: (state = (state * 48271) % 2147483647) }));
  return keyed.sort((a, b) => a.key - b.key).map(({ row }) => row);
}
