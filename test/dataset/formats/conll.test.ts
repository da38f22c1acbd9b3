import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { openConll } from '../../../dataset/formats/conll';
import { rangeOf } from '../marked-text';
import { checkBlocks, checkRemoval, textAt } from './line-formats';

const names = { tokensColumn: 'tokens', tagsColumn: 'tags' };
const place = { isFirst: true, isLast: true };
const open = (text: string) => openConll(text, names);
const parse = (text: string) => open(text).parse(text, place);
const sharedData = resolve(process.cwd(), '../shared/data/wnut17');

/** Title, text, sentences as "token/tag token/tag". */
const read: [string, string, string[]][] = [
  ['tabs', 'I\tO\nParis\tB-loc\n\nyou\tO\n', ['I/O Paris/B-loc', 'you/O']],
  ['blanks of any number', 'I   O\nParis \t B-loc\n \nyou O', ['I/O Paris/B-loc', 'you/O']],
  ['Windows line ends', 'I\tO\r\nParis\tB-loc\r\n\r\nyou\tO\r\n', ['I/O Paris/B-loc', 'you/O']],
  ['several blank lines, also of tabs and at both ends', '\n\nI\tO\n\t\n\n \t \nyou\tO\n\n\n', ['I/O', 'you/O']],
  ['more columns, first and last', 'EU NNP I-NP B-org\nrejects VBZ I-VP O\n', ['EU/B-org rejects/O']],
  [
    '-DOCSTART- lines',
    '-DOCSTART- -X- O O\n\nEU NNP I-NP B-org\n-DOCSTART- -X- O O\nUN NNP I-NP B-org\n',
    ['EU/B-org', 'UN/B-org'],
  ],
  ['comments that have not the columns of the others', '# id 1 of 2\nI\tO\n# more\nam\tO\n', ['I/O am/O']],
  ['a token "#"', '#\tO\n1\tO\n', ['#/O 1/O']],
  ['a token "#" between blanks', '# O\nwin O\n', ['#/O win/O']],
  ['tokens that hold blanks, between tabs', 'New York\tB-loc\nis\tO\n', ['New York/B-loc is/O']],
  [
    'tokens that are no-break and zero-width spaces',
    'a\tO\n\u00a0\tO\n\u200b\tO\n\ufeff\tO\n',
    ['a/O \u00a0/O \u200b/O \ufeff/O'],
  ],
  [
    'a first column that counts',
    '# http://x\n1\tEU\tB-org\tO\n2\tis\tO\tO\n\n1\tUN\tB-org\tO\n2\ttoo\tO\tO\n',
    ['EU/O is/O', 'UN/O too/O'],
  ],
  ['numbers that do not count', '7 CD O\n8 CD O\n3 CD O\n', ['7/O 8/O 3/O']],
  ['nothing', '', []],
];

/** Title, text with a broken line, the broken text, words of the message, the sentences that are left. */
const broken: [string, string, string, RegExp, number][] = [
  ['a line without a tag', 'I\tO\nParis\nis\tO\n\nyou\tO\n', 'Paris', /This line has 1 column, the others have 2\./, 1],
  ['a line with too many columns', 'I O\nNew York B-loc\nis O\n\nyou O\n', 'New York B-loc', /3 columns, the others have 2/, 1],
  ['an empty tag', 'I\tO\nParis\t\n\nyou\tO\nare\tO\n', 'Paris\t', /empty column/, 1],
  ['an empty token', 'I\tO\n \tO\n\nyou\tO\nare\tO\n', ' \tO', /empty column/, 1],
  ['a lone no-break space', 'I\tO\n\u00a0\nis\tO\n\nyou\tO\n', '\u00a0', /1 column/, 1],
  ['a hashtag without a tag', 'I\tO\n#win\n\nyou\tO\n', '#win', /1 column/, 1],
];

function sentencesOf(text: string): string[] {
  return parse(text).rows.map(({ value }) => {
    const [tokens, tags] = [value['tokens'] as string[], value['tags'] as string[]]; // lists of strings, or the test fails
    assert.equal(tokens.length, tags.length);
    return tokens.map((token, index) => `${token}/${tags[index] ?? ''}`).join(' ');
  });
}

describe('openConll', function () {
  this.timeout(30_000);

  for (const [title, text, sentences] of read) {
    it(`reads ${title}`, () => {
      assert.deepEqual(sentencesOf(text), sentences);
      assert.deepEqual(parse(text).problems, []);
    });
  }

  for (const [title, text, found, words, left] of broken) {
    it(`reports ${title} and leaves its sentence out`, () => {
      const { rows, problems } = parse(text);
      assert.deepEqual(
        problems.map((problem) => [problem.code, problem.severity, textAt(text, problem)]),
        [['ragged-row', 'error', found]],
      );
      assert.match(problems[0]?.message ?? '', words);
      assert.equal(rows.length, left);
    });
  }

  it('finds a tag, a token, parts of them, and the sentence for whatever else is asked', () => {
    const text = '\nI\tPRP\tO\n# no token\nParis \tNNP\t B-loc \n\nyou\tPRP\tO\n';
    const [row] = parse(text).rows;
    const at = (path: string[], within?: { start: number; end: number }) =>
      textAt(text, row?.rangeAt(path, within) ?? assert.fail());
    assert.deepEqual(
      [at(['tags', '1']), at(['tokens', '1']), at(['tags', '1'], { start: 2, end: 5 })],
      ['B-loc', 'Paris', 'loc'],
    );
    const sentence = 'I\tPRP\tO\n# no token\nParis \tNNP\t B-loc ';
    assert.deepEqual(
      [[], ['tags'], ['tokens', '2'], ['x', '0']].map((path) => at(path)),
      Array(4).fill(sentence),
    );
    assert.deepEqual([row?.line, row?.endLine], [2, 4]);
    assert.deepEqual(row?.keyRangeAt(['tags', '1']), row?.rangeAt(['tags', '1']));
  });

  it('says how it read the head', () => {
    assert.deepEqual(open('I\tO\nam\tO\nParis\n\nyou\tO\n').reasons, [
      'the columns are separated by tabs: 3 of 4 lines have 2 columns',
    ]);
    const counted = open('1 EU B-org\n2 is O\n').reasons;
    assert.deepEqual(counted, [
      'the columns are separated by blanks: 2 of 2 lines have 3 columns',
      'the second column holds the tokens: the first counts them',
    ]);
    assert.notEqual(open('a\tO\n').key, open('a O\n').key);
    assert.equal(open('a\tO\n').key, open('b\tB-x\n\nc\tO\n').key);
  });

  it('cuts behind the last blank line only', () => {
    const cut = (text: string, isLast = false) => open(text).findCut(text, { isFirst: true, isLast });
    const texts = ['', 'a O', 'a O\n', 'a O\n\n', 'a O\n\nb O\n', 'a O\r\n\r\nb O', 'a O\n\t\n', 'a O\n\r', 'a O\r\rb', '\n'];
    assert.deepEqual(
      texts.map((text) => cut(text)),
      [0, 0, 0, 5, 5, 7, 6, 0, 5, 1],
    );
    assert.equal(cut('a O\nb O', true), 7);
  });

  it('can hold in a cell what has no separator in it', () => {
    const quoted = (head: string) =>
      ['B-loc', 'a b', 'a\tb', 'a\nb', '', ' a', '-DOCSTART-'].map((text) => open(head).quote(text));
    assert.deepEqual(quoted('a\tO\n'), ['B-loc', 'a b', undefined, undefined, undefined, undefined, undefined]);
    assert.deepEqual(quoted('a O\n'), ['B-loc', undefined, undefined, undefined, undefined, undefined, undefined]);
  });

  it('takes a sentence out with the blank line that ends it', () => {
    const removal = (text: string, index: number) => {
      const parser = open(text);
      return parser.rangeToRemove(parser.parse(text, place).rows[index] ?? assert.fail());
    };
    assert.deepEqual(removal('a\tO\nb\tO\n\nc\tO\n', 0), { line: 1, column: 1, endLine: 4, endColumn: 1 });
    assert.deepEqual(removal('a\tO\nb\tO\n\nc\tO', 1), { line: 4, column: 1, endLine: 4, endColumn: 4 });
  });

  const parts = ['a\tO\n', 'b\tB-x\r\n', 'c\tI-x\n', '\n', '\r\n', ' \n', 'd\n', '# x\n', '-DOCSTART-\n', '\r', 'e\tO'];
  it('reads the same in blocks', () => checkBlocks(() => open('a\tO\nb\tO\n'), parts));
  it('reads the other sentences as before when one is taken out', () =>
    checkRemoval(() => open('a\tO\nb\tO\n'), parts.slice(0, 5)));

  describe(existsSync(sharedData) ? 'on WNUT17' : `on WNUT17 (skipped: no ${sharedData})`, () => {
    before(function () {
      if (!existsSync(sharedData)) this.skip();
    });

    /** File, sentences, tokens and beginnings of persons, as Python counts them. */
    const files: [string, number, number, number][] = [
      ['wnut17train.conll', 3394, 62_730, 660],
      ['emerging.dev.conll', 1009, 15_733, 470],
      ['emerging.test.annotated', 1287, 23_394, 429],
    ];
    for (const [file, sentences, tokens, persons] of files) {
      it(`reads ${file} without a problem`, () => {
        const text = readFileSync(join(sharedData, file), 'utf8');
        const { rows, problems } = parse(text);
        assert.deepEqual(problems.map(rangeOf), []);
        const tags = rows.flatMap(({ value }) => value['tags'] as string[]); // lists of strings, or the counts are wrong
        assert.deepEqual(
          [rows.length, tags.length, tags.filter((tag) => tag === 'B-person').length],
          [sentences, tokens, persons],
        );
      });
    }
  });
});
