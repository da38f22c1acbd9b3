/** The figures of a file out of those of its blocks. */
import { rules, type ProblemCode, type Severity } from '../../protocol';
import { fileProblems, findingsOf, type FileLint } from './file-lint';
import type { FileSummary } from './linted-file';

const sampledRows = 10_000;

export function summarise(lint: FileLint): FileSummary {
  const blocks = lint.blocks.flatMap((block) => block.lint ?? []);
  const findings = findingsOf(lint);
  const tokens = sample(blocks.map((block) => block.tokens));
  const { inputs } = lint.role;
  return {
    rows: sum(blocks.map(({ rows }) => rows)),
    labels: countLabels(blocks.map(({ labels }) => labels)),
    lengths: sample(blocks.map(({ lengths }) => lengths)),
    ...(tokens.length > 0 && { tokens }),
    ...(inputs && { maxLength: inputs.maxLength }),
    ...countProblems(lint),
    suppressed: sum([...blocks, ...findings].map(({ suppressed }) => suppressed)),
  };
}

function countLabels(blocks: readonly ReadonlyMap<string, number>[]): FileSummary['labels'] {
  const total = new Map<string, number>();
  for (const labels of blocks) for (const [label, rows] of labels) total.set(label, (total.get(label) ?? 0) + rows);
  return [...total].map(([label, rows]) => ({ label, rows })).sort((a, b) => b.rows - a.rows || (a.label < b.label ? -1 : 1));
}

/** Sorted; thinned evenly when there are more, always with the largest. */
function sample(blocks: readonly (readonly number[])[]): Uint32Array {
  const all = Uint32Array.from(blocks.flat()).sort();
  if (all.length <= sampledRows) return all;
  const step = (all.length - 1) / (sampledRows - 1);
  return Uint32Array.from({ length: sampledRows }, (_, index) => all[Math.round(index * step)] ?? 0);
}

function countProblems(lint: FileLint): Pick<FileSummary, 'problems' | 'byCode'> {
  const problems: Record<Severity, number> = { error: 0, warning: 0, information: 0 };
  const byCode = new Map<ProblemCode, number>();
  const count = (code: ProblemCode, severity: Severity, times: number) => {
    problems[severity] += times;
    byCode.set(code, (byCode.get(code) ?? 0) + times);
  };
  for (const { code, severity } of fileProblems(lint)) count(code, severity, 1);
  for (const block of lint.blocks) {
    for (const { code, severity } of block.lint?.problems ?? []) count(code, severity, 1);
    for (const unlisted of block.lint?.unlisted ?? []) count(unlisted.code, unlisted.severity, unlisted.count);
  }
  const present = new Set(lint.blocks);
  for (const { located, unlisted } of findingsOf(lint)) {
    for (const [block, list] of located) {
      if (present.has(block)) for (const { problem } of list) count(problem.code, problem.severity, 1);
    }
    for (const [code, times] of unlisted) count(code, severityOf(lint, code), times);
  }
  return { problems, byCode };
}

function severityOf({ role }: FileLint, code: ProblemCode): Severity {
  const set = role.lint.rules[code];
  return set === undefined || set === 'off' ? rules[code].severity : set;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
