import assert from 'node:assert/strict';
import type { ModelInputs } from '../../../dataset/rules/rule';
import { findTruncation } from '../../../dataset/rules/truncation';
import type { ChatMessage, ChatRow, DataRow, TextRow } from '../../../dataset/shapes/rows';
import type { RowView } from '../../../dataset/shapes/shape';
import { viewOf } from './text-row';

/** A model whose tokens are words; a chat template adds two for each message. It keeps count of how often it was asked. */
function createModel(maxLength: number): ModelInputs & { asked: number } {
  const words = (text: string) => text.split(/\s+/).filter(Boolean).length;
  return {
    asked: 0,
    maxLength,
    fewestUnitsPerToken: 1,
    fewestAsciiUnitsPerToken: 1,
    countTokens(row: DataRow) {
      this.asked++;
      if (row.kind === 'chat') return row.messages.reduce((sum, { content }) => sum + words(content) + 2, 0);
      return row.kind === 'text' ? words(row.text) : -1;
    },
  };
}

const textRow = (text: string): TextRow => ({ kind: 'text', line: 1, text });
const find = (text: string, inputs: ModelInputs) => findTruncation(textRow(text), viewOf(text), { inputs });

function chat(...turns: [string, string][]): [ChatRow, RowView] {
  const messages = turns.map(([role, content]): ChatMessage => ({ role, content }));
  const texts = messages.map(({ content }, index) => ({ path: ['messages', String(index), 'content'], text: content }));
  const nothing = { path: [], text: '' };
  return [
    { kind: 'chat', line: 1, messages },
    { kind: 'chat', input: texts[0] ?? nothing, target: nothing, labels: [], texts },
  ];
}

describe('truncated-row', () => {
  it('says how many tokens a row has, what the model reads, and what is lost', () => {
    const [finding, ...more] = find('word '.repeat(125), createModel(100));
    assert.deepEqual(more, []);
    assert.deepEqual(
      [finding?.code, finding?.path, finding?.within, finding?.fix],
      ['truncated-row', ['text'], undefined, undefined],
    );
    assert.equal(
      finding?.message,
      'This row has 125 tokens, the model reads 100: the last 25 tokens (20%) of it are cut off. Shorten it, or raise "training.maxLength" if the model can take more.',
    );
  });

  it('speaks of one token as of one', () => {
    assert.match(
      find('word '.repeat(101), createModel(100))[0]?.message ?? '',
      /the last 1 token \(less than 1%\) of it is cut off/,
    );
  });

  it('accepts a row that just fits', () => {
    assert.deepEqual(find('word '.repeat(100), createModel(100)), []);
  });

  it('does not count what is too short to be too long', () => {
    const model = createModel(100);
    assert.deepEqual(find('x'.repeat(20), model), []);
    assert.equal(model.asked, 0);
    assert.deepEqual(find('x'.repeat(2000), model), []);
    assert.equal(model.asked, 1);
  });

  it('counts when few characters can make many tokens', () => {
    const model = { ...createModel(100), fewestUnitsPerToken: 0.25, fewestAsciiUnitsPerToken: 1 };
    assert.deepEqual(find('x'.repeat(30), model), []);
    assert.equal(model.asked, 0);
    assert.deepEqual(find('é'.repeat(30), model), []);
    assert.equal(model.asked, 1);
  });

  it('says nothing without a model, and nothing about images', () => {
    const text = 'word '.repeat(200);
    assert.deepEqual(findTruncation(textRow(text), viewOf(text), { inputs: undefined }), []);
    const image: DataRow = { kind: 'image', line: 1, image: '/a.png', caption: text };
    assert.deepEqual(findTruncation(image, { ...viewOf(text), kind: 'image' }, { inputs: createModel(100) }), []);
  });

  it('points to the text in which a conversation is cut', () => {
    const [row, view] = chat(['user', 'word '.repeat(30)], ['assistant', 'word '.repeat(90)]);
    const [finding] = findTruncation(row, view, { inputs: createModel(100) });
    assert.deepEqual(finding?.path, ['messages', '1', 'content']);
    assert.match(finding?.message ?? '', /has 124 tokens, the model reads 100: the last 24 tokens \(19%\)/);
  });

  it('says when no word of the assistant remains', () => {
    const [row, view] = chat(['user', 'word '.repeat(98)], ['assistant', 'yes']);
    const [finding] = findTruncation(row, view, { inputs: createModel(100) });
    assert.match(finding?.message ?? '', /^This row has 103 tokens, the model reads 100: no word of the assistant remains/);
    assert.deepEqual(finding?.path, ['messages', '0', 'content']);
  });

  it('knows that an answer of which the beginning remains can be learnt from', () => {
    const [row, view] = chat(['user', 'word '.repeat(96)], ['assistant', 'yes it is indeed so']);
    assert.match(findTruncation(row, view, { inputs: createModel(100) })[0]?.message ?? '', /are cut off/);
  });
});
