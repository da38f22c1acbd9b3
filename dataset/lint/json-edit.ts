/**
 * Changes of JSON that a person wrote, such as temper.json: one edit that sets a value or adds to a list, in the
 * indentation and the spacing that the text has, and leaves everything else as it stands.
 */
import type { TextEdit } from '../../protocol';
import { locateJson, type Span } from '../json-locate';
import { createLineIndex } from '../text-position';

interface Style {
  /** One step of indentation. */
  readonly unit: string;
  readonly lineEnd: string;
  /** Behind colons and commas. */
  readonly space: string;
  /** A text on one line is kept on one line. */
  readonly isOneLine: boolean;
}

/** Sets the value at `path`, with the objects around it where they are missing. `undefined` when the text is no JSON object. */
export function setJsonEdit(text: string, path: readonly string[], value: unknown): TextEdit | undefined {
  if (!isJsonObject(text)) return undefined;
  const place = locateJson(text, path);
  const style = readStyle(text);
  if (place) return editOf(text, place.value, formatValue(value, indentAt(text, place.value.start), style));
  return setInside(text, path, { value, depth: path.length - 1, style });
}

/** Adds `item` at the end of the list at `path`, which is made where it is missing. */
export function appendJsonEdit(text: string, path: readonly string[], item: unknown): TextEdit | undefined {
  if (!isJsonObject(text)) return undefined;
  const list = locateJson(text, path)?.value;
  if (list === undefined || text[list.start] !== '[') return setJsonEdit(text, path, [item]);
  return insertInto(text, list, (indent, style) => formatItem(item, indent, { text, list, style }));
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false; // whoever asks says what is wrong with it
  }
}

interface Setting {
  readonly value: unknown;
  /** How many names of the path are taken for granted. */
  readonly depth: number;
  readonly style: Style;
}

/** Into the nearest object that is there; what is no object is replaced by one. */
function setInside(text: string, path: readonly string[], { value, depth, style }: Setting): TextEdit | undefined {
  const outer = locateJson(text, path.slice(0, depth))?.value;
  if (outer === undefined) return setInside(text, path, { value, depth: depth - 1, style });
  const [name = '', ...inner] = path.slice(depth);
  const nested = inner.reduceRight<unknown>((held, key) => ({ [key]: held }), value);
  if (text[outer.start] !== '{') return editOf(text, outer, formatValue({ [name]: nested }, indentAt(text, outer.start), style));
  return insertInto(text, outer, (indent) => `${JSON.stringify(name)}:${style.space}${formatValue(nested, indent, style)}`);
}

/** Behind the last thing in an object or a list. `format` is given the indentation that the new one has. */
function insertInto(text: string, outer: Span, format: (indent: string, style: Style) => string): TextEdit {
  const style = readStyle(text);
  const first = skipBlanks(text, outer.start + 1);
  const last = skipBlanksBack(text, outer.end - 1);
  if (first >= outer.end - 1) return editOf(text, { start: outer.start + 1, end: outer.end - 1 }, alone(text, outer, format));
  const breaks = /[\r\n]/.test(text.slice(outer.start, first));
  const indent = indentAt(text, first);
  const between = breaks ? style.lineEnd + indent : style.space;
  return editOf(text, { start: last, end: last }, `,${between}${format(indent, breaks ? style : { ...style, isOneLine: true })}`);
}

function alone(text: string, outer: Span, format: (indent: string, style: Style) => string): string {
  const style = readStyle(text);
  const around = indentAt(text, outer.start);
  if (style.isOneLine) return format(around, style);
  return `${style.lineEnd}${around}${style.unit}${format(around + style.unit, style)}${style.lineEnd}${around}`;
}

/** On one line, unless the one before it has several. */
function formatItem(item: unknown, indent: string, { text, list, style }: { text: string; list: Span; style: Style }): string {
  const isSpread = /[\r\n][ \t]*\}\s*\]$/.test(text.slice(list.start, list.end));
  return isSpread ? formatValue(item, indent, style) : formatOnOneLine(item, style);
}

/** Objects over several lines, but those in lists on one. */
function formatValue(value: unknown, indent: string, style: Style): string {
  if (style.isOneLine || typeof value !== 'object' || value === null) return formatOnOneLine(value, style);
  const inner = indent + style.unit;
  const items = Array.isArray(value)
    ? value.map((item) => formatOnOneLine(item, style))
    : entriesOf(value).map(([key, held]) => `${JSON.stringify(key)}:${style.space}${formatValue(held, inner, style)}`);
  if (items.length === 0 || (Array.isArray(value) && value.every((item) => typeof item !== 'object')))
    return formatOnOneLine(value, style);
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  return `${open}${style.lineEnd}${inner}${items.join(`,${style.lineEnd}${inner}`)}${style.lineEnd}${indent}${close}`;
}

function formatOnOneLine(value: unknown, style: Style): string {
  if (Array.isArray(value)) return `[${value.map((item) => formatOnOneLine(item, style)).join(`,${style.space}`)}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const items = entriesOf(value).map(([key, held]) => `${JSON.stringify(key)}:${style.space}${formatOnOneLine(held, style)}`);
  return items.length === 0 ? '{}' : `{${style.space}${items.join(`,${style.space}`)}${style.space}}`;
}

/** As JSON has them: what is undefined is not there. */
function entriesOf(value: object): [string, unknown][] {
  return Object.entries(value).filter(([, held]) => held !== undefined);
}

function readStyle(text: string): Style {
  const trimmed = text.trim();
  return {
    unit: /[\r\n]([ \t]+)\S/.exec(text)?.[1] ?? '  ',
    lineEnd: /\r\n|\n|\r/.exec(text)?.[0] ?? '\n',
    space: /":\S/.test(trimmed) && !/":\s/.test(trimmed) ? '' : ' ',
    isOneLine: !/[\r\n]/.test(trimmed) && trimmed.length > '{ }'.length,
  };
}

/** The blanks that the line of `offset` begins with. */
function indentAt(text: string, offset: number): string {
  let start = offset;
  while (start > 0 && !'\r\n'.includes(text.charAt(start - 1))) start--;
  return /^[ \t]*/.exec(text.slice(start, offset))?.[0] ?? '';
}

function skipBlanks(text: string, start: number): number {
  let offset = start;
  while (' \t\r\n'.includes(text.charAt(offset)) && offset < text.length) offset++;
  return offset;
}

/** The end of what stands before `end`. */
function skipBlanksBack(text: string, end: number): number {
  let offset = end;
  while (offset > 0 && ' \t\r\n'.includes(text.charAt(offset - 1))) offset--;
  return offset;
}

function editOf(text: string, { start, end }: Span, inserted: string): TextEdit {
  return { ...createLineIndex(text).rangeOf(start, end), text: inserted };
}
