/** Texts for tests with the expected range drawn into them: `{"a": «1»}`. Counts lines in its own way. */
import type { TextRange } from '../../protocol';

export interface MarkedText {
  readonly text: string;
  readonly ranges: TextRange[];
}

/** Takes the marks out; the ranges are in the order in which their marks open. */
export function readMarks(source: string): MarkedText {
  const parts = source.split(/([«»])/);
  const ranges: TextRange[] = [];
  let text = '';
  for (const part of parts) {
    const { line, column } = endOf(text);
    if (part === '«') ranges.push({ line, column, endLine: 0, endColumn: 0 });
    else if (part === '»') ranges.push({ ...openRange(ranges), endLine: line, endColumn: column });
    else text += part;
  }
  return { text, ranges };
}

/** Only line and column, of a problem or whatever has more. */
export function rangeOf({ line, column, endLine, endColumn }: TextRange): TextRange {
  return { line, column, endLine, endColumn };
}

function openRange(ranges: TextRange[]): TextRange {
  const range = ranges.pop();
  if (range === undefined) throw new Error('A mark closes that was never opened.');
  return range;
}

function endOf(text: string): { line: number; column: number } {
  const lines = text.split(/\r\n|\r|\n/);
  return { line: lines.length, column: (lines.at(-1) ?? '').length + 1 };
}
