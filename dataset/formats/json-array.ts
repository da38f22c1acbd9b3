/**
 * A JSON file that is one list of objects. Its blocks are cut right behind an element, so that every block but the first
 * begins with the comma of its first element, and a comma that is missing or too many lies in the block that shows it.
 */
import type { Fix, Problem, TextRange } from '../../protocol';
import { BlockText, findLastLine } from './block-text';
import type { BlockParser, BlockPlace, OpenFormat, ParsedBlock, SourceRow, Span } from './format';
import { isCommentAt, readElement, skipBlanks, skipBlanksBack } from './json-elements';
import { JsonRow } from './json-row';
import { explainNoList } from './no-list';
import { invalidJson, readJsonRow, type JsonRows } from './read-json-row';

export const openJsonArray: OpenFormat = (head) => {
  const first = head[skipBlanks(head, 0)];
  return first === '[' || first === undefined ? listParser : createNoListParser(head);
};

const listParser: BlockParser = {
  format: 'json',
  columns: undefined,
  key: 'json',
  reasons: [],
  findCut,
  parse: (text, place) => new ListReader(text, place).read(),
  quote: (text) => JSON.stringify(text),
  rangeToRemove,
};

/** There are no rows in it, but it is read to its end all the same, to look for what is wrong with its bytes. */
function createNoListParser(head: string): BlockParser {
  const start = skipBlanks(head, 0);
  const problem: Problem = {
    ...new BlockText(head).rangeOf({ start, end: start + 1 }),
    code: 'unknown-format',
    severity: 'error',
    message: explainNoList(head),
  };
  return {
    ...listParser,
    key: 'json without a list',
    findCut: (text, { isLast }) => (isLast ? text.length : findLastLine(text)),
    parse: (_, { isFirst }) => ({ rows: [], problems: isFirst ? [problem] : [] }),
  };
}

function findCut(text: string, { isFirst, isLast }: BlockPlace): number {
  if (isLast) return text.length;
  let cut = 0;
  const start = skipBlanks(text, isFirst ? startOfElements(text) : 0);
  let offset = start;
  while (offset < text.length) {
    const isSign = ',]}'.includes(text.charAt(offset));
    const element = isSign ? { end: offset + 1 } : readElement(text, offset, false);
    if (!element) break;
    const needsNext = isFirst && offset === start; // with the first element goes the comma behind it
    if (!isSign && !isCommentAt(text, offset) && !needsNext) cut = element.end;
    offset = skipBlanks(text, element.end);
  }
  return cut;
}

function startOfElements(text: string): number {
  return skipBlanks(text, 0) + 1;
}

class ListReader {
  private readonly to: JsonRows;
  private readonly text: string;
  private readonly place: BlockPlace;
  /** What should come next; `nothing` behind the end of the list. */
  private wants: 'first' | 'element' | 'comma' | 'nothing';
  /** The comma or the bracket that was read last. */
  private last: Span = { start: 0, end: 0 };
  private lastElement: Span | undefined;

  constructor(text: string, place: BlockPlace) {
    this.to = { block: new BlockText(text), rows: [], unreadRows: 0, problems: [] };
    this.text = text;
    this.place = place;
    this.wants = place.isFirst ? 'first' : 'comma';
  }

  read(): ParsedBlock {
    const { text, place } = this;
    let offset = skipBlanks(text, place.isFirst ? startOfElements(text) : 0);
    while (offset < text.length) {
      const sign = { start: offset, end: offset + 1 };
      const isSign = ',]}'.includes(text.charAt(offset));
      const span = isSign ? sign : (readElement(text, offset, true) ?? sign);
      if (this.wants === 'nothing') this.takeExtra();
      if (text[offset] === ',') this.takeComma(span);
      else if (text[offset] === ']') this.takeEnd(span);
      else if (text[offset] === '}') this.takeStray(span);
      else this.takeElement(span);
      offset = skipBlanks(text, span.end);
    }
    if (place.isLast && this.wants !== 'nothing' && !(place.isFirst && text.trim() === '')) this.reportUnclosed();
    return this.to;
  }

  private takeElement(span: Span): void {
    const { block, problems } = this.to;
    const isComment = isCommentAt(this.text, span.start);
    this.lastElement = span;
    if (this.wants === 'comma' && !isComment) this.reportMissingComma(span);
    if (isComment) {
      problems.push(invalidJson(block, span, removeComment(block, span)));
      return;
    }
    const line = block.lines.lineAt(span.start);
    if (!readJsonRow(this.to, span, line, { noun: 'element' })) problems.push(invalidJson(block, span));
    this.wants = 'comma';
  }

  private takeComma(span: Span): void {
    const fix = remove(this.to.block, span, { what: 'the comma', isSafe: false });
    if (this.wants !== 'comma') this.report(span, 'A value is missing before ",".', fix);
    this.wants = 'element';
    this.last = span;
  }

  private takeEnd(span: Span): void {
    const fix = remove(this.to.block, this.last, { what: 'the comma', isSafe: true });
    if (this.wants === 'element')
      this.report(this.last, 'There is a comma before "]" with nothing behind it. Remove the comma.', fix);
    this.wants = 'nothing';
    this.last = span;
  }

  private takeStray(span: Span): void {
    const fix = remove(this.to.block, span, { what: '"}"', isSafe: false });
    this.report(span, 'This "}" closes nothing. Remove it, or the one before it.', fix);
    this.lastElement = undefined;
  }

  /** What follows is read all the same. */
  private takeExtra(): void {
    this.report(this.last, 'The list ends here, and there is extra text behind it. Remove this "]", or what follows it.');
    this.wants = 'first';
  }

  private reportMissingComma({ start }: Span): void {
    const edit = { ...this.to.block.rangeOf({ start, end: start }), text: ',' };
    const fix = { title: 'Add the missing comma', isSafe: false, edits: [edit] };
    this.report({ start, end: start + 1 }, 'A comma is missing before this.', fix);
  }

  private reportUnclosed(): void {
    const end = skipBlanksBack(this.text, this.text.length);
    const isComma = this.wants === 'element' && this.last.end === end;
    const edit = { ...this.to.block.rangeOf({ start: isComma ? this.last.start : end, end }), text: ']' };
    const fix = { title: 'Add the missing ]', isSafe: false, edits: [edit] };
    this.report({ start: end, end }, 'The list is not closed: "]" is missing.', this.canBeClosed() ? fix : undefined);
  }

  /** Not behind an element that takes what follows for a part of it, or behind a comment. */
  private canBeClosed(): boolean {
    const { text, lastElement } = this;
    if (!lastElement) return true;
    return !isCommentAt(text, lastElement.start) && readElement(text, lastElement.start, false) !== undefined;
  }

  private report(span: Span, message: string, fix?: Fix): void {
    const range = this.to.block.rangeOf(span);
    this.to.problems.push({ ...range, code: 'invalid-json', severity: 'error', message, ...(fix && { fixes: [fix] }) });
  }
}

function remove(block: BlockText, span: Span, { what, isSafe }: { what: string; isSafe: boolean }): Fix {
  return { title: `Remove ${what}`, isSafe, edits: [{ ...block.rangeOf(span), text: '' }] };
}

/** One that has brackets in it may be more than a comment, and one that is not closed is. */
function removeComment(block: BlockText, span: Span): Fix | undefined {
  const source = block.text.slice(span.start, span.end);
  const isOpen = source.startsWith('/*') && (!source.endsWith('*/') || source.length < 4);
  return isOpen ? undefined : remove(block, span, { what: 'the comment', isSafe: !/[{}[\]]/.test(source) });
}

/** With the comma in front of it; of the first element, with the comma behind it. */
function rangeToRemove(row: SourceRow): TextRange | undefined {
  if (!(row instanceof JsonRow)) return undefined;
  const { block, start, end } = row;
  const before = skipBlanksBack(block.text, start) - 1;
  if (block.text[before] === ',') return block.rangeOf({ start: before, end });
  const behind = skipBlanks(block.text, end);
  const takesNext = isFirstOfList(row) && block.text[behind] === ',';
  return block.rangeOf({ start, end: takesNext ? skipBlanks(block.text, behind + 1) : end });
}

function isFirstOfList({ block: { text }, start }: JsonRow): boolean {
  return text[skipBlanks(text, 0)] === '[' && skipBlanks(text, startOfElements(text)) === start;
}
