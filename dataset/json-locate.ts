/**
 * Where the values stand in JSON text that `JSON.parse` has accepted. It reads no more than it must and never recurses,
 * so it is quick on a million rows and safe on deeply nested ones.
 */

/** Offsets; the end is exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface JsonPlace {
  /** With its quotes; list elements and the whole have none. */
  readonly key?: Span;
  readonly value: Span;
}

/** The place at the end of `path`, where list elements go by their index; the last one where a key stands twice. */
export function locateJson(text: string, path: readonly string[]): JsonPlace | undefined {
  const start = skipBlanks(text, 0);
  let place: JsonPlace | undefined = { value: { start, end: endOfValue(text, start) } };
  for (const name of path) place = place && findChild(text, place.value, name);
  return place;
}

function findChild(text: string, container: Span, name: string): JsonPlace | undefined {
  const opener = text[container.start];
  const isObject = opener === '{';
  if (!isObject && opener !== '[') return undefined;
  let found: JsonPlace | undefined;
  let offset = skipBlanks(text, container.start + 1);
  for (let index = 0; offset < container.end - 1; index++) {
    const child = isObject ? readProperty(text, offset) : { value: readValue(text, offset) };
    if (nameOf(text, child, index) === name) found = child;
    offset = skipBlanks(text, child.value.end);
    if (text[offset] === ',') offset = skipBlanks(text, offset + 1);
  }
  return found;
}

function readProperty(text: string, start: number): JsonPlace {
  const key = readValue(text, start);
  const colon = skipBlanks(text, key.end);
  return { key, value: readValue(text, skipBlanks(text, colon + 1)) };
}

function readValue(text: string, start: number): Span {
  return { start, end: endOfValue(text, start) };
}

function nameOf(text: string, child: JsonPlace, index: number): string {
  return child.key ? String(JSON.parse(text.slice(child.key.start, child.key.end))) : String(index);
}

function endOfValue(text: string, start: number): number {
  const first = text[start];
  if (first === '"') return endOfString(text, start);
  return first === '{' || first === '[' ? endOfContainer(text, start) : endOfScalar(text, start);
}

function endOfString(text: string, start: number): number {
  let offset = start + 1;
  while (offset < text.length && text[offset] !== '"') offset += text[offset] === '\\' ? 2 : 1;
  return offset + 1;
}

function endOfContainer(text: string, start: number): number {
  let depth = 0;
  let offset = start;
  do {
    const character = text[offset];
    if (character === '{' || character === '[') depth++;
    if (character === '}' || character === ']') depth--;
    offset = character === '"' ? endOfString(text, offset) : offset + 1;
  } while (depth > 0 && offset < text.length);
  return offset;
}

function endOfScalar(text: string, start: number): number {
  let offset = start;
  while (offset < text.length && !' \t\r\n,:]}'.includes(text.charAt(offset))) offset++;
  return offset;
}

function skipBlanks(text: string, start: number): number {
  let offset = start;
  while (offset < text.length && ' \t\r\n'.includes(text.charAt(offset))) offset++;
  return offset;
}
