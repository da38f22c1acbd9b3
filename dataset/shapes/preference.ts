/**
 * Two answers to one prompt, the better and the worse. The prompt is a string or a list of messages, an instruction with its
 * input, or what the two conversations begin with. An answer that is a list may repeat the prompt, as many data sets do.
 */
import type { SourceRow } from '../formats/format';
import { readInstruction } from './alpaca';
import { collectTexts, viewPrompt, wordsOf } from './chat-view';
import type { Turn } from './conversation';
import { isRecord } from '../is-record';
import { ownValue, readWhole, report } from './fields';
import { checkExchange, readSide } from './prompt-completion';
import type { ChatMessage, PreferenceRow } from './rows';
import type { Columns, ReadingContext, RowText, Shape } from './shape';

export const preference: Shape<PreferenceRow> = {
  name: 'preference',
  description: 'a prompt with a better and a worse answer',
  fields: (columns, samples) => ({
    needed: [...promptOf(columns, samples), 'chosenColumn', 'rejectedColumn'],
    optional: ['promptColumn', 'instructionColumn', 'inputColumn'],
    others: [],
  }),
  read: (row, context) =>
    readWhole(context, (counting) => {
      const { chosenColumn, rejectedColumn } = counting.columns;
      const chosen = readSide(row, { name: chosenColumn, role: 'assistant' }, counting);
      const rejected = readSide(row, { name: rejectedColumn, role: 'assistant' }, counting);
      const exchange = splitExchange(row, { chosen, rejected }, counting);
      if (chosen.length > 0 && rejected.length > 0) checkAnswers(exchange, counting);
      const [prompt, better, worse] = [exchange.prompt, exchange.chosen, exchange.rejected].map(toMessages);
      return { kind: 'preference', line: row.line, prompt: prompt ?? [], chosen: better ?? [], rejected: worse ?? [] };
    }),
  view(row, columns, value) {
    const { promptColumn, instructionColumn, inputColumn, chosenColumn, rejectedColumn } = columns;
    const chosen = viewSide(row.chosen, chosenColumn, value);
    const rejected = viewSide(row.rejected, rejectedColumn, value);
    const shared = Array.isArray(value[chosenColumn]) ? value[chosenColumn].length - row.chosen.length : 0;
    const prompts = shared > 0 ? [] : [promptColumn, instructionColumn, inputColumn];
    const texts = [...prompts, chosenColumn, rejectedColumn].flatMap((name) => collectTexts(value[name], [name]));
    const input = viewPrompt(row.prompt, (index) => pathOfPrompt(index, { shared, columns, value }));
    return { kind: 'preference', input, target: chosen, labels: [], texts, preference: { chosen, rejected } };
  },
};

/** Rows whose answers are strings need a prompt of their own. */
function promptOf({ promptColumn, instructionColumn, chosenColumn }: Columns, samples: readonly SourceRow['value'][]) {
  const rows = samples.filter((value) => typeof value[chosenColumn] === 'string');
  if (rows.length === 0) return [];
  const isInstructed = rows.some((value) => !Object.hasOwn(value, promptColumn) && Object.hasOwn(value, instructionColumn));
  return [isInstructed ? 'instructionColumn' : 'promptColumn'] as const;
}

interface Exchange {
  readonly prompt: Turn[];
  readonly chosen: Turn[];
  readonly rejected: Turn[];
}

type Answers = Omit<Exchange, 'prompt'>;

function splitExchange(row: SourceRow, answers: Answers, context: ReadingContext): Exchange {
  const { promptColumn, instructionColumn } = context.columns;
  if (holdPrompt(answers)) return splitAnswers(answers, context);
  const isInstructed = !Object.hasOwn(row.value, promptColumn) && Object.hasOwn(row.value, instructionColumn);
  if (isInstructed) return { ...answers, prompt: readInstruction(row, context) };
  const prompt = readSide(row, { name: promptColumn, role: 'user' }, context);
  return { ...answers, prompt };
}

/** Both begin with what is not the assistant's. */
function holdPrompt({ chosen, rejected }: Answers): boolean {
  return [chosen, rejected].every(([first]) => first?.role === 'user' || first?.role === 'system');
}

/** The prompt is what both begin with, as long as something is left to answer. */
function splitAnswers({ chosen, rejected }: Answers, context: ReadingContext): Exchange {
  const limit = Math.min(chosen.length, rejected.length) - 1;
  let shared = 0;
  while (shared < limit && isSame(chosen[shared], rejected[shared])) shared++;
  if (shared === 0) {
    const { chosenColumn, rejectedColumn } = context.columns;
    const message = `"${chosenColumn}" and "${rejectedColumn}" begin differently: they must answer the same prompt.`;
    report(context, 'wrong-type', [rejectedColumn], message);
  }
  return { prompt: chosen.slice(0, shared), chosen: chosen.slice(shared), rejected: rejected.slice(shared) };
}

function isSame(turn: Turn | undefined, other: Turn | undefined): boolean {
  return turn?.role === other?.role && turn?.message.content === other?.message.content;
}

function checkAnswers({ prompt, chosen, rejected }: Exchange, context: ReadingContext): void {
  if (prompt.length === 0) return; // said already
  const { chosenColumn, rejectedColumn } = context.columns;
  checkExchange([prompt, chosen], chosenColumn, context);
  const ofPrompt = new Set(prompt.map(({ rolePath }) => rolePath.join('\n')));
  const isNew = (path: readonly string[]) => !ofPrompt.has(path.join('\n'));
  const unsaid = {
    ...context,
    report: (finding: Parameters<ReadingContext['report']>[0]) => isNew(finding.path) && context.report(finding),
  };
  checkExchange([prompt, rejected], rejectedColumn, unsaid);
}

function toMessages(turns: readonly Turn[]): ChatMessage[] {
  return turns.map(({ message }) => message);
}

/** An answer of several turns is one text, shown at its last. */
function viewSide(messages: readonly ChatMessage[], name: string, value: SourceRow['value']): RowText {
  const found = value[name];
  const text = messages.map(wordsOf).join('\n');
  return { path: Array.isArray(found) ? [name, String(found.length - 1), 'content'] : [name], text };
}

interface PromptPlace {
  /** Messages of the prompt that stand in the answers. */
  readonly shared: number;
  readonly columns: Columns;
  readonly value: SourceRow['value'];
}

function pathOfPrompt(index: number, { shared, columns, value }: PromptPlace): string[] {
  const { promptColumn, instructionColumn, chosenColumn } = columns;
  if (shared > 0) return [chosenColumn, String(index), 'content'];
  const prompt = ownValue(value, promptColumn);
  if (prompt === undefined) return [instructionColumn];
  return Array.isArray(prompt) && isRecord(prompt[index]) ? [promptColumn, String(index), 'content'] : [promptColumn];
}
