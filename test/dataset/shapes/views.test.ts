/** What content rules are given: texts that stand exactly at their paths, and labels that do. */
import assert from 'node:assert/strict';
import { shapeNamed } from '../../../dataset/shapes/registry';
import type { RowView } from '../../../dataset/shapes/shape';
import type { ShapeName } from '../../../protocol';
import { data, readMarked } from './read-marked';

const user = '{"role": "user", "content": "a"}';
const assistant = '{"role": "assistant", "content": "b"}';

/** A row, its input, its target, its labels, its texts. */
const views: [ShapeName, string, string, string, string[], string[]][] = [
  ['classification', '{"text": "a", "label": "x"}', 'a', 'x', ['x'], ['a']],
  ['multi-label', '{"text": "a", "labels": ["y", "x"]}', 'a', 'x, y', ['y', 'x'], ['a']],
  ['token-tags', '{"tokens": ["a", "b"], "tags": ["O", "B-x"]}', 'a b', 'O B-x', ['x'], ['a', 'b']],
  ['messages', `{"messages": [${user}, ${assistant}]}`, 'a', 'b', [], ['a', 'b']],
  [
    'messages',
    `{"messages": [{"role": "system", "content": "s"}, ${user}, ${assistant}, {"role": "user", "content": [{"type": "text", "text": "c"}, {"type": "text", "text": "d"}]}, {"role": "assistant", "content": "e"}]}`,
    'a\nb\ncd',
    'e',
    [],
    ['s', 'a', 'b', 'c', 'd', 'e'],
  ],
  [
    'messages',
    `{"messages": [${user}, {"role": "assistant", "content": null, "tool_calls": [{"name": "f"}]}]}`,
    'a',
    '[{"name":"f","arguments":{}}]',
    [],
    ['a'],
  ],
  ['prompt-completion', '{"prompt": "a", "completion": "b"}', 'a', 'b', [], ['a', 'b']],
  ['prompt-completion', `{"prompt": [${user}], "completion": [${assistant}]}`, 'a', 'b', [], ['a', 'b']],
  [
    'alpaca',
    '{"instruction": "a", "input": "c", "output": "b", "history": [["d", "e"]]}',
    'd\ne\na\nc',
    'b',
    [],
    ['a', 'c', 'b', 'd', 'e'],
  ],
  [
    'sharegpt',
    '{"system": "s", "conversations": [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]}',
    'a',
    'b',
    [],
    ['s', 'a', 'b'],
  ],
  ['preference', '{"prompt": "a", "chosen": "b", "rejected": "c"}', 'a', 'b', [], ['a', 'b', 'c']],
  ['preference', '{"instruction": "a", "input": "d", "chosen": "b", "rejected": "c"}', 'a\nd', 'b', [], ['a', 'd', 'b', 'c']],
  ['preference', `{"prompt": [${user}], "chosen": "b", "rejected": "c"}`, 'a', 'b', [], ['a', 'b', 'c']],
  [
    'preference',
    `{"chosen": [${user}, ${assistant}], "rejected": [${user}, {"role": "assistant", "content": "c"}]}`,
    'a',
    'b',
    [],
    ['a', 'b', 'a', 'c'],
  ],
  ['unpaired-preference', '{"prompt": "a", "completion": "b", "label": true}', 'a', 'b', [], ['a', 'b']],
  ['embedding', '{"anchor": "a", "positive": "b", "negative": "c"}', 'a', 'b', [], ['a', 'b', 'c']],
  ['image-classification', '{"file_name": "a.png", "label": "x"}', '/data/a.png', 'x', ['x'], []],
  ['image-caption', '{"file_name": "a.png", "caption": "b"}', '/data/a.png', 'b', [], ['b']],
  ['text', '{"text": "a"}', 'a', '', [], ['a']],
];

function viewOf(name: ShapeName, source: string): { view: RowView; value: Record<string, unknown> } {
  const [row] = readMarked(source, name).rows;
  const value = JSON.parse(source) as Record<string, unknown>;
  assert.ok(row);
  return { view: shapeNamed(name).view(row, data, value), value };
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, key) => (inner as Record<string, unknown>)[key], value);
}

describe('views of rows', () => {
  for (const [name, source, input, target, labels, texts] of views) {
    it(`show ${source} as ${name}`, () => {
      const { view, value } = viewOf(name, source);
      assert.deepEqual([view.input.text, view.target.text], [input, target]);
      assert.deepEqual(
        view.labels.map(({ text }) => text),
        labels,
      );
      assert.deepEqual(
        view.texts.map(({ text }) => text),
        texts,
      );
      for (const { path, text } of view.texts) assert.equal(valueAt(value, path), text);
      for (const { path, text, within } of view.labels) {
        const found = valueAt(value, path);
        assert.equal(typeof found === 'string' && within ? found.slice(within.start, within.end) : found, text);
      }
      for (const { path } of [view.input, view.target]) assert.notEqual(valueAt(value, path), undefined);
    });
  }

  it('show the answers of a preference, each at its last message', () => {
    const { view } = viewOf('preference', `{"prompt": "a", "chosen": [${assistant}], "rejected": "c"}`);
    assert.deepEqual(view.preference, {
      chosen: { path: ['chosen', '0', 'content'], text: 'b' },
      rejected: { path: ['rejected'], text: 'c' },
    });
  });

  it('show both texts of a pair', () => {
    const columns = { ...data, textPairColumn: 'other' };
    const source = '{"text": "a", "other": "b", "label": "x"}';
    const [row] = readMarked(source, 'classification', { columns }).rows;
    assert.ok(row);
    const view = shapeNamed('classification').view(row, columns, {});
    assert.deepEqual([view.input.text, view.texts.map(({ path }) => path)], ['a\nb', [['text'], ['other']]]);
  });
});
