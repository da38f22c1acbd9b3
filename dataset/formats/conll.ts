/**
 * CoNLL: a token and its tag on each line, a blank line between sentences; a row is a sentence. The first column holds the
 * token, or the second where the first counts the words; the last holds the tag. What `-DOCSTART-` begins is skipped.
 */
import type { Problem, TextRange } from '../../protocol';
import { createLineIndex, type LineIndex } from '../text-position';
import { readCells } from './conll-cells';
import { readConllHead, type ConllLayout } from './conll-head';
import type { BlockParser, FormatSettings, ParsedBlock, SourceRow, Span } from './format';
import { behindLastLineEnd, rangeOfLines } from './line-cut';

type Names = Pick<FormatSettings, 'tokensColumn' | 'tagsColumn'>;

export function openConll(head: string, names: Names): BlockParser {
  const layout = readConllHead(head);
  return {
    format: 'conll',
    columns: [names.tokensColumn, names.tagsColumn],
    key: `${layout.separator} ${layout.columnCount} ${layout.tokenColumn}`,
    reasons: layout.reasons,
    findCut: (text, { isLast }) => (isLast ? text.length : behindLastBlankLine(text)),
    parse: (text) => new SentenceReader(text, layout, names).read(),
    quote: (text) => (isOneCell(text, layout) ? text : undefined),
    rangeToRemove: (row) => (row instanceof SentenceRow ? row.rangeToRemove() : undefined),
  };
}

/** Behind the last blank line: what comes next begins a sentence. */
function behindLastBlankLine(text: string): number {
  let end = behindLastLineEnd(text);
  while (end > 0) {
    const start = behindLastLineEnd(text, end - (text[end - 1] === '\n' && text[end - 2] === '\r' ? 2 : 1));
    if (isBlank(text.slice(start, end))) return end;
    end = start;
  }
  return 0;
}

/** By blanks that separate cells: a zero-width or no-break space is a token. */
function isBlank(line: string): boolean {
  return /^[ \t\r\n]*$/.test(line);
}

function isOneCell(text: string, { separator }: ConllLayout): boolean {
  const [cell, ...others] = readCells(text, separator);
  return cell?.text === text && text !== '' && others.length === 0 && !/[\r\n]/.test(text) && !text.startsWith('-DOCSTART-');
}

class SentenceReader {
  private readonly lines: LineIndex;
  private readonly layout: ConllLayout;
  private readonly names: Names;
  private readonly rows: SourceRow[] = [];
  private readonly problems: Problem[] = [];
  private unreadRows = 0;
  private sentence: Sentence = emptySentence();

  constructor(text: string, layout: ConllLayout, names: Names) {
    this.lines = createLineIndex(text);
    this.layout = layout;
    this.names = names;
  }

  read(): ParsedBlock {
    for (let line = 1; line <= this.lines.lineCount; line++) this.readLine(line, this.lines.lineText(line));
    this.endSentence();
    return { rows: this.rows, unreadRows: this.unreadRows, problems: this.problems };
  }

  private readLine(line: number, source: string): void {
    if (isBlank(source) || source.startsWith('-DOCSTART-')) return this.endSentence();
    const { separator, columnCount, tokenColumn } = this.layout;
    const cells = readCells(source, separator);
    const [token, tag] = [cells[tokenColumn]?.text ?? '', cells.at(-1)?.text ?? ''];
    if (cells.length === columnCount && token !== '' && tag !== '') this.sentence.add(line, token, tag);
    else if (!isComment(source)) this.reportLine(line, source, cells.length);
  }

  private reportLine(line: number, source: string, found: number): void {
    this.sentence.isBroken = true;
    const wanted = this.layout.columnCount;
    const isEmptyCell = found === wanted;
    const columns = `${found} ${found === 1 ? 'column' : 'columns'}`;
    const message = isEmptyCell
      ? 'This line has an empty column. Each line holds a token and its tag.'
      : `This line has ${columns}, the others have ${wanted}. Each line holds a token and its tag; a blank line ends a sentence.`;
    const range = { line, column: 1, endLine: line, endColumn: source.length + 1 };
    this.problems.push({ ...range, code: 'ragged-row', severity: 'error', message });
  }

  private endSentence(): void {
    const { sentence, lines, layout, names } = this;
    if (sentence.isBroken) this.unreadRows++;
    else if (sentence.tokens.length > 0) this.rows.push(new SentenceRow(sentence, { lines, layout, names }));
    this.sentence = emptySentence();
  }
}

/** Only asked of lines that have not the columns of the others: "#" is a token as well. */
function isComment(source: string): boolean {
  return source.startsWith('# ');
}

interface Sentence {
  readonly tokens: string[];
  readonly tags: string[];
  /** Of each token. */
  readonly lines: number[];
  isBroken: boolean;
  add(line: number, token: string, tag: string): void;
}

function emptySentence(): Sentence {
  const [tokens, tags, lines]: [string[], string[], number[]] = [[], [], []];
  const add = (line: number, token: string, tag: string) => {
    tokens.push(token);
    tags.push(tag);
    lines.push(line);
  };
  return { tokens, tags, lines, isBroken: false, add };
}

interface RowContext {
  readonly lines: LineIndex;
  readonly layout: ConllLayout;
  readonly names: Names;
}

class SentenceRow implements SourceRow {
  readonly value: Readonly<Record<string, unknown>>;
  private readonly sentence: Sentence;
  private readonly context: RowContext;

  constructor(sentence: Sentence, context: RowContext) {
    const { tokensColumn, tagsColumn } = context.names;
    const fields = [
      [tokensColumn, sentence.tokens],
      [tagsColumn, sentence.tags],
    ] as const;
    this.value = Object.fromEntries(fields); // own properties, whatever their names
    this.sentence = sentence;
    this.context = context;
  }

  get line(): number {
    return this.sentence.lines[0] ?? 1;
  }

  get endLine(): number {
    return this.sentence.lines.at(-1) ?? this.line;
  }

  rangeAt([name, index]: readonly string[], within?: Span): TextRange {
    const line = index === undefined ? undefined : this.sentence.lines[Number(index)];
    const isTag = name === this.context.names.tagsColumn;
    if (line === undefined || !(isTag || name === this.context.names.tokensColumn)) return this.wholeRange();
    const cells = readCells(this.context.lines.lineText(line), this.context.layout.separator);
    const { start = 0, end = 0 } = (isTag ? cells.at(-1) : cells[this.context.layout.tokenColumn]) ?? {};
    const from = within ? { start: start + within.start, end: start + within.end } : { start, end };
    return { line, column: from.start + 1, endLine: line, endColumn: from.end + 1 };
  }

  keyRangeAt(path: readonly string[]): TextRange {
    return this.rangeAt(path);
  }

  /** With the blank line that ends it. */
  rangeToRemove(): TextRange {
    const { lines } = this.context;
    const next = this.endLine + 1;
    return rangeOfLines(lines, this.line, next <= lines.lineCount && isBlank(lines.lineText(next)) ? next : this.endLine);
  }

  private wholeRange(): TextRange {
    const { line, endLine } = this;
    return { line, column: 1, endLine, endColumn: this.context.lines.lineText(endLine).length + 1 };
  }
}
