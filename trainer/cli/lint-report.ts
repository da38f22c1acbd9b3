/** What `temper lint` found, in its three formats. It prints nothing. */
import { pathToFileURL } from 'node:url';
import { join, relative } from 'node:path';
import { isMendable, type FixedFile } from '../../dataset/fixes/fix-file';
import type { LintedFile } from '../../dataset/lint/linted-file';
import { createSarifLog } from '../../dataset/lint/sarif';
import { packageRoot, temperVersion } from '../../inputs/assets';
import { severities, type Problem, type RelatedPlace, type Severity } from '../../protocol';
import { isOfText, listedProblems } from './lint-files';
import type { LintSettings } from './lint-settings';
import { paint } from './output';

export interface LintOutcome {
  /** Without what the baseline hides. */
  readonly files: readonly LintedFile[];
  readonly mended: readonly FixedFile[];
  /** By the baseline. */
  readonly baseline: { readonly hidden: number; readonly mended: number };
}

export type JsonLine = { readonly kind: string } & Readonly<Record<string, unknown>>;

export function jsonLines(outcome: LintOutcome, settings: LintSettings): JsonLine[] {
  const fixed = outcome.mended.map(({ file, fixed: byCode, rounds, leftAlone }) => ({
    kind: 'fixed',
    file,
    ...{ fixed: Object.fromEntries(byCode), rounds },
    ...(leftAlone !== undefined && { leftAlone }),
  }));
  const problems = outcome.files.flatMap((linted) =>
    listedProblems(linted, settings).map((problem) => problemLine(problem, linted)),
  );
  return [...fixed, ...problems];
}

function problemLine(problem: Problem, linted: LintedFile): JsonLine {
  const { line, column, endLine, endColumn, code, severity, message, related = [] } = problem;
  const file = problem.file ?? linted.file;
  return {
    kind: 'problem',
    ...{ file, line, column, endLine, endColumn, code, severity, message },
    ...(related.length > 0 && { related: related.map((place) => ({ ...place, file: place.file ?? file })) }),
    ...(isMendableHere(problem, linted, false) && { fixable: true }),
  };
}

/** The last line. */
export function resultLine(outcome: LintOutcome, settings: LintSettings): JsonLine {
  const { files, baseline } = outcome;
  const { error, warning, information } = countProblems(files);
  const usesBaseline = settings.baselineFile !== undefined || settings.newBaselineFile !== undefined;
  return {
    kind: 'result',
    ...{ files: files.length, rows: sum(files.map(({ summary }) => summary.rows)) },
    ...{ errors: error, warnings: warning, informations: information },
    suppressed: sum(files.map(({ summary }) => summary.suppressed)),
    fixed: countFixed(outcome.mended),
    ...(usesBaseline && { hidden: baseline.hidden, mended: baseline.mended }),
  };
}

export function sarifText({ files }: LintOutcome, settings: LintSettings): string {
  const listed = files.map((linted) => ({
    ...linted,
    problems: listedProblems(linted, settings),
    fingerprintOf: (problem: Problem) => linted.fingerprintOf(problem),
  }));
  const log = createSarifLog(listed, {
    workingDir: process.cwd(),
    temperVersion: temperVersion(),
    rulesPage: pathToFileURL(join(packageRoot(), 'docs', 'rules.md')).href,
    exitCode: exitCodeFor(files),
  });
  return `${JSON.stringify(log)}\n`;
}

export function exitCodeFor(files: readonly LintedFile[]): 0 | 1 {
  return countProblems(files).error > 0 ? 1 : 0;
}

export function textLines(outcome: LintOutcome, settings: LintSettings): string[] {
  const files = outcome.files.filter((linted) => !settings.errorsOnly || linted.summary.problems.error > 0);
  return [...outcome.mended.flatMap(describeMended), ...files.flatMap((linted) => describeFile(linted, settings))];
}

/** What remains to be said when all has been listed. */
export function summaryLines(outcome: LintOutcome, settings: LintSettings): string[] {
  const { files, mended, baseline } = outcome;
  const { error, warning, information } = countProblems(files);
  const rows = sum(files.map(({ summary }) => summary.rows));
  const found = [count(error, 'error'), count(warning, 'warning'), ...(information > 0 ? [count(information, 'note')] : [])];
  const suppressed = sum(files.map(({ summary }) => summary.suppressed));
  return [
    `${count(files.length, 'file')}, ${count(rows, 'row')}: ${found.join(', ')}.`,
    ...(countFixed(mended) > 0 ? [`${count(countFixed(mended), 'problem')} mended.`] : []),
    ...(suppressed > 0 ? [`${count(suppressed, 'problem')} suppressed by temper.json.`] : []),
    ...describeBaseline(baseline, settings),
    ...describeFixable(files),
  ];
}

function describeBaseline({ hidden, mended }: LintOutcome['baseline'], { newBaselineFile }: LintSettings): string[] {
  if (newBaselineFile !== undefined) return [`${count(hidden, 'problem')} written to ${showPath(newBaselineFile)}.`];
  return [
    ...(hidden > 0 ? [`${count(hidden, 'problem')} known to the baseline.`] : []),
    ...(mended > 0 ? [`${count(mended, 'problem')} of the baseline ${mended === 1 ? 'is' : 'are'} mended: write it again.`] : []),
  ];
}

function describeFixable(files: readonly LintedFile[]): string[] {
  const countMendable = (isUnsafeToo: boolean) =>
    sum(files.map((linted) => linted.problems.filter((problem) => isMendableHere(problem, linted, isUnsafeToo)).length));
  const safe = countMendable(false);
  const more = countMendable(true) - safe;
  return [
    ...(safe > 0 ? [`${count(safe, 'problem')} can be mended with --fix.`] : []),
    ...(more > 0 ? [`${count(more, 'problem')} can be mended with --fix --unsafe-fixes: look at what it changes.`] : []),
  ];
}

function isMendableHere(problem: Problem, linted: LintedFile, isUnsafeToo: boolean): boolean {
  return isOfText(linted) && isMendable(problem, linted.file, { isUnsafeToo });
}

function describeMended({ file, fixed, rounds, leftAlone }: FixedFile): string[] {
  const codes = [...fixed].map(([code, times]) => `${times.toLocaleString('en-US')} ${code}`).join(', ');
  return [
    ...(fixed.size > 0 ? [`${paint('green', 'mended')} ${showPath(file)}: ${codes}`] : []),
    ...(leftAlone === undefined
      ? []
      : [`${paint('yellow', rounds > 0 ? 'not mended to its end' : 'left alone')} ${showPath(file)}: ${leftAlone}`]),
  ];
}

function describeFile(linted: LintedFile, settings: LintSettings): string[] {
  const problems = listedProblems(linted, settings);
  const { error, warning, information } = linted.summary.problems;
  const unlisted = (settings.errorsOnly ? error : error + warning + information) - problems.length;
  return [
    [paint('underline', showPath(linted.file)), ...describeReading(linted)].join('  '),
    ...problems.flatMap((problem) => describeProblem(problem, linted)),
    ...(unlisted > 0 ? [`  ${count(unlisted, 'more problem')} (--max-problems lists more)`] : []),
  ];
}

/** How the file was read, and why; nothing of a file that was not, such as temper.json. */
function describeReading({ format, shape, summary }: LintedFile): string[] {
  if (format === undefined) return [];
  const encoding = format.encoding === 'utf-8' ? [] : [format.encoding];
  const what = [count(summary.rows, 'row'), format.format, ...encoding, ...(shape ? [shape.name] : [])].join(', ');
  const reasons = [...format.reasons, ...(shape?.reasons ?? [])];
  return [paint('dim', reasons.length === 0 ? what : `${what} (${reasons.join('; ')})`)];
}

const marks = {
  error: { name: 'error  ', colour: 'red' },
  warning: { name: 'warning', colour: 'yellow' },
  information: { name: 'note   ', colour: 'cyan' },
} as const satisfies Record<Severity, object>;

function describeProblem(problem: Problem, linted: LintedFile): string[] {
  const { line, column, severity, message, code, file, related = [] } = problem;
  const place = file === undefined ? `${line}:${column}` : showPath(file);
  const name = paint(marks[severity].colour, marks[severity].name);
  return [
    `  ${place.padEnd(8)} ${name} ${message} ${paint('dim', code)}`,
    ...related.map((twin) => `    ${paint('dim', describeRelated(twin, file ?? linted.file))}`),
  ];
}

function describeRelated({ line, message, file }: RelatedPlace, here: string): string {
  return `line ${line} of ${showPath(file ?? here)}: ${message}`;
}

function showPath(file: string): string {
  return relative(process.cwd(), file) || file;
}

function countProblems(files: readonly LintedFile[]): Record<Severity, number> {
  const counts = { error: 0, warning: 0, information: 0 };
  for (const severity of severities) counts[severity] = sum(files.map(({ summary }) => summary.problems[severity]));
  return counts;
}

function countFixed(mended: readonly FixedFile[]): number {
  return sum(mended.flatMap(({ fixed }) => [...fixed.values()]));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function count(number: number, noun: string): string {
  return `${number.toLocaleString('en-US')} ${noun}${number === 1 ? '' : 's'}`;
}
