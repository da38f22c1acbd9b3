import assert from 'node:assert/strict';
import { findNearDuplicates, findNearLeaks } from '../../../dataset/rules/file-rules';
import { createRandom } from '../../../dataset/seeded-random';
import { chat, classified, collect, digestRows, image, placesOf, plain, preference, rowOf, type Row } from './digested-file';

const find = (rows: readonly Row[]) => collect(findNearDuplicates(digestRows(rows)));
const times = <Value>(count: number, make: (index: number) => Value) => Array.from({ length: count }, (_, index) => make(index));

const parcel = 'I sent you a parcel on Monday and it has not arrived at all yet, where is it now?';
const changed = 'I sent you a parcel on Monday and it has not arrived yet, where is it now?';

const cases: [string, Row[], [number, number][]][] = [
  ['a text with a word less', [plain(parcel), plain('another text'), plain(changed)], [[2, 0]]],
  ['a text with a slip', [plain(parcel), plain(parcel.replace('parcel', 'parcle'))], [[1, 0]]],
  [
    'each later row once',
    [plain(parcel), plain(changed), plain(`${changed} Hm`)],
    [
      [1, 0],
      [2, 1],
    ],
  ],
  ['other punctuation of a short text', [plain('Top-up!'), plain('top up')], [[1, 0]]],
  ['an apostrophe', [plain("What's my PIN"), plain('Whats my pin?')], [[1, 0]]],
  ['texts with other labels', [classified(parcel, 'a'), classified(changed, 'b')], [[1, 0]]],
  ['conversations by prompt and answer', [chat(parcel, 'It is on its way.'), chat(changed, 'It is on its way.')], [[1, 0]]],
  [
    'Japanese',
    [
      plain('カードを失くしましたのですぐに止めていただけますかお願い申し上げます'),
      plain('カードを失くしましたのですぐに止めていただけますかお願い申し上げますね'),
    ],
    [[1, 0]],
  ],
  [
    'a composed letter',
    [plain('Je voudrais un café au lait, merci'), plain('Je voudrais un cafe\u0301 au lait, merci')],
    [[1, 0]],
  ],
  ['no text that is the same but for case and spaces', [plain(parcel), plain(` ${parcel.toUpperCase()} `)], []],
  ['no text that is the same with another label', [classified(parcel, 'a'), classified(parcel, 'b')], []],
  [
    'no text with three other words',
    [plain(parcel), plain(parcel.replace('parcel', 'letter').replace('Monday', 'Friday').replace('arrived', 'reached me'))],
    [],
  ],
  ['no short text with another word', [plain('What is my PIN'), plain('What is my PI')], []],
  ['no other amount in a short text', [plain('Charge £5?'), plain('Charge €5?')], []],
  ['no other sum', [plain('What is 1 2?'), plain('What is 12?'), plain('What is 1 - 2?'), plain('What is 1 + 2?')], []],
  [
    'no other answer to a similar prompt',
    [
      chat(parcel, 'It is on its way to you and comes on Friday.'),
      chat(changed, 'We lost it, and are sorry; the money comes back.'),
    ],
    [],
  ],
  [
    'no two short questions that share a long answer',
    [
      chat(
        'When is game night?',
        'Game night is every Thursday at 6 pm. It is free and everybody is welcome, with or without a game.',
      ),
      chat(
        'Is game night free?',
        'Game night is every Thursday at 6 pm. It is free and everybody is welcome, with or without a game.',
      ),
    ],
    [],
  ],
  [
    'no other rejected answer',
    [
      preference('Write a poem', parcel, parcel),
      preference('Write a poem', parcel, 'Roses are red, and violets are as blue as the sea in the rain.'),
    ],
    [],
  ],
  ['no images', [image('pictures/of/a/cat/one.png', 'cat'), image('pictures/of/a/cat/ones.png', 'cat')], []],
  ['no empty texts', [plain(''), plain('?'), plain('!'), plain(' ')], []],
];

describe('near-duplicate', () => {
  for (const [title, rows, expected] of cases) {
    it(`finds ${title}`, () => assert.deepEqual(placesOf(find(rows), 'near-duplicate'), expected));
  }

  it('says how much is alike, that only punctuation differs, and that labels do', () => {
    const [near, punctuation] = find([
      classified(parcel, 'a'),
      classified(changed, 'b'),
      classified(parcel.replace('?', '!'), 'a'),
    ]);
    assert.match(near?.message ?? '', /almost another one: 85 % alike\. The two have different labels\. Keep one/);
    assert.match(punctuation?.message ?? '', /the words are the same, the punctuation is not\. Keep one/);
    assert.deepEqual([near?.path, near?.twin?.path, near?.fix?.kind], [['text'], ['text'], 'remove-row']);
  });

  it('does not count what most rows of the file begin with', () => {
    const sentence = 'Classify the sentiment of the following short review as positive, negative or neutral, and say why.';
    const instruction = `${sentence} Use one word for the sentiment and one line for the reason, quote what you rely on, and do not guess:`;
    const reviews = times(40, (index) => plain(`${instruction} so ${(index * 7919 + 10 ** 6).toString(36)} ${index}`));
    assert.deepEqual(placesOf(find(reviews), 'near-duplicate'), []);
    const twins = [...reviews, plain(`${instruction} ${parcel}`), plain(`${instruction} ${changed}`)];
    assert.deepEqual(placesOf(find(twins), 'near-duplicate'), [[41, 40]]);
  });

  it('says so when rows have too many neighbours to be compared with all', () => {
    // Rows with two words of their own: alike enough to meet, too different to be near.
    const word = (index: number) =>
      times(6, (at) => String.fromCharCode(97 + ((Math.floor(index / 7 ** at) * 11 + at * index) % 26))).join('');
    const rows = times(1000, (index) =>
      plain(`Please tell ${word(index)} the way from the old station to the new and back in the evening ${word(index + 3000)}`),
    );
    const found = find(rows).filter(({ place }) => place === undefined);
    assert.equal(found.length, 1);
    assert.equal(found[0]?.severity, 'information');
    assert.match(found[0].message, /rows resemble so many others that not all of these were compared/);
  });

  it('is done in time with rows that are all alike, from one template, or empty', () => {
    const random = createRandom(2);
    const count = 5000;
    const word = () => random.integer(2 ** 30).toString(36);
    for (const text of [
      () => parcel,
      () => `${parcel} ${word()}`,
      () => `${word()} ${parcel} ${word()} and ${word()}`,
      () => '',
    ]) {
      const start = performance.now();
      find(times(count, () => plain(text())));
      assert.ok(performance.now() - start < 5000, `${performance.now() - start} ms`);
    }
  });

  it('lets others in while it works', () => {
    const rows = times(5000, (index) => plain(`${parcel} ${index * 7919}`));
    const steps = [...findNearDuplicates(digestRows(rows, { split: 'train', perBlock: 1000 }))];
    assert.ok(steps.filter((step) => step === undefined).length > 20);
  });

  it('works on when rows are gone', () => {
    const file = digestRows([plain(parcel), plain(changed)]);
    assert.deepEqual(collect(findNearDuplicates({ ...file, viewAt: () => undefined })), []);
  });
});

const near = (train: readonly Row[], heldOut: readonly Row[]) =>
  collect(findNearLeaks(digestRows(train), digestRows(heldOut, { split: 'test' })));
const leaks: [string, Row[], Row[], [number, number][]][] = [
  ['a held-out text that is almost one of training', [plain('x'), plain(parcel)], [plain(changed)], [[0, 1]]],
  [
    'each of two',
    [plain(parcel)],
    [plain(changed), plain('y'), plain(`${parcel} Hm`)],
    [
      [0, 0],
      [2, 0],
    ],
  ],
  ['other punctuation of a short text', [plain('Top-up!')], [plain('top up')], [[0, 0]]],
  ['a text with another label', [classified(parcel, 'a')], [classified(changed, 'b')], [[0, 0]]],
  ['no leak, which is another rule', [plain(parcel)], [plain(parcel.toUpperCase())], []],
  ['no twins among held-out rows', [plain('x')], [plain(parcel), plain(changed)], []],
  ['no short text with another word', [plain('What is my PIN')], [plain('What is my PI')], []],
  [
    'no prompt whose answer is another',
    [chat(parcel, 'It is on its way to you and comes on Friday.')],
    [chat(changed, 'We lost it, and are sorry; the money comes back.')],
    [],
  ],
  ['nothing without training rows', [], [plain(parcel)], []],
  ['nothing between files of two kinds', [chat(parcel, '')], [plain(changed)], []],
];

describe('near-leak', () => {
  for (const [title, train, heldOut, expected] of leaks) {
    it(`finds ${title}`, () => assert.deepEqual(placesOf(near(train, heldOut), 'near-leak'), expected));
  }

  it('links the twin in the training file', () => {
    const [finding] = near([plain(parcel)], [plain(changed)]);
    assert.match(finding?.message ?? '', /^This text is almost one of training: 85 % alike\. /);
    assert.deepEqual([finding?.twin?.file, rowOf(finding?.twin?.place), finding?.fix?.kind], ['/train.jsonl', 0, 'remove-row']);
  });
});
