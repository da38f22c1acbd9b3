/** The words of strict JSON, each with its place; a word that JSON does not have says what is wrong with it. */
import type { Span } from './json-locate';

export interface JsonToken extends Span {
  readonly kind: '{' | '}' | '[' | ']' | ',' | ':' | 'string' | 'scalar' | 'word' | 'end';
  /** Why it is not JSON, in words; always there for a `word`. */
  readonly fault?: string;
  /** The part of the token that is wrong, where it is not all of it. */
  readonly faultSpan?: Span;
}

const number = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const wordPatterns = [
  /'(?:[^'\\\r\n]|\\[^\r\n])*'?/y,
  /[“”‘’][^“”‘’\r\n]*[“”‘’]?/y,
  /(?:\/\/|#)[^\r\n]*/y,
  /\/\*[^]*?(?:\*\/|$)/y,
];

/** The token at or behind `offset`. */
export function readJsonToken(text: string, offset: number): JsonToken {
  const start = skipJsonBlanks(text, offset);
  const first = text.charAt(start);
  if (first === '') return { kind: 'end', start, end: start };
  if (isPunctuation(first)) return { kind: first, start, end: start + 1 };
  return first === '"' ? readString(text, start) : readWord(text, start);
}

function skipJsonBlanks(text: string, offset: number): number {
  const blanks = /[ \t\r\n]*/y;
  blanks.lastIndex = offset;
  blanks.test(text);
  return blanks.lastIndex;
}

function isPunctuation(character: string): character is '{' | '}' | '[' | ']' | ',' | ':' {
  return '{}[],:'.includes(character);
}

function readString(text: string, start: number): JsonToken {
  let offset = start + 1;
  while (offset < text.length && text[offset] !== '"') {
    if (text[offset] === '\n' || text[offset] === '\r') break;
    const wrong = faultInString(text, offset);
    if (wrong !== undefined) return { kind: 'string', start, end: offset, ...wrong };
    offset += text[offset] === '\\' ? 2 : 1;
  }
  if (text[offset] === '"') return { kind: 'string', start, end: offset + 1 };
  return { kind: 'string', start, end: Math.min(offset, text.length), fault: 'This string has no closing double quote.' };
}

function faultInString(text: string, offset: number): { fault: string; faultSpan: Span } | undefined {
  const at = (length: number): Span => ({ start: offset, end: Math.min(text.length, offset + length) });
  if (text.charCodeAt(offset) < 0x20) {
    const escaped = JSON.stringify(text.charAt(offset)).slice(1, -1);
    return { fault: `A control character stands in a string. Write it as ${escaped}.`, faultSpan: at(1) };
  }
  if (text[offset] !== '\\' || offset + 1 === text.length) return undefined;
  if (text[offset + 1] === 'u') {
    if (/^[0-9a-fA-F]{4}$/.test(text.slice(offset + 2, offset + 6))) return undefined;
    return { fault: '\\u must be followed by four hexadecimal digits.', faultSpan: at(2) };
  }
  if ('"\\/bfnrt'.includes(text.charAt(offset + 1))) return undefined;
  return { fault: `JSON has no escape ${text.slice(offset, offset + 2)}. Write a backslash as \\\\.`, faultSpan: at(2) };
}

function readWord(text: string, start: number): JsonToken {
  const word = matchWord(text, start);
  const end = start + word.length;
  const isScalar = word === 'true' || word === 'false' || word === 'null' || number.test(word);
  return isScalar ? { kind: 'scalar', start, end } : { kind: 'word', start, end, fault: describeWord(word) };
}

function matchWord(text: string, start: number): string {
  for (const pattern of [...wordPatterns, /[^\s,:[\]{}"]+/y]) {
    pattern.lastIndex = start;
    const match = pattern.exec(text);
    if (match) return match[0];
  }
  return String.fromCodePoint(text.codePointAt(start) ?? 0);
}

function describeWord(word: string): string {
  if (word.startsWith("'")) return 'JSON strings stand in double quotes, not in single quotes.';
  if (/^[“”‘’]/.test(word)) return 'JSON strings stand in straight double quotes ("), not in typographic ones.';
  if (/^(?:\/\/|#|\/\*)/.test(word)) return 'JSON has no comments. Remove it.';
  if (/^[+-]?(?:nan|inf(?:inity)?)$/i.test(word)) return `${word} is not JSON. Write null, or leave the field out.`;
  if (/^(?:true|false)$/i.test(word)) return `JSON writes ${word.toLowerCase()}, not ${word}.`;
  if (/^(?:none|null|nil|undefined)$/i.test(word)) return `JSON writes null, not ${word}.`;
  if (/^[+-]?\.?\d/.test(word)) return `${shorten(word)} is not a number as JSON writes it.`;
  if (/^[^\x21-\x7e\p{L}]/u.test(word)) return `The character ${codePoint(word)} does not belong here. Remove it.`;
  return `${shorten(word)} is not a JSON value. Text stands in double quotes.`;
}

function codePoint(word: string): string {
  return `U+${(word.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}

function shorten(word: string): string {
  return word.length > 30 ? `${word.slice(0, 29)}…` : word;
}
