import assert from 'node:assert/strict';
import type { DataRow } from '../../../dataset/shapes/rows';
import { itAccepts, itReports, mend, readMarked } from './read-marked';

const system = '{"role": "system", "content": "Be brief"}';
const user = '{"role": "user", "content": "Hi"}';
const assistant = '{"role": "assistant", "content": "Hello"}';
const tool = '{"role": "tool", "content": "42"}';
const chat = (...messages: string[]) => `{"messages": [${messages.join(', ')}]}`;

function messagesOf(row: DataRow | undefined) {
  return row?.kind === 'chat' ? row.messages : [];
}

describe('rows of messages', () => {
  const whole = chat(user, assistant);
  itReports('messages', [
    ['a row without messages', 'missing-field', `${whole}\n«{"a": 1}»`, /no "messages"\. Add it/],
    ['a misspelt key', 'missing-field', `${whole}\n«{"mesages": []}»`, /Did you mean "mesages"/],
    ['messages that are a text', 'wrong-type', '{"messages": «"Hi"»}', /must be a list/],
    ['no message at all', 'wrong-type', '{"messages": «[]»}', /must be a list/],
    ['a message that is a text', 'wrong-type', chat('«"Hi"»', assistant), /an object with a "role"/],
    [
      'content that is a number',
      'wrong-type',
      chat('{"role": "user", "content": «3»}', assistant),
      /must be a string. It is the number 3/,
    ],
    ['content that is null without a call', 'wrong-type', chat(user, '{"role": "assistant", "content": «null»}'), /It is null/],
    ['a message without content', 'missing-field', chat('«{"role": "user"}»', assistant), /no "content"/],
    ['a misspelt content', 'missing-field', chat('«{"role": "user", "contnet": "a"}»', assistant), /Did you mean "contnet"/],
    ['an empty message', 'empty-field', chat(user, '{"role": "assistant", "content": «" "»}'), /empty/],
    ['content without parts', 'empty-field', chat('{"role": "user", "content": «[]»}', assistant), /empty/],
    [
      'an image in content',
      'wrong-type',
      chat('{"role": "user", "content": [«{"type": "image_url", "image_url": {}}»]}', assistant),
      /"image_url" cannot/,
    ],
    ['a part that is a string', 'wrong-type', chat('{"role": "user", "content": [«"a"»]}', assistant), /{"type": "text"/],
    ['a misspelt role', 'unknown-role', chat(user, '{"role": «"asistant"», "content": "a"}'), /Did you mean "assistant"/],
    [
      'a role of ShareGPT',
      'unknown-role',
      chat('{"role": «"human"», "content": "a"}', assistant),
      /mean "user".*roles are system, user/,
    ],
    ['a role in capitals', 'unknown-role', chat('{"role": «"USER"», "content": "a"}', assistant), /Did you mean "user"/],
    [
      'a role that means nothing',
      'unknown-role',
      chat('{"role": «"narrator"», "content": "a"}', assistant),
      /no role. The roles/,
    ],
    ['a role that is a number', 'unknown-role', chat('{"role": «1», "content": "a"}', assistant), /1 is no role/],
    ['a message without a role', 'unknown-role', chat('«{"content": "a"}»', assistant), /has no "role"/],
    ['nothing of the assistant', 'no-assistant', `{"messages": «[${user}]»}`, /Nothing can be learnt/],
    [
      'weights that are all 0',
      'no-assistant',
      `{"messages": «[${user}, {"role": "assistant", "content": "a", "weight": 0}]»}`,
      /weight 0/,
    ],
    ['a weight of a half', 'wrong-type', chat(user, '{"role": "assistant", "content": "a", "weight": «0.5»}'), /0 .* or 1/],
    ['a late system message', 'role-order', chat(user, '{"role": «"system"», "content": "a"}', assistant), /stands first/],
    ['an assistant that begins', 'role-order', chat('{"role": «"assistant"», "content": "a"}', user), /begins with the user/],
    [
      'an assistant right behind the system',
      'role-order',
      chat(system, '{"role": «"assistant"», "content": "a"}'),
      /begins with the user/,
    ],
    ['two turns of the user', 'role-order', chat(user, '{"role": «"user"», "content": "a"}', assistant), /Two turns of the user/],
    [
      'every turn out of order',
      'role-order',
      chat(
        user,
        '{"role": «"user"», "content": "a"}',
        assistant,
        '{"role": «"assistant"», "content": "a"}',
        '{"role": «"system"», "content": "a"}',
      ),
      /Two turns of the user/,
    ],
    [
      'a tool that nobody called',
      'role-order',
      chat(user, '{"role": «"tool"», "content": "a"}', assistant),
      /no call stands before/,
    ],
  ]);

  itAccepts('messages', [
    ['a system message and several turns', chat(system, user, assistant, user, assistant)],
    ['tools between turns of the assistant', chat(user, assistant, tool, tool, assistant)],
    ['an end that is the user’s', chat(user, assistant, user)],
    [
      'a weight of 0 beside one of 1',
      chat(
        user,
        '{"role": "assistant", "content": "a", "weight": 0}',
        user,
        '{"role": "assistant", "content": "b", "weight": 1}',
      ),
    ],
    ['a tool that has nothing to say', chat(user, assistant, '{"role": "tool", "content": ""}', assistant)],
    ['other fields of messages', chat('{"role": "user", "name": "Ann", "content": "a", "weight": null}', assistant)],
  ]);

  it('reads roles, words and weights in order', () => {
    const silent = '{"role": "assistant", "content": "No", "weight": 0}';
    const { rows } = readMarked(`${whole}\n${chat(system, user, silent, user, assistant)}`, 'messages');
    assert.deepEqual(rows[0], {
      kind: 'chat',
      line: 1,
      messages: [
        { role: 'user', content: 'Hi' },
        { role: 'assistant', content: 'Hello' },
      ],
    });
    assert.deepEqual(messagesOf(rows[1])[2], { role: 'assistant', content: 'No', weight: 0 });
    assert.equal(rows[1]?.line, 2);
  });

  it('joins the parts of a content that are text', () => {
    const parts = '{"role": "user", "content": [{"type": "text", "text": "a "}, {"type": "text", "text": "b"}]}';
    assert.equal(messagesOf(readMarked(chat(parts, assistant), 'messages').rows[0])[0]?.content, 'a b');
  });

  it('reports every message that is wrong', () => {
    const { problems } = readMarked(chat('{"role": "human", "content": ""}', '{"role": "bot", "content": 3}'), 'messages');
    assert.deepEqual(
      problems.map(({ code }) => code),
      ['unknown-role', 'empty-field', 'unknown-role', 'wrong-type'],
    );
  });

  it('knows the order where it is clear who is meant', () => {
    const human = '{"role": "human", "content": "a"}';
    const { problems } = readMarked(chat(human, human, assistant), 'messages');
    assert.deepEqual(problems.map(({ code }) => code).sort(), ['role-order', 'unknown-role', 'unknown-role']);
  });

  it('says nothing of the order where a role is not known', () => {
    const { problems } = readMarked(chat(user, '{"role": "narrator", "content": "a"}', user), 'messages');
    assert.deepEqual(
      problems.map(({ code }) => code),
      ['unknown-role'],
    );
  });

  /** What is wrong, the messages, how they read when mended, whether that may be done unasked. */
  const fixes: [string, string, string, boolean][] = [
    ['a role in other words', '{"role": "human", "content": "Hi"}', user, true],
    ['a role in other case', '{"role": " User", "content": "Hi"}', user, true],
    ['a misspelt role', '{"role": "usr", "content": "Hi"}', user, false],
    ['a misspelt key of a message', '{"role": "user", "contents": "Hi"}', user, false],
    ['a role under a key of other case', '{"Role": "user", "content": "Hi"}', user, true],
  ];
  for (const [title, message, mended, isSafe] of fixes) {
    it(`mends ${title}, ${isSafe ? 'unasked' : 'when asked'}`, () => {
      const read = readMarked(chat(message, assistant), 'messages');
      assert.equal(read.problems[0]?.fixes?.[0]?.isSafe, isSafe);
      assert.equal(mend(read), chat(mended, assistant));
    });
  }

  for (const [name, role] of [
    ['gpt', 'assistant'],
    ['model', 'assistant'],
    ['Bot', 'assistant'],
    ['developer', 'system'],
    ['function', 'tool'],
  ] as const) {
    it(`takes the role ${name} for ${role}`, () => {
      const { problems } = readMarked(chat(`{"role": "${name}", "content": "a"}`), 'messages');
      assert.equal(problems.find(({ code }) => code === 'unknown-role')?.fixes?.[0]?.edits[0]?.text, `"${role}"`);
    });
  }
});
