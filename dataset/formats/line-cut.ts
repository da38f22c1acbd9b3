/** Where a text of whole lines can be cut, and what goes when lines of it go. */
import type { TextRange } from '../../protocol';
import type { LineIndex } from '../text-position';

/** Behind the last line end that no later character changes, which a "\r" as the last one may; 0 when there is none. */
export function behindLastLineEnd(text: string, before = text.length): number {
  const lineFeed = text.lastIndexOf('\n', before - 1);
  let carriageReturn = text.lastIndexOf('\r', before - 1);
  if (carriageReturn === text.length - 1 && carriageReturn > 0) carriageReturn = text.lastIndexOf('\r', carriageReturn - 1);
  else if (carriageReturn === text.length - 1) carriageReturn = -1;
  return before <= 0 ? 0 : Math.max(lineFeed, carriageReturn) + 1;
}

/** Whole lines with their line ends. The last ones of a text without an end leave the line end in front of them: it may be in another block. */
export function rangeOfLines(lines: LineIndex, first: number, last: number): TextRange {
  if (last < lines.lineCount) return { line: first, column: 1, endLine: last + 1, endColumn: 1 };
  return { line: first, column: 1, endLine: last, endColumn: lines.lineText(last).length + 1 };
}
