import assert from 'node:assert/strict';
import type { ChatRow, DataRow } from '../../dataset/shapes/rows';
import { createChatTemplate } from '../../inputs/chat-template';
import { countTokens, encodeConversation, encodeTexts } from '../../inputs/encode-row';
import { openRowReader, type RowReader } from '../../inputs/row-reader';
import { RunFailure } from '../../protocol';
import { chat, imageRow, rowsOfAllKinds } from './rows';

async function open(model: string): Promise<RowReader> {
  return (await openRowReader({ projectDir: '/', model, maxLength: 32 })) ?? assert.fail(`no ${model}`);
}

/** The longest of what is encoded, by encoding it. */
function encodedLength(row: DataRow, reader: RowReader): number {
  const whole = (text: string) => encodeTexts({ text }, reader, 1e9).ids.length;
  const said = (...messages: ChatRow['messages']) => encodeConversation({ messages }, reader).ids.length;
  switch (row.kind) {
    case 'classification':
      return encodeTexts(row, reader, 1e9).ids.length;
    case 'multi-label':
    case 'text':
      return whole(row.text);
    case 'embedding':
      return Math.max(whole(row.anchor), whole(row.positive), whole(row.negative ?? ''));
    case 'chat':
      return said(...row.messages);
    case 'preference':
      return Math.max(said(...row.prompt, ...row.chosen), said(...row.prompt, ...row.rejected));
    case 'unpaired-preference':
      return said(...row.prompt, ...row.completion);
    case 'token-tags':
      return reader.tokenizer.encodeWords(row.tokens, 1e9).ids.length;
    case 'image':
      return -1;
    default:
      return row satisfies never;
  }
}

describe('a row is counted as it is encoded', () => {
  for (const model of ['tiny-encoder', 'tiny-decoder']) {
    it(`by ${model}, whatever its kind`, async () => {
      const reader = await open(model);
      // What a conversation's turns are cannot be told of an encoder's tokens, which have no capitals.
      const rows =
        model === 'tiny-decoder' ? rowsOfAllKinds : rowsOfAllKinds.filter((row) => !('messages' in row || 'prompt' in row));
      assert.ok(rows.length >= 7);
      for (const row of rows) assert.equal(countTokens(row, reader), encodedLength(row, reader), JSON.stringify(row));
      assert.equal(countTokens(imageRow, reader), -1);
    });
  }

  it('a pair with the marks between its texts, and types where the model is told', async () => {
    const [encoder, decoder] = [await open('tiny-encoder'), await open('tiny-decoder')];
    const pair = { text: 'how are you', textPair: 'fine' };
    const { ids, typeIds } = encodeTexts(pair, encoder, 32);
    assert.deepEqual([...(typeIds ?? [])], [0, 0, 0, 0, 0, 1, 1]); // [CLS] how are you [SEP] fine [SEP]
    assert.equal(ids.length, 7);
    assert.equal(encodeTexts({ text: pair.text }, encoder, 32).typeIds, undefined);
    assert.equal(encodeTexts(pair, decoder, 32).typeIds, undefined);
    assert.equal(encodeTexts(pair, encoder, 6).ids.length, 6);
  });

  it('words of a sentence one by one', async () => {
    const { tokenizer } = await open('tiny-encoder');
    const { ids, wordOf } = tokenizer.encodeWords(['how', 'Hannover', 'you'], 32);
    assert.equal(ids[0], tokenizer.idOf('[CLS]'));
    assert.equal(ids.at(-1), tokenizer.idOf('[SEP]'));
    assert.equal(tokenizer.decode(ids, { skipSpecialTokens: true }), 'how hannover you');
    const inside = [...wordOf].slice(1, -1);
    assert.deepEqual([wordOf[0], wordOf.at(-1), ...new Set(inside)], [-1, -1, 0, 1, 2]);
    const cut = tokenizer.encodeWords(['how', 'are', 'you'], 4);
    assert.deepEqual([[...cut.wordOf], cut.ids.at(-1)], [[-1, 0, 1, -1], tokenizer.idOf('[SEP]')]);
    const decoder = await open('tiny-decoder');
    assert.equal(decoder.tokenizer.decode(decoder.tokenizer.encodeWords(['how', 'are'], 32).ids), ' how are');
  });

  it('tools and calls as templates take them: arguments are objects, however the row writes them', async () => {
    const { tokenizer } = await open('tiny-decoder');
    const source =
      '{{ tools | tojson }}{% for m in messages %}{{ m.role }}:{{ m.content }}{% if m.tool_calls %}{{ m.tool_calls | tojson }}{% endif %};{% endfor %}';
    const template = createChatTemplate(source, tokenizer.namedTokens, 'here');
    const called = (given: unknown): ChatRow => ({
      kind: 'chat',
      line: 1,
      messages: [
        { role: 'user', content: 'q' },
        { role: 'assistant', content: '', toolCalls: [{ name: 'find', arguments: given }] },
      ],
      tools: [{ name: 'find' }],
    });
    const text = (row: ChatRow) => encodeConversation(row, { tokenizer, template }).text;
    const expected =
      '[{"name": "find"}]user:q;assistant:[{"type": "function", "function": {"name": "find", "arguments": {"a": 1}}}];';
    assert.equal(text(called({ a: 1 })), expected);
    assert.equal(text(called('{"a": 1}')), expected);
    const { tools, ...untold } = called({ a: 1 });
    assert.ok(tools && text(untold).startsWith('null'));
    assert.equal(countTokens(called({ a: 1 }), { tokenizer, template }), tokenizer.count(expected, { addSpecialTokens: false }));
  });

  it('and not at all when the template refuses it', async () => {
    const { tokenizer } = await open('tiny-decoder');
    const template = createChatTemplate("{{ raise_exception('no') }}", {}, 'here');
    assert.throws(() => countTokens(chat, { tokenizer, template }), RunFailure);
  });
});

describe('a message of the weight 0', () => {
  const turns = (first: 0 | 1): ChatRow['messages'] => [
    { role: 'user', content: 'One?' },
    { role: 'assistant', content: 'The first answer.', ...(first === 0 && { weight: 0 as const }) },
    { role: 'user', content: 'Two?' },
    { role: 'assistant', content: 'The second answer.' },
  ];

  it('is read, and not learnt from', async () => {
    const reader = await open('tiny-decoder');
    const [weightless, all] = [turns(0), turns(1)].map((messages) => encodeConversation({ messages }, reader));
    assert.ok(weightless && all);
    assert.deepEqual(weightless.ids, all.ids);
    assert.deepEqual([all.turns.length, weightless.turns], [2, all.turns.slice(1)]);
    const learnt = (isAssistant: Uint8Array) => isAssistant.reduce((sum, bit) => sum + bit, 0);
    const [first, second] = all.turns.map(({ firstToken, endToken }) => endToken - firstToken);
    assert.deepEqual([learnt(all.isAssistant), learnt(weightless.isAssistant)], [(first ?? 0) + (second ?? 0), second]);
  });
});
