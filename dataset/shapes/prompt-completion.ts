/** A prompt and its completion, each a string or, as in TRL, a list of messages. */
import { collectTexts, viewConversation } from './chat-view';
import { readTurns, textTurn, type Turn } from './conversation';
import { checkOrder } from './conversation-order';
import { ownValue, readText, readWhole } from './fields';
import type { SourceRow } from '../formats/format';
import { chatRow } from './messages';
import type { Role } from './roles';
import type { ChatRow } from './rows';
import type { ReadingContext, Shape } from './shape';
import { readTools } from './tool-calls';

export const promptCompletion: Shape<ChatRow> = {
  name: 'prompt-completion',
  description: 'a prompt and its completion',
  fields: () => ({ needed: ['promptColumn', 'completionColumn'], optional: [], others: ['tools'] }),
  read: (row, context) =>
    readWhole(context, (counting) => {
      const { promptColumn, completionColumn } = counting.columns;
      const prompt = readSide(row, { name: promptColumn, role: 'user' }, counting);
      const completion = readSide(row, { name: completionColumn, role: 'assistant' }, counting);
      if (prompt.length > 0 && completion.length > 0) checkExchange([prompt, completion], completionColumn, counting);
      return chatRow(row.line, [...prompt, ...completion], { tools: readTools(row, counting), context });
    }),
  view(row, { promptColumn, completionColumn }, value) {
    const texts = [promptColumn, completionColumn].flatMap((name) => collectTexts(value[name], [name]));
    return viewConversation(row.messages, (index) => pathOfExchange(value, [promptColumn, completionColumn], index), texts);
  },
};

/** Empty when it cannot be read, which is then reported. */
export function readSide(row: SourceRow, { name, role }: { name: string; role: Role }, context: ReadingContext): Turn[] {
  const value = ownValue(row.value, name);
  if (Array.isArray(value)) return readTurns(value, [name], context);
  const text = readText(row, name, context);
  return text === undefined ? [] : [textTurn(role, text, [name])];
}

/** What is wrong with the order of a prompt is not said again where two answers share it. */
export function checkExchange([prompt, answer]: readonly [Turn[], Turn[]], name: string, context: ReadingContext): void {
  const isAnswered = answer.some(({ role }) => role === 'assistant' || role === undefined);
  if (isAnswered) checkOrder([...prompt, ...answer], [name], context);
  else context.report({ code: 'no-assistant', path: [name], message: `No message of "${name}" is the assistant\u2019s.` });
}

/** Where message `index` stands when those of several columns follow each other. */
export function pathOfExchange(value: SourceRow['value'], names: readonly string[], index: number): string[] {
  const [name = '', ...rest] = names;
  const found = value[name];
  const count = Array.isArray(found) ? found.length : 1;
  if (index >= count && rest.length > 0) return pathOfExchange(value, rest, index - count);
  return Array.isArray(found) ? [name, String(index), 'content'] : [name];
}
