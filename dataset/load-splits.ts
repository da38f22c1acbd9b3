/** The gate in front of training and evaluation: all rows of all splits, or one failure that says what to correct. */
import { relative } from 'node:path';
import { RunFailure, type Problem, type RunError, type Split } from '../protocol';
import { holdBack } from './hold-back';
import type { Project } from './project';
import type { DataRow } from './rows';
import { readSplitFiles, type SplitFiles } from './read-split-files';

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
}

export async function loadSplits(project: Project): Promise<LoadedData> {
  const read = await readSplitFiles(project);
  refuseErrors(project, read);
  const splits: Partial<Record<Split, LoadedSplit>> = {};
  for (const { split, file, sha256, bytes, result } of read.files) splits[split] = { file, sha256, bytes, rows: result.rows };
  return { labels: [...(read.labels ?? [])], splits: withValidation(project, splits) };
}

function withValidation(project: Project, splits: LoadedData['splits']): LoadedData['splits'] {
  const { train } = splits;
  if (!train || splits.validation) return splits;
  const { data, training } = project.config;
  const parts = holdBack(train.rows, data.validationFraction, training.seed);
  if (parts.validation.length === 0) throw new RunFailure(nothingToHoldBack(train));
  return { ...splits, train: { ...train, rows: parts.train }, validation: { ...train, rows: parts.validation } };
}

function refuseErrors(project: Project, { missing, files }: SplitFiles): void {
  const errors: FileProblem[] = missing.map((problem) => ({ file: project.configFile, problem }));
  for (const { file, result } of files) {
    for (const problem of result.problems) if (problem.severity === 'error') errors.push({ file, problem });
  }
  const [first] = errors;
  if (first) throw new RunFailure(badData(project, first, errors));
}

interface FileProblem {
  readonly file: string;
  readonly problem: Problem;
}

function badData(project: Project, { file, problem }: FileProblem, errors: readonly FileProblem[]): RunError {
  const fileCount = new Set(errors.map((error) => error.file)).size;
  const more = errors.length - 1;
  const rest = more === 0 ? '' : `\nThere ${more === 1 ? 'is 1 more error' : `are ${more} more errors`}${inFiles(fileCount)}.`;
  return {
    code: 'bad-data',
    message: `${relative(project.dir, file)}, line ${problem.line}: ${problem.message}${rest}`,
    hint: 'Correct the data; "temper lint" and the Problems panel show every error at its place.',
    file,
    line: problem.line,
  };
}

function inFiles(fileCount: number): string {
  return fileCount > 1 ? ` (${fileCount} files in all)` : '';
}

function nothingToHoldBack(train: LoadedSplit): RunError {
  return {
    code: 'bad-data',
    message: `No row can be held back for validation: ${train.file} has only one row of each label.`,
    hint: 'Add rows, or name a file of validation rows with "data.validation".',
    file: train.file,
  };
}
