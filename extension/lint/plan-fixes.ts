/** What can be done about the problems at a place, as plain data in the order in which it is offered. */
import type { Fix, Problem, ProblemCode, TextEdit, TextRange } from '../../protocol';
import type { FileResult } from '../lint-worker/messages';
import { messages } from '../messages';

export type PlannedAction = { readonly title: string; readonly problem?: Problem } & (
  | { readonly kind: 'edit'; readonly file: string; readonly edits: readonly TextEdit[]; readonly isPreferred: boolean }
  | { readonly kind: 'fix-all' }
  | { readonly kind: 'suppress'; readonly problem: Problem; readonly scope: 'row' | 'file' }
  | { readonly kind: 'show-rule'; readonly code: ProblemCode }
);

/** Those problems that the selection touches. */
export function problemsAt({ problems, file }: FileResult, place: TextRange): Problem[] {
  return problems.filter((problem) => (problem.file ?? file) === file && touches(problem, place));
}

export function planActions(result: FileResult, place: TextRange): PlannedAction[] {
  const problems = problemsAt(result, place);
  const fixes = problems.flatMap((problem) => planFixes(result, problem));
  const preferred = fixes.findIndex(({ isSafe }) => isSafe);
  const actions = fixes.map(({ action }, index): PlannedAction => ({ ...action, isPreferred: index === preferred }));
  const codes = [...new Set(problems.map(({ code }) => code))];
  return [
    ...actions,
    ...codes.flatMap((code) => planFixAllOf(result, code)),
    ...(countFixable(result) > 0 && problems.length > 0 ? [fixAll] : []),
    ...problems.flatMap(planSuppressions),
    ...codes.map((code): PlannedAction => ({ kind: 'show-rule', title: messages.showRule(code), code })),
  ];
}

const fixAll: PlannedAction = { kind: 'fix-all', title: messages.fixAllSafe };

/** Problems that have a safe fix in the file itself, of those that are listed. */
export function countFixable({ problems, file }: FileResult): number {
  return problems.filter(({ fixes }) => fixes?.some((fix) => fix.isSafe && isIn(fix, file))).length;
}

type PlannedEdit = Extract<PlannedAction, { kind: 'edit' }>;

function planFixes({ file }: FileResult, problem: Problem): { action: PlannedEdit; isSafe: boolean }[] {
  return (problem.fixes ?? []).map((fix) => ({
    action: { kind: 'edit', title: fix.title, problem, file: fix.file ?? file, edits: fix.edits, isPreferred: false },
    isSafe: fix.isSafe,
  }));
}

/** The first fix of each, safe or not: who asks for it has seen one. Only where there is more than one. */
function planFixAllOf({ problems, file }: FileResult, code: ProblemCode): PlannedAction[] {
  const fixes = problems.filter((problem) => problem.code === code).flatMap(({ fixes: [first] = [] }) => first ?? []);
  const here = fixes.filter((fix) => isIn(fix, file));
  if (here.length < 2) return [];
  const edits = withoutOverlaps(here);
  return [{ kind: 'edit', title: messages.fixAllOf(code, here.length), file, edits, isPreferred: false }];
}

function planSuppressions(problem: Problem): PlannedAction[] {
  const { code } = problem;
  return [
    { kind: 'suppress', title: messages.suppressRow(code), problem, scope: 'row' },
    { kind: 'suppress', title: messages.suppressFile(code), problem, scope: 'file' },
  ];
}

function isIn(fix: Fix, file: string): boolean {
  return fix.file === undefined || fix.file === file;
}

/** A fix is made whole or not at all; of two that overlap the first one wins. */
export function withoutOverlaps(fixes: readonly Fix[]): TextEdit[] {
  const taken: TextEdit[] = [];
  for (const { edits } of fixes) if (!edits.some((edit) => taken.some((other) => overlaps(edit, other)))) taken.push(...edits);
  return taken.sort((a, b) => a.line - b.line || a.column - b.column);
}

/** Two insertions at one place count too: nobody knows their order. */
function overlaps(a: TextRange, b: TextRange): boolean {
  const isSamePlace = a.line === b.line && a.column === b.column;
  return (
    isSamePlace || (isBefore(a.line, a.column, b.endLine, b.endColumn) && isBefore(b.line, b.column, a.endLine, a.endColumn))
  );
}

/** The ends count: the cursor right behind a word is at it. */
function touches(a: TextRange, b: TextRange): boolean {
  return !isBefore(a.endLine, a.endColumn, b.line, b.column) && !isBefore(b.endLine, b.endColumn, a.line, a.column);
}

function isBefore(line: number, column: number, otherLine: number, otherColumn: number): boolean {
  return line < otherLine || (line === otherLine && column < otherColumn);
}
