/** The cells of a line of a CoNLL file. */
import type { Span } from './format';

export type CellSeparator = 'tab' | 'blanks';

export interface Cell extends Span {
  readonly text: string;
}

/** Between tabs a cell may hold blanks, and be empty; those around a cell are none of it. */
export function readCells(line: string, separator: CellSeparator): Cell[] {
  const pattern = separator === 'tab' ? /[^\t]*/y : /[^ \t]+/y;
  const cells: Cell[] = [];
  for (let index = separator === 'tab' ? 0 : skipBlanks(line, 0); index <= line.length;) {
    pattern.lastIndex = index;
    const text = pattern.exec(line)?.[0];
    if (text === undefined) break;
    cells.push(separator === 'tab' ? trimmed(text, index) : { text, start: index, end: index + text.length });
    index += text.length;
    index = separator === 'tab' ? index + 1 : skipBlanks(line, index);
  }
  return cells;
}

function skipBlanks(line: string, index: number): number {
  while (line[index] === ' ' || line[index] === '\t') index++;
  return index;
}

function trimmed(text: string, offset: number): Cell {
  let [start, end] = [0, text.length];
  while (start < end && text[start] === ' ') start++;
  while (end > start && text[end - 1] === ' ') end--;
  return { text: text.slice(start, end), start: offset + start, end: offset + end };
}
