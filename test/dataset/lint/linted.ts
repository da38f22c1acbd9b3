/** A linted file made by hand, for what comes behind the engine. */
import { severities, type Problem, type ProblemCode } from '../../../protocol';
import type { LintedFile } from '../../../dataset/lint/linted-file';

export function problemAt(line: number, code: ProblemCode, more: Partial<Problem> = {}): Problem {
  const place = { line, column: 1, endLine: line, endColumn: 2 };
  return { ...place, code, severity: 'warning', message: `${code} in line ${line}`, ...more };
}

/** The fingerprint of a row is its line, in twelve digits, unless `rows` says otherwise. */
export function linted(
  file: string,
  problems: readonly Problem[],
  { rows = {}, ...more }: Partial<LintedFile> & { rows?: Readonly<Record<number, string>> } = {},
): LintedFile {
  const count = (isIt: (problem: Problem) => boolean) => problems.filter(isIt).length;
  const [error = 0, warning = 0, information = 0] = severities.map((name) => count(({ severity }) => severity === name));
  const codes = [...new Set(problems.map(({ code }) => code))];
  return {
    file,
    split: undefined,
    format: { format: 'jsonl', encoding: 'utf-8', reasons: ['the name ends in .jsonl'] },
    problems,
    summary: {
      rows: 10,
      labels: [],
      lengths: new Uint32Array(),
      problems: { error, warning, information },
      byCode: new Map(codes.map((name) => [name, count(({ code }) => code === name)])),
      suppressed: 0,
    },
    isComplete: true,
    fingerprintOf: ({ line }) => rows[line] ?? String(line).padStart(12, '0'),
    ...more,
  };
}
