/**
 * Rows to lint, made with a seed: banking77's questions with four words in ten from other questions, so that few rows are
 * alike, and now and then a twin on purpose. Without banking77, sentences of made-up words.
 */
import { closeSync, existsSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createRandom, type Random } from '../dataset/seeded-random';
import { banking77Dir } from './banking77';
import { readClassificationData, type LabelledText } from './classification-data';

export interface RowsRequest {
  readonly seed: number;
  /** The part of the rows that repeat another one, and as many again that almost do. */
  readonly twins: number;
  /** Rows that twins are of, before there are own ones: held-out rows are given those of training. */
  readonly twinsOf?: readonly LabelledText[];
}

const changedWords = 0.4;
const keptForTwins = 1000;
const bytesPerWrite = 1 << 20;

/** Without end, and in the order of the seed. */
export class RowMaker {
  /** Some of the rows that were made. */
  readonly kept: LabelledText[];
  private readonly random: Random;
  private readonly twins: number;
  private readonly source = readSource();

  constructor({ seed, twins, twinsOf = [] }: RowsRequest) {
    this.random = createRandom(seed);
    this.twins = twins;
    this.kept = [...twinsOf];
  }

  next(): LabelledText {
    const drawn = this.random.next();
    const twin = drawn < 2 * this.twins ? this.kept[this.random.integer(this.kept.length)] : undefined;
    if (twin) return drawn < this.twins ? twin : { ...twin, text: `${twin.text} ${this.word()}` };
    const { text, label } = this.source.rows[this.random.integer(this.source.rows.length)] ?? { text: '', label: '' };
    const changed = text.split(' ').map((word) => (this.random.next() < changedWords ? this.word() : word));
    const row = { text: changed.join(' '), label };
    this.keep(row);
    return row;
  }

  private keep(row: LabelledText): void {
    if (this.kept.length < keptForTwins) this.kept.push(row);
    else if (this.random.next() < 0.01) this.kept[this.random.integer(keptForTwins)] = row;
  }

  private word(): string {
    return this.source.words[this.random.integer(this.source.words.length)] ?? '';
  }
}

export interface Source {
  readonly rows: readonly LabelledText[];
  /** As often as they are used. */
  readonly words: readonly string[];
  readonly name: string;
}

let source: Source | undefined;

export function readSource(): Source {
  if (source) return source;
  const dir = banking77Dir();
  const isThere = existsSync(join(dir, 'train.csv'));
  const rows = (isThere ? readClassificationData(dir).train : makeSentences()).map(({ text, label }) => ({
    text: text.replaceAll(/\s+/g, ' '),
    label,
  }));
  const name = isThere ? "banking77's questions" : 'made-up sentences (banking77 is not here)';
  return (source = { rows, words: rows.flatMap(({ text }) => text.split(' ')), name });
}

/** Few words are frequent and many are rare, as in a language. */
function makeSentences(): LabelledText[] {
  const random = createRandom(77);
  const syllable = () =>
    (['k', 'm', 'st', 'r', 'l', 'p'][random.integer(6)] ?? '') + (['a', 'en', 'i', 'or', 'u'][random.integer(5)] ?? '');
  const words = Array.from({ length: 2500 }, () => Array.from({ length: 1 + random.integer(3) }, syllable).join(''));
  const word = () => words[Math.floor(words.length * random.next() ** 3)] ?? '';
  return Array.from({ length: 10_000 }, () => ({
    text: `${Array.from({ length: 6 + random.integer(12) }, word).join(' ')}?`,
    label: `intent_${random.integer(77)}`,
  }));
}

export type DataFormat = 'jsonl' | 'csv';

export interface FileRequest {
  readonly file: string;
  /** One of the two. */
  readonly rows?: number;
  readonly bytes?: number;
}

/** The ending says how rows are written. Returns how many there are. */
export function writeRows(maker: RowMaker, { file, rows = Infinity, bytes = Infinity }: FileRequest): number {
  const format = file.endsWith('.csv') ? 'csv' : 'jsonl';
  const descriptor = openSync(file, 'w');
  let [written, total, pending] = [0, 0, headOf(format)];
  while (written < rows && total + pending.length < bytes) {
    pending += formatRow(maker.next(), format);
    written++;
    if (pending.length >= bytesPerWrite) {
      total += writeSync(descriptor, pending);
      pending = '';
    }
  }
  writeSync(descriptor, pending);
  closeSync(descriptor);
  return written;
}

export function headOf(format: DataFormat): string {
  return format === 'csv' ? 'text,label\n' : '';
}

export function formatRow(row: LabelledText, format: DataFormat): string {
  return format === 'csv' ? `${formatCell(row.text)},${formatCell(row.label)}\n` : `${JSON.stringify(row)}\n`;
}

function formatCell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Training rows, and test rows of which some stand in them; returns the folder. */
export function writeLintProject(dir: string, train: FileRequest, test?: FileRequest): string {
  mkdirSync(dir, { recursive: true });
  const maker = new RowMaker({ seed: 1, twins: 0.01 });
  writeRows(maker, { ...train, file: join(dir, train.file) });
  if (test) writeRows(new RowMaker({ seed: 2, twins: 0.01, twinsOf: maker.kept }), { ...test, file: join(dir, test.file) });
  const data = { train: train.file, ...(test && { test: test.file }) };
  writeFileSync(join(dir, 'temper.json'), JSON.stringify({ model: 'tiny-encoder', data }, undefined, 2));
  return dir;
}
