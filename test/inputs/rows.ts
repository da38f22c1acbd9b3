/** Rows of every kind, for tests that go through all of them. */
import type { DataRow } from '../../dataset/shapes/rows';

const turns = (question: string, answer: string) => [
  { role: 'user', content: question },
  { role: 'assistant', content: answer },
];

export const chat = { kind: 'chat', line: 1, messages: turns('What is 2 + 2?', 'It is 4.') } as const satisfies DataRow;

export const rowsOfAllKinds: readonly DataRow[] = [
  { kind: 'classification', line: 1, text: 'my card has not arrived', label: 'late' },
  { kind: 'classification', line: 2, text: 'my card', textPair: 'has not arrived 😀', label: 'late' },
  { kind: 'classification', line: 3, text: '', label: 'late' },
  { kind: 'classification', line: 3, text: 'my card', textPair: '', label: 'late' },
  { kind: 'multi-label', line: 4, text: 'lost and late', labels: ['lost', 'late'] },
  { kind: 'token-tags', line: 5, tokens: ['Angela', 'Merkel', 'in', 'Hannover-Linden'], tags: ['B-PER', 'I-PER', 'O', 'B-LOC'] },
  chat,
  { kind: 'chat', line: 7, messages: [...chat.messages, ...turns('Really?', 'Yes.')] },
  {
    kind: 'preference',
    line: 8,
    prompt: turns('Hi', 'Yes').slice(0, 1),
    chosen: turns('', 'Hello!').slice(1),
    rejected: turns('', 'What do you want now?').slice(1),
  },
  {
    kind: 'unpaired-preference',
    line: 9,
    prompt: turns('Hi', '').slice(0, 1),
    completion: turns('', 'Go away.').slice(1),
    isLiked: false,
  },
  { kind: 'embedding', line: 10, anchor: 'a cat', positive: 'a kitten, which is a small cat', negative: 'a car' },
  { kind: 'text', line: 11, text: 'Once upon a time there was a tokenizer.\n\nIt counted.' },
];

export const imageRow: DataRow = { kind: 'image', line: 12, image: '/nowhere.png', label: 'cat' };
