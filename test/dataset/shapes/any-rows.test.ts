/** Rows of any values at all: nothing throws, every range lies in its row, and safe fixes come to an end. */
import assert from 'node:assert/strict';
import { createRandom, type Random } from '../../../dataset/seeded-random';
import { shapeNamed } from '../../../dataset/shapes/registry';
import { recogniseTagScheme } from '../../../dataset/shapes/tag-scheme';
import { shapeNames, type Problem } from '../../../protocol';
import { data, mend, readMarked, type ReadRows } from './read-marked';

const words = [
  '',
  ' ',
  'a',
  'user',
  'User',
  'human',
  'gpt',
  'assistant',
  'tool',
  'text',
  'f',
  '{"name": "f"}',
  'O',
  'I-X',
  'B-X',
  'true',
];
const keys = [
  ...['text', 'Text', 'label', 'labels', 'tokens', 'tags', 'messages', 'prompt', 'completion', 'instruction', 'input', 'output'],
  ...[
    'conversations',
    'chosen',
    'rejected',
    'anchor',
    'positive',
    'file_name',
    'caption',
    'tools',
    'system',
    'history',
    '__proto__',
  ],
];
const innerKeys = [
  'role',
  'Role',
  'content',
  'from',
  'value',
  'tool_calls',
  'function_call',
  'name',
  'arguments',
  'type',
  'text',
  'weight',
];

function anyValue(random: Random, depth: number): unknown {
  const kind = random.integer(depth > 0 ? 9 : 6);
  if (kind < 4) return words[random.integer(words.length)];
  if (kind === 4) return [null, true, false, 0, 1, 12, 1e300][random.integer(7)];
  if (kind < 8) return Array.from({ length: random.integer(4) }, () => anyValue(random, depth - 1));
  return anyObject(random, innerKeys, depth - 1);
}

function anyObject(random: Random, names: readonly string[], depth: number): Record<string, unknown> {
  const chosen = random.shuffle(names).slice(0, 1 + random.integer(6));
  return Object.fromEntries(chosen.map((name) => [name, anyValue(random, depth)]));
}

/** Messages that are nearly right, so that what lies behind the first checks is reached. */
function anyMessages(random: Random): unknown {
  const roles = ['system', 'user', 'assistant', 'tool', 'human', 'gpt', 'function_call', 'observation'];
  return Array.from({ length: 1 + random.integer(4) }, () => {
    const role = roles[random.integer(roles.length)];
    const odd = random.integer(3) === 0 ? anyObject(random, innerKeys, 2) : {};
    return { role, content: 'a', from: role, value: 'a', ...odd };
  });
}

const chat = [
  { role: 'user', content: 'a', from: 'human', value: 'a' },
  { role: 'assistant', content: 'b', from: 'gpt', value: 'b' },
];

/** All that any shape needs. */
const wholeRow = {
  ...{ text: 'a', label: 'true', labels: ['x'], tokens: ['a', 'b'], tags: ['O', 'B-X'], messages: chat, conversations: chat },
  ...{ prompt: 'a', completion: 'b', instruction: 'a', input: 'c', output: 'b', chosen: 'b', rejected: chat.slice(1) },
  ...{ anchor: 'a', positive: 'b', file_name: 'a.png', caption: 'a' },
};

/** Right but for some of its fields, which are gone or anything. */
function anyRow(random: Random): Record<string, unknown> {
  const row: Record<string, unknown> = Object.fromEntries(Object.entries(wholeRow).filter(() => random.integer(8) > 0));
  if (random.integer(2) === 0) Object.assign(row, anyObject(random, keys, 3));
  for (const name of ['messages', 'conversations', 'prompt', 'chosen', 'rejected', 'completion'])
    if (random.integer(3) === 0) row[name] = anyMessages(random);
  return row;
}

function isInside({ line, column, endLine, endColumn }: Problem, text: string): boolean {
  return line === 1 && endLine === 1 && column >= 1 && column <= endColumn && endColumn <= text.length + 1;
}

function onlySafe(read: ReadRows): ReadRows {
  return { ...read, problems: read.problems.filter(({ fixes }) => fixes?.[0]?.isSafe) };
}

describe('rows of any values', function () {
  this.timeout(20_000);
  for (const name of shapeNames) {
    it(`are read as ${name} or refused at ranges within them, and safe fixes come to an end`, () => {
      const random = createRandom(3);
      const tagScheme = recogniseTagScheme([['B-X', 'I-X']]);
      let right = 0;
      for (let round = 0; round < 400; round++) {
        const value = anyRow(random);
        let text = JSON.stringify(value);
        for (let pass = 0; pass < 4; pass++) {
          const read = readMarked(text, name, { tagScheme });
          for (const problem of read.problems) assert.ok(isInside(problem, text), `${JSON.stringify(problem)} in ${text}`);
          for (const row of read.rows) shapeNamed(name).view(row, data, JSON.parse(text) as Record<string, unknown>);
          right += read.rows.length;
          const mended = mend(onlySafe(read));
          if (mended === text) break;
          assert.ok(pass < 3, `still mending ${text}`);
          text = mended;
        }
      }
      assert.ok(right > 20, `${right} rows were right`);
    });
  }
});
