import assert from 'node:assert/strict';
import { createDigestBuilder } from '../../../dataset/rules/digest';
import { findInFile } from '../../../dataset/rules/file-rules';
import type { FileFinding } from '../../../dataset/rules/rule';
import { createRandom } from '../../../dataset/seeded-random';
import type { Split } from '../../../protocol';
import {
  chat,
  classified,
  collect,
  digestRows,
  image,
  liked,
  placesOf,
  plain,
  preference,
  rowOf,
  type Row,
} from './digested-file';

function find(code: FileFinding['code'], rows: readonly Row[], split: Split | undefined = 'train'): FileFinding[] {
  return collect(findInFile(digestRows(rows, { split }), {})).filter((finding) => finding.code === code);
}

const times = <Value>(count: number, make: (index: number) => Value) => Array.from({ length: count }, (_, index) => make(index));
/** Words that no other row has. */
const own = (index: number) => `w${index * 7919} v${index * 104_729} u${index}`;

describe('repeated-prompt', () => {
  const cases: [string, Row[], RegExp[]][] = [
    [
      'the prompt of six in a hundred rows',
      [
        ...times(94, (index) => chat(own(index), 'a')),
        ...times(6, (index) => chat(index % 2 ? 'write  a poem' : 'Write a poem', own(index))),
      ],
      [/^6 rows \(6 %\) have the prompt "Write a poem"/],
    ],
    ['the prompt of all rows', times(50, (index) => chat('Go', own(index))), [/^All 50 rows have the prompt "Go"/]],
    ['the prompt of preferences', times(60, (index) => preference('Go', own(index), 'b')), [/^All 60/]],
    ['the prompt of liked answers', times(60, (index) => liked('Go', own(index), true)), [/^All 60/]],
    ['two of them', times(60, (index) => chat(index % 2 === 0 ? 'Go' : 'Stop', own(index))), [/"Go"/, /"Stop"/]],
    [
      'no prompt of five in a hundred rows',
      [...times(95, (index) => chat(own(index), 'a')), ...times(5, (index) => chat('Go', own(index)))],
      [],
    ],
    ['no prompt in few rows', times(49, (index) => chat('Go', own(index))), []],
    ['no text of a classifier', times(60, () => classified('Go', 'a')), []],
  ];
  for (const [title, rows, expected] of cases) {
    it(`finds ${title}`, () => {
      const found = find('repeated-prompt', rows);
      assert.equal(found.length, expected.length);
      for (const [index, message] of expected.entries()) assert.match(found[index]?.message ?? '', message);
      assert.deepEqual(find('repeated-prompt', rows, 'test'), []);
    });
  }

  it('shows the first row that has it, and quotes no more than its beginning', () => {
    const prompt = 'x'.repeat(500);
    const [finding] = find('repeated-prompt', [chat('other', 'a'), ...times(60, (index) => chat(prompt, own(index)))]);
    assert.deepEqual([rowOf(finding?.place), finding?.path], [1, ['messages', '0', 'content']]);
    assert.ok((finding?.message.length ?? 500) < 300);
  });
});

describe('boilerplate', () => {
  const prefix = 'Classify the sentiment of this:';
  const cases: [string, Row[], RegExp[]][] = [
    [
      'words that all texts begin with',
      times(30, (index) => plain(`${prefix} ${own(index)}`)),
      [/^100 % of the texts begin with the same 5 words: "classify the sentiment of this:"/],
    ],
    [
      'words that most texts end with',
      times(40, (index) => plain(index < 30 ? `${own(index)} sent from my phone` : own(index))),
      [/^75 % of the texts end with the same 4 words: "sent from my phone"/],
    ],
    [
      'words of answers',
      times(30, (index) => chat(own(index), `As an assistant, I say ${own(index + 99)}`)),
      [/^100 % of the answers begin with the same 5 words: "as an assistant, i say"/],
    ],
    ['words of prompts', times(30, (index) => chat(`${prefix} ${own(index)}`, own(index))), [/% of the prompts begin/]],
    [
      'only the words that most share',
      times(30, (index) => plain(`Tell me about ${index < 12 ? 'the sea' : 'a hill'} ${own(index)}`)),
      [/the same 5 words: "tell me about a hill"/],
    ],
    [
      'three words and no more',
      times(30, (index) => plain(`Tell me about ${own(index)}`)),
      [/the same 3 words: "tell me about"/],
    ],
    ['no two words', times(30, (index) => plain(`Please classify: ${own(index)}`)), []],
    ['no words of half of the rows', times(40, (index) => plain(index < 20 ? `${prefix} ${own(index)}` : own(index))), []],
    ['no words in few rows', times(19, (index) => plain(`${prefix} ${own(index)}`)), []],
    ['no texts that are the same as a whole', times(40, () => plain('Tell me about the sea and hills')), []],
    ['no labels', times(40, (index) => classified(own(index), 'a rather long label of words')), []],
    ['no paths of images', times(40, (index) => image(`the one big folder ${index}`, 'a')), []],
  ];
  for (const [title, rows, expected] of cases) {
    it(`finds ${title}`, () => {
      const found = find('boilerplate', rows);
      assert.equal(found.length, expected.length, JSON.stringify(found));
      for (const [index, message] of expected.entries()) assert.match(found[index]?.message ?? '', message);
      assert.ok(found.every(({ place }) => place === undefined));
      assert.deepEqual(find('boilerplate', rows, 'test'), []);
    });
  }
});

describe('length-bias', () => {
  const pair = (chosen: number, rejected: number) => preference('p', 'x'.repeat(chosen), 'y'.repeat(rejected));
  const cases: [string, Row[], RegExp | undefined][] = [
    [
      'chosen answers that are longer',
      [...times(80, () => pair(90, 50)), ...times(20, () => pair(50, 90))],
      /is the longer one in 80 % of 100 pairs, and 1\.4 times as long/,
    ],
    [
      'chosen answers that are shorter',
      [...times(80, () => pair(50, 90)), ...times(20, () => pair(90, 50))],
      /is the shorter one in 80 %/,
    ],
    [
      'a slight majority that is much longer',
      [...times(600, () => pair(200, 50)), ...times(400, () => pair(50, 60))],
      /is the longer one in 60 %.*2\.6 times/,
    ],
    ['no slight majority', [...times(600, () => pair(60, 50)), ...times(400, () => pair(50, 60))], undefined],
    ['nothing in what chance can do', [...times(14, () => pair(90, 50)), ...times(6, () => pair(50, 90))], undefined],
    ['nothing in few pairs', times(19, () => pair(90, 50)), undefined],
    ['nothing in equal lengths', times(100, () => pair(50, 50)), undefined],
    ['nothing in rows without pairs', times(100, (index) => plain(own(index))), undefined],
  ];
  for (const [title, rows, message] of cases) {
    it(`finds ${title}`, () => {
      const found = find('length-bias', rows);
      assert.equal(found.length, message ? 1 : 0);
      if (message) assert.match(found[0]?.message ?? '', message);
      assert.deepEqual(find('length-bias', rows, 'validation'), []);
    });
  }
});

describe('other-language', () => {
  const english = times(27, (index) =>
    plain(`Could you please tell me where my parcel number ${index} is and when it will come?`),
  );
  const german = plain('Können Sie mir bitte sagen, wo mein Paket ist und wann es bei mir ankommt?');
  const russian = plain('Скажите, пожалуйста, где моя посылка и когда она придёт?');
  const cases: [string, Row[], number[]][] = [
    ['a row in another language', [...english, german], [27]],
    ['a row in another script', [russian, ...english], [0]],
    ['no row that is too short to tell', [...english, plain('Bitte sehr')], []],
    ['no language that many rows have', [...english, ...times(4, () => german)], []],
    ['nothing in few rows', [...english.slice(0, 18), german], []],
    ['nothing in a file of one language', [...times(30, () => russian)], []],
  ];
  for (const [title, rows, expected] of cases) {
    it(`finds ${title}`, () => {
      const found = find('other-language', rows);
      assert.deepEqual(
        found.map(({ place }) => rowOf(place)),
        expected,
      );
      assert.deepEqual(find('other-language', rows, 'test').length, expected.length, 'in every file');
    });
  }

  it('names both languages', () => {
    assert.match(
      find('other-language', [...english, german])[0]?.message ?? '',
      /looks like German; 9\d % of the others are in English/,
    );
  });
});

describe('too-few-rows', () => {
  for (const [count, message] of [
    [1, /^There is one training row\. /],
    [99, /^There are 99 training rows\. /],
    [100, undefined],
    [0, undefined],
  ] as const) {
    it(`${message ? 'finds' : 'does not find'} ${count} rows`, () => {
      const rows = times(count, (index) => plain(own(index)));
      const found = find('too-few-rows', rows);
      assert.equal(found.length, message ? 1 : 0);
      if (message) assert.match(found[0]?.message ?? '', message);
      for (const split of ['test', undefined] as const)
        assert.deepEqual(
          collect(findInFile(digestRows(rows, { split }), {})).filter(({ code }) => code === 'too-few-rows'),
          [],
        );
    });
  }
});

describe('findInFile', () => {
  it('gives the same whatever the blocks', () => {
    const random = createRandom(4);
    const rows = times(400, () =>
      classified(`t${random.integer(150)} ${random.integer(2) === 0 ? 'A' : 'a'}`, `label${random.integer(3)}`),
    );
    const inBlocks = (perBlock: number) => {
      const found = collect(findInFile(digestRows(rows, { split: 'train', perBlock }), {}));
      return found.map(({ code, message, place, twin }) => [code, message, rowOf(place, perBlock), rowOf(twin?.place, perBlock)]);
    };
    const expected = inBlocks(1000);
    assert.ok(expected.length > 100);
    for (const perBlock of [1, 7, 399]) assert.deepEqual(inBlocks(perBlock), expected);
  });

  it('finds rows behind blocks without any', () => {
    const file = digestRows([plain('a'), plain('b'), plain('a')], { split: 'test', perBlock: 1 });
    const empty = createDigestBuilder().finish();
    const blocks = [empty, ...file.blocks.flatMap((block) => [block, empty])];
    const [finding] = collect(findInFile({ ...file, blocks }, {}));
    assert.deepEqual(
      [finding?.place, finding?.twin?.place],
      [
        { block: 5, row: 0 },
        { block: 1, row: 0 },
      ],
    );
  });

  it('works on when a row is gone that it wants to read again', () => {
    const file = digestRows([classified('a', 'x'), classified('a', 'y'), classified('b', 'z')], { split: 'train' });
    const found = collect(findInFile({ ...file, viewAt: () => undefined }, { labels: ['x', 'y'] }));
    assert.deepEqual(placesOf(found, 'conflicting-labels'), [
      [0, 1],
      [1, 0],
    ]);
  });
});
