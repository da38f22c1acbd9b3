/** Which problems are shown on which file, and the note about those that are not. Plain data; to-diagnostics.ts makes it the editor's. */
import type { Problem } from '../../protocol';
import type { FileResult } from '../lint-worker/messages';
import { messages } from '../messages';

export interface ShownFile {
  readonly problems: readonly Problem[];
  readonly note?: Note;
}

/** Stands at the line of the last problem that is shown. */
export interface Note {
  readonly text: string;
  readonly line: number;
}

/** By absolute path: the linted file itself, always, and others that its problems are about, such as images. */
export function planDiagnostics(result: FileResult, maxProblems: number): Map<string, ShownFile> {
  const listed = result.problems.slice(0, maxProblems);
  const own = listed.filter(({ file = result.file }) => file === result.file);
  const rest = countProblems(result) - listed.length;
  const note = rest > 0 ? { note: { text: messages.moreProblems(rest, listed.length), line: own.at(-1)?.line ?? 1 } } : {};
  const plan = new Map<string, ShownFile>([[result.file, { problems: own, ...note }]]);
  for (const problem of listed) {
    const { file = result.file } = problem;
    if (file !== result.file) plan.set(file, { problems: [...(plan.get(file)?.problems ?? []), problem] });
  }
  return plan;
}

export function countProblems({ problems, summary }: FileResult): number {
  const { error, warning, information } = summary.problems;
  return Math.max(error + warning + information, problems.length);
}
