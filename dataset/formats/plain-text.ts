/** Plain text: every line that is not blank is a row with one field. There is no syntax that could be wrong. */
import type { TextRange } from '../../protocol';
import { createLineIndex, type LineIndex } from '../text-position';
import type { BlockParser, FormatSettings, ParsedBlock, SourceRow, Span } from './format';
import { behindLastLineEnd, rangeOfLines } from './line-cut';

export function openPlainText(_head: string, { textColumn }: Pick<FormatSettings, 'textColumn'>): BlockParser {
  return {
    format: 'text',
    columns: [textColumn],
    key: '',
    reasons: [],
    findCut: (text, { isLast }) => (isLast ? text.length : behindLastLineEnd(text)),
    parse: (text) => parsePlainText(text, textColumn),
    quote: (text) => (/[\r\n]/.test(text) || text.trim() === '' ? undefined : text),
    rangeToRemove: (row) => (row instanceof PlainTextRow ? row.rangeToRemove() : undefined),
  };
}

function parsePlainText(text: string, textColumn: string): ParsedBlock {
  const lines = createLineIndex(text);
  const rows: SourceRow[] = [];
  for (let line = 1; line <= lines.lineCount; line++) {
    if (lines.lineText(line).trim() !== '') rows.push(new PlainTextRow(line, lines, textColumn));
  }
  return { rows, problems: [] };
}

class PlainTextRow implements SourceRow {
  readonly line: number;
  private readonly lines: LineIndex;
  private readonly textColumn: string;

  constructor(line: number, lines: LineIndex, textColumn: string) {
    this.line = line;
    this.lines = lines;
    this.textColumn = textColumn;
  }

  get endLine(): number {
    return this.line;
  }

  private get text(): string {
    return this.lines.lineText(this.line);
  }

  get value(): Record<string, unknown> {
    return Object.fromEntries([[this.textColumn, this.text]]); // an own property, whatever its name
  }

  rangeAt(path: readonly string[], within?: Span): TextRange {
    const { start, end } = path[0] === this.textColumn && within ? within : { start: 0, end: this.text.length };
    return { line: this.line, column: start + 1, endLine: this.line, endColumn: end + 1 };
  }

  keyRangeAt(): TextRange {
    return this.rangeAt([]);
  }

  rangeToRemove(): TextRange {
    return rangeOfLines(this.lines, this.line, this.line);
  }
}
