import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { noPreference } from '../../../dataset/rules/preference';
import { preference } from '../../../dataset/shapes/preference';
import { itAccepts, itReports, data, readMarked, type BadCase } from './read-marked';

const user = '{"role": "user", "content": "a"}';
const good = '{"role": "assistant", "content": "b"}';
const bad = '{"role": "assistant", "content": "c"}';
const rasbt = resolve(process.cwd(), '../shared/data/rasbt-instructions/instruction-data-with-preference.json');

describe('rows of preference', () => {
  const right = '{"prompt": "a", "chosen": "b", "rejected": "c"}';
  const cases: BadCase[] = [
    ['a row without a rejected answer', 'missing-field', `${right}\n«{"prompt": "a", "chosen": "b"}»`, /no "rejected"/],
    ['strings without a prompt', 'missing-field', `${right}\n«{"chosen": "b", "rejected": "c"}»`, /no "prompt"/],
    ['an empty prompt', 'empty-field', '{"prompt": «""», "chosen": "b", "rejected": "c"}', /"prompt" is empty/],
    ['every field that is wrong', 'wrong-type', '{"prompt": «1», "chosen": «2», "rejected": «3»}', /the number/],
    [
      'answers to different prompts',
      'wrong-type',
      `{"chosen": [${user}, ${good}], "rejected": «[{"role": "user", "content": "x"}, ${bad}]»}`,
      /begin differently/,
    ],
    [
      'an answer of the user',
      'no-assistant',
      `{"prompt": "a", "chosen": «[${user}]», "rejected": [${bad}]}`,
      /No message of "chosen"/,
    ],
    [
      'a fault of the prompt once',
      'role-order',
      `{"prompt": [${good.replace('"assistant"', '«"assistant"»')}, ${user}], "chosen": "b", "rejected": "c"}`,
      /begins with the user/,
    ],
    [
      'two turns of the assistant',
      'role-order',
      `{"prompt": "a", "chosen": [${good}, {"role": «"assistant"», "content": "d"}], "rejected": "c"}`,
      /Two turns/,
    ],
    [
      'an instruction with an empty answer',
      'empty-field',
      '{"instruction": "a", "input": "", "chosen": «""», "rejected": "c"}',
      /"chosen"/,
    ],
  ];
  // faults are named in the order in which the fields are read, ranges in that of the text
  itReports(
    'preference',
    cases.filter(([title]) => title !== 'every field that is wrong'),
  );
  it('reports every field that is wrong', () => {
    const { problems } = readMarked('{"prompt": 1, "chosen": 2, "rejected": 3}', 'preference');
    assert.deepEqual(
      problems.map(({ column }) => column).sort((a, b) => a - b),
      [12, 25, 40],
    );
  });

  itAccepts('preference', [
    ['strings', right],
    ['lists', `{"prompt": [${user}], "chosen": [${good}], "rejected": [${bad}]}`],
    ['answers that are lists to a prompt that is a string', `{"prompt": "a", "chosen": [${good}], "rejected": [${bad}]}`],
    ['conversations that share their beginning', `{"chosen": [${user}, ${good}], "rejected": [${user}, ${bad}]}`],
    ['an instruction without an input', '{"instruction": "a", "chosen": "b", "rejected": "c", "output": "d"}'],
  ]);

  /** A row, and its prompt, chosen and rejected words. */
  const readings: [string, string, string[][]][] = [
    ['strings', right, [['a'], ['b'], ['c']]],
    ['conversations with their prompt', `{"chosen": [${user}, ${good}], "rejected": [${user}, ${bad}]}`, [['a'], ['b'], ['c']]],
    [
      'a prompt that the answers repeat',
      `{"prompt": "a", "chosen": [${user}, ${good}], "rejected": [${user}, ${bad}]}`,
      [['a'], ['b'], ['c']],
    ],
    ['conversations that are equal', `{"chosen": [${user}, ${good}], "rejected": [${user}, ${good}]}`, [['a'], ['b'], ['b']]],
    [
      'conversations of several turns',
      `{"chosen": [${user}, ${good}, ${user}, ${good}], "rejected": [${user}, ${good}, ${user}, ${bad}]}`,
      [['a', 'b', 'a'], ['b'], ['c']],
    ],
    [
      'an instruction and its input',
      '{"instruction": "a", "input": "x", "chosen": "b", "rejected": "c"}',
      [['a\nx'], ['b'], ['c']],
    ],
  ];
  for (const [title, source, expected] of readings) {
    it(`reads ${title}`, () => {
      const [row] = readMarked(source, 'preference').rows;
      assert.ok(row?.kind === 'preference');
      assert.deepEqual(
        [row.prompt, row.chosen, row.rejected].map((messages) => messages.map(({ content }) => content)),
        expected,
      );
    });
  }
});

function findIn(source: string) {
  const [row] = readMarked(source, 'preference').rows;
  assert.ok(row?.kind === 'preference');
  const value: unknown = JSON.parse(source);
  return noPreference(row, preference.view(row, data, value as Record<string, unknown>), { inputs: undefined });
}

describe('no-preference', () => {
  const equal: [string, string, string[]][] = [
    ['the same words', '{"prompt": "a", "chosen": "b", "rejected": "b"}', ['rejected']],
    ['words that differ in outer blanks', '{"prompt": "a", "chosen": "b", "rejected": " b\\n"}', ['rejected']],
    ['the same messages', `{"prompt": "a", "chosen": [${good}], "rejected": [${good}]}`, ['rejected', '0', 'content']],
    ['the same conversations', `{"chosen": [${user}, ${good}], "rejected": [${user}, ${good}]}`, ['rejected', '1', 'content']],
  ];
  for (const [title, source, path] of equal) {
    it(`finds ${title}`, () => {
      const [finding] = findIn(source);
      assert.deepEqual([finding?.code, finding?.path, finding?.fix?.kind], ['no-preference', path, 'remove-row']);
    });
  }
  const different = [
    '{"prompt": "a", "chosen": "b", "rejected": "B"}',
    '{"prompt": "a", "chosen": "b", "rejected": "b."}',
    '{"prompt": "b", "chosen": "b", "rejected": "c"}',
    `{"prompt": "a", "chosen": [${good}], "rejected": [${good}, ${user}, ${good}]}`,
  ];
  for (const source of different) it(`accepts ${source}`, () => assert.deepEqual(findIn(source), []));

  const isThere = existsSync(rasbt);
  it(`finds the 6 rows of rasbt-instructions whose answers are equal${isThere ? '' : ` (skipped: no ${rasbt})`}`, function () {
    if (!isThere) this.skip();
    const rows: unknown = JSON.parse(readFileSync(rasbt, 'utf8'));
    assert.ok(Array.isArray(rows) && rows.length === 1100);
    const source = rows.map((row) => JSON.stringify(row)).join('\n');
    const read = readMarked(source, 'preference');
    assert.deepEqual(read.problems, []);
    const found = read.rows.flatMap((row) =>
      row.kind === 'preference'
        ? noPreference(row, preference.view(row, data, rows[row.line - 1] as Record<string, unknown>), { inputs: undefined })
        : [],
    );
    assert.equal(found.length, 6);
  });
});
