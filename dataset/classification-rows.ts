/** What text classification wants of a row: a text and a label. The same rows are linted, previewed and trained on. */
import { nearestName, type DataConfig, type Problem, type ProblemCode, type TextRange } from '../protocol';
import type { ParsedRows, SourceRow } from './parse-rows';

export interface ClassificationRow {
  readonly text: string;
  readonly label: string;
  /** Where the row begins in its file, from 1. */
  readonly line: number;
}

export interface ClassificationRows {
  readonly rows: ClassificationRow[];
  readonly problems: Problem[];
}

/** Without `labels` every label is a known one. */
export function readClassificationRows(
  parsed: ParsedRows,
  data: DataConfig,
  labels: readonly string[] | undefined,
): ClassificationRows {
  if (parsed.rows.length === 0) return { rows: [], problems: noRows(parsed) };
  const missing = [data.textColumn, data.labelColumn].filter((name) => !parsed.columns.includes(name));
  if (missing.length > 0) return { rows: [], problems: missing.map((name) => missingColumn(parsed, name, data)) };
  const problems: Problem[] = [];
  const reader: FieldReader = { problems, isKnown: knownLabels(labels), adviseLabel: createAdvice(labels) };
  const rows: ClassificationRow[] = [];
  for (const row of parsed.rows) {
    const text = readText(reader, row, data.textColumn);
    const label = readLabel(reader, row, data.labelColumn);
    if (text !== undefined && label !== undefined) rows.push({ text, label, line: row.line });
  }
  return { rows, problems };
}

interface FieldReader {
  readonly problems: Problem[];
  readonly isKnown: (label: string) => boolean;
  readonly adviseLabel: (label: string) => string;
}

function readText(reader: FieldReader, row: SourceRow, name: string): string | undefined {
  const value = readField(reader, row, name);
  if (value === undefined) return undefined;
  if (typeof value === 'string') return value;
  return refuse(reader, row, name, [
    'wrong-type',
    `"${name}" is ${describe(value)}. The text must be a string in double quotes.`,
  ]);
}

function readLabel(reader: FieldReader, row: SourceRow, name: string): string | undefined {
  const value = readField(reader, row, name);
  if (value === undefined) return undefined;
  const label = labelOf(value);
  if (label === undefined)
    return refuse(reader, row, name, ['wrong-type', `"${name}" is ${describe(value)}. ${labelAdvice(value)}`]);
  if (reader.isKnown(label)) return label;
  return refuse(reader, row, name, ['unknown-label', `${quote(label)} is not one of the labels. ${reader.adviseLabel(label)}`]);
}

/** The value of a field that is there and not empty. */
function readField(reader: FieldReader, row: SourceRow, name: string): unknown {
  const field = row.fields.get(name);
  if (field === undefined) return refuse(reader, row, name, ['missing-field', describeMissing(row, name)]);
  const isEmpty = typeof field.value === 'string' && field.value.trim() === '';
  if (isEmpty) return refuse(reader, row, name, ['empty-field', `"${name}" is empty. Fill it in, or remove the row.`]);
  return field.value;
}

/** Notes a problem on the value, or on the whole row where there is none. */
function refuse(reader: FieldReader, row: SourceRow, name: string, [code, message]: [ProblemCode, string]): undefined {
  const range = row.fields.get(name)?.range ?? row.range;
  reader.problems.push(problemAt(range, code, message));
}

function labelOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  const isExact = typeof value === 'number' && (Number.isSafeInteger(value) || Math.abs(value) < Number.MAX_SAFE_INTEGER);
  return isExact ? String(value) : undefined;
}

function labelAdvice(value: unknown): string {
  if (typeof value === 'number') return 'It is too large to be read exactly: put it in double quotes.';
  if (Array.isArray(value)) return 'A row has one label, not a list: write one string.';
  return 'The label must be a string.';
}

function describeMissing(row: SourceRow, name: string): string {
  const nearest = nearestName(name, [...row.fields.keys()]);
  const advice = nearest === undefined ? 'Add it, or remove the row.' : `Did you mean "${nearest}"?`;
  return `This row has no "${name}". ${advice}`;
}

function missingColumn(parsed: ParsedRows, name: string, { messagesColumn }: DataConfig): Problem {
  const columns = parsed.columns.filter((column) => column !== '');
  const nearest = nearestName(name, columns);
  const found = columns.length > 0 ? `The columns are ${listNames(columns)}.` : 'No column has a name.';
  const advice = nearest === undefined ? found : `Did you mean "${nearest}"?`;
  const setting = columns.includes(messagesColumn)
    ? 'For conversations, set "task" to { "type": "instruction-tuning" } in temper.json.'
    : 'The names are set by "data.textColumn" and "data.labelColumn" in temper.json.';
  return problemAt(parsed.head, 'missing-column', `There is no column "${name}". ${advice} ${setting}`);
}

/** A file whose rows are all unreadable has problems enough. */
function noRows(parsed: ParsedRows): Problem[] {
  if (parsed.problems.some((problem) => problem.severity === 'error')) return [];
  const found = parsed.columns.length > 0 ? 'The file has a header and no rows.' : 'The file has no rows.';
  return [problemAt(parsed.head, 'no-rows', `${found} Add at least one row with a text and a label.`)];
}

function knownLabels(labels: readonly string[] | undefined): (label: string) => boolean {
  const known = new Set(labels);
  return labels === undefined ? () => true : (label) => known.has(label);
}

/** Remembers its answers: the same misspelling often stands in many rows. */
function createAdvice(labels: readonly string[] = []): (label: string) => string {
  const answers = new Map<string, string>();
  return (label) => {
    const nearest = answers.get(label) ?? nearestName(label, labels) ?? '';
    answers.set(label, nearest);
    return nearest === '' ? `The labels are ${listNames(labels)}.` : `Did you mean ${quote(nearest)}?`;
  };
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `the ${typeof value} ${JSON.stringify(value)}`;
}

/** The first ten. */
function listNames(names: readonly string[]): string {
  const rest = names.length > 10 ? ` and ${names.length - 10} more` : '';
  return names.slice(0, 10).map(quote).join(', ') + rest;
}

function quote(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 39)}…` : text);
}

function problemAt(range: TextRange, code: ProblemCode, message: string): Problem {
  return { ...range, code, severity: 'error', message };
}
