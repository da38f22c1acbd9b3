/** What content rules look at in conversations. */
import { isRecord } from '../is-record';
import type { ChatMessage } from './rows';
import type { RowText, RowView } from './shape';

type Path = readonly string[];

/** The last answer is what is learnt, all before it what is asked. `pathOf` gives the value to show of a message. */
export function viewConversation(
  messages: readonly ChatMessage[],
  pathOf: (index: number) => Path,
  texts: readonly RowText[],
): RowView {
  const last = messages.findLastIndex(({ role }) => role === 'assistant');
  const input = viewPrompt(messages.slice(0, last), pathOf);
  return { kind: 'chat', input, target: viewAnswer(messages, last, pathOf), labels: [], texts };
}

/** Without the system's words, which many rows share; the last message of the user is shown. */
export function viewPrompt(messages: readonly ChatMessage[], pathOf: (index: number) => Path): RowText {
  const shown = messages.findLastIndex(({ role }) => role === 'user');
  const asked = messages.filter(({ role }) => role !== 'system');
  return { path: pathOf(Math.max(0, shown)), text: asked.map(wordsOf).join('\n') };
}

export function viewAnswer(messages: readonly ChatMessage[], index: number, pathOf: (index: number) => Path): RowText {
  const message = messages[index];
  return { path: pathOf(index), text: message ? wordsOf(message) : '' };
}

/** With its calls. */
export function wordsOf({ content, toolCalls }: ChatMessage): string {
  return toolCalls ? [content, JSON.stringify(toolCalls)].filter(Boolean).join('\n') : content;
}

/** The strings that hold words: a string itself, or the contents and the parts of contents of messages. */
export function collectTexts(value: unknown, path: Path): RowText[] {
  if (typeof value === 'string') return value === '' ? [] : [{ path, text: value }];
  if (!Array.isArray(value)) return [];
  return value.flatMap((element: unknown, index) => {
    const at = [...path, String(index)];
    if (!isRecord(element)) return [];
    return element['type'] === 'text' && !('role' in element)
      ? collectTexts(element['text'], [...at, 'text'])
      : collectTexts(element['content'], [...at, 'content']);
  });
}
