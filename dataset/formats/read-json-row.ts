/** One row of JSON: read, or what is wrong with it and how to mend it. */
import type { Fix, Problem } from '../../protocol';
import { findJsonFault } from '../json-fault';
import { mendJson } from '../mend-json';
import type { BlockText } from './block-text';
import { findDuplicateKeys, hasDuplicateKeys } from './duplicate-keys';
import type { Span } from './format';
import { JsonRow } from './json-row';
import { isRecord } from '../is-record';

/** What a row is called, and all rows: "This line holds a list. Each line must hold one object". */
export interface RowWords {
  readonly noun: 'line' | 'element';
}

export interface JsonRows {
  readonly block: BlockText;
  readonly rows: JsonRow[];
  /** How many could not be read. */
  unreadRows: number;
  readonly problems: Problem[];
}

/** False when the text of the span, which has no blanks around, is not JSON: then it is a row that could not be read. */
export function readJsonRow(to: JsonRows, span: Span, line: number, { noun }: RowWords): boolean {
  const source = to.block.text.slice(span.start, span.end);
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch {
    to.unreadRows++;
    return false; // V8's words and place are not for people, so they are found again
  }
  if (!isRecord(value)) {
    to.unreadRows++;
    to.problems.push(notAnObject(to.block, span, value, noun));
    return true;
  }
  to.rows.push(new JsonRow(to.block, span, line, value));
  if (hasDuplicateKeys(source, value)) for (const problem of duplicateKeys(to.block, span, source)) to.problems.push(problem);
  return true;
}

/** `fix` is what the caller can do about it; without one, the row is mended by itself where that can be. */
export function invalidJson(block: BlockText, span: Span, fix?: Fix): Problem {
  const source = block.text.slice(span.start, span.end);
  const fault = findJsonFault(source) ?? { start: 0, end: source.length, message: 'This is not valid JSON.' };
  const range = block.rangeOf(move(fault, span.start));
  const best = fix ?? mendRow(block, span);
  return { ...range, code: 'invalid-json', severity: 'error', message: fault.message, ...(best && { fixes: [best] }) };
}

function mendRow(block: BlockText, span: Span): Fix | undefined {
  const mend = mendJson(block.text.slice(span.start, span.end));
  if (!mend) return undefined;
  const edits = mend.edits.map((edit) => ({ ...block.rangeOf(move(edit, span.start)), text: edit.text }));
  return { title: mend.title, isSafe: mend.isSafe, edits };
}

function notAnObject(block: BlockText, span: Span, value: unknown, noun: string): Problem {
  const found = Array.isArray(value) ? 'a list' : value === null ? 'null' : `a ${typeof value}`;
  const message = `This ${noun} holds ${found}. Each ${noun} must hold one object, such as {"text": "...", "label": "..."}.`;
  return { ...block.rangeOf(span), code: 'not-an-object', severity: 'error', message };
}

/** Taking out what is passed over is safe only where nothing is lost: when both say the same. */
function duplicateKeys(block: BlockText, span: Span, source: string): Problem[] {
  return findDuplicateKeys(source).map(({ name, key, last, property, isSame }) => ({
    ...block.rangeOf(move(key, span.start)),
    code: 'duplicate-key',
    severity: 'warning',
    message: `The key ${JSON.stringify(name)} stands in this object twice; only the last is read. Rename or remove this one.`,
    related: [{ ...block.rangeOf(move(last, span.start)), message: 'This one is read.' }],
    fixes: [
      {
        title: 'Remove this key and its value',
        isSafe: isSame,
        edits: [{ ...block.rangeOf(move(property, span.start)), text: '' }],
      },
    ],
  }));
}

function move({ start, end }: Span, by: number): Span {
  return { start: start + by, end: end + by };
}
