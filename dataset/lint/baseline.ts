/** Problems that are known already: a baseline holds them, and linting with it shows only what is new. It reads no files. */
import { relative, sep } from 'node:path';
import { baselineSchema, RunFailure, severities, type Baseline, type BaselineEntry, type Problem } from '../../protocol';
import type { FileSummary, LintedFile } from './linted-file';

export interface BaselineOutcome {
  /** Without what the baseline hides, in their problems and in their counts. */
  readonly files: readonly LintedFile[];
  readonly hidden: number;
  /** Problems of the baseline that are not there any more, of the files that were linted. */
  readonly mended: number;
}

/** @throws RunFailure 'bad-usage' when it is no baseline */
export function parseBaseline(file: string, text: string): Baseline {
  const parsed = baselineSchema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const place = issue?.path.length ? ` (${issue.path.join('.')})` : '';
  throw new RunFailure({
    code: 'bad-usage',
    message: `${file} is no baseline: ${issue?.message ?? 'it is not JSON'}${place}.`,
    hint: 'Write it again with "temper lint --write-baseline".',
    file,
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the schema refuses it
  }
}

/** Everything that is wrong now; entries of files that were not linted stay as they are in `before`. Sorted, so that it compares well. */
export function collectBaseline(files: readonly LintedFile[], baselineDir: string, before?: Baseline): Baseline {
  const linted = new Set(files.map(({ file }) => pathFrom(baselineDir, file)));
  const entries = new Map<string, BaselineEntry>();
  for (const entry of before?.problems ?? []) if (!linted.has(entry.file)) entries.set(keyOf(entry), entry);
  for (const file of files) {
    for (const problem of file.problems) {
      const entry = describe(problem, file, baselineDir);
      entries.set(keyOf(entry), { ...entry, count: (entries.get(keyOf(entry))?.count ?? 0) + 1 });
    }
  }
  return { version: 1, problems: [...entries.values()].sort(compareEntries) };
}

/** One entry a line. */
export function formatBaseline({ version, problems }: Baseline): string {
  const lines = problems.map((entry) => `\n    ${JSON.stringify(entry)}`);
  return `{\n  "version": ${version},\n  "problems": [${lines.join(',')}${lines.length > 0 ? '\n  ' : ''}]\n}\n`;
}

export function applyBaseline(baseline: Baseline, files: readonly LintedFile[], baselineDir: string): BaselineOutcome {
  const left = new Map(baseline.problems.map((entry) => [keyOf(entry), entry.count]));
  const shown = files.map((file) => hideKnown(file, baselineDir, left));
  const linted = new Set(files.map(({ file }) => pathFrom(baselineDir, file)));
  const mended = baseline.problems
    .filter(({ file }) => linted.has(file))
    .reduce((sum, entry) => sum + (left.get(keyOf(entry)) ?? 0), 0);
  const hidden = files.reduce((sum, { problems }, index) => sum + problems.length - (shown[index]?.problems.length ?? 0), 0);
  return { files: shown, hidden, mended };
}

function hideKnown(file: LintedFile, baselineDir: string, left: Map<string, number>): LintedFile {
  const hidden: Problem[] = [];
  const problems = file.problems.filter((problem) => {
    const key = keyOf(describe(problem, file, baselineDir));
    const known = left.get(key) ?? 0;
    if (known === 0) return true;
    left.set(key, known - 1);
    hidden.push(problem);
    return false;
  });
  return { ...file, problems, summary: subtract(file.summary, hidden), fingerprintOf: (problem) => file.fingerprintOf(problem) };
}

function subtract(summary: FileSummary, hidden: readonly Problem[]): FileSummary {
  const problems = { ...summary.problems };
  const byCode = new Map(summary.byCode);
  for (const severity of severities) problems[severity] -= hidden.filter((problem) => problem.severity === severity).length;
  for (const { code } of hidden) byCode.set(code, (byCode.get(code) ?? 1) - 1);
  return { ...summary, problems, byCode };
}

function describe(problem: Problem, linted: LintedFile, baselineDir: string): BaselineEntry {
  const fingerprint = linted.fingerprintOf(problem);
  return { file: pathFrom(baselineDir, linted.file), code: problem.code, fingerprint, count: 1 };
}

function pathFrom(dir: string, file: string): string {
  return relative(dir, file).split(sep).join('/');
}

function keyOf({ file, code, fingerprint }: BaselineEntry): string {
  return JSON.stringify([file, code, fingerprint]);
}

/** By code units: the same on every machine. */
function compareEntries(a: BaselineEntry, b: BaselineEntry): number {
  const [first, second] = [keyOf(a), keyOf(b)];
  return first < second ? -1 : first > second ? 1 : 0;
}
