/** Text edits put into a text. An edit that does not lie in the text is a bug of who made it: it throws, and nothing is guessed. */
import type { Fix, TextEdit } from '../../protocol';
import { createLineIndex, type LineIndex } from '../text-position';

/** `text` in place of the UTF-16 units from `start` to `end`. */
export interface Replacement {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** @throws RangeError when an edit lies outside the text, or two of them overlap */
export function applyEdits(text: string, edits: readonly TextEdit[]): string {
  const lines = createLineIndex(text);
  const set = createReplacementSet();
  for (const edit of edits) {
    if (!set.add([locateEdit(text, lines, edit)])) throw new RangeError(`Two edits overlap at ${describePlace(edit)}.`);
  }
  return applyReplacements(text, set.replacements);
}

/** `replacements` stand in the order of the text. */
export function applyReplacements(text: string, replacements: readonly Replacement[]): string {
  const parts: string[] = [];
  let done = 0;
  for (const { start, end, text: inserted } of replacements) {
    parts.push(text.slice(done, start), inserted);
    done = end;
  }
  return [...parts, text.slice(done)].join('');
}

export interface PickedFixes<Item> {
  /** Those whose edits are all among the replacements. */
  readonly taken: readonly Item[];
  /** In the order of the text, none overlapping. */
  readonly replacements: readonly Replacement[];
}

/** Of fixes that overlap the first is taken, and the others are left for another time. */
export function pickFixes<Item extends { readonly fix: Fix }>(text: string, items: readonly Item[]): PickedFixes<Item> {
  const lines = createLineIndex(text);
  const set = createReplacementSet();
  const taken = items.filter(({ fix }) => set.add(fix.edits.map((edit) => locateEdit(text, lines, edit))));
  return { taken, replacements: set.replacements };
}

/** Exactly: a column behind the end of its line, or one in the middle of a character, is no place in the text. */
function locateEdit(text: string, lines: LineIndex, edit: TextEdit): Replacement {
  const start = lines.offsetAt(edit.line, edit.column);
  const end = lines.offsetAt(edit.endLine, edit.endColumn);
  const found = lines.rangeOf(start, end);
  const isExact =
    found.line === edit.line &&
    found.column === edit.column &&
    found.endLine === edit.endLine &&
    found.endColumn === edit.endColumn;
  if (!isExact || start < 0 || start > end || isInsideCharacter(text, start) || isInsideCharacter(text, end))
    throw new RangeError(`An edit at ${describePlace(edit)} does not lie in the text.`);
  return { start, end, text: edit.text };
}

function isInsideCharacter(text: string, offset: number): boolean {
  return isLowSurrogate(text.charCodeAt(offset)) && (text.charCodeAt(offset - 1) & 0xfc00) === 0xd800;
}

function isLowSurrogate(unit: number): boolean {
  return (unit & 0xfc00) === 0xdc00;
}

function describePlace({ line, column, endLine, endColumn }: TextEdit): string {
  return `${line}:${column} to ${endLine}:${endColumn}`;
}

interface ReplacementSet {
  /** Adds all of them or, when one overlaps what is there, none. Cheapest in the order of the text. */
  add(replacements: readonly Replacement[]): boolean;
  readonly replacements: readonly Replacement[];
}

function createReplacementSet(): ReplacementSet {
  const sorted: Replacement[] = [];
  return {
    replacements: sorted,
    add(replacements) {
      const added: Replacement[] = [];
      for (const replacement of replacements) {
        const index = firstFrom(sorted, replacement.start);
        if (overlaps(sorted, index, replacement)) {
          for (const undone of added) sorted.splice(sorted.indexOf(undone), 1);
          return false;
        }
        sorted.splice(index, 0, replacement);
        added.push(replacement);
      }
      return true;
    },
  };
}

/** Two that begin at one place would have no order: they overlap. */
function overlaps(sorted: readonly Replacement[], index: number, { start, end }: Replacement): boolean {
  const [before, behind] = [sorted[index - 1], sorted[index]];
  return (before !== undefined && before.end > start) || (behind !== undefined && (behind.start === start || behind.start < end));
}

/** The index of the first that does not begin before `start`. */
function firstFrom(sorted: readonly Replacement[], start: number): number {
  if ((sorted.at(-1)?.start ?? -1) < start) return sorted.length;
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle]?.start ?? Infinity) < start) low = middle + 1;
    else high = middle;
  }
  return low;
}
