/** Reads and lints every data file that temper.json names. Train comes first, because its labels are those of the rest. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { splits, type Problem, type Split } from '../protocol';
import { rangeInConfig } from './config-text';
import { hasErrors, lintBytes, type LintResult } from './lint-file';
import type { Project } from './project';
import { isChatRow, type DataRow } from './rows';

export interface SplitFile {
  readonly split: Split;
  /** Absolute. */
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly result: LintResult;
}

export interface SplitFiles {
  /** The config's, or else those in train; `undefined` when train has errors. */
  readonly labels: readonly string[] | undefined;
  readonly files: readonly SplitFile[];
  /** Files that cannot be read, at their names in temper.json. */
  readonly missing: readonly Problem[];
}

export async function readSplitFiles(project: Project): Promise<SplitFiles> {
  const files: SplitFile[] = [];
  const missing: Problem[] = [];
  let { labels } = project.config.data;
  for (const split of splits) {
    const bytes = await readSplitBytes(project, split);
    if (bytes === undefined) continue;
    if ('code' in bytes) {
      missing.push(bytes);
      continue;
    }
    const file = describeFile(project, { split, bytes, labels });
    files.push(file);
    if (split === 'train' && !hasErrors(file.result.problems)) labels ??= collectLabels(file.result.rows);
  }
  return { labels, files, missing };
}

/** In the order of their code units, which is the same everywhere; none of conversations. */
export function collectLabels(rows: readonly DataRow[]): string[] {
  return [...new Set(rows.flatMap((row) => (isChatRow(row) ? [] : [row.label])))].sort();
}

/** Absolute; `undefined` when the config does not name one. */
export function splitPath(project: Project, split: Split): string | undefined {
  const path = project.config.data[split];
  return path === undefined ? undefined : resolve(project.dir, path);
}

async function readSplitBytes(project: Project, split: Split): Promise<Uint8Array | Problem | undefined> {
  const path = splitPath(project, split);
  if (path === undefined) return undefined;
  try {
    return await readFile(path);
  } catch (thrown) {
    const message = `${describeUnreadable(path, thrown)}, which "data.${split}" names. Paths are relative to temper.json.`;
    const range = rangeInConfig(project.text, { path: ['data', split], message });
    return { ...range, code: 'missing-file', severity: 'error', message };
  }
}

interface SplitContent {
  readonly split: Split;
  readonly bytes: Uint8Array;
  readonly labels: readonly string[] | undefined;
}

function describeFile(project: Project, { split, bytes, labels }: SplitContent): SplitFile {
  const file = splitPath(project, split) ?? '';
  const role = split === 'train' ? 'train' : 'held-out';
  const result = lintBytes(file, bytes, { task: project.config.task.type, data: project.config.data, labels, role });
  return { split, file, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex'), result };
}

function describeUnreadable(path: string, thrown: unknown): string {
  if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return `There is no file ${path}`;
  return `The file cannot be read (${thrown instanceof Error ? thrown.message : String(thrown)}): ${path}`;
}
