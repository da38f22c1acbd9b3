/** Any data set of texts and labels: a folder with train and test rows in .csv, .tsv or .jsonl, whatever its columns are called. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeText } from '../dataset/decode-text';
import { openDelimited } from '../dataset/formats/delimited';
import type { SourceRow } from '../dataset/formats/format';
import { openJsonl } from '../dataset/formats/jsonl';
import { dataSchema } from '../protocol';

export interface LabelledText {
  readonly text: string;
  readonly label: string;
}

export interface ClassificationData {
  readonly train: readonly LabelledText[];
  readonly test: readonly LabelledText[];
  /** In the order of the classes. */
  readonly labels: readonly string[];
}

const endings = ['csv', 'tsv', 'jsonl'];
const textNames = ['text', 'sentence', 'content', 'review', 'utterance', 'v2'];
const labelNames = ['label', 'category', 'intent', 'class', 'v1'];
/** Of the rows, when there is no file of test rows. */
const testShare = 0.2;

/** @throws Error saying what is missing */
export function readClassificationData(dir: string): ClassificationData {
  const train = readRows(dir, 'train');
  if (train === undefined) throw new Error(`There is no train.${endings.join(', train.')} in ${dir}.`);
  const test = readRows(dir, 'test');
  const labels = [...new Set(train.map(({ label }) => label))].sort();
  if (test === undefined) return { ...holdBack(train), labels };
  return { train, test: test.filter(({ label }) => labels.includes(label)), labels };
}

function readRows(dir: string, split: string): LabelledText[] | undefined {
  const file = endings.map((ending) => join(dir, `${split}.${ending}`)).find(existsSync);
  if (file === undefined) return undefined;
  const { rows, columns } = parseFile(file);
  const textColumn = chooseColumn(textNames, columns) ?? longestColumn(rows, columns);
  const labelColumn = chooseColumn(labelNames, columns) ?? columns.find((name) => name !== textColumn);
  if (textColumn === undefined || labelColumn === undefined)
    throw new Error(`${file} has no two columns, but ${columns.join(', ')}.`);
  const value = (row: SourceRow, column: string) => textOf(row.value[column]).trim();
  return rows
    .map((row) => ({ text: value(row, textColumn), label: value(row, labelColumn) }))
    .filter(({ text, label }) => text && label);
}

function parseFile(file: string): { rows: readonly SourceRow[]; columns: readonly string[] } {
  const open = file.endsWith('.jsonl') ? openJsonl : openDelimited(file.endsWith('.tsv') ? '\t' : ',');
  const { text } = decodeText(readFileSync(file));
  const parser = open(text, dataSchema.parse({ train: file }));
  const { rows } = parser.parse(text, { isFirst: true, isLast: true });
  return { rows, columns: parser.columns ?? [...new Set(rows.flatMap(({ value }) => Object.keys(value)))] };
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}

function chooseColumn(names: readonly string[], columns: readonly string[]): string | undefined {
  return names.find((name) => columns.includes(name));
}

function longestColumn(rows: readonly SourceRow[], columns: readonly string[]): string | undefined {
  const length = (column: string) => rows.slice(0, 100).reduce((sum, { value }) => sum + textOf(value[column]).length, 0);
  return columns.toSorted((a, b) => length(b) - length(a))[0];
}

/** The same rows each time, whatever their order. */
function holdBack(rows: readonly LabelledText[]): Omit<ClassificationData, 'labels'> {
  const place = ({ text }: LabelledText) => createHash('sha256').update(text).digest().readUInt32LE() / 2 ** 32;
  return { train: rows.filter((row) => place(row) >= testShare), test: rows.filter((row) => place(row) < testShare) };
}

/** So many rows of each label, the first ones. */
export function firstOfEach(rows: readonly LabelledText[], perLabel: number): LabelledText[] {
  const seen = new Map<string, number>();
  return rows.filter(({ label }) => {
    const count = (seen.get(label) ?? 0) + 1;
    seen.set(label, count);
    return count <= perLabel;
  });
}
