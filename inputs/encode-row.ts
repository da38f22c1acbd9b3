/**
 * The one way in which a row becomes token ids. The tasks of the trainer encode with it, and linting counts with it, so that
 * what linting says of a row is what training does with it. Labels and loss are the tasks' own.
 */
import type { ChatMessage as RowMessage, ChatRow, ClassificationRow, DataRow } from '../dataset/shapes/rows';
import { parseJson } from '../dataset/shapes/tool-calls';
import { RunFailure } from '../protocol';
import type { ChatMessage, ChatTemplate, RenderOptions } from './chat-template';
import { renderForTraining, type TrainingText } from './chat-training';
import type { Tokenizer } from './tokenizer';

/** What reads the texts of a classifier. */
export interface TextReader {
  readonly tokenizer: Tokenizer;
  /** Whether the model is told which of two texts a token belongs to (takesTokenTypes in model-config.ts). */
  readonly takesTypes: boolean;
}

/** What reads conversations. */
export interface ConversationReader {
  readonly tokenizer: Tokenizer;
  readonly template: ChatTemplate;
}

export interface EncodedTexts {
  readonly ids: Int32Array;
  /** Of pairs, for models that are told: 0 for the first text and 1 for the second. */
  readonly typeIds?: Int32Array;
}

/** A text or a pair of them, cut to `maxLength`, the longer of a pair first. */
export function encodeTexts(
  { text, textPair }: Pick<ClassificationRow, 'text' | 'textPair'>,
  { tokenizer, takesTypes }: TextReader,
  maxLength: number,
): EncodedTexts {
  if (textPair === undefined) return { ids: tokenizer.encode(text, maxLength) };
  const { ids, typeIds } = tokenizer.encodePair(text, textPair, maxLength);
  return takesTypes ? { ids, typeIds } : { ids };
}

export type Conversation = Pick<ChatRow, 'messages' | 'tools'>;

/** Uncut. @throws RunFailure as renderForTraining does */
export function encodeConversation({ messages, tools }: Conversation, { template, tokenizer }: ConversationReader): TrainingText {
  const rendered = renderForTraining(template, tokenizer, asTemplatesTakeThem(messages), toolOptions(tools));
  const isLearnt = messages.filter(({ role }) => role === 'assistant').map(({ weight }) => weight !== 0);
  return isLearnt.includes(false) ? withoutWeightless(rendered, isLearnt) : rendered;
}

/** Turns of the assistant that are read and not learnt from. */
function withoutWeightless(rendered: TrainingText, isLearnt: readonly boolean[]): TrainingText {
  if (rendered.turns.length !== isLearnt.length) throw new RunFailure(uncountableTurns);
  const turns = rendered.turns.filter((_, turn) => isLearnt[turn]);
  const isAssistant = new Uint8Array(rendered.ids.length);
  for (const { firstToken, endToken } of turns) isAssistant.fill(1, firstToken, endToken);
  return { ...rendered, turns, isAssistant };
}

const uncountableTurns = {
  code: 'bad-data',
  message:
    'A message has the weight 0, and the chat template of this model does not write one stretch of text for each turn of the assistant.',
  hint: 'Leave "weight" out, or split the conversation so that its last turn is the one to learn from.',
} as const;

/**
 * Tokens of the row with those that the model adds, uncut; the longest of several texts that are read one by one, as the
 * answers of a preference are. -1 for images, which have none.
 * @throws RunFailure 'bad-data' when the template refuses a conversation
 */
export function countTokens(row: DataRow, reader: ConversationReader): number {
  const { tokenizer } = reader;
  const countText = (text: string) => tokenizer.count(text, { addSpecialTokens: true });
  switch (row.kind) {
    case 'classification':
      return row.textPair === undefined ? countText(row.text) : tokenizer.countPair(row.text, row.textPair);
    case 'multi-label':
    case 'text':
      return countText(row.text);
    case 'token-tags':
      return tokenizer.encodeWords(row.tokens, Infinity).ids.length;
    case 'embedding':
      return Math.max(...textsOf(row.anchor, row.positive, row.negative).map(countText));
    case 'chat':
    case 'preference':
    case 'unpaired-preference':
      return Math.max(...conversationsOf(row).map((conversation) => countConversation(conversation, reader)));
    case 'image':
      return -1;
    default:
      return row satisfies never;
  }
}

function countConversation({ messages, tools }: Conversation, { template, tokenizer }: ConversationReader): number {
  const text = template.renderChat(asTemplatesTakeThem(messages), toolOptions(tools));
  return tokenizer.count(text, { addSpecialTokens: false }); // the template writes them
}

/** One, or two where an answer is compared with another. */
export function conversationsOf(row: Extract<DataRow, { kind: 'chat' | 'preference' | 'unpaired-preference' }>): Conversation[] {
  switch (row.kind) {
    case 'chat':
      return [row];
    case 'preference':
      return [row.chosen, row.rejected].map((answer) => ({ messages: [...row.prompt, ...answer] }));
    case 'unpaired-preference':
      return [{ messages: [...row.prompt, ...row.completion] }];
    default:
      return row satisfies never;
  }
}

export function textsOf(...texts: readonly (string | undefined)[]): string[] {
  return texts.filter((text) => text !== undefined);
}

/** Calls as transformers documents them: `tool_calls`, with arguments as objects. */
export function asTemplatesTakeThem(messages: readonly RowMessage[]): ChatMessage[] {
  return messages.map(({ role, content, toolCalls = [] }) => {
    if (toolCalls.length === 0) return { role, content };
    const calls = toolCalls.map(({ name, arguments: given }) => {
      const parsed = typeof given === 'string' ? (parseJson(given) ?? given) : given;
      return { type: 'function', function: { name, arguments: parsed } };
    });
    return { role, content, tool_calls: calls };
  });
}

function toolOptions(tools: readonly unknown[] | undefined): RenderOptions {
  return tools === undefined ? {} : { tools };
}
