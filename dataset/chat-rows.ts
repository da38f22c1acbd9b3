/**
 * What instruction tuning wants of a row: a conversation as `messages`, or a `prompt` and its `completion`. The same rows
 * are linted, previewed and trained on.
 */
import { nearestName, type DataConfig, type Problem, type ProblemCode, type TextRange } from '../protocol';
import type { ParsedRows, SourceField, SourceRow } from './parse-rows';
import type { ChatMessage, ChatRow } from './rows';

export interface ChatRows {
  readonly rows: ChatRow[];
  readonly problems: Problem[];
}

const roles = ['system', 'user', 'assistant', 'tool'];

export function readChatRows(parsed: ParsedRows, data: DataConfig): ChatRows {
  if (parsed.rows.length === 0) return { rows: [], problems: noRows(parsed) };
  if (!namesOf(data).some((name) => parsed.columns.includes(name))) return { rows: [], problems: [noColumn(parsed, data)] };
  const problems: Problem[] = [];
  const rows: ChatRow[] = [];
  for (const row of parsed.rows) {
    const messages = readMessages({ row, problems }, data);
    if (messages !== undefined) rows.push({ messages, line: row.line });
  }
  return { rows, problems };
}

function namesOf({ messagesColumn, promptColumn, completionColumn }: DataConfig): string[] {
  return [messagesColumn, promptColumn, completionColumn];
}

/** One problem for the file where all of its rows are of another shape. */
function noColumn({ columns, head }: ParsedRows, data: DataConfig): Problem {
  const isClassified = columns.includes(data.textColumn) && columns.includes(data.labelColumn);
  const advice = isClassified
    ? ' For rows of a text and its label, set "task" to { "type": "text-classification" } in temper.json.'
    : ' The names are set by "data.messagesColumn", "data.promptColumn" and "data.completionColumn" in temper.json.';
  return {
    ...head,
    code: 'missing-column',
    severity: 'error',
    message: `${describeShape('The rows have', columns, data)}${advice}`,
  };
}

interface Reader {
  readonly row: SourceRow;
  readonly problems: Problem[];
}

/** Undefined when something is wrong, which is then among the problems. */
function readMessages(reader: Reader, data: DataConfig): ChatMessage[] | undefined {
  const messages = reader.row.fields.get(data.messagesColumn);
  if (messages) return readConversation(reader, data.messagesColumn, messages);
  const names = [data.promptColumn, data.completionColumn];
  const { fields, range } = reader.row;
  if (!names.some((name) => fields.has(name)))
    return refuse(reader, range, 'missing-field', describeShape('This row has', [...fields.keys()], data));
  const [prompt, completion] = names.map((name) => readText(reader, name, reader.row.fields.get(name)));
  if (prompt === undefined || completion === undefined) return undefined;
  return [
    { role: 'user', content: prompt },
    { role: 'assistant', content: completion },
  ];
}

/** Nothing of what holds a conversation is there. */
function describeShape(what: string, found: readonly string[], data: DataConfig): string {
  const { messagesColumn, promptColumn, completionColumn } = data;
  const nearest = nearestName(messagesColumn, found);
  const advice = nearest === undefined ? '' : ` Did you mean "${nearest}" by "${messagesColumn}"?`;
  return `${what} neither "${messagesColumn}" nor "${promptColumn}" and "${completionColumn}".${advice}`;
}

function readConversation(reader: Reader, name: string, field: SourceField): ChatMessage[] | undefined {
  const list: unknown = field.value;
  if (!Array.isArray(list) || list.length === 0)
    return refuse(
      reader,
      field.range,
      'wrong-type',
      `"${name}" must be a list of messages: [{"role": "user", "content": "…"}, …].`,
    );
  const before = reader.problems.length;
  const messages = list.flatMap((message: unknown, index) => readMessage(reader, field, message, index));
  if (reader.problems.length > before) return undefined;
  const fault = findOrderFault(messages);
  if (fault)
    return refuse(
      reader,
      fault.index < 0 ? field.range : field.rangeAt([String(fault.index), 'role']),
      fault.code,
      fault.message,
    );
  return messages;
}

function readMessage(reader: Reader, field: SourceField, message: unknown, index: number): ChatMessage[] {
  const at = (...path: string[]) => field.rangeAt([String(index), ...path]);
  if (!isRecord(message)) {
    refuse(reader, at(), 'wrong-type', 'A message is an object with a "role" and a "content".');
    return [];
  }
  const { role, content } = message;
  const isRole = typeof role === 'string' && roles.includes(role);
  if (!isRole) refuse(reader, 'role' in message ? at('role') : at(), 'unknown-role', describeRole(role));
  if (typeof content !== 'string')
    refuse(reader, 'content' in message ? at('content') : at(), 'wrong-type', 'The "content" of a message must be a string.');
  else if (content.trim() === '')
    refuse(reader, at('content'), 'empty-field', 'This message is empty. Fill it in, or remove it.');
  return isRole && typeof content === 'string' ? [{ role, content }] : [];
}

function describeRole(role: unknown): string {
  if (role === undefined) return `This message has no "role". The roles are ${roles.join(', ')}.`;
  const nearest = typeof role === 'string' ? nearestName(role, roles) : undefined;
  const advice = nearest === undefined ? `The roles are ${roles.join(', ')}.` : `Did you mean "${nearest}"?`;
  return `${JSON.stringify(role)} is no role. ${advice}`;
}

interface OrderFault {
  /** Of the message; -1 for the whole conversation. */
  readonly index: number;
  readonly code: ProblemCode;
  readonly message: string;
}

/** What chat templates take: one system message at most, first; then user and assistant in turn, tools in between. */
function findOrderFault(messages: readonly ChatMessage[]): OrderFault | undefined {
  const late = messages.findIndex(({ role }, index) => role === 'system' && index > 0);
  if (late > 0) return { index: late, code: 'role-order', message: 'A system message stands first in its conversation.' };
  const turns = messages.flatMap(({ role }, index) => (role === 'user' || role === 'assistant' ? [{ role, index }] : []));
  if (!turns.some(({ role }) => role === 'assistant'))
    return {
      index: -1,
      code: 'no-assistant',
      message: 'Nothing can be learnt from this conversation: no message is the assistant\u2019s.',
    };
  if (turns[0]?.role === 'assistant')
    return {
      index: turns[0].index,
      code: 'role-order',
      message: 'The first turn is the assistant\u2019s. A conversation begins with the user.',
    };
  const twin = turns.findIndex(
    ({ role, index }, turn) => turn > 0 && role === turns[turn - 1]?.role && messages[index - 1]?.role !== 'tool',
  );
  if (twin < 0) return undefined;
  const { role, index } = turns[twin] ?? { role: '', index: 0 };
  return {
    index,
    code: 'role-order',
    message: `Two turns of the ${role} follow each other. Join them, or put the missing one between.`,
  };
}

function readText(reader: Reader, name: string, field: SourceField | undefined): string | undefined {
  if (field === undefined) return refuse(reader, reader.row.range, 'missing-field', `This row has no "${name}".`);
  if (typeof field.value !== 'string')
    return refuse(reader, field.range, 'wrong-type', `"${name}" must be a string in double quotes.`);
  if (field.value.trim() === '')
    return refuse(reader, field.range, 'empty-field', `"${name}" is empty. Fill it in, or remove the row.`);
  return field.value;
}

/** A file whose rows are all unreadable has problems enough. */
function noRows(parsed: ParsedRows): Problem[] {
  if (parsed.problems.some((problem) => problem.severity === 'error')) return [];
  return [
    { ...parsed.head, code: 'no-rows', severity: 'error', message: 'The file has no rows. Add at least one conversation.' },
  ];
}

function refuse({ problems }: Reader, range: TextRange, code: ProblemCode, message: string): undefined {
  problems.push({ ...range, code, severity: 'error', message });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
