/**
 * Where the elements of a list of JSON rows begin and end. One that is broken ends where the next one surely begins, so
 * that it does not swallow the rest. Nothing is decided by what stands more than a few characters behind an element, so
 * that blocks are read as the whole file is.
 */
import type { Span } from './format';

const [quote, backslash, comma, colon] = [0x22, 0x5c, 0x2c, 0x3a];
const [openObject, closeObject, openList, closeList] = [0x7b, 0x7d, 0x5b, 0x5d];

/** A broken element is looked through no further; more than a key is long, to see the key behind that place. */
const longestBroken = 1_048_576;
const longestKey = 256;

/**
 * The element that begins at `start`, without blanks behind it; `undefined` when the text ends before it does and more of
 * the file follows (`isLast` is false).
 */
export function readElement(text: string, start: number, isLast: boolean): Span | undefined {
  const code = text.charCodeAt(start);
  if (code === openObject || code === openList) {
    const end = endOfContainer(text, start, isLast);
    return end === undefined ? undefined : { start, end };
  }
  const end = endOfOther(text, start);
  return end === text.length && !isLast ? undefined : { start, end: Math.max(start + 1, skipBlanksBack(text, end)) };
}

function endOfContainer(text: string, start: number, isLast: boolean): number | undefined {
  const { end, restart, isCertain } = scan(text, start);
  if (restart === undefined) return end ?? (isLast ? endOfBroken(text, start, text.length) : undefined);
  if (!isCertain && end !== undefined && end - start <= longestBroken && isJson(text.slice(start, end))) return end;
  const isDecided = isCertain === true || end !== undefined || isLast || text.length - start > longestBroken + longestKey;
  return isDecided ? endOfBroken(text, start, restart) : undefined;
}

/** Without the comma in front of the next element. */
function endOfBroken(text: string, start: number, next: number): number {
  const end = skipBlanksBack(text, next);
  const isComma = text.charCodeAt(end - 1) === comma && next < text.length;
  return Math.max(start + 1, isComma ? skipBlanksBack(text, end - 1) : end);
}

interface Scan {
  /** Behind the bracket that closes it, or in front of one that closes something around it. */
  readonly end?: number | undefined;
  /** Where another element begins, by the look of it. */
  readonly restart?: number | undefined;
  /** No JSON has an object at that place. */
  readonly isCertain?: boolean;
}

/** Counts brackets outside of strings. A string ends with its line, as JSON has it. */
function scan(text: string, start: number): Scan {
  const open: number[] = [];
  const next = new RestartFinder(text, start);
  let restart: number | undefined;
  let previous = 0;
  for (let offset = start; offset < text.length; offset++) {
    if (restart !== undefined && offset - start > longestBroken) return { restart };
    const code = text.charCodeAt(offset);
    if (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) continue;
    if (code === openObject && restart === undefined && open.length > 0) {
      const isFault = open.at(-1) === openObject && previous !== colon;
      if (isFault && next.isLike(offset)) return { restart: offset, isCertain: true };
      if (!isFault && offset - start <= longestBroken && next.isAligned(offset)) restart = offset;
    }
    if (code === openObject || code === openList) open.push(code);
    else if (code === closeObject || code === closeList) {
      if (!close(open, code)) return { end: skipBlanksBack(text, offset), restart };
      if (open.length === 0) return { end: offset + 1, restart };
    } else if (code === quote) offset = endOfString(text, offset) - 1;
    previous = code;
  }
  return { restart };
}

/** A bracket closes what is open inside of it too; false when nothing of its kind is open. */
function close(open: number[], code: number): boolean {
  const opener = code === closeObject ? openObject : openList;
  if (open.at(-1) !== opener && !open.includes(opener)) return false;
  while (open.pop() !== opener);
  return true;
}

/** Knows the rows of a file by their first key, and by how far their lines are indented. */
class RestartFinder {
  private readonly text: string;
  private readonly start: number;
  private first: string | undefined;
  private indent: string | undefined;

  constructor(text: string, start: number) {
    this.text = text;
    this.start = start;
  }

  /** Whether an object with the same first key begins here. */
  isLike(offset: number): boolean {
    this.first ??= firstKey(this.text, this.start) ?? '';
    return this.first !== '' && firstKey(this.text, offset) === this.first;
  }

  /** ... and at the head of a line, as deep as the element does. */
  isAligned(offset: number): boolean {
    const indent = indentBefore(this.text, offset);
    if (indent === undefined) return false;
    this.indent ??= indentBefore(this.text, this.start) ?? '-';
    return this.indent === indent && this.isLike(offset);
  }
}

function firstKey(text: string, brace: number): string | undefined {
  return /^\{\s*("[^"\\\r\n]*"\s*:)/.exec(text.slice(brace, brace + longestKey))?.[1];
}

/** The blanks between the line end and `offset`; `undefined` when more stands there. */
function indentBefore(text: string, offset: number): string | undefined {
  let start = offset;
  while (start > 0 && offset - start <= longestKey && (text[start - 1] === ' ' || text[start - 1] === '\t')) start--;
  return text[start - 1] === '\n' || text[start - 1] === '\r' ? text.slice(start, offset) : undefined;
}

function endOfString(text: string, start: number): number {
  for (let offset = start + 1; offset < text.length; offset++) {
    const code = text.charCodeAt(offset);
    if (code === quote) return offset + 1;
    if (code === 0x0a || code === 0x0d) return offset;
    if (code === backslash) offset++;
  }
  return text.length;
}

/** A string, a comment, or a run of what is none of the signs of JSON. */
function endOfOther(text: string, start: number): number {
  if (text.charCodeAt(start) === quote) return endOfString(text, start);
  const pattern = /(?:\/\/|#)[^\r\n]*|\/\*[^]*?(?:\*\/|$)|[^\s,[\]{}"]+|[^]/y;
  pattern.lastIndex = start;
  pattern.test(text);
  return pattern.lastIndex;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

export function skipBlanks(text: string, start: number): number {
  let offset = start;
  while (offset < text.length && ' \t\r\n'.includes(text.charAt(offset))) offset++;
  return offset;
}

export function skipBlanksBack(text: string, end: number): number {
  let offset = end;
  while (offset > 0 && ' \t\r\n'.includes(text.charAt(offset - 1))) offset--;
  return offset;
}

export function isCommentAt(text: string, offset: number): boolean {
  return text[offset] === '#' || (text[offset] === '/' && (text[offset + 1] === '/' || text[offset + 1] === '*'));
}
