/** The work of `temper lint`: lints what was named, mends it when asked to, and takes away what a baseline knows. */
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fixFile, isMendable, type FixedFile } from '../../dataset/fixes/fix-file';
import { applyBaseline, collectBaseline, formatBaseline, parseBaseline, type BaselineOutcome } from '../../dataset/lint/baseline';
import { nameOfRole } from '../../dataset/lint/file-role';
import { lintPath } from '../../dataset/lint/lint-path';
import { allStages } from '../../dataset/lint/lint-session';
import type { LintedFile, LintTools } from '../../dataset/lint/linted-file';
import type { Stages } from '../../dataset/lint/stages';
import { RunFailure, type Baseline, type Problem, type RunError } from '../../protocol';
import { writeFileAtomically } from '../../runs/write-atomically';
import type { LintSettings } from './lint-settings';

export interface LintRun {
  readonly settings: LintSettings;
  readonly tools: LintTools;
  readonly signal: AbortSignal;
  /** Something is being done, in words. */
  onActivity(activity: string): void;
}

/** Each file once, or once for each split that it is, in the order in which they were named. */
export async function lintFiles(run: LintRun, stages = allStages): Promise<LintedFile[]> {
  const { settings, tools, signal } = run;
  const files = new Map<string, LintedFile>();
  for (const path of settings.paths) {
    run.onActivity(`Linting ${path}`);
    const linted = await lintPath(path, { tools, signal, stages, limits: { maxProblems: countedProblems(settings) } });
    for (const file of linted) if (!isOwnFile(file.file, settings)) files.set(nameOfRole(file), file);
  }
  return [...files.values()];
}

/** A report or a baseline in a folder of data is none. */
function isOwnFile(file: string, { outputFile, baselineFile, newBaselineFile }: LintSettings): boolean {
  return [outputFile, baselineFile, newBaselineFile].includes(file);
}

/** To pick problems, all must be there; to list them, so many are enough. */
function countedProblems({ baselineFile, newBaselineFile, errorsOnly, fixes, maxProblems }: LintSettings): number {
  const picks = baselineFile !== undefined || newBaselineFile !== undefined || errorsOnly || fixes !== 'none';
  return picks ? Infinity : maxProblems;
}

export interface MendedFiles {
  readonly mended: readonly FixedFile[];
  /** As they are now. */
  readonly files: readonly LintedFile[];
}

/** @throws RunFailure 'access-denied' of the first file that is read-only, when the others are mended */
export async function mendFiles(run: LintRun): Promise<MendedFiles> {
  const mended: FixedFile[] = [];
  const refused: RunFailure[] = [];
  for (const { file, problems } of (await lintFiles(run, stagesToMend(run.settings))).filter(isOfText)) {
    if (!problems.some((problem) => isMendable(problem, file, fixesOf(run.settings)))) continue;
    run.onActivity(`Mending ${file}`);
    const { signal } = run;
    try {
      mended.push(await fixFile(file, { ...fixesOf(run.settings), signal, lint: (path) => lintAgain(path, run) }));
    } catch (thrown) {
      if (!(thrown instanceof RunFailure) || thrown.error.code !== 'access-denied') throw thrown;
      refused.push(thrown);
    }
  }
  if (refused[0]) throw refused[0];
  return { mended, files: await lintFiles(run) };
}

function fixesOf({ fixes }: LintSettings): { isUnsafeToo: boolean } {
  return { isUnsafeToo: fixes === 'all' };
}

/** Nothing of a picture or a Parquet file can be mended, and temper.json is for people. */
export function isOfText({ format }: LintedFile): boolean {
  return format !== undefined && format.format !== 'parquet' && format.format !== 'image-folder';
}

/** Comparing the files takes longest, and no safe fix comes of it. */
function stagesToMend({ fixes }: LintSettings): Stages {
  return fixes === 'all' ? allStages : { leaks: false, nearDuplicates: false, images: false };
}

async function lintAgain(file: string, { settings, tools, signal }: LintRun): Promise<LintedFile> {
  const options = { tools, signal, stages: stagesToMend(settings), limits: { maxProblems: Infinity } };
  const [linted] = await lintPath(file, options);
  if (linted !== undefined) return linted;
  throw new RunFailure({
    code: 'bad-data',
    message: `${file} disappeared while it was mended.`,
    hint: 'Lint again when nothing else changes the files.',
    file,
  });
}

/** Without the problems that the baseline knows; a new one is written first, and then nothing is left that it does not know. */
export async function withoutKnown(files: readonly LintedFile[], settings: LintSettings): Promise<BaselineOutcome> {
  const { baselineFile, newBaselineFile } = settings;
  const known = baselineFile === undefined ? undefined : await readBaseline(baselineFile);
  const outcome =
    baselineFile === undefined || known === undefined
      ? { files, hidden: 0, mended: 0 }
      : applyBaseline(known, files, dirname(baselineFile));
  if (newBaselineFile === undefined) return outcome;
  const written = collectBaseline(files, dirname(newBaselineFile), await readOldBaseline(newBaselineFile));
  await writeFileAtomically(newBaselineFile, formatBaseline(written));
  return applyBaseline(written, files, dirname(newBaselineFile));
}

async function readBaseline(file: string): Promise<Baseline> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (thrown) {
    throw new RunFailure(noBaseline(file, thrown));
  }
  return parseBaseline(file, text);
}

async function readOldBaseline(file: string): Promise<Baseline | undefined> {
  try {
    return parseBaseline(file, await readFile(file, 'utf8'));
  } catch (thrown) {
    const isMissing = thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT';
    if (isMissing) return undefined;
    throw thrown; // what is no baseline is not written over
  }
}

function noBaseline(file: string, thrown: unknown): RunError {
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  return {
    code: 'bad-usage',
    message: `The baseline ${file} cannot be read (${reason}).`,
    hint: `Write it with "temper lint --write-baseline ${file}".`,
    file,
  };
}

/** What is listed: errors only, where that was asked for, and not more than so many of a file. */
export function listedProblems({ problems }: LintedFile, { errorsOnly, maxProblems }: LintSettings): Problem[] {
  return problems.filter(({ severity }) => !errorsOnly || severity === 'error').slice(0, maxProblems);
}
