import assert from 'node:assert/strict';
import { readClassificationRows } from '../../dataset/classification-rows';
import { parseRows, type RowFormat } from '../../dataset/parse-rows';
import { dataSchema, type ProblemCode } from '../../protocol';
import { rangeOf, readMarks } from './marked-text';

const data = dataSchema.parse({ train: 'train.jsonl' });
const labels = ['refund', 'shipping', 'true', '3'];

function read(source: string, format: RowFormat, names = data) {
  const { text, ranges } = readMarks(source);
  return { ...readClassificationRows(parseRows(text, format), names, labels), ranges };
}

describe('readClassificationRows', () => {
  /** What is wrong, its code, the rows with the range marked, words of the message. */
  const bad: [string, ProblemCode, RowFormat, string, RegExp][] = [
    ['a missing text', 'missing-field', 'jsonl', '{"text": "a", "label": "3"}\n «{"label": "refund"}»', /no "text"\. Add it/],
    [
      'a misspelt key in one row',
      'missing-field',
      'jsonl',
      '{"text": "a", "label": "3"}\n«{"text": "a", "lable": "3"}»',
      /Did you mean "lable"/,
    ],
    [
      'a key of other case in one row',
      'missing-field',
      'jsonl',
      '{"text": "a", "label": "3"}\n«{"Text": "a", "label": "3"}»',
      /mean "Text"/,
    ],
    ['an empty text', 'empty-field', 'jsonl', '{"text": «""», "label": "refund"}', /"text" is empty/],
    ['a text of blanks', 'empty-field', 'jsonl', '{"text": «" \\n\\t"», "label": "refund"}', /"text" is empty/],
    ['an empty label', 'empty-field', 'jsonl', '{"text": "a", "label": «""»}', /"label" is empty/],
    ['an empty cell', 'empty-field', 'csv', 'text,label\na,«»', /"label" is empty/],
    ['a quoted empty cell', 'empty-field', 'csv', 'label,text\r\nrefund,«""»\r\n', /"text" is empty/],
    ['a number as text', 'wrong-type', 'jsonl', '{"text": «12», "label": "refund"}', /the number 12.*string/],
    ['a boolean as text', 'wrong-type', 'jsonl', '{"text": «false», "label": "refund"}', /the boolean false/],
    ['null as text', 'wrong-type', 'jsonl', '{"text": «null», "label": "refund"}', /is null/],
    ['a list as text', 'wrong-type', 'jsonl', '{"text": «["a"]», "label": "refund"}', /is a list/],
    ['an object as text', 'wrong-type', 'jsonl', '{"text": «{"a": 1}», "label": "refund"}', /is an object/],
    ['null as label', 'wrong-type', 'jsonl', '{"text": "a", "label": «null»}', /is null\. The label must/],
    ['a list of labels', 'wrong-type', 'jsonl', '{"text": "a", "label": «["refund"]»}', /one label, not a list/],
    ['a label beyond exact numbers', 'wrong-type', 'jsonl', '{"text": "a", "label": «12345678901234567890»}', /double quotes/],
    ['a misspelt label', 'unknown-label', 'jsonl', '{"text": "a", "label": «"refnud"»}', /"refnud" is not.*mean "refund"/],
    ['a label with a blank', 'unknown-label', 'csv', 'text,label\na,« refund»\n', /mean "refund"/],
    ['a label in other case', 'unknown-label', 'csv', 'text,label\na,«Refund»\n', /mean "refund"/],
    [
      'a foreign label',
      'unknown-label',
      'csv',
      'text,label\na,«"weather"»\n',
      /The labels are "refund", "shipping", "true", "3"/,
    ],
    ['a number that is no label', 'unknown-label', 'jsonl', '{"text": "a", "label": «4»}', /"4" is not/],
    ['a misspelt column', 'missing-column', 'csv', '«text,lable»\na,refund\n', /no column "label"\. Did you mean "lable"/],
    ['a column with a blank', 'missing-column', 'csv', '\n«text, label»\na,refund\n', /mean " label"/],
    ['a foreign header', 'missing-column', 'csv', '«text,b»\na,refund', /columns are "text", "b".*"data\.labelColumn"/],
    [
      'a key that no row has',
      'missing-column',
      'jsonl',
      '\n«{"text": "a", "intent": "refund"}»\n{"text": "b"}',
      /are "text", "intent"/,
    ],
    ['no rows', 'no-rows', 'jsonl', '«»\n\n', /no rows/],
    ['a lone header', 'no-rows', 'csv', '«text,label»\n', /a header and no rows/],
  ];
  for (const [title, code, format, source, words] of bad) {
    it(`reports ${title} as ${code}`, () => {
      const { problems, ranges } = read(source, format);
      assert.deepEqual(
        problems.map((problem) => [problem.code, problem.severity]),
        [[code, 'error']],
      );
      assert.deepEqual(problems.map(rangeOf), ranges);
      assert.match(problems[0]?.message ?? '', words);
    });
  }

  /** Nearly one of the above, and right. */
  const good: [string, RowFormat, string, [string, string, number][]][] = [
    ['a plain row', 'jsonl', '{"text": "a", "label": "refund"}', [['a', 'refund', 1]]],
    ['other fields of any kind', 'jsonl', '{"id": null, "text": "a", "label": "refund", "x": [1]}', [['a', 'refund', 1]]],
    ['a boolean as label', 'jsonl', '{"text": "a", "label": true}', [['a', 'true', 1]]],
    ['a number as label', 'jsonl', '\n{"text": "a", "label": 3.0}', [['a', '3', 2]]],
    ['a text of one letter with blanks around it', 'jsonl', '{"text": " a ", "label": "refund"}', [[' a ', 'refund', 1]]],
    [
      'numbers and words of JSON in cells',
      'csv',
      'text,label\n12,3\nnull,true',
      [
        ['12', '3', 2],
        ['null', 'true', 3],
      ],
    ],
    [
      'columns in any order, one of them empty',
      'tsv',
      'label\tnote\ttext\nrefund\t\t"a\nb"\nshipping\tx\tc',
      [
        ['a\nb', 'refund', 2],
        ['c', 'shipping', 4],
      ],
    ],
  ];
  for (const [title, format, source, rows] of good) {
    it(`accepts ${title}`, () => {
      const read_ = read(source, format);
      assert.deepEqual(read_.problems, []);
      assert.deepEqual(
        read_.rows,
        rows.map(([text, label, line]) => ({ text, label, line })),
      );
    });
  }

  it('reads the columns that the config names', () => {
    const names = { ...data, textColumn: 'v2', labelColumn: 'v1' };
    assert.deepEqual(read('v1,v2,,\nrefund,a,,\n', 'csv', names).rows, [{ text: 'a', label: 'refund', line: 2 }]);
    assert.deepEqual(
      read('«text,label»\na,refund', 'csv', names).problems.map(({ code }) => code),
      ['missing-column', 'missing-column'],
    );
  });

  it('reports both fields of a row, and keeps only the rows that are right', () => {
    const { rows, problems } = read(
      '{"text": "", "label": "refnud"}\n{"text": "a", "label": "refund"}\n{"text": "b", "label": ""}',
      'jsonl',
    );
    assert.deepEqual(
      problems.map(({ code, line }) => [code, line]),
      [
        ['empty-field', 1],
        ['unknown-label', 1],
        ['empty-field', 3],
      ],
    );
    assert.deepEqual(rows, [{ text: 'a', label: 'refund', line: 2 }]);
  });

  it('accepts every label where none are given', () => {
    const { rows, problems } = readClassificationRows(parseRows('{"text": "a", "label": "new"}', 'jsonl'), data, undefined);
    assert.deepEqual([rows.length, problems], [1, []]);
  });

  it('does not add "no rows" to a file whose only rows cannot be read', () => {
    assert.deepEqual(read('{"text": "a"', 'jsonl').problems, []);
    assert.deepEqual(read('text,label\na', 'csv').problems, []);
  });
});
