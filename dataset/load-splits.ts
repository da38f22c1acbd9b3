/** All rows of all splits of a project, or one failure that says what to correct. */
import { relative } from 'node:path';
import { RunFailure, type RunError, type Split } from '../protocol';
import { passFiles, type PassedFile } from './data-gate';
import { holdBack } from './hold-back';
import { rolesOfReadProject } from './lint/project-roles';
import type { Project } from './project';
import type { DataRow } from './shapes/rows';

export interface LoadedSplit {
  /** Absolute. */
  readonly file: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly rows: readonly DataRow[];
}

export interface LoadedData {
  /** In the order of the classes. */
  readonly labels: string[];
  readonly splits: Partial<Record<Split, LoadedSplit>>;
  /** What a person should know before the run: rows that are left out, leaks that were allowed. */
  readonly notices: readonly string[];
}

/** Held-out rows that stand in train: `refuse` fails with 'leaks', `allow` notes them, `ignore` does not look. */
export type OnLeaks = 'refuse' | 'allow' | 'ignore';

/** @throws RunFailure 'bad-data' for errors in the files, 'leaks' */
export async function loadSplits(project: Project, onLeaks: OnLeaks = 'refuse'): Promise<LoadedData> {
  const files = await passFiles(rolesOfReadProject(project), { dir: project.dir, looksForLeaks: onLeaks !== 'ignore' });
  const leaking = onLeaks === 'ignore' ? [] : files.filter((file) => countLeaks(file) > 0);
  if (leaking.length > 0 && onLeaks === 'refuse') throw new RunFailure(leaks(project, leaking));
  const labels = project.config.data.labels ?? collectLabels(files);
  const splits: Partial<Record<Split, LoadedSplit>> = {};
  const notices = leaking.map((file) => `${describeLeaks(project, file)} The run was started all the same.`);
  for (const passed of files) {
    const { lint, file, sha256, bytes } = passed;
    const rows = keepKnown(passed.rows, labels);
    if (lint.role.split !== undefined) splits[lint.role.split] = { file, sha256, bytes, rows };
    const left = countRows(passed) - rows.length;
    if (left > 0) notices.push(describeLeft(project, passed, left));
  }
  return { labels: [...labels], splits: withValidation(project, splits), notices };
}

/** In the order of their code units, which is the same everywhere; none of rows without labels. */
function collectLabels(files: readonly PassedFile[]): string[] {
  const train = files.find(({ lint }) => lint.role.split === 'train');
  return [...new Set((train?.rows ?? []).flatMap((row) => (row.kind === 'classification' ? [row.label] : [])))].sort();
}

/** An unknown label gets this far only where temper.json says that it is no error. */
export function keepKnown(rows: readonly DataRow[], labels: readonly string[]): DataRow[] {
  const known = new Set(labels);
  return rows.filter((row) => row.kind !== 'classification' || known.has(row.label));
}

function countRows({ lint }: PassedFile): number {
  return lint.blocks.reduce((sum, block) => sum + (block.lint?.sourceRows ?? 0) + (block.lint?.unreadRows ?? 0), 0);
}

function describeLeft({ dir }: Project, passed: PassedFile, left: number): string {
  const of = `${left} of ${countRows(passed)} rows of ${relative(dir, passed.file)}`;
  const faults = left === 1 ? 'its faults' : 'their faults';
  return `${of} ${left === 1 ? 'is' : 'are'} left out: temper.json says that ${faults} are no errors.`;
}

function countLeaks({ linted }: PassedFile): number {
  const { byCode } = linted.summary;
  return (byCode.get('leak') ?? 0) + (byCode.get('near-leak') ?? 0);
}

function describeLeaks({ dir }: Project, passed: PassedFile): string {
  const count = countLeaks(passed);
  const rows = count === 1 ? '1 row' : `${count} rows`;
  return `${rows} of ${relative(dir, passed.file)} ${count === 1 ? 'stands' : 'stand'} in the training rows too, or almost.`;
}

function leaks(project: Project, leaking: readonly PassedFile[]): RunError {
  const [first] = leaking;
  const problem = first?.linted.problems.find(({ code }) => code === 'leak' || code === 'near-leak');
  const found = leaking.map((file) => describeLeaks(project, file)).join('\n');
  return {
    code: 'leaks',
    message: `${found}\nA score on such rows says how well the model remembers, not how well it does.`,
    hint: 'Remove them from one of the files ("temper lint" shows each with its twin), or start all the same with --allow-leaks; the run notes it.',
    ...(first && { file: first.file }),
    ...(problem && { line: problem.line }),
  };
}

function withValidation(project: Project, splits: LoadedData['splits']): LoadedData['splits'] {
  const { train } = splits;
  if (!train || splits.validation || project.config.data.validation !== undefined || train.rows.length === 0) return splits;
  const { data, training } = project.config;
  const parts = holdBack(train.rows, data.validationFraction, training.seed);
  if (parts.validation.length === 0) throw new RunFailure(nothingToHoldBack(train));
  return { ...splits, train: { ...train, rows: parts.train }, validation: { ...train, rows: parts.validation } };
}

function nothingToHoldBack(train: LoadedSplit): RunError {
  return {
    code: 'bad-data',
    message: `No row can be held back for validation: ${train.file} has only one row of each label.`,
    hint: 'Add rows, or name a file of validation rows with "data.validation".',
    file: train.file,
  };
}
