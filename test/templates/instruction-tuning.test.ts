/** The chats of the instruction-tuning template: well formed, apart from each other, and counted truly in its README. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { packageRoot } from '../../inputs/assets';

const dir = join(packageRoot(), 'templates', 'instruction-tuning');
const splits = ['train', 'validation', 'test', 'ood'] as const;
type Split = (typeof splits)[number];

const messageSchema = z.strictObject({ role: z.enum(['system', 'user', 'assistant']), content: z.string().trim().min(1) });
const rowSchema = z.strictObject({ messages: z.array(messageSchema).min(2) });
type Row = z.infer<typeof rowSchema>;

function readRows(split: Split): Row[] {
  const lines = readFileSync(join(dir, 'data', `${split}.jsonl`), 'utf8').trimEnd().split('\n');
  return lines.map((line) => rowSchema.parse(JSON.parse(line)));
}

const rows = new Map(splits.map((split) => [split, readRows(split)]));
const rowsOf = (split: Split) => rows.get(split) ?? [];
const contentsOf = (row: Row, role: 'user' | 'assistant') =>
  row.messages.filter((message) => message.role === role).map(({ content }) => content);

/** Every question of a split as people would compare them. */
const questionsOf = (split: Split) =>
  new Set(rowsOf(split).flatMap((row) => contentsOf(row, 'user').map((text) => text.trim().toLowerCase())));

describe('templates/instruction-tuning', () => {
  it('has rows of a system message or none, then user and assistant in turns, the assistant last', () => {
    for (const { messages } of splits.flatMap(rowsOf)) {
      const roles = messages.map(({ role }) => role).join(' ');
      assert.match(roles, /^(system )?user assistant( user assistant)*$/);
    }
  });

  it('asks no question twice, within a split or across two', () => {
    const thanks = /thank|cheers|awesome/; // a farewell is no question
    const asked = splits.flatMap((split) => rowsOf(split).flatMap((row) => contentsOf(row, 'user')));
    const keys = asked.map((text) => text.trim().toLowerCase()).filter((text) => !thanks.test(text));
    assert.deepEqual(
      keys.filter((key, index) => keys.indexOf(key) !== index),
      [],
    );
    assert.ok(questionsOf('train').size > 400);
  });

  it('gives every answer of the other splits in train too, in the same words', () => {
    const learnt = new Set(rowsOf('train').flatMap((row) => contentsOf(row, 'assistant')));
    const unheard = splits.flatMap(rowsOf).flatMap((row) => contentsOf(row, 'assistant').filter((text) => !learnt.has(text)));
    assert.deepEqual(unheard, []);
  });

  it('says in its README how many rows each file has', () => {
    const readme = readFileSync(join(dir, 'README.md'), 'utf8');
    for (const split of splits) assert.ok(readme.includes(`\`data/${split}.jsonl\` | ${rowsOf(split).length} `), split);
  });
});
