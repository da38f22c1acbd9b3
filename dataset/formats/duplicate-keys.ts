/** Keys that stand twice in one object of a JSON text. `JSON.parse` takes the last of them and says nothing. */
import { readJsonToken } from '../json-tokens';
import type { Span } from './format';

export interface DuplicateKey {
  /** As the text says it, unescaped. */
  readonly name: string;
  /** The key that is passed over, with its quotes. */
  readonly key: Span;
  /** The key that is read instead. */
  readonly last: Span;
  /** What to take out so that only the last is left: key and value, to the next key. */
  readonly property: Span;
  /** Both have the same value, written the same way. */
  readonly isSame: boolean;
}

/** `source` is JSON and `value` what it says. Every key has a colon, so most rows are told by counting these. */
export function hasDuplicateKeys(source: string, value: object): boolean {
  const keys = countKeys(value);
  return countColons(source) > keys && countWrittenKeys(source) > keys;
}

function countColons(source: string): number {
  let count = 0;
  for (let at = source.indexOf(':'); at >= 0; at = source.indexOf(':', at + 1)) count++;
  return count;
}

/** Keeps its own stack, so that no nesting is too deep. */
function countKeys(value: object): number {
  let count = 0;
  const open: object[] = [value];
  for (let container = open.pop(); container; container = open.pop()) {
    const children: unknown[] = Array.isArray(container) ? container : Object.values(container);
    if (children !== container) count += children.length;
    for (const child of children) if (typeof child === 'object' && child !== null) open.push(child);
  }
  return count;
}

function countWrittenKeys(source: string): number {
  let count = 0;
  for (let quote = source.indexOf('"'); quote >= 0; quote = source.indexOf('"', quote)) {
    quote = endOfString(source, quote);
    while (isBlank(source.charCodeAt(quote))) quote++;
    if (source.charCodeAt(quote) === 0x3a) count++;
  }
  return count;
}

function endOfString(source: string, start: number): number {
  let end = source.indexOf('"', start + 1);
  while (isEscaped(source, end)) end = source.indexOf('"', end + 1);
  return end + 1;
}

/** Behind an odd number of backslashes. */
function isEscaped(source: string, offset: number): boolean {
  let backslashes = 0;
  while (source.charCodeAt(offset - 1 - backslashes) === 0x5c) backslashes++;
  return backslashes % 2 === 1;
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

interface Property {
  readonly name: string;
  readonly key: Span;
  /** Where the next key begins, or the object ends. */
  end: number;
  valueEnd: number;
}

/** The outermost ones, in the order of the text: what stands in a value that goes is not looked at. */
export function findDuplicateKeys(source: string): DuplicateKey[] {
  const found: DuplicateKey[] = [];
  for (const properties of collectObjects(source)) {
    const last = new Map(properties.map((property) => [property.name, property]));
    for (const property of properties) {
      const other = last.get(property.name);
      if (other && other !== property) found.push(describe(source, property, other));
    }
  }
  found.sort((a, b) => a.property.start - b.property.start);
  let end = 0;
  return found.filter(({ property }) => property.start >= end && (end = property.end) > 0);
}

function describe(source: string, { name, key, end, valueEnd }: Property, last: Property): DuplicateKey {
  const isSame = source.slice(key.end, valueEnd).trim() === source.slice(last.key.end, last.valueEnd).trim();
  return { name, key, last: last.key, property: { start: key.start, end }, isSame };
}

/** The properties of every object, at any depth. */
function collectObjects(source: string): Property[][] {
  const objects: Property[][] = [];
  const open: (Property[] | undefined)[] = [];
  let isKeyNext = false;
  for (let token = readJsonToken(source, 0), before = 0; token.kind !== 'end'; token = readJsonToken(source, token.end)) {
    const properties = open.at(-1);
    const current = properties?.at(-1);
    if (token.kind === 'string' && isKeyNext && properties) {
      if (current) current.end = token.start;
      properties.push({ name: String(JSON.parse(source.slice(token.start, token.end))), key: token, end: 0, valueEnd: 0 });
    } else if (current && (token.kind === ',' || token.kind === '}')) {
      current.valueEnd = before;
      current.end = token.start;
    }
    if (token.kind === '{' || token.kind === '[') open.push(token.kind === '{' ? [] : undefined);
    if (token.kind === '{') objects.push(open.at(-1) ?? []);
    if (token.kind === '}' || token.kind === ']') open.pop();
    isKeyNext = (token.kind === '{' || token.kind === ',') && open.at(-1) !== undefined;
    before = token.end;
  }
  return objects;
}
