import assert from 'node:assert/strict';
import { collectLabels } from '../../../dataset/report/label-figures';
import { collectLengths } from '../../../dataset/report/length-figures';
import type { ReportInput, SplitInput } from '../../../dataset/report/report-input';
import { describeDataset } from '../../../dataset/report/words';
import { dir, input, other, upTo, type Made } from './report-inputs';

function describeFiles(inputs: readonly SplitInput[], others: readonly ReportInput[] = []): string[] {
  const [labels, lengths] = [collectLabels(inputs), collectLengths(inputs)];
  const isComplete = [...inputs, ...others].every((file) => file.isComplete);
  const sentences = describeDataset({ inputs, others, labels, lengths, isComplete });
  return sentences.map(({ tone, lead, rest }) => `${tone}: ${lead}${rest}`);
}

const tokens = { lengths: upTo(200), tokens: upTo(200), maxLength: 256 };
const train = (made: Made = {}) => input('train', { rows: 200, ...tokens, ...made });
const test = (made: Made = {}) => input('test', { rows: 50, ...tokens, ...made });
const one = { error: 1, warning: 0, information: 0 };

describe('what Temper sees in a dataset, in words:', () => {
  const last =
    'info: 200 training rows, and 50 held out. Half of the training rows have at most 100 tokens, 95 % of them at most 190.';

  it('that all is well, and what there is', () => {
    assert.deepEqual(describeFiles([train(), test()]), ['good: No problems in any of the files.', last]);
  });

  /** Each: what is found in train and in test, and the first sentence. */
  const cases: [string, Made, Made, string][] = [
    ['errors', { problems: one }, {}, 'error: 1 error in train: a run begins when there are none.'],
    [
      'errors in two files',
      { problems: { error: 1200, warning: 3, information: 0 } },
      { problems: one },
      'error: 1,201 errors in train and test: a run begins when there are none.',
    ],
    [
      'leaks',
      {},
      { byCode: { leak: 12 } },
      'warning: 12 rows of test stand in train: scores on them show what was learnt by heart.',
    ],
    [
      'one leak and near ones',
      {},
      { byCode: { leak: 1, 'near-leak': 5 } },
      'warning: 1 row of test stands in train, and 5 more almost: scores on them show what was learnt by heart.',
    ],
    [
      'near leaks alone',
      {},
      { byCode: { 'near-leak': 2 } },
      'warning: 2 rows of test almost stand in train: scores on them show what was learnt by heart.',
    ],
    [
      'a label with few rows',
      { labels: { ham: 100, spam: 96, eggs: 4 }, byCode: { 'rare-class': 1 } },
      {},
      'warning: The smallest label, "eggs", has 4 rows: too few to learn it from.',
    ],
    [
      'several labels with few rows',
      { labels: { ham: 100, spam: 95, bacon: 4, eggs: 1 }, byCode: { 'rare-class': 2 } },
      {},
      'warning: The smallest label, "eggs", has 1 row, and another is hardly more frequent: too few to learn them from.',
    ],
    [
      'contradictions',
      { byCode: { 'conflicting-labels': 2 } },
      {},
      'warning: 2 rows of train have another label than the same text elsewhere: no model can be right about both.',
    ],
    [
      'rows that are cut',
      { maxLength: 190, byCode: { 'truncated-row': 10 } },
      { maxLength: 190 },
      'warning: 10 rows of train (5 %) are longer than 190 tokens: the model reads no more, and what follows is cut off.',
    ],
    [
      'hardly any rows that are cut',
      { rows: 5000, byCode: { 'truncated-row': 1 } },
      {},
      'warning: 1 row of train (less than 0.1 %) is longer than 256 tokens: the model reads no more, and what follows is cut off.',
    ],
    [
      'a secret',
      { byCode: { secret: 1 } },
      {},
      'warning: A key or password stands in train: a model may repeat what it has read.',
    ],
    [
      'secrets',
      { byCode: { secret: 3 } },
      { byCode: { secret: 1 } },
      'warning: 4 keys or passwords stand in train and test: a model may repeat what it has read.',
    ],
    [
      'duplicates',
      { byCode: { 'duplicate-row': 403 } },
      { byCode: { 'duplicate-row': 1 } },
      'warning: 403 rows of train and 1 of test stand there already: a row counts as often as it is repeated.',
    ],
    [
      'a label that drowns the others',
      { labels: { ham: 174, spam: 26 } },
      {},
      'info: 87 % of train is "ham": who always says so is right as often, so look at macro F1, not at accuracy.',
    ],
    [
      'other remarks, counted',
      { problems: { error: 0, warning: 2, information: 1 } },
      {},
      'info: 2 warnings and 1 hint, and nothing that stops a run.',
    ],
  ];
  for (const [what, inTrain, inTest, expected] of cases) {
    it(what, () => {
      const words = describeFiles([train(inTrain), test(inTest)]);
      assert.equal(words[0], expected);
      assert.ok(words.length >= 2);
    });
  }

  const near: [string, Made][] = [
    ['labels that are small but that the rule lets pass', { labels: { ham: 190, spam: 10 }, byCode: { 'rare-class': 0 } }],
    ['rows that are cut but accepted', { maxLength: 190, byCode: {} }],
  ];
  for (const [what, made] of near) {
    it(`nothing of ${what}`, () => {
      const words = describeFiles([train(made), test()]);
      assert.ok(!words.some((sentence) => sentence.startsWith('warning')), words.join('\n'));
    });
  }

  it('no majority where the first of several labels is far ahead but not most', () => {
    const words = describeFiles([train({ labels: { ham: 90, spam: 40, eggs: 40, bacon: 30 } })]);
    assert.equal(words[0], 'good: No problems in any of the files.');
  });

  it('no majority where two labels share the rows', () => {
    const words = describeFiles([train({ labels: { ham: 104, spam: 96 } })]);
    assert.equal(words[0], 'good: No problems in any of the files.');
    assert.match(words[1] ?? '', /^info: 200 training rows with 2 labels\. No file is held out/);
  });

  it('the most urgent first, and no more than five', () => {
    const byCode = { secret: 1, 'duplicate-row': 1, 'conflicting-labels': 1, 'truncated-row': 1, 'rare-class': 1 } as const;
    const labels = { ham: 190, spam: 10 };
    const words = describeFiles([train({ byCode, labels, problems: one }), test({ byCode: { leak: 1 } })]);
    assert.equal(words.length, 5);
    assert.deepEqual(
      words.map((sentence) => sentence.slice(0, 20)),
      ['error: 1 error in tr', 'warning: 1 row of te', 'warning: The smalles', 'warning: 1 row of tr', 'info: 200 training r'],
    );
  });

  it('no more than five also when there is something to say about the figures', () => {
    const byCode = { secret: 1, 'duplicate-row': 1, 'conflicting-labels': 1 } as const;
    const words = describeFiles([input('train', { rows: 3, lengths: [1, 2, 3], byCode, problems: one, isComplete: false })]);
    assert.deepEqual(
      words.map((sentence) => sentence.slice(0, 20)),
      ['error: 1 error in tr', 'warning: 1 row of tr', 'info: Rows are still', 'info: Tokens are not', 'info: 3 training row'],
    );
  });

  it('errors of temper.json', () => {
    const config = other(`${dir}/temper.json`, { problems: one });
    assert.equal(
      describeFiles([train(), test()], [config])[0],
      'error: 1 error in temper.json: a run begins when there are none.',
    );
  });

  it('that rows are still compared, and then not that all is well', () => {
    const words = describeFiles([train({ isComplete: false }), test()]);
    assert.deepEqual(words, ['info: Rows are still compared: leaks and duplicates may follow.', last]);
  });

  it('that tokens are not known without the model', () => {
    const words = describeFiles([input('train', { rows: 3, lengths: [10, 20, 40] })]);
    assert.equal(words[1], 'info: Tokens are not counted: the model of this project is not on this machine.');
    assert.match(words[2] ?? '', /at most 20 characters, 95 % of them at most 40\.$/);
  });

  it('that no row can be trained on', () => {
    const words = describeFiles([input('train', { problems: one })]);
    assert.equal(words.at(-1), 'error: No row of train can be trained on as it is.');
  });

  it('that there is nothing', () => {
    assert.deepEqual(describeFiles([]), ['error: There are no rows: temper.json leads to no file that has any.']);
  });

  it('a label of many words shortened', () => {
    const long = 'a very long label that somebody has written as a whole sentence';
    const words = describeFiles([train({ labels: { [long]: 190, spam: 10 } })]);
    assert.match(words[0] ?? '', /is "a very long label that somebody has writ…":/);
  });
});
