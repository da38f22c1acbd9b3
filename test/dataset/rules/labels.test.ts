import assert from 'node:assert/strict';
import { findAcross, findInFile, type FileRuleContext } from '../../../dataset/rules/file-rules';
import type { FileFinding } from '../../../dataset/rules/rule';
import type { Split } from '../../../protocol';
import { chat, classified, collect, digestRows, image, multiLabelled, rowOf, rowsOf, type Row } from './digested-file';

type Code = FileFinding['code'];
interface Where extends FileRuleContext {
  readonly split?: Split | undefined;
}

function find(code: Code, rows: readonly Row[], { split, ...context }: Where = { split: 'train' }): FileFinding[] {
  return collect(findInFile(digestRows(rows, { split }), context)).filter((finding) => finding.code === code);
}

describe('unknown-label', () => {
  const known = { split: 'train', labels: ['refund', 'shipping'] } as const;
  for (const [title, label, message, fix] of [
    [
      'a misspelt label',
      'shiping',
      /"shiping" is not one of the labels\. Did you mean "shipping"\?$/,
      { text: 'shipping', isSafe: false },
    ],
    ['another case', 'Refund', /Did you mean "refund"/, { text: 'refund', isSafe: true }],
    ['spaces around it', ' refund', /Did you mean "refund"/, { text: 'refund', isSafe: true }],
    ['a label like no other', 'weather', /The labels are "refund", "shipping"\.$/, undefined],
  ] as const) {
    it(`finds ${title}`, () => {
      const [finding, ...others] = find('unknown-label', [classified('a', 'refund'), classified('b', label)], known);
      assert.equal(others.length, 0);
      assert.match(finding?.message ?? '', message);
      assert.deepEqual([rowOf(finding?.place), finding?.path, finding?.severity], [1, ['label'], 'error']);
      const made = finding?.fix?.kind === 'replace-value' ? { text: finding.fix.text, isSafe: finding.fix.isSafe } : undefined;
      assert.deepEqual(made, fix);
    });
  }

  it('finds each of the labels of a row, at its place', () => {
    const found = find('unknown-label', [multiLabelled('a', 'refund', 'x', 'y')], known);
    assert.deepEqual(
      found.map(({ path }) => path),
      [
        ['labels', '1'],
        ['labels', '2'],
      ],
    );
  });

  it('looks at held-out files and lone ones too, when temper.json lists labels', () => {
    for (const split of ['test', undefined] as const)
      assert.equal(find('unknown-label', [classified('a', 'x')], { ...known, split }).length, 1);
  });

  it('says nothing when all are known, or when nothing says which labels there are', () => {
    assert.deepEqual(find('unknown-label', [classified('a', 'refund'), classified('b', 'shipping')], known), []);
    assert.deepEqual(find('unknown-label', [classified('a', 'anything')]), []);
    assert.deepEqual(find('unknown-label', [chat('a', 'b')], known), []);
  });

  it('takes the labels of the training rows for held-out ones, unless temper.json lists them', () => {
    const [train, test] = [
      digestRows(rowsOf('refund', 4)),
      digestRows([classified('z', 'refnud'), classified('y', 'refund')], { split: 'test' }),
    ];
    const [finding, ...others] = collect(findAcross(train, test, {}));
    assert.equal(others.length, 0);
    assert.match(finding?.message ?? '', /"refnud" is not one of the labels\. Did you mean "refund"\? .*training rows/);
    assert.deepEqual([finding?.code, finding?.severity, rowOf(finding?.place)], ['unknown-label', 'error', 0]);
    assert.deepEqual(collect(findAcross(train, test, { labels: ['refnud', 'refund'] })), []);
  });
});

/** What there is, labels with their rows, and what is taken for what. */
const typos: [string, [string, number][], [string, string, boolean][]][] = [
  [
    'two letters swapped',
    [
      ['refund', 40],
      ['refnud', 1],
      ['shipping', 30],
    ],
    [['refnud', 'refund', false]],
  ],
  [
    'a letter too few',
    [
      ['shipping', 30],
      ['shiping', 2],
      ['refund', 9],
    ],
    [['shiping', 'shipping', false]],
  ],
  [
    'two slips in a long label',
    [
      ['transaction_declined', 50],
      ['transacton_declned', 1],
    ],
    [['transacton_declned', 'transaction_declined', false]],
  ],
  [
    'another case, however frequent',
    [
      ['Positive', 40],
      ['positive', 60],
    ],
    [['Positive', 'positive', true]],
  ],
  [
    'spaces around it',
    [
      ['refund', 20],
      ['refund ', 15],
    ],
    [['refund ', 'refund', true]],
  ],
  [
    'a rare plural',
    [
      ['refund', 40],
      ['refunds', 1],
    ],
    [['refunds', 'refund', false]],
  ],
  [
    'another separator',
    [
      ['top up card', 40],
      ['top_up_card', 2],
    ],
    [['top_up_card', 'top up card', false]],
  ],
  [
    'no plural that is as frequent',
    [
      ['refund', 40],
      ['refunds', 30],
    ],
    [],
  ],
  [
    'no label with rows enough to be meant',
    [
      ['refund', 400],
      ['refnud', 4],
    ],
    [],
  ],
  [
    'no label when the other is hardly more frequent',
    [
      ['refund', 9],
      ['refnud', 1],
    ],
    [],
  ],
  [
    'no other number',
    [
      ['card_1', 100],
      ['card_2', 1],
      ['10 days', 100],
      ['11 days', 1],
      ['model2019', 100],
      ['model2018', 1],
    ],
    [],
  ],
  [
    'no other letter',
    [
      ['class_a', 100],
      ['class_b', 1],
    ],
    [],
  ],
  [
    'no opposite',
    [
      ['positive', 100],
      ['negative', 1],
      ['legal', 100],
      ['illegal', 1],
      ['typical', 90],
      ['atypical', 1],
    ],
    [],
  ],
  [
    'no other short word',
    [
      ['cat', 100],
      ['car', 1],
      ['lang en', 100],
      ['lang es', 1],
    ],
    [],
  ],
  [
    'no prefix inside',
    [
      ['not valid', 100],
      ['not invalid', 1],
    ],
    [],
  ],
];

describe('label-typo', () => {
  for (const [title, labels, expected] of typos) {
    it(`finds ${title}`, () => {
      const found = find(
        'label-typo',
        labels.flatMap(([label, count]) => rowsOf(label, count)),
      );
      const pairs = found.map(({ message, fix }) => {
        const [, wrong, right] = /^"(.*?)" looks like "(.*?)"/.exec(message) ?? [];
        return [wrong, right, fix?.isSafe];
      });
      assert.deepEqual(
        [...new Set(pairs.map((pair) => JSON.stringify(pair)))].map((pair) => JSON.parse(pair) as unknown),
        expected,
      );
    });
  }

  it('shows every row that has it, at the label', () => {
    const found = find('label-typo', [...rowsOf('refund', 40), ...rowsOf('refnud', 3)]);
    assert.deepEqual(
      found.map(({ place, path }) => [rowOf(place), path]),
      [40, 41, 42].map((row) => [row, ['label']]),
    );
    assert.deepEqual(found[0]?.fix, { kind: 'replace-value', title: 'Change it to "refund"', isSafe: false, text: 'refund' });
  });

  it('is silent where temper.json lists the labels, and in held-out files', () => {
    const rows = [...rowsOf('refund', 40), ...rowsOf('refnud', 1)];
    assert.deepEqual(find('label-typo', rows, { split: 'train', labels: ['refund', 'refnud'] }), []);
    assert.deepEqual(find('label-typo', rows, { split: 'test' }), []);
    assert.equal(find('label-typo', rows, { split: undefined }).length, 1);
  });
});

const balance: [string, Code, [string, number][], RegExp[]][] = [
  [
    'one label in all rows',
    'one-class',
    [['good', 2]],
    [/^All 2 rows have the label "good"\. A classifier needs rows of at least two labels\.$/],
  ],
  ['one row', 'one-class', [['good', 1]], [/^The only row has the label "good"/]],
  [
    'no lack of classes in two',
    'one-class',
    [
      ['good', 9],
      ['bad', 1],
    ],
    [],
  ],
  [
    'a label with seven rows',
    'rare-class',
    [
      ['a1', 90],
      ['b1', 8],
      ['c1', 7],
      ['d1', 1],
    ],
    [/^Only 7 training rows have the label "c1"/, /^Only one training row has the label "d1"/],
  ],
  [
    'no rare class in a typo',
    'rare-class',
    [
      ['refund', 90],
      ['refnud', 1],
    ],
    [],
  ],
  ['no rare class when it is the only one', 'rare-class', [['a', 2]], []],
  [
    'twenty times as many rows',
    'class-imbalance',
    [
      ['a1', 200],
      ['b1', 50],
      ['c1', 10],
    ],
    [/^"a1" has 200 rows, "c1" 10: 20 times/],
  ],
  [
    'no imbalance below that',
    'class-imbalance',
    [
      ['a1', 199],
      ['c1', 10],
    ],
    [],
  ],
  [
    'no imbalance with what is too rare anyway',
    'class-imbalance',
    [
      ['a1', 199],
      ['b1', 10],
      ['c1', 2],
    ],
    [],
  ],
];

describe('the balance of labels', () => {
  for (const [title, code, labels, expected] of balance) {
    it(`finds ${title}`, () => {
      const rows = labels.flatMap(([label, count]) => rowsOf(label, count));
      const found = find(code, rows);
      assert.equal(found.length, expected.length, JSON.stringify(found));
      for (const [index, message] of expected.entries()) assert.match(found[index]?.message ?? '', message);
      assert.deepEqual(find(code, rows, { split: 'test' }), [], 'only training rows are learnt from');
      assert.deepEqual(find(code, rows, { split: undefined }), []);
    });
  }

  it('shows a rare class at the label of its first row, and imbalance at the head', () => {
    const rows = [...rowsOf('a1', 200), ...rowsOf('c1', 3), ...rowsOf('b1', 10)];
    const [[rare], [imbalance]] = [find('rare-class', rows), find('class-imbalance', rows)];
    assert.deepEqual([rowOf(rare?.place), rare?.path], [200, ['label']]);
    assert.equal(imbalance?.place, undefined);
  });

  it('asks one class and imbalance of images, not of rows with several labels or none', () => {
    const several = Array.from({ length: 200 }, (_, index) => multiLabelled(`t${index}`, 'a', ...(index < 8 ? ['b'] : [])));
    assert.deepEqual(find('class-imbalance', several), []);
    assert.deepEqual(find('one-class', several.slice(8)), []);
    assert.deepEqual(find('one-class', [chat('a', 'b')]), []);
    assert.equal(find('one-class', [image('a.png', 'cat')]).length, 1);
  });

  it('counts a label that a row has twice once', () => {
    const rows = Array.from({ length: 7 }, (_, index) => multiLabelled(`t${index}`, 'a', 'a'));
    assert.match(
      find('rare-class', [...rows, ...Array.from({ length: 9 }, (_, index) => multiLabelled(`u${index}`, 'b'))])[0]?.message ??
        '',
      /Only 7/,
    );
  });
});

describe('unused-label', () => {
  const labels = ['refund', 'shipping', 'other'];
  it('finds labels of temper.json without training rows', () => {
    const found = find('unused-label', [...rowsOf('refund', 9), ...rowsOf('other', 9)], { split: 'train', labels });
    assert.deepEqual(
      found.map(({ message, place }) => [/"(.*?)"/.exec(message)?.[1], place]),
      [['shipping', undefined]],
    );
  });

  it('says nothing when all are used, of held-out files, or of rows without labels', () => {
    const rows = labels.flatMap((label) => rowsOf(label, 8));
    assert.deepEqual(find('unused-label', rows, { split: 'train', labels }), []);
    assert.deepEqual(find('unused-label', rowsOf('refund', 8), { split: 'validation', labels }), []);
    assert.deepEqual(find('unused-label', [chat('a', 'b')], { split: 'train', labels }), []);
  });
});
