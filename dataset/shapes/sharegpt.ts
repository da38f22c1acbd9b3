/** A conversation as ShareGPT and LLaMA-Factory write it: turns with `from` and `value`, perhaps a system message and tools. */
import type { SourceRow } from '../formats/format';
import { collectTexts, viewConversation } from './chat-view';
import { readRole, textTurn, type Turn } from './conversation';
import { checkOrder } from './conversation-order';
import { isRecord } from '../is-record';
import { describeValue } from './describe-value';
import { isBlank, ownValue, readOptionalText, readWhole, report, reportMissing, reportWrongType } from './fields';
import { chatRow } from './messages';
import { shareGptRoles } from './roles';
import type { ChatRow } from './rows';
import type { ReadingContext, RowText, Shape } from './shape';
import { parseJson, readFunction, readTools, type PlacedCall } from './tool-calls';

export const shareGpt: Shape<ChatRow> = {
  name: 'sharegpt',
  description: 'a list of turns with "from" and "value"',
  fields: () => ({ needed: ['conversationsColumn'], optional: [], others: ['system', 'tools'] }),
  read: (row, context) =>
    readWhole(context, (counting) => {
      const name = counting.columns.conversationsColumn;
      const system = readOptionalText(row, 'system', counting) ?? '';
      const first = system === '' ? [] : [textTurn('system', system, ['system'])];
      const turns = readConversations(row, name, counting);
      if (turns.length > 0) checkOrder([...first, ...turns], [name], counting);
      return chatRow(row.line, [...first, ...turns], { tools: readTools(row, counting), context });
    }),
  view(row, { conversationsColumn }, value) {
    const list = value[conversationsColumn];
    const offset = row.messages.length - (Array.isArray(list) ? list.length : 0);
    const pathOf = (index: number) => (index < offset ? ['system'] : [conversationsColumn, String(index - offset), 'value']);
    return viewConversation(row.messages, pathOf, [
      ...collectTexts(value['system'], ['system']),
      ...collectValues(list, [conversationsColumn]),
    ]);
  },
};

function readConversations(row: SourceRow, name: string, context: ReadingContext): Turn[] {
  const list = ownValue(row.value, name);
  if (list === undefined) reportMissing(row, name, context);
  else if (Array.isArray(list) && list.length > 0)
    return list.map((turn: unknown, index) => readTurn(turn, [name, String(index)], context));
  else reportWrongType(context, [name], `"${name}" must be a list of turns: [{"from": "human", "value": "…"}, …].`);
  return [];
}

function readTurn(turn: unknown, path: readonly string[], context: ReadingContext): Turn {
  if (!isRecord(turn)) {
    reportWrongType(context, path, 'A turn is an object with a "from" and a "value".');
    return { message: { role: '', content: '' }, isCall: false, calls: [], role: undefined, rolePath: path };
  }
  const role = readRole(turn, { key: 'from', names: shareGptRoles, path }, context);
  const words = readValue(turn, path, { context, isSilent: role === 'tool' });
  const isCall = turn['from'] === 'function_call';
  const calls = isCall && words !== '' ? readCalls(words, [...path, 'value'], context) : [];
  const toolCalls = calls.map(({ call }) => call);
  const message = { role: role ?? '', content: isCall ? '' : words, ...(calls.length > 0 && { toolCalls }) };
  return { message, isCall, calls, role, rolePath: [...path, 'from'] };
}

function readValue(
  turn: Readonly<Record<string, unknown>>,
  path: readonly string[],
  { context, isSilent }: { context: ReadingContext; isSilent: boolean },
): string {
  const value = ownValue(turn, 'value');
  if (typeof value === 'string' && (isSilent || !isBlank(value))) return value;
  if (value === undefined) report(context, 'missing-field', path, 'This turn has no "value". Add it, or remove the turn.');
  else if (typeof value === 'string')
    report(context, 'empty-field', [...path, 'value'], 'This message is empty. Fill it in, or remove it.');
  else reportWrongType(context, [...path, 'value'], `The "value" of a turn must be a string. It is ${describeValue(value)}.`);
  return '';
}

/** One call or a list of them, as JSON; their place is the whole string, because what lies within has none of its own. */
function readCalls(words: string, path: readonly string[], context: ReadingContext): PlacedCall[] {
  const found = parseJson(words);
  const calls: readonly unknown[] = Array.isArray(found) ? found : [found];
  if (calls.length > 0 && calls.every(isRecord))
    return calls.flatMap((call) => readFunction(call, path, placedAt(path, context))).map(({ call }) => ({ call, path }));
  reportWrongType(context, path, 'The value of a function_call must be JSON: {"name": "…", "arguments": {…}}.');
  return [];
}

/** Reports everything at one place. */
function placedAt(path: readonly string[], context: ReadingContext): ReadingContext {
  return { ...context, report: (finding) => context.report({ ...finding, path }) };
}

function collectValues(list: unknown, path: readonly string[]): RowText[] {
  const turns: readonly unknown[] = Array.isArray(list) ? list : [];
  return turns.flatMap((turn, index) => (isRecord(turn) ? collectTexts(turn['value'], [...path, String(index), 'value']) : []));
}
