import assert from 'node:assert/strict';
import { readChatRows } from '../../dataset/chat-rows';
import { parseRows, type RowFormat } from '../../dataset/parse-rows';
import { dataSchema, type ProblemCode } from '../../protocol';
import { rangeOf, readMarks } from './marked-text';

const data = dataSchema.parse({ train: 'train.jsonl' });
const user = '{"role": "user", "content": "Hi"}';
const assistant = '{"role": "assistant", "content": "Hello"}';
const chat = (...messages: string[]) => `{"messages": [${messages.join(', ')}]}`;

function read(source: string, format: RowFormat = 'jsonl', names = data) {
  const { text, ranges } = readMarks(source);
  return { ...readChatRows(parseRows(text, format), names), ranges };
}

describe('readChatRows', () => {
  /** What is wrong, its code, the row with the range marked, words of the message. */
  const bad: [string, ProblemCode, string, RegExp][] = [
    [
      'a file of another shape',
      'missing-column',
      '«{"a": "b"}»\n{"a": "c"}',
      /rows have neither .* set by "data.messagesColumn"/,
    ],
    [
      'a file of labelled texts',
      'missing-column',
      '«{"text": "a", "label": "b"}»',
      /set "task" to { "type": "text-classification" }/,
    ],
    ['a prompt alone', 'missing-field', '«{"prompt": "a"}»', /no "completion"/],
    ['an empty completion', 'empty-field', '{"prompt": "a", "completion": «" "»}', /"completion" is empty/],
    ['a completion that is a list', 'wrong-type', '{"prompt": "a", "completion": «["b"]»}', /must be a string/],
    ['messages that are a text', 'wrong-type', '{"messages": «"Hi"»}', /must be a list/],
    ['no message at all', 'wrong-type', '{"messages": «[]»}', /must be a list/],
    ['a message that is a text', 'wrong-type', chat('«"Hi"»', assistant), /an object with a "role"/],
    ['content that is a list', 'wrong-type', chat('{"role": "user", "content": «[]»}', assistant), /must be a string/],
    ['a message without content', 'wrong-type', chat('«{"role": "user"}»', assistant), /"content" of a message/],
    ['an empty message', 'empty-field', chat(user, '{"role": "assistant", "content": «""»}'), /empty/],
    ['a misspelt role', 'unknown-role', chat(user, '{"role": «"asistant"», "content": "a"}'), /Did you mean "assistant"/],
    ['a role of ShareGPT', 'unknown-role', chat('{"role": «"human"», "content": "a"}', assistant), /roles are system, user/],
    ['a message without a role', 'unknown-role', chat('«{"content": "a"}»', assistant), /has no "role"/],
    ['nothing of the assistant', 'no-assistant', `{"messages": «[${user}]»}`, /Nothing can be learnt/],
    ['a late system message', 'role-order', chat(user, '{"role": «"system"», "content": "a"}', assistant), /stands first/],
    ['an assistant that begins', 'role-order', chat('{"role": «"assistant"», "content": "a"}', user), /begins with the user/],
    ['two turns of the user', 'role-order', chat(user, '{"role": «"user"», "content": "a"}', assistant), /Two turns of the user/],
    ['no rows', 'no-rows', '«»\n', /no rows/],
  ];
  for (const [title, code, source, words] of bad) {
    it(`reports ${title} as ${code}`, () => {
      const { problems, ranges, rows } = read(source);
      assert.deepEqual([problems.map((problem) => [problem.code, problem.severity]), rows], [[[code, 'error']], []]);
      assert.deepEqual(problems.map(rangeOf), ranges);
      assert.match(problems[0]?.message ?? '', words);
    });
  }

  it('reports rows of another shape among conversations, one by one', () => {
    const { problems, ranges, rows } = read(`«{"text": "a"}»\n${chat(user, assistant)}\n«{"mesages": []}»`);
    assert.deepEqual(
      problems.map(({ code }) => code),
      ['missing-field', 'missing-field'],
    );
    assert.deepEqual(problems.map(rangeOf), ranges);
    assert.match(problems[0]?.message ?? '', /row has neither "messages" nor "prompt" and "completion"/);
    assert.match(problems[1]?.message ?? '', /Did you mean "mesages" by "messages"/);
    assert.equal(rows.length, 1);
  });

  it('takes conversations with a system message, several turns, tools, and an end that is the user’s', () => {
    const system = '{"role": "system", "content": "Be brief"}';
    const tool = '{"role": "tool", "content": "42"}';
    const source = [
      chat(system, user, assistant, user, assistant),
      chat(user, assistant, tool, assistant),
      chat(user, assistant, user),
    ];
    const { rows, problems } = read(source.join('\n'));
    assert.deepEqual(problems, []);
    assert.deepEqual(
      rows.map(({ line, messages }) => [line, messages.map(({ role }) => role[0]).join('')]),
      [
        [1, 'suaua'],
        [2, 'uata'],
        [3, 'uau'],
      ],
    );
    assert.deepEqual(rows[0]?.messages[0], { role: 'system', content: 'Be brief' });
  });

  it('makes a conversation of a prompt and its completion, in any format and under any names', () => {
    const expected = [
      { role: 'user', content: 'a' },
      { role: 'assistant', content: 'b' },
    ];
    assert.deepEqual(read('{"prompt": "a", "completion": "b"}').rows, [{ line: 1, messages: expected }]);
    assert.deepEqual(read('prompt,completion\na,b\n', 'csv').rows, [{ line: 2, messages: expected }]);
    const names = { ...data, promptColumn: 'question', completionColumn: 'answer' };
    assert.deepEqual(read('question\tanswer\na\tb\n', 'tsv', names).rows, [{ line: 2, messages: expected }]);
  });

  it('marks the whole row where a cell knows no insides, and reports every message that is wrong', () => {
    const { problems } = read(chat('{"role": "human", "content": ""}', '{"role": "bot", "content": 3}'));
    assert.deepEqual(
      problems.map(({ code }) => code),
      ['unknown-role', 'empty-field', 'unknown-role', 'wrong-type'],
    );
    assert.deepEqual(read('messages\n«hello»\n', 'csv').problems.map(rangeOf), read('messages\n«hello»\n', 'csv').ranges);
  });
});
