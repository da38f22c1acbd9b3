// A small project in which only some rules speak: every problem that a test sees is one that it made.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { problemCodes, type ProblemCode } from '../../protocol';
import { createSmallProject } from './small-project';

export interface LintProject {
  readonly dir: string;
  readonly config: string;
  readonly train: string;
  readonly test: string;
}

export function createLintProject(dir: string, spoken: readonly ProblemCode[], maxLength = 16): LintProject {
  createSmallProject(dir, { training: { maxLength } });
  const config = path.join(dir, 'temper.json');
  const silent = problemCodes.filter((code) => !spoken.includes(code));
  const lint = { rules: Object.fromEntries(silent.map((code) => [code, 'off'])) };
  const settings = JSON.parse(fs.readFileSync(config, 'utf8')) as Record<string, unknown>;
  fs.writeFileSync(config, `${JSON.stringify({ ...settings, lint }, undefined, 2)}\n`);
  return { dir, config, train: path.join(dir, 'data', 'train.jsonl'), test: path.join(dir, 'data', 'test.jsonl') };
}

/** As many rows as there are different sentences of three words, in an order that looks random. About 100 bytes each. */
function* manyRows(bytes: number, first: number): Generator<string> {
  for (let index = first, written = 0; written < bytes; index++) {
    const words = Array.from({ length: 9 }, (_, place) => wordOf(index * 31 + place * 7919 + ((index * place) % 613)));
    const row = `${JSON.stringify({ text: `${index} ${words.join(' ')}`, label: index % 2 === 0 ? 'praise' : 'blame' })}\n`;
    written += row.length;
    yield row;
  }
}

/** Pronounceable, and nobody's. */
function wordOf(seed: number): string {
  let rest = (seed * 2654435761) >>> 0;
  let word = '';
  for (let syllable = 0; syllable < 3; syllable++) {
    word += 'bdfgklmnprstvz'.charAt(rest % 14) + 'aeiou'.charAt((rest >>> 4) % 5);
    rest = Math.floor(rest / 70);
  }
  return word;
}

export interface ManyRows {
  /** The number of the first row: files with other numbers have other rows. */
  readonly first?: number;
  /** Stands behind all others. */
  readonly last?: string;
}

export function writeManyRows(file: string, bytes: number, { first = 0, last = '' }: ManyRows = {}): void {
  const descriptor = fs.openSync(file, 'w');
  let chunk: string[] = [];
  for (const row of manyRows(bytes, first)) {
    if (chunk.push(row) < 10_000) continue;
    fs.writeSync(descriptor, chunk.join(''));
    chunk = [];
  }
  fs.writeSync(descriptor, chunk.join('') + last);
  fs.closeSync(descriptor);
}
