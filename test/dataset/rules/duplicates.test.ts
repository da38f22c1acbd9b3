import assert from 'node:assert/strict';
import { findAcross, findInFile } from '../../../dataset/rules/file-rules';
import {
  chat,
  classified,
  collect,
  digestRows,
  image,
  liked,
  multiLabelled,
  placesOf,
  plain,
  preference,
  type Row,
} from './digested-file';

const find = (rows: readonly Row[]) => collect(findInFile(digestRows(rows, { split: 'test' }), {}));

/** What there is, the rows, and [row, twin] of what is found. */
const duplicates: [string, Row[], [number, number][]][] = [
  ['a row that stands there already', [classified('my card', 'a'), classified('x', 'a'), classified('my card', 'a')], [[2, 0]]],
  [
    'each later one, with the first',
    ['a', 'b', 'a', 'c', 'a'].map((text) => plain(text)),
    [
      [2, 0],
      [4, 0],
    ],
  ],
  ['case and spaces', [classified('My  card\n', 'a'), classified('my card', 'a')], [[1, 0]]],
  ['one across blocks', [plain('a'), plain('b'), plain('c'), plain('d'), plain('A')], [[4, 0]]],
  [
    'the exact one among those that differ in case',
    [plain('A b'), plain('a b'), plain('a b')],
    [
      [1, 0],
      [2, 1],
    ],
  ],
  ['a conversation', [chat('Hi', 'Hello'), chat('hi', 'hello')], [[1, 0]]],
  ['a preference', [preference('p', 'yes', 'no'), preference('p', 'yes', 'no')], [[1, 0]]],
  ['an image named twice', [image('a.png', 'cat'), image('a.png', 'cat')], [[1, 0]]],
  ['labels in another order', [multiLabelled('x', 'a', 'b'), multiLabelled('x', 'b', 'a')], [[1, 0]]],
  ['no other label', [classified('my card', 'a'), classified('my card', 'b')], []],
  ['no label in other case', [classified('my card', 'a'), classified('my card', 'A')], []],
  ['no other answer', [chat('Hi', 'Hello'), chat('Hi', 'Good morning')], []],
  ['no other system message', [chat('Hi', 'Hello', 'Be kind.'), chat('Hi', 'Hello', 'Be brief.')], []],
  ['no other rejected answer', [preference('p', 'yes', 'no'), preference('p', 'yes', 'maybe')], []],
  ['no other liking', [liked('p', 'yes', true), liked('p', 'yes', false)], []],
  ['no other punctuation', [plain('my card'), plain('my card!')], []],
  ['no other order', [plain('a b'), plain('b a')], []],
  ['no rows at all', [], []],
];

describe('duplicate-row', () => {
  for (const [title, rows, expected] of duplicates) {
    it(`finds ${title}`, () => assert.deepEqual(placesOf(find(rows), 'duplicate-row'), expected));
  }

  it('says whether case and spaces differ, and takes the row out', () => {
    const [first, second] = find([plain('A b'), plain('a b'), plain('a b')]);
    assert.match(first?.message ?? '', /stands in the file already, but for case and spaces\. .*remove one/);
    assert.match(second?.message ?? '', /stands in the file already\. /);
    assert.deepEqual(second?.fix, { kind: 'remove-row', title: 'Remove this row', isSafe: false });
    assert.deepEqual(second.path, ['text']);
    assert.deepEqual([second.twin?.file, second.twin?.path], ['/test.jsonl', ['text']]);
  });
});

const conflicts: [string, Row[], [number, number][]][] = [
  [
    'the same text with two labels, both rows',
    [classified('my card', 'a'), classified('x', 'b'), classified('My card', 'b')],
    [
      [0, 2],
      [2, 0],
    ],
  ],
  [
    'each row, with one that has another label',
    ['a', 'a', 'b', 'c'].map((label) => classified('t', label)),
    [
      [0, 2],
      [1, 2],
      [2, 0],
      [3, 0],
    ],
  ],
  [
    'other sets of labels',
    [multiLabelled('x', 'a'), multiLabelled('x', 'a', 'b')],
    [
      [0, 1],
      [1, 0],
    ],
  ],
  [
    'an image with two labels',
    [image('a.png', 'cat'), image('a.png', 'dog')],
    [
      [0, 1],
      [1, 0],
    ],
  ],
  ['nothing in equal labels', [classified('my card', 'a'), classified('my card', 'a')], []],
  ['nothing in answers, which may differ', [chat('Hi', 'Hello'), chat('Hi', 'Good morning')], []],
  ['nothing in other punctuation', [classified('my card', 'a'), classified('my card?', 'b')], []],
];

describe('conflicting-labels', () => {
  for (const [title, rows, expected] of conflicts) {
    it(`finds ${title}`, () => assert.deepEqual(placesOf(find(rows), 'conflicting-labels'), expected));
  }

  it('names both labels, at the label', () => {
    const [, second] = find([classified('t', 'refund'), classified('t', 'shipping')]);
    assert.match(second?.message ?? '', /has the label "refund" in another row, and the label "shipping" here/);
    assert.deepEqual([second?.path, second?.twin?.path], [['label'], ['label']]);
    assert.equal(second?.fix, undefined);
  });
});

const across = (train: readonly Row[], heldOut: readonly Row[]) =>
  collect(findAcross(digestRows(train), digestRows(heldOut, { split: 'test' }), {}));
const shared = Array.from({ length: 200 }, (_, index) => chat('Summarise it.', `Summary ${index}`));

const leaks: [string, Row[], Row[], [number, number][]][] = [
  ['a text of training', [classified('x', 'a'), classified('my card', 'a')], [classified('my card', 'a')], [[0, 1]]],
  ['case and spaces', [classified('my  card', 'a')], [classified('y', 'a'), classified('\nMy card', 'a')], [[1, 0]]],
  ['one with another label', [classified('my card', 'a'), classified('x', 'b')], [classified('my card', 'b')], [[0, 0]]],
  ['a prompt with another answer', [chat('Who are you?', 'A bot')], [chat('who are you?', 'A model')], [[0, 0]]],
  ['the image of another label', [image('a.png', 'cat'), image('b.png', 'dog')], [image('a.png', 'dog')], [[0, 0]]],
  ['the answer too, where many rows share the prompt', shared, [chat('Summarise it.', 'summary 7')], [[0, 7]]],
  ['no other answer then', shared, [chat('Summarise it.', 'A new one')], []],
  ['no other punctuation', [plain('my card')], [plain('my card.')], []],
  ['no empty text', [classified(' ', 'a')], [classified('', 'a')], []],
  ['no twins among held-out rows', [plain('a')], [plain('b'), plain('b')], []],
  ['nothing without training rows', [], [plain('b')], []],
];

describe('leak', () => {
  for (const [title, train, heldOut, expected] of leaks) {
    it(`finds ${title}`, () => assert.deepEqual(placesOf(across(train, heldOut), 'leak'), expected));
  }

  it('links the twin in the training file', () => {
    const [exact, similar] = across([plain('A'), plain('b')], [plain('A'), plain('B')]);
    assert.match(exact?.message ?? '', /^This text stands in the training rows too: /);
    assert.match(similar?.message ?? '', /too, but for case and spaces: /);
    assert.equal(exact?.twin?.file, '/train.jsonl');
    assert.equal(exact.fix?.kind, 'remove-row');
  });
});
