/**
 * How a fault in JSON text can be mended: what other languages write, what a hand forgets. It never guesses at words: a
 * fix that could change what was meant is not safe, and where the text does not show what was meant there is none.
 */
import type { JsonReader } from './json-fault';
import type { Span } from './json-locate';
import { readJsonToken, type JsonToken } from './json-tokens';

/** `text` in place of the span. */
export interface JsonFix extends Span {
  readonly text: string;
  /** An order, such as "Remove the comma". */
  readonly title: string;
  /** The text cannot have meant anything else. */
  readonly isSafe: boolean;
}

export function suggestJsonFix(reader: JsonReader, token: JsonToken): JsonFix | undefined {
  const source = reader.text.slice(token.start, token.end);
  if (reader.expecting === 'separator' && reader.open.length === 0) return fixExtra(reader, token);
  if (token.kind === 'end') return closeAll(reader);
  if (token.kind === '}' || token.kind === ']') return fixBracket(reader, token.kind);
  if (token.fault !== undefined && isJsonFiller(source)) return removeFiller(reader, token);
  switch (reader.expecting) {
    case 'first-key':
    case 'key':
      return quoteKey(reader, token) ?? fixValue(reader, token);
    case 'value':
    case 'first-element':
      return fixLiteral(token, source) ?? fixValue(reader, token);
    case 'separator':
      return insertComma(reader, token);
    case 'colon':
      return undefined;
    default:
      return reader.expecting satisfies never;
  }
}

const lineComment = /^(?:\/\/|#)/;
const blockComment = /^\/\*[^]*\*\/$/;

/** What stands between the words of JSON without being one: comments, and blanks that JSON does not know. */
export function isJsonFiller(source: string): boolean {
  return lineComment.test(source) || source.startsWith('/*') || /^[\s\u200b\u2060]$/.test(source);
}

/** A comment to the end of a line may have swallowed what stood behind it. */
function removeFiller({ text, open }: JsonReader, token: JsonToken): JsonFix | undefined {
  const source = text.slice(token.start, token.end);
  const isRest = lineComment.test(source) && text.slice(token.end).trim() === '' && open.length > 0;
  if (isRest || (source.startsWith('/*') && !blockComment.test(source))) return undefined;
  const isComment = /^[/#]/.test(source);
  return {
    ...spanOf(token),
    text: isComment ? '' : ' ',
    title: `Remove the ${isComment ? 'comment' : 'character'}`,
    isSafe: true,
  };
}

/** Behind the end: a comma as between the elements of a list, a comment, brackets too many. */
function fixExtra(reader: JsonReader, token: JsonToken): JsonFix | undefined {
  const end = reader.text.trimEnd().length;
  const rest = { start: token.start, end: Math.max(end, token.end), text: '' };
  const extra = reader.text.slice(rest.start, rest.end);
  if (extra === ',') return { ...rest, title: 'Remove the comma', isSafe: true };
  if (/^[}\]\s]+$/.test(extra)) return { ...rest, title: `Remove "${extra}"`, isSafe: false };
  return isJsonFiller(reader.text.slice(token.start, token.end)) ? removeFiller(reader, token) : undefined;
}

function closeAll({ open, expecting, last }: JsonReader): JsonFix | undefined {
  if (expecting !== 'separator') return undefined;
  const text = open.map(closerOf).reverse().join('');
  return { start: last.end, end: last.end, text, title: `Add the missing ${shorten(text)}`, isSafe: false };
}

/** A comma with nothing behind it, or a bracket that must come first. */
function fixBracket({ open, expecting, last }: JsonReader, closer: '}' | ']'): JsonFix | undefined {
  const [outer, innermost] = [open.at(-2), open.at(-1)];
  if (innermost === undefined) return undefined;
  if (last.kind === ',' && closerOf(innermost) === closer)
    return { ...spanOf(last), text: '', title: 'Remove the comma', isSafe: true };
  if (expecting !== 'separator' || outer === undefined || closerOf(outer) !== closer) return undefined;
  const text = closerOf(innermost);
  return { start: last.end, end: last.end, text, title: `Add the missing ${text}`, isSafe: false };
}

function quoteKey({ text }: JsonReader, token: JsonToken): JsonFix | undefined {
  const source = text.slice(token.start, token.end);
  const isName = /^[\p{L}_$][\p{L}\p{N}_$-]*$/u.test(source) && literalOf(source) === undefined;
  if (!(isName || /^\d+$/.test(source)) || readJsonToken(text, token.end).kind !== ':') return undefined;
  return { ...spanOf(token), text: `"${source}"`, title: 'Put the key in double quotes', isSafe: true };
}

function fixLiteral(token: JsonToken, source: string): JsonFix | undefined {
  const literal = token.kind === 'word' ? literalOf(source) : undefined;
  return literal && { ...spanOf(token), ...literal, title: `Write ${literal.text}` };
}

/** What other languages call true, false and null. What is no number or not defined is not quite null. */
function literalOf(source: string): { text: string; isSafe: boolean } | undefined {
  if (/^(?:true|false|null)$/i.test(source)) return { text: source.toLowerCase(), isSafe: true };
  if (/^(?:none|nil)$/i.test(source)) return { text: 'null', isSafe: true };
  return /^(?:nan|undefined)$/i.test(source) ? { text: 'null', isSafe: false } : undefined;
}

/** Strings in other quotes, and characters in a string that JSON escapes. */
function fixValue({ text }: JsonReader, token: JsonToken): JsonFix | undefined {
  const source = text.slice(token.start, token.end);
  if (token.kind === 'word') return fixQuotes(token, source);
  if (token.faultSpan === undefined) return undefined;
  const wrong = text.slice(token.faultSpan.start, token.faultSpan.end);
  if (!wrong.startsWith('\\'))
    return { ...token.faultSpan, text: escapeCharacter(wrong), title: 'Escape the character', isSafe: true };
  if (wrong === "\\'") return { ...token.faultSpan, text: "'", title: 'Remove the backslash', isSafe: true };
  return { ...token.faultSpan, text: `\\${wrong}`, title: 'Double the backslash', isSafe: false };
}

function fixQuotes(token: JsonToken, source: string): JsonFix | undefined {
  const isSingle = /^'[^]*'$/.test(source) && source.length > 1;
  const isTypographic = /^(?:[“”][^"]*[“”]|[‘’][^"]*[‘’])$/.test(source);
  const text = isSingle || isTypographic ? requote(source.slice(1, -1)) : undefined;
  if (text === undefined) return undefined;
  return { ...spanOf(token), text, title: 'Put the text in double quotes', isSafe: true };
}

const escapes = /\\(?:u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|[^]|$)/g;
const knownEscape = /^\\(?:u[^]{4}|x[^]{2}|["'\\/bfnrt])$/;

/** `undefined` when it has an escape that not every language reads alike. */
function requote(content: string): string | undefined {
  if (content.match(escapes)?.some((escape) => !knownEscape.test(escape))) return undefined;
  const quoted = content.replace(new RegExp(`${escapes.source}|["\\p{Cc}]`, 'gu'), (found) => {
    if (found === "\\'") return "'";
    if (found.startsWith('\\x')) return `\\u00${found.slice(2)}`;
    return found.startsWith('\\') ? found : escapeCharacter(found);
  });
  return `"${quoted}"`;
}

/** Only where a value surely ends and the next one, or its key, surely begins. */
function insertComma({ text, open, last }: JsonReader, token: JsonToken): JsonFix | undefined {
  const isString = token.kind === 'string' && token.fault === undefined;
  const isKey = (isString || (token.kind === 'word' && last.kind !== 'string')) && readJsonToken(text, token.end).kind === ':';
  const isElement = isString || token.kind === 'scalar' || token.kind === '{' || token.kind === '[';
  const isApart = last.kind !== 'string' || token.start > last.end;
  if (!isApart || !(open.at(-1)?.kind === '{' ? isKey : isElement)) return undefined;
  return { start: last.end, end: last.end, text: ',', title: 'Add the missing comma', isSafe: false };
}

function closerOf(opener: JsonToken): '}' | ']' {
  return opener.kind === '{' ? '}' : ']';
}

function escapeCharacter(character: string): string {
  return JSON.stringify(character).slice(1, -1);
}

function spanOf({ start, end }: Span): Span {
  return { start, end };
}

function shorten(text: string): string {
  return text.length > 10 ? `${text.length} brackets` : text;
}
