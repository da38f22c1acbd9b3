/**
 * JSON Lines: one object a line, blank lines skipped. Lines go through `JSON.parse`; only a line that fails is read a
 * second time to say where and why, and only a field that is asked for its range is looked up.
 */
import type { Problem, TextRange } from '../protocol';
import { findJsonFault } from './json-fault';
import { locateJson, type Span } from './json-locate';
import type { ParsedRows, SourceField, SourceRow } from './parse-rows';
import { createLineIndex } from './text-position';

export function parseJsonl(text: string): ParsedRows {
  const lines = createLineIndex(text);
  const rows: SourceRow[] = [];
  const problems: Problem[] = [];
  const columns = new Set<string>();
  for (let line = 1; line <= lines.lineCount; line++) {
    const source = lines.lineText(line);
    if (source.trim() === '') continue;
    const row = parseLine(source, line);
    if ('code' in row) problems.push(row);
    else rows.push(row);
    if ('fields' in row) for (const name of row.fields.keys()) columns.add(name);
  }
  return { rows, problems, columns: [...columns], head: rows[0]?.range ?? lineRange(1, { start: 0, end: 0 }) };
}

function parseLine(source: string, line: number): SourceRow | Problem {
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch {
    return invalidJson(source, line); // V8's words and place are not for people, so they are found again
  }
  return isObject(value) ? new JsonRow(source, line, value) : notAnObject(source, line, value);
}

class JsonRow implements SourceRow {
  readonly line: number;
  readonly fields: ReadonlyMap<string, SourceField>;
  private readonly source: string;

  constructor(source: string, line: number, object: Record<string, unknown>) {
    this.line = line;
    this.source = source;
    const fields = new Map<string, SourceField>();
    for (const name of Object.keys(object)) fields.set(name, new JsonField(this, name, object[name]));
    this.fields = fields;
  }

  get endLine(): number {
    return this.line;
  }

  get range(): TextRange {
    return this.rangeAt([]);
  }

  rangeAt(path: readonly string[]): TextRange {
    return lineRange(this.line, locateJson(this.source, path)?.value ?? trimmed(this.source));
  }
}

class JsonField implements SourceField {
  readonly value: unknown;
  private readonly row: JsonRow;
  private readonly name: string;

  constructor(row: JsonRow, name: string, value: unknown) {
    this.row = row;
    this.name = name;
    this.value = value;
  }

  get range(): TextRange {
    return this.rangeAt([]);
  }

  rangeAt(path: readonly string[]): TextRange {
    return this.row.rangeAt([this.name, ...path]);
  }
}

function invalidJson(source: string, line: number): Problem {
  const fault = findJsonFault(source) ?? { ...trimmed(source), message: 'This line is not valid JSON.' };
  return { ...lineRange(line, fault), code: 'invalid-json', severity: 'error', message: fault.message };
}

function notAnObject(source: string, line: number, value: unknown): Problem {
  const found = Array.isArray(value) ? 'a list' : value === null ? 'null' : `a ${typeof value}`;
  const message = `This line holds ${found}. Each line must hold one object, such as {"text": "...", "label": "..."}.`;
  return { ...lineRange(line, trimmed(source)), code: 'not-an-object', severity: 'error', message };
}

function lineRange(line: number, span: Span): TextRange {
  return { line, column: span.start + 1, endLine: line, endColumn: span.end + 1 };
}

function trimmed(source: string): Span {
  return { start: source.length - source.trimStart().length, end: source.trimEnd().length };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
