/**
 * Why a text is not JSON: the first fault with its place, in words for somebody who did not write a parser. It agrees
 * with `JSON.parse` on what is valid, and keeps its own stack, so that no nesting is too deep.
 */
import { isJsonFiller, suggestJsonFix, type JsonFix } from './json-fix';
import type { Span } from './json-locate';
import { readJsonToken, type JsonToken } from './json-tokens';

export interface JsonFault extends Span {
  readonly message: string;
  /** Of this fault alone; others may stand behind it. */
  readonly fix?: JsonFix;
}

/** Reads a text up to its first fault. With the fault mended in `text`, it can read on. */
export interface JsonReader {
  text: string;
  /** Open brackets, outermost first. */
  readonly open: JsonToken[];
  /** What may come next. */
  expecting: 'value' | 'first-element' | 'first-key' | 'key' | 'colon' | 'separator';
  last: JsonToken;
}

/** `undefined` exactly when `JSON.parse` accepts the text. */
export function findJsonFault(text: string): JsonFault | undefined {
  return readToJsonFault(createJsonReader(text));
}

export function createJsonReader(text: string): JsonReader {
  return { text, open: [], expecting: 'value', last: { kind: 'end', start: 0, end: 0 } };
}

/** Leaves the reader in front of the faulty token. */
export function readToJsonFault(reader: JsonReader): JsonFault | undefined {
  for (;;) {
    const token = readJsonToken(reader.text, reader.last.end);
    const isWhole = reader.expecting === 'separator' && reader.open.length === 0;
    if (isWhole && token.kind === 'end') return undefined;
    const message = isWhole ? describeExtra(reader) : take(reader, token);
    if (message !== undefined) return place(reader, token, message);
    reader.last = token;
  }
}

/** Moves on by one token, or says why it cannot. */
function take(reader: JsonReader, token: JsonToken): string | undefined {
  if (token.kind === 'end') return describeEnd(reader);
  if (token.fault !== undefined && isJsonFiller(sourceOf(reader, token))) return token.fault;
  switch (reader.expecting) {
    case 'value':
    case 'first-element':
      return takeValue(reader, token);
    case 'first-key':
    case 'key':
      return takeKey(reader, token);
    case 'colon':
      return takeColon(reader, token);
    case 'separator':
      return takeSeparator(reader, token);
    default:
      return reader.expecting satisfies never;
  }
}

function takeValue(reader: JsonReader, token: JsonToken): string | undefined {
  if (token.kind === ']' && reader.expecting === 'first-element') return close(reader);
  if (token.kind === '{' || token.kind === '[') {
    reader.open.push(token);
    reader.expecting = token.kind === '{' ? 'first-key' : 'first-element';
    return undefined;
  }
  if (token.fault !== undefined) return token.fault;
  if (token.kind === ']' && reader.last.kind === ',') return trailingComma(token);
  if (token.kind !== 'string' && token.kind !== 'scalar') return `A value is missing before "${token.kind}".`;
  reader.expecting = 'separator';
  return undefined;
}

function takeKey(reader: JsonReader, token: JsonToken): string | undefined {
  if (token.kind === '}') return reader.expecting === 'first-key' ? close(reader) : trailingComma(token);
  if (token.kind === 'word' || token.kind === 'scalar') return describeKey(reader, token);
  if (token.fault !== undefined) return token.fault;
  if (token.kind !== 'string') return `A key in double quotes is missing before "${token.kind}".`;
  reader.expecting = 'colon';
  return undefined;
}

function takeColon(reader: JsonReader, token: JsonToken): string | undefined {
  if (token.kind !== ':') return `A colon is missing after the key ${sourceOf(reader, reader.last)}.`;
  reader.expecting = 'value';
  return undefined;
}

function takeSeparator(reader: JsonReader, token: JsonToken): string | undefined {
  const isObject = reader.open.at(-1)?.kind === '{';
  if (token.kind === (isObject ? '}' : ']')) return close(reader);
  if (token.kind === ',') {
    reader.expecting = isObject ? 'key' : 'value';
    return undefined;
  }
  if (token.kind === '}' || token.kind === ']') return `"${isObject ? '}' : ']'}" must come first, not "${token.kind}".`;
  if (/^['"“”‘’]/.test(reader.text.charAt(token.start)) || reader.last.kind !== 'string')
    return 'A comma is missing before this.';
  return 'A comma is missing before this, or a double quote inside the string before it is not written as \\".';
}

function close(reader: JsonReader): undefined {
  reader.open.pop();
  reader.expecting = 'separator';
}

function describeKey(reader: JsonReader, token: JsonToken): string {
  const source = sourceOf(reader, token);
  const isBare = /^[\p{L}\p{N}_$-]/u.test(source);
  return isBare ? `The key ${source} needs double quotes.` : (token.fault ?? 'A key is missing.');
}

function trailingComma(closer: JsonToken): string {
  return `There is a comma before "${closer.kind}" with nothing behind it. Remove the comma.`;
}

function describeExtra(reader: JsonReader): string {
  const what = reader.last.kind === '}' ? 'object' : reader.last.kind === ']' ? 'list' : 'value';
  return `There is extra text after the end of the ${what}. Remove it, or put it on a line of its own.`;
}

function describeEnd(reader: JsonReader): string {
  const innermost = reader.open.at(-1)?.kind;
  if (innermost === undefined) return 'There is no value here.';
  return innermost === '{' ? 'The object is not closed: "}" is missing.' : 'The list is not closed: "]" is missing.';
}

function place(reader: JsonReader, token: JsonToken, message: string): JsonFault {
  const fix = suggestJsonFix(reader, token);
  return { ...findPlace(reader, token), message, ...(fix && { fix }) };
}

/** Where the fault is shown: the part that must change. */
function findPlace({ text, last, expecting, open }: JsonReader, token: JsonToken): Span {
  const isExtra = expecting === 'separator' && open.length === 0;
  if (isExtra) return { start: token.start, end: Math.max(token.end, text.trimEnd().length) };
  if (token.kind === 'end') return { start: Math.max(0, last.end - 1), end: last.end };
  if ((token.kind === '}' || token.kind === ']') && last.kind === ',') return { start: last.start, end: last.end };
  return token.faultSpan ?? { start: token.start, end: token.end };
}

function sourceOf(reader: JsonReader, token: JsonToken): string {
  const source = reader.text.slice(token.start, token.end);
  return source.length > 40 ? `${source.slice(0, 39)}…` : source;
}
