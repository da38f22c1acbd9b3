/** The text of a block; its lines are counted when somebody asks where something stands. */
import type { TextRange } from '../../protocol';
import { createLineIndex, type LineIndex } from '../text-position';
import type { Span } from './format';

export class BlockText {
  readonly text: string;
  private index: LineIndex | undefined;

  constructor(text: string) {
    this.text = text;
  }

  get lines(): LineIndex {
    return (this.index ??= createLineIndex(this.text));
  }

  rangeOf({ start, end }: Span): TextRange {
    return this.lines.rangeOf(start, end);
  }
}

/** Lines count from 1 and end at "\n", "\r\n" or a lone "\r"; what is empty behind the last line end is no line. */
export function forEachLine(text: string, visit: (start: number, end: number, line: number) => void): void {
  const endOf = text.includes('\r') ? endOfLine : endOfUnixLine; // the second is the faster
  let line = 1;
  for (let start = 0; start < text.length; line++) {
    const end = endOf(text, start);
    visit(start, end, line);
    start = skipLineEnd(text, end);
  }
}

/** The next line end of any kind, or the end of the text. */
export function endOfLine(text: string, start: number): number {
  for (let end = start; end < text.length; end++) {
    const code = text.charCodeAt(end);
    if (code === 0x0a || code === 0x0d) return end;
  }
  return text.length;
}

function endOfUnixLine(text: string, start: number): number {
  const end = text.indexOf('\n', start);
  return end < 0 ? text.length : end;
}

/** Behind the line end that begins at `offset`; `offset` itself where none does. */
export function skipLineEnd(text: string, offset: number): number {
  if (text[offset] === '\r') return offset + (text[offset + 1] === '\n' ? 2 : 1);
  return text[offset] === '\n' ? offset + 1 : offset;
}

/** Behind the last line end that is whole whatever follows: a "\r" at the very end may be half of a "\r\n". */
export function findLastLine(text: string): number {
  const carriageReturn = text.length < 2 ? -1 : text.lastIndexOf('\r', text.length - 2);
  return Math.max(text.lastIndexOf('\n'), carriageReturn) + 1;
}
