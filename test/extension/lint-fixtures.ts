// Results of linting, made by hand, for tests of what the editor makes of them.
import type { LintedFile } from '../../dataset/lint/linted-file';
import type { FileResult } from '../../extension/lint-worker/messages';
import type { Problem, ProblemCode, Severity } from '../../protocol';

export function problem(line: number, parts: Partial<Problem> = {}): Problem {
  return {
    ...{ line, column: 10, endLine: line, endColumn: 12 },
    code: 'empty-field',
    severity: 'error',
    message: `The text of line ${line} is empty.`,
    ...parts,
  };
}

export function linted(file: string, problems: readonly Problem[] = [], parts: Partial<LintedFile> = {}): LintedFile {
  const counts: Record<Severity, number> = { error: 0, warning: 0, information: 0 };
  const byCode = new Map<ProblemCode, number>();
  for (const { severity, code } of problems) {
    counts[severity]++;
    byCode.set(code, (byCode.get(code) ?? 0) + 1);
  }
  return {
    file,
    split: 'train',
    problems,
    summary: { rows: 3, labels: [], lengths: new Uint32Array(), problems: counts, byCode, suppressed: 0 },
    isComplete: true,
    fingerprintOf: ({ line }) => String(line).padStart(12, '0'),
    ...parts,
  };
}

export function result(file: string, problems: readonly Problem[] = [], parts: Partial<FileResult> = {}): FileResult {
  const { split, summary, isComplete } = linted(file, problems);
  return { file, split, problems, summary, isComplete, dir: '/project', ...parts };
}
