/** Places in a block to places in its file, and back. */
import type { Problem, RelatedPlace, TextEdit, TextRange } from '../../protocol';

/** How much stands before a block: whole lines, and UTF-16 units in the line that it begins in. */
export interface Origin {
  readonly lines: number;
  readonly units: number;
}

/** The lines that a text adds, and the units behind its last line end. */
export type Extent = Origin;

/** A line ends at "\n", "\r\n" or a lone "\r", as in the editor. */
export function measureText(text: string): Extent {
  let lines = 0;
  let last = 0;
  const hasReturns = text.includes('\r');
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', end + 1)) {
    lines++;
    last = end + 1;
  }
  if (!hasReturns) return { lines, units: text.length - last };
  for (let end = text.indexOf('\r'); end >= 0; end = text.indexOf('\r', end + 1)) {
    if (text[end + 1] === '\n') continue;
    lines++;
    last = Math.max(last, end + 1);
  }
  return { lines, units: text.length - last };
}

export function add(origin: Origin, extent: Extent): Origin {
  return { lines: origin.lines + extent.lines, units: extent.lines === 0 ? origin.units + extent.units : extent.units };
}

export function moveRange(range: TextRange, origin: Origin): TextRange {
  return {
    line: range.line + origin.lines,
    column: range.line === 1 ? range.column + origin.units : range.column,
    endLine: range.endLine + origin.lines,
    endColumn: range.endLine === 1 ? range.endColumn + origin.units : range.endColumn,
  };
}

export function moveProblem(problem: Problem, origin: Origin): Problem {
  if (origin.lines === 0 && origin.units === 0) return problem;
  const { related, fixes } = problem;
  return {
    ...problem,
    ...moveRange(problem, origin),
    ...(related && { related: related.map((place) => moveIn(place, origin)) }),
    ...(fixes && { fixes: fixes.map((fix) => (fix.file === undefined ? { ...fix, edits: moveEdits(fix.edits, origin) } : fix)) }),
  };
}

function moveIn(place: RelatedPlace, origin: Origin): RelatedPlace {
  return place.file === undefined ? { ...place, ...moveRange(place, origin) } : place;
}

function moveEdits(edits: readonly TextEdit[], origin: Origin): TextEdit[] {
  return edits.map((edit) => ({ ...edit, ...moveRange(edit, origin) }));
}

export function comparePlaces(a: TextRange, b: TextRange): number {
  return a.line - b.line || a.column - b.column || a.endLine - b.endLine || a.endColumn - b.endColumn;
}

export function contains(outer: TextRange, inner: TextRange): boolean {
  const beginsBefore = outer.line < inner.line || (outer.line === inner.line && outer.column <= inner.column);
  const endsBehind = outer.endLine > inner.endLine || (outer.endLine === inner.endLine && outer.endColumn >= inner.endColumn);
  return beginsBefore && endsBehind;
}
