/** Lints one data file: everything that is wrong with it in the order of the file, and the rows that are right. */
import type { DataConfig, Problem, RunConfig } from '../protocol';
import { readChatRows } from './chat-rows';
import { readClassificationRows, type ClassificationRow } from './classification-rows';
import { decodeText } from './decode-text';
import { formatOf, parseRows, type ParsedRows } from './parse-rows';
import type { DataRow } from './rows';

export interface LintOptions {
  /** What the rows are for; when absent, what their columns tell. */
  readonly task?: RunConfig['task']['type'] | undefined;
  readonly data: DataConfig;
  /** Without them every label is a known one. */
  readonly labels?: readonly string[] | undefined;
  /** Only what is trained on needs two classes. */
  readonly role: 'train' | 'held-out';
}

export interface LintResult {
  readonly problems: Problem[];
  readonly rows: readonly DataRow[];
}

export function lintText(fileName: string, text: string, options: LintOptions): LintResult {
  const format = formatOf(fileName);
  if (format === undefined) return { problems: [unknownFormat(fileName)], rows: [] };
  const parsed = parseRows(text, format);
  const { task = taskOfColumns(parsed, options.data) } = options;
  const { rows, problems } = task === 'instruction-tuning' ? readChatRows(parsed, options.data) : classify(parsed, options);
  return { problems: [...parsed.problems, ...problems].sort(byPosition), rows };
}

/** Conversations where there are columns of theirs and none of a text and its label. */
function taskOfColumns({ columns }: ParsedRows, data: DataConfig): RunConfig['task']['type'] {
  const has = (name: string) => columns.includes(name);
  const isChat = has(data.messagesColumn) || (has(data.promptColumn) && has(data.completionColumn));
  return isChat && !has(data.textColumn) && !has(data.labelColumn) ? 'instruction-tuning' : 'text-classification';
}

function classify(parsed: ParsedRows, { data, labels, role }: LintOptions): { rows: ClassificationRow[]; problems: Problem[] } {
  const { rows, problems } = readClassificationRows(parsed, data, labels);
  const isRight = !hasErrors([...parsed.problems, ...problems]);
  return { rows, problems: role === 'train' && isRight ? [...problems, ...findOneClass(parsed, rows, data)] : problems };
}

export function lintBytes(fileName: string, bytes: Uint8Array, options: LintOptions): LintResult {
  const decoded = decodeText(bytes);
  const { problems, rows } = lintText(fileName, decoded.text, options);
  return { problems: [...decoded.problems, ...problems].sort(byPosition), rows };
}

export function hasErrors(problems: readonly Problem[]): boolean {
  return problems.some((problem) => problem.severity === 'error');
}

function findOneClass(parsed: ParsedRows, rows: readonly ClassificationRow[], data: DataConfig): Problem[] {
  const label = rows[0]?.label;
  if (label === undefined || rows.some((row) => row.label !== label)) return [];
  const range = parsed.rows[0]?.fields.get(data.labelColumn)?.range ?? parsed.head;
  const found = rows.length === 1 ? `The only row has` : `All ${rows.length} rows have`;
  const message = `${found} the label ${JSON.stringify(label)}. A classifier needs rows of at least two labels.`;
  return [{ ...range, code: 'one-class', severity: 'error', message }];
}

function unknownFormat(fileName: string): Problem {
  const range = { line: 1, column: 1, endLine: 1, endColumn: 1 };
  const message = `Temper does not know what ${fileName} is. Rows come in .jsonl, .csv or .tsv files.`;
  return { ...range, code: 'unknown-format', severity: 'error', message };
}

function byPosition(a: Problem, b: Problem): number {
  return a.line - b.line || a.column - b.column || a.endLine - b.endLine || a.endColumn - b.endColumn;
}
