/** Shapes with few rules of their own: several labels, liked answers, embeddings, images, plain text. */
import assert from 'node:assert/strict';
import { itAccepts, itReports, readMarked } from './read-marked';

describe('rows of several labels', () => {
  itReports('multi-label', [
    ['a row without labels', 'missing-field', '{"text": "a", "labels": []}\n«{"text": "a"}»', /no "labels"/],
    ['labels in one string', 'wrong-type', '{"text": "a", "labels": «"x, y"»}', /list of strings.*only JSON and Parquet/],
    ['a label that is null', 'wrong-type', '{"text": "a", "labels": ["x", «null»]}', /is null/],
    ['a list within the list', 'wrong-type', '{"text": "a", "labels": [«["x"]»]}', /one list of strings/],
    ['an empty label', 'empty-field', '{"text": "a", "labels": ["x", «""»]}', /label is empty/],
    ['the text and a label', 'empty-field', '{"text": «""», "labels": [«" "»]}', /"text" is empty/],
  ]);
  itAccepts('multi-label', [['no label', '{"text": "a", "labels": []}']]);

  it('reads each label once, and numbers as strings', () => {
    assert.deepEqual(readMarked('{"text": "a", "labels": ["x", 3, "x", true]}', 'multi-label').rows, [
      { kind: 'multi-label', line: 1, text: 'a', labels: ['x', '3', 'true'] },
    ]);
  });
});

describe('rows of liked answers', () => {
  const row = (label: string) => `{"prompt": "a", "completion": "b", "label": ${label}}`;
  itReports('unpaired-preference', [
    ['a label of words', 'wrong-type', row('«"good"»'), /true \(liked\) or false/],
    ['a label that is null', 'wrong-type', row('«null»'), /is null/],
    ['a label of two', 'wrong-type', row('«2»'), /the number 2/],
    ['a row without a label', 'missing-field', `${row('true')}\n«{"prompt": "a", "completion": "b"}»`, /no "label"/],
    ['an empty answer', 'empty-field', '{"prompt": "a", "completion": «""», "label": true}', /"completion" is empty/],
  ]);

  it('takes true and false also as cells and numbers', () => {
    const labels = ['true', 'false', '1', '0', '"True"', '"false"', '" 1"'];
    assert.deepEqual(
      readMarked(labels.map(row).join('\n'), 'unpaired-preference').rows.map(
        (read) => read.kind === 'unpaired-preference' && read.isLiked,
      ),
      [true, false, true, false, true, false, true],
    );
  });
});

describe('rows of embeddings', () => {
  itReports('embedding', [
    ['an empty positive', 'empty-field', '{"anchor": "a", "positive": «" "»}', /"positive" is empty/],
    ['a negative that is a list', 'wrong-type', '{"anchor": "a", "positive": "b", "negative": «["c"]»}', /"negative" is a list/],
    ['a row without an anchor', 'missing-field', '{"anchor": "a", "positive": "b"}\n«{"positive": "b"}»', /no "anchor"/],
  ]);

  it('reads a negative where there is one', () => {
    const source = '{"anchor": "a", "positive": "b", "negative": "c"}\n{"anchor": "a", "positive": "b", "negative": null}';
    assert.deepEqual(readMarked(source, 'embedding').rows, [
      { kind: 'embedding', line: 1, anchor: 'a', positive: 'b', negative: 'c' },
      { kind: 'embedding', line: 2, anchor: 'a', positive: 'b' },
    ]);
  });
});

describe('rows of images', () => {
  itReports('image-classification', [
    ['an image without a label', 'missing-field', '{"file_name": "a.png", "label": 1}\n«{"file_name": "a.png"}»', /no "label"/],
    ['an image that is bytes', 'wrong-type', '{"file_name": «{"bytes": ""}», "label": "cat"}', /is an object/],
  ]);
  itReports('image-caption', [
    ['a list of captions', 'wrong-type', '{"file_name": "a.png", "caption": «["a", "b"]»}', /is a list/],
  ]);

  it('reads paths from the folder of their file', () => {
    assert.deepEqual(readMarked('{"file_name": "x/a.png", "label": 1}', 'image-classification').rows, [
      { kind: 'image', line: 1, image: '/data/x/a.png', label: '1' },
    ]);
    const columns = { captionColumn: 'text' };
    assert.deepEqual(readMarked('{"file_name": "a.png", "text": "A cat."}', 'image-caption', { columns }).rows, [
      { kind: 'image', line: 1, image: '/data/a.png', caption: 'A cat.' },
    ]);
  });
});

describe('rows of plain text', () => {
  itReports('text', [
    ['an empty text', 'empty-field', '{"text": «""»}', /"text" is empty/],
    ['a list of texts', 'wrong-type', '{"text": «["a"]»}', /is a list/],
  ]);
  itAccepts('text', [['other fields', '{"text": "a", "meta": {}}']]);
});
