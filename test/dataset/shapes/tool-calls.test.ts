import assert from 'node:assert/strict';
import { rangeOf } from '../marked-text';
import { itAccepts, itReports, mend, readMarked } from './read-marked';

const user = '{"role": "user", "content": "Weather?"}';
const answer = '{"role": "assistant", "content": "Sunny"}';
const tool = '{"role": "tool", "content": "sun"}';
const tools = '"tools": [{"type": "function", "function": {"name": "get_weather"}}, {"name": "get_time"}]';
const calling = (call: string) => `{"role": "assistant", "content": null, "tool_calls": [${call}]}`;
const call = (name: string, rest = '"{\\"city\\": \\"Rome\\"}"') =>
  calling(`{"id": "1", "type": "function", "function": {"name": ${name}, "arguments": ${rest}}}`);
const chat = (...messages: string[]) => `{"messages": [${messages.join(', ')}]}`;
const withTools = (...messages: string[]) => `{${tools}, "messages": [${messages.join(', ')}]}`;

describe('calls of tools', () => {
  itReports('messages', [
    ['arguments that are no JSON', 'wrong-type', chat(user, call('"f"', '«"city=Rome"»')), /JSON object/],
    ['arguments that are a list', 'wrong-type', chat(user, call('"f"', '«"[1]"»')), /JSON object/],
    ['arguments that are a number', 'wrong-type', chat(user, call('"f"', '«3»')), /the number 3/],
    ['a call without a name', 'missing-field', chat(user, calling('{"function": «{"arguments": {}}»}')), /no "name"/],
    ['a name that is empty', 'wrong-type', chat(user, call('«""»')), /not empty/],
    ['a call that is a string', 'wrong-type', chat(user, calling('«"f()"»')), /A call is an object/],
    [
      'calls that are no list',
      'wrong-type',
      chat(user, '{"role": "assistant", "content": "a", "tool_calls": «{}»}'),
      /list of calls/,
    ],
    [
      'no words and an empty list of calls',
      'wrong-type',
      chat(user, '{"role": "assistant", "content": «null», "tool_calls": []}'),
      /It is null/,
    ],
    ['tools that are no list', 'wrong-type', `{"tools": «{}», "messages": [${user}, ${answer}]}`, /"tools" must be a list/],
    [
      'tools in a string that is no JSON',
      'wrong-type',
      `{"tools": «"get_weather"», "messages": [${user}, ${answer}]}`,
      /as JSON in a string/,
    ],
    [
      'a tool behind an answer without a call, where others call',
      'role-order',
      chat(user, call('"f"'), tool, answer, '{"role": «"tool"», "content": "a"}', answer),
      /no call stands before/,
    ],
  ]);

  itAccepts('messages', [
    ['a call of a tool that is defined', withTools(user, call('"get_weather"'), tool, answer)],
    ['a call of a tool that is defined by its name only', withTools(user, call('"get_time"'), tool, answer)],
    ['any call where no tool is defined', chat(user, call('"anything"'), tool, answer)],
    ['any call where the list of tools is empty', `{"tools": [], "messages": [${user}, ${call('"anything"')}]}`],
    ['tools as JSON in a string', `{"tools": "[{\\"name\\": \\"f\\"}]", "messages": [${user}, ${call('"f"')}]}`],
    [
      'definitions of a form that is not known',
      `{"tools": [{"functionDeclarations": []}], "messages": [${user}, ${call('"f"')}]}`,
    ],
    ['arguments that are an object', chat(user, call('"f"', '{"a": 1}'))],
    ['a call without arguments', chat(user, calling('{"name": "f"}'))],
    ['calls that are null', chat(user, '{"role": "assistant", "content": "a", "tool_calls": null}')],
    [
      'the older form of a call',
      chat(user, '{"role": "assistant", "content": "", "function_call": {"name": "f", "arguments": "{}"}}'),
    ],
  ]);

  it('reads name and arguments as the row has them', () => {
    const { rows } = readMarked(withTools(user, call('"get_weather"'), tool, answer), 'messages');
    assert.equal(rows[0]?.kind, 'chat');
    assert.deepEqual(rows[0].messages[1], {
      role: 'assistant',
      content: '',
      toolCalls: [{ name: 'get_weather', arguments: '{"city": "Rome"}' }],
    });
    assert.equal(rows[0].tools?.length, 2);
  });

  it('warns of a call that is not defined, keeps the row, and mends the name when asked', () => {
    const read = readMarked(withTools(user, call('«"get_wether"»'), tool, answer), 'messages');
    assert.deepEqual(
      read.problems.map(({ code, severity }) => [code, severity]),
      [['undefined-tool', 'warning']],
    );
    assert.deepEqual(read.problems.map(rangeOf), read.ranges);
    assert.match(read.problems[0]?.message ?? '', /does not define it. Did you mean "get_weather"/);
    assert.equal(read.rows.length, 1);
    assert.equal(mend(read), withTools(user, call('"get_weather"'), tool, answer));
  });

  it('names the tools where none is near', () => {
    const { problems } = readMarked(withTools(user, call('"search"')), 'messages');
    assert.match(problems[0]?.message ?? '', /The tools are "get_weather", "get_time"/);
    assert.equal(problems[0]?.fixes, undefined);
  });
});
