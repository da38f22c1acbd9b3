/** Conversations that are not written as messages: prompts and completions, alpaca, ShareGPT. */
import assert from 'node:assert/strict';
import type { ShapeName } from '../../../protocol';
import { itAccepts, itReports, mend, readMarked, type Reading } from './read-marked';

/** Each message as "role: words". */
function talk(source: string, name: ShapeName, reading: Reading = {}): string[] {
  const [row] = readMarked(source, name, reading).rows;
  return row?.kind === 'chat' ? row.messages.map(({ role, content }) => `${role}: ${content}`) : [];
}

const user = '{"role": "user", "content": "a"}';
const assistant = '{"role": "assistant", "content": "b"}';

describe('rows of a prompt and its completion', () => {
  const right = '{"prompt": "a", "completion": "b"}';
  itReports('prompt-completion', [
    ['a prompt alone', 'missing-field', `${right}\n«{"prompt": "a"}»`, /no "completion"/],
    ['an empty completion', 'empty-field', '{"prompt": "a", "completion": «" "»}', /"completion" is empty/],
    ['a completion that is a number', 'wrong-type', '{"prompt": "a", "completion": «3»}', /must be a string/],
    ['a completion that is a list of texts', 'wrong-type', '{"prompt": "a", "completion": [«"b"»]}', /A message is an object/],
    ['an empty list', 'wrong-type', '{"prompt": «[]», "completion": "b"}', /"prompt" must be a list of messages/],
    ['both fields empty, each', 'empty-field', '{"prompt": «""», "completion": «""»}', /"prompt" is empty/],
    ['a completion of the user', 'no-assistant', `{"prompt": "a", "completion": «[${user}]»}`, /No message of "completion"/],
    [
      'a completion that goes on with the user',
      'role-order',
      `{"prompt": "a", "completion": [{"role": «"user"», "content": "x"}, ${assistant}]}`,
      /Two turns/,
    ],
  ]);
  itAccepts('prompt-completion', [
    ['strings', right],
    ['lists of messages', `{"prompt": [${user}], "completion": [${assistant}]}`],
    ['a prompt of several turns', `{"prompt": [${user}, ${assistant}, ${user}], "completion": [${assistant}]}`],
    ['other fields', '{"prompt": "a", "completion": "b", "messages": 3}'],
  ]);

  it('makes a conversation, under any names', () => {
    assert.deepEqual(talk(right, 'prompt-completion'), ['user: a', 'assistant: b']);
    assert.deepEqual(talk(`{"prompt": [${user}], "completion": "c"}`, 'prompt-completion'), ['user: a', 'assistant: c']);
    const columns = { promptColumn: 'question', completionColumn: 'answer' };
    assert.deepEqual(talk('{"question": "a", "answer": "b"}', 'prompt-completion', { columns }), ['user: a', 'assistant: b']);
  });
});

describe('rows of alpaca', () => {
  itReports('alpaca', [
    ['an empty output', 'empty-field', '{"instruction": "a", "input": "", "output": «""»}', /"output" is empty/],
    ['an empty instruction', 'empty-field', '{"instruction": «""», "input": "x", "output": "b"}', /"instruction" is empty/],
    ['an input that is a list', 'wrong-type', '{"instruction": "a", "input": «[]», "output": "b"}', /"input" is a list/],
    ['a system that is an object', 'wrong-type', '{"system": «{}», "instruction": "a", "output": "b"}', /"system" is an object/],
    ['a history of words', 'wrong-type', '{"history": «"x"», "instruction": "a", "output": "b"}', /list of turns/],
    ['half a turn in the history', 'wrong-type', '{"history": [«["x"]»], "instruction": "a", "output": "b"}', /list of turns/],
    [
      'an empty turn in the history',
      'empty-field',
      '{"history": [["x", «""»]], "instruction": "a", "output": "b"}',
      /turn is empty/,
    ],
  ]);
  itAccepts('alpaca', [
    ['an empty input', '{"instruction": "a", "input": "", "output": "b"}'],
    ['no input', '{"instruction": "a", "output": "b"}'],
    ['an input that is null', '{"instruction": "a", "input": null, "output": "b"}'],
    ['an empty history', '{"instruction": "a", "output": "b", "history": [], "system": ""}'],
  ]);

  it('puts the input on the line behind the instruction, and history and system in front', () => {
    assert.deepEqual(talk('{"instruction": "a", "input": "x", "output": "b"}', 'alpaca'), ['user: a\nx', 'assistant: b']);
    assert.deepEqual(talk('{"instruction": "a", "input": " ", "output": "b"}', 'alpaca'), ['user: a', 'assistant: b']);
    assert.deepEqual(talk('{"system": "s", "history": [["1", "2"]], "instruction": "a", "output": "b"}', 'alpaca'), [
      'system: s',
      'user: 1',
      'assistant: 2',
      'user: a',
      'assistant: b',
    ]);
  });
});

describe('rows of ShareGPT', () => {
  const human = '{"from": "human", "value": "a"}';
  const gpt = '{"from": "gpt", "value": "b"}';
  const conversation = (...turns: string[]) => `{"conversations": [${turns.join(', ')}]}`;
  const call = (value: string) => `{"from": "function_call", "value": ${value}}`;
  const observation = '{"from": "observation", "value": "42"}';

  itReports('sharegpt', [
    ['an empty list', 'wrong-type', '{"conversations": «[]»}', /list of turns/],
    ['a turn that is a text', 'wrong-type', conversation('«"a"»', gpt), /A turn is an object/],
    ['a value that is a number', 'wrong-type', conversation('{"from": "human", "value": «3»}', gpt), /must be a string/],
    ['a turn without a value', 'missing-field', conversation('«{"from": "human"}»', gpt), /no "value"/],
    ['an empty value', 'empty-field', conversation('{"from": "human", "value": «""»}', gpt), /empty/],
    [
      'a role of another kind',
      'unknown-role',
      conversation('{"from": «"narrator"», "value": "a"}', gpt),
      /roles are system, human, gpt/,
    ],
    ['a role in other words', 'unknown-role', conversation('{"from": «"Human"», "value": "a"}', gpt), /Did you mean "human"/],
    [
      'a turn that begins with gpt',
      'role-order',
      conversation('{"from": «"gpt"», "value": "a"}', human, gpt),
      /begins with the user/,
    ],
    ['an observation of nothing', 'role-order', conversation(human, '{"from": «"observation"», "value": "a"}', gpt), /no call/],
    ['a late system turn', 'role-order', conversation(human, '{"from": «"system"», "value": "a"}', gpt), /stands first/],
    ['only questions', 'no-assistant', `{"conversations": «[${human}]»}`, /Nothing can be learnt/],
    ['a call that is no JSON', 'wrong-type', conversation(human, call('«"f(1)"»')), /must be JSON/],
    [
      'a call with wrong arguments',
      'wrong-type',
      conversation(human, call('«"{\\"name\\": \\"f\\", \\"arguments\\": 3}"»')),
      /arguments/,
    ],
  ]);
  itAccepts('sharegpt', [
    ['turns and a system message', `{"system": "s", "conversations": [${human}, ${gpt}, ${human}, ${gpt}]}`],
    ['roles as chat templates call them', conversation('{"from": "user", "value": "a"}', '{"from": "assistant", "value": "b"}')],
    [
      'a call, what came of it, and an answer',
      conversation(human, call('"{\\"name\\": \\"f\\", \\"arguments\\": {}}"'), observation, gpt),
    ],
    ['an observation behind words that call', conversation(human, gpt, observation, gpt)],
  ]);

  it('makes a conversation with calls', () => {
    const source = `{"system": "s", "conversations": [${human}, ${call('"{\\"name\\": \\"f\\", \\"arguments\\": {}}"')}, ${observation}, ${gpt}]}`;
    assert.deepEqual(talk(source, 'sharegpt'), ['system: s', 'user: a', 'assistant: ', 'tool: 42', 'assistant: b']);
    const [row] = readMarked(source, 'sharegpt').rows;
    assert.deepEqual(row?.kind === 'chat' && row.messages[2]?.toolCalls, [{ name: 'f', arguments: {} }]);
  });

  it('warns of a tool that is not defined at the whole call, which has no insides to change', () => {
    const source = `{"tools": "[{\\"name\\": \\"find\\"}]", "conversations": [${human}, ${call('«"{\\"name\\": \\"fnd\\"}"»')}]}`;
    const { problems, rows } = readMarked(source, 'sharegpt');
    assert.deepEqual(
      problems.map(({ code, fixes }) => [code, fixes]),
      [['undefined-tool', undefined]],
    );
    assert.equal(rows.length, 1);
  });

  it('mends a role in the words of ShareGPT', () => {
    const read = readMarked(conversation('{"from": "prompter", "value": "a"}', '{"from": "bot", "value": "b"}'), 'sharegpt');
    assert.equal(mend(read), conversation(human, gpt));
    assert.ok(read.problems.every(({ fixes }) => fixes?.[0]?.isSafe));
  });
});
