/** A conversation as a list of messages, perhaps with the tools that it may call. */
import { collectTexts, viewConversation } from './chat-view';
import { checkOrder } from './conversation-order';
import { readTurns, type Turn } from './conversation';
import { ownValue, readWhole, reportMissing } from './fields';
import type { ChatRow } from './rows';
import type { ReadingContext, Shape } from './shape';
import { readTools, reportUndefinedTools } from './tool-calls';

export const messages: Shape<ChatRow> = {
  name: 'messages',
  description: 'a list of messages',
  fields: () => ({ needed: ['messagesColumn'], optional: [], others: ['tools'] }),
  read: (row, context) =>
    readWhole(context, (counting) => {
      const name = counting.columns.messagesColumn;
      const value = ownValue(row.value, name);
      if (value === undefined) reportMissing(row, name, counting);
      const turns = value === undefined ? [] : readTurns(value, [name], counting);
      checkOrder(turns, [name], counting);
      return chatRow(row.line, turns, { tools: readTools(row, counting), context });
    }),
  view: (row, { messagesColumn }, value) =>
    viewConversation(
      row.messages,
      (index) => [messagesColumn, String(index), 'content'],
      collectTexts(value[messagesColumn], [messagesColumn]),
    ),
};

/** `context` is the row's own, which counts no warnings. */
export function chatRow(
  line: number,
  turns: readonly Turn[],
  { tools, context }: { tools: readonly unknown[] | undefined; context: ReadingContext },
): ChatRow {
  const calls = turns.flatMap((turn) => turn.calls);
  reportUndefinedTools(calls, tools, context);
  return { kind: 'chat', line, messages: turns.map(({ message }) => message), ...(tools && { tools }) };
}
