// What linting says of files, made by hand, for tests of what the dataset report makes of it.
import type { ReportInput, SplitInput } from '../../../dataset/report/report-input';
import type { FileSummary } from '../../../dataset/lint/linted-file';
import type { Problem, ProblemCode, Split } from '../../../protocol';

export const dir = '/project';

export interface Made extends Partial<Omit<FileSummary, 'labels' | 'byCode' | 'lengths' | 'tokens'>> {
  readonly labels?: Readonly<Record<string, number>>;
  readonly byCode?: Readonly<Partial<Record<ProblemCode, number>>>;
  readonly lengths?: readonly number[];
  readonly tokens?: readonly number[];
  readonly listed?: readonly Problem[];
  readonly isComplete?: boolean;
}

export function summary({ labels = {}, byCode = {}, lengths = [], tokens, ...parts }: Made = {}): FileSummary {
  return {
    rows: 0,
    problems: { error: 0, warning: 0, information: 0 },
    suppressed: 0,
    ...parts,
    labels: Object.entries(labels).map(([label, rows]) => ({ label, rows })),
    byCode: new Map(Object.entries(byCode) as [ProblemCode, number][]), // keys of the object above
    lengths: Uint32Array.from(lengths),
    ...(tokens && { tokens: Uint32Array.from(tokens) }),
  };
}

export function input(split: Split, made: Made = {}): SplitInput {
  return { ...other(`${dir}/data/${split}.jsonl`, made), split };
}

export function other(file: string, { listed = [], isComplete = true, ...made }: Made = {}): ReportInput {
  return { file, split: undefined, problems: listed, summary: summary(made), isComplete };
}

export function problem(line: number, code: ProblemCode, parts: Partial<Problem> = {}): Problem {
  return { line, column: 2, endLine: line, endColumn: 6, code, severity: 'warning', message: `Line ${line}.`, ...parts };
}

/** 1, 2, … `last`. */
export function upTo(last: number): number[] {
  return Array.from({ length: last }, (_, index) => index + 1);
}
