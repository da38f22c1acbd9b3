/** The edits of all fixes that cannot be wrong. Of two that overlap the first wins; the other's turn comes with the next lint. */
import type { Problem, TextEdit } from '../../protocol';
import { comparePlaces } from './position';

export function collectSafeEdits(problems: readonly Problem[]): TextEdit[] {
  const taken: TextEdit[] = [];
  const fixes = problems.flatMap(({ fixes = [] }) => fixes.find(({ isSafe, file }) => isSafe && file === undefined) ?? []);
  const sorted = fixes.map(({ edits }) => [...edits].sort(comparePlaces)).sort(([a], [b]) => (a && b ? comparePlaces(a, b) : 0));
  let last: TextEdit | undefined;
  for (const edits of sorted) {
    const [first] = edits;
    if (!first || (last && isBefore(first, last))) continue;
    taken.push(...edits);
    last = edits.at(-1);
  }
  return taken;
}

/** Whether `edit` begins before `last` ends, or where it ends if one of them is empty and would be put at the same place. */
function isBefore(edit: TextEdit, last: TextEdit): boolean {
  if (edit.line !== last.endLine) return edit.line < last.endLine;
  return edit.column < last.endColumn || comparePlaces(edit, last) === 0;
}
