/** An instruction, perhaps with an input, and the output; perhaps with earlier turns and a system message. */
import type { SourceRow } from '../formats/format';
import { collectTexts, viewConversation } from './chat-view';
import { textTurn, type Turn } from './conversation';
import { describeValue } from './describe-value';
import { isBlank, ownValue, readOptionalText, readText, readWhole, reportEmpty, reportWrongType } from './fields';
import { chatRow } from './messages';
import type { ChatRow } from './rows';
import type { ReadingContext, RowText, Shape } from './shape';

export const alpaca: Shape<ChatRow> = {
  name: 'alpaca',
  description: 'an instruction, its input and its output',
  fields: () => ({ needed: ['instructionColumn', 'outputColumn'], optional: ['inputColumn'], others: ['system', 'history'] }),
  read: (row, context) =>
    readWhole(context, (counting) => {
      const system = readOptionalText(row, 'system', counting) ?? '';
      const history = readHistory(row, counting);
      const prompt = readInstruction(row, counting);
      const output = readText(row, counting.columns.outputColumn, counting) ?? '';
      const first = system === '' ? [] : [textTurn('system', system, ['system'])];
      const last = textTurn('assistant', output, [counting.columns.outputColumn]);
      return chatRow(row.line, [...first, ...history, ...prompt, last], { tools: undefined, context });
    }),
  view(row, { instructionColumn, inputColumn, outputColumn }, value) {
    const names = ['system', instructionColumn, inputColumn, outputColumn];
    const texts = [...names.flatMap((name) => collectTexts(value[name], [name])), ...historyTexts(value)];
    const last = row.messages.length - 1;
    return viewConversation(row.messages, (index) => [index === last ? outputColumn : instructionColumn], texts);
  },
};

/** The instruction and, on the next line, what it is about. */
export function readInstruction(row: SourceRow, context: ReadingContext): Turn[] {
  const { instructionColumn, inputColumn } = context.columns;
  const instruction = readText(row, instructionColumn, context);
  const input = readOptionalText(row, inputColumn, context);
  if (instruction === undefined || input === undefined) return [];
  return [textTurn('user', input === '' ? instruction : `${instruction}\n${input}`, [instructionColumn])];
}

const historyAdvice = 'The history is a list of turns, each ["what was asked", "what was answered"].';

function readHistory(row: SourceRow, context: ReadingContext): Turn[] {
  const value = ownValue(row.value, 'history');
  if (value === undefined || value === null || value === '') return [];
  if (Array.isArray(value)) return value.flatMap((pair: unknown, index) => readPair(pair, ['history', String(index)], context));
  reportWrongType(context, ['history'], `"history" is ${describeValue(value)}. ${historyAdvice}`);
  return [];
}

function readPair(pair: unknown, path: readonly string[], context: ReadingContext): Turn[] {
  const words: readonly unknown[] = Array.isArray(pair) ? pair : [];
  const [asked, answered] = words;
  if (words.length !== 2 || typeof asked !== 'string' || typeof answered !== 'string') {
    reportWrongType(context, path, historyAdvice);
    return [];
  }
  for (const [index, text] of [asked, answered].entries())
    if (isBlank(text)) reportEmpty(context, [...path, String(index)], 'This turn is empty.');
  return [textTurn('user', asked, [...path, '0']), textTurn('assistant', answered, [...path, '1'])];
}

function historyTexts(value: SourceRow['value']): RowText[] {
  const pairs: readonly unknown[] = Array.isArray(value['history']) ? value['history'] : [];
  return pairs.flatMap((pair, turn) => {
    const words: readonly unknown[] = Array.isArray(pair) ? pair : [];
    return words.flatMap((text, index) => collectTexts(text, ['history', String(turn), String(index)]));
  });
}
