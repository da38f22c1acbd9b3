/** What each rule found, counted over all files, with the first places. */
import {
  rules,
  severities,
  type Problem,
  type ProblemCode,
  type ReportedPlace,
  type ReportedRule,
  type Severity,
} from '../../protocol';
import { nameInProject, type ReportInput } from './report-input';

const shownPlaces = 3;
const leakCodes: readonly ProblemCode[] = ['leak', 'near-leak'];

export interface ProblemFigures {
  /** Exact ones first. */
  readonly leaks: readonly ReportedRule[];
  /** The gravest first, then the most frequent. */
  readonly problems: readonly ReportedRule[];
}

/** The order of the files is that of the places. */
export function collectProblems(projectDir: string, files: readonly ReportInput[]): ProblemFigures {
  const codes = new Set(files.flatMap(({ summary }) => [...summary.byCode.keys()]));
  const found = [...codes].map((code) => describeRule(projectDir, code, files)).filter(({ count }) => count > 0);
  return {
    leaks: leakCodes.flatMap((code) => found.filter((rule) => rule.code === code)),
    problems: found.filter(({ code }) => !leakCodes.includes(code)).sort(byUrgency),
  };
}

function describeRule(projectDir: string, code: ProblemCode, files: readonly ReportInput[]): ReportedRule {
  const counts = files.map(({ file, summary }) => ({
    name: nameInProject(projectDir, file),
    count: summary.byCode.get(code) ?? 0,
  }));
  const listed = files.flatMap((file) =>
    file.problems.filter((problem) => problem.code === code).map((problem) => ({ file, problem })),
  );
  return {
    code,
    severity: gravest(listed.map(({ problem }) => problem.severity)) ?? rules[code].severity,
    count: counts.reduce((sum, { count }) => sum + count, 0),
    files: counts.filter(({ count }) => count > 0),
    places: listed.slice(0, shownPlaces).map(({ file, problem }) => describePlace(projectDir, file, problem)),
  };
}

function describePlace(projectDir: string, linted: ReportInput, problem: Problem): ReportedPlace {
  const { line, column, endLine, endColumn, message, file = linted.file } = problem;
  return {
    file,
    name: nameInProject(projectDir, file),
    range: { line, column, endLine, endColumn },
    message,
    kind: file !== linted.file ? 'file' : isText(linted) ? 'text' : 'row',
  };
}

export function isText({ format }: ReportInput): boolean {
  return format?.format !== 'parquet' && format?.format !== 'image-folder';
}

function gravest(found: readonly Severity[]): Severity | undefined {
  return severities.find((severity) => found.includes(severity));
}

function byUrgency(a: ReportedRule, b: ReportedRule): number {
  return severities.indexOf(a.severity) - severities.indexOf(b.severity) || b.count - a.count || (a.code < b.code ? -1 : 1);
}
