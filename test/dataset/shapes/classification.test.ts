import assert from 'node:assert/strict';
import { openDelimited } from '../../../dataset/formats/delimited';
import { rangeOf } from '../marked-text';
import { itAccepts, itReports, mend, readMarked } from './read-marked';

const right = '{"text": "a", "label": "3"}';

describe('rows of classification', () => {
  itReports('classification', [
    ['a missing text', 'missing-field', `${right}\n«{"label": "refund"}»`, /no "text"\. Add it/],
    ['a misspelt key in one row', 'missing-field', `${right}\n«{"text": "a", "lable": "3"}»`, /Did you mean "lable"/],
    ['a key of other case in one row', 'missing-field', `${right}\n«{"Text": "a", "label": "3"}»`, /mean "Text"/],
    ['an empty text', 'empty-field', '{"text": «""», "label": "refund"}', /"text" is empty. Fill it in, or remove the row/],
    ['a text of blanks', 'empty-field', '{"text": «" \\n\\t"», "label": "refund"}', /"text" is empty/],
    ['a text of other blanks', 'empty-field', '{"text": «"\\u00a0\\u3000"», "label": "refund"}', /"text" is empty/],
    ['an empty label', 'empty-field', '{"text": "a", "label": «""»}', /"label" is empty/],
    ['a number as text', 'wrong-type', '{"text": «12», "label": "refund"}', /the number 12.*string/],
    ['a boolean as text', 'wrong-type', '{"text": «false», "label": "refund"}', /the boolean false/],
    ['null as text', 'wrong-type', '{"text": «null», "label": "refund"}', /is null/],
    ['a list as text', 'wrong-type', '{"text": «["a"]», "label": "refund"}', /is a list/],
    ['an object as text', 'wrong-type', '{"text": «{"a": 1}», "label": "refund"}', /is an object/],
    ['null as label', 'wrong-type', '{"text": "a", "label": «null»}', /is null\. The label must/],
    ['a list of labels', 'wrong-type', '{"text": "a", "label": «["refund"]»}', /one label, not a list/],
    ['a label beyond exact numbers', 'wrong-type', '{"text": "a", "label": «12345678901234567890»}', /double quotes/],
    ['two empty fields, each', 'empty-field', '{"text": «""», "label": «" "»}', /"text" is empty/],
  ]);

  it('reports both fields that a row does not have', () => {
    const { problems } = readMarked(`${right}\n{"a": 1}`, 'classification');
    assert.deepEqual(
      problems.map(({ code, line, message }) => [code, line, message.split('.')[0]]),
      [
        ['missing-field', 2, 'This row has no "text"'],
        ['missing-field', 2, 'This row has no "label"'],
      ],
    );
  });

  itAccepts('classification', [
    ['other fields of any kind', '{"id": null, "text": "a", "label": "refund", "x": [1]}'],
    ['a text with blanks around it', '{"text": "\\u00a0a ", "label": "refund"}'],
    ['a second text that the config does not name', '{"text": "a", "text_pair": 3, "label": "refund"}'],
  ]);

  it('makes strings of labels that are exact, and keeps texts as they are', () => {
    const labels = ['true', '3.0', '-1', '0.5', '"x"'];
    const { rows } = readMarked(labels.map((label) => `{"text": " a ", "label": ${label}}`).join('\n'), 'classification');
    assert.deepEqual(
      rows.map((row) => row.kind === 'classification' && [row.line, row.text, row.label]),
      ['true', '3', '-1', '0.5', 'x'].map((label, index) => [index + 1, ' a ', label]),
    );
  });

  it('takes no inherited property for a field', () => {
    const columns = { textColumn: 'toString', labelColumn: '__proto__' };
    const { rows, problems } = readMarked('{"toString": "a", "__proto__": "b"}\n{"x": 1}', 'classification', { columns });
    assert.deepEqual(rows, [{ kind: 'classification', line: 1, text: 'a', label: 'b' }]);
    assert.deepEqual(
      problems.map(({ code }) => code),
      ['missing-field', 'missing-field'],
    );
  });

  describe('of pairs', () => {
    const columns = { textColumn: 'sentence1', textPairColumn: 'sentence2' };
    itReports(
      'classification',
      [['an empty second text', 'empty-field', '{"sentence1": "a", "sentence2": «""», "label": 1}', /"sentence2"/]],
      {
        columns,
      },
    );

    it('reads both texts', () => {
      const { rows } = readMarked('{"sentence1": "a", "sentence2": "b", "label": 1}', 'classification', { columns });
      assert.deepEqual(rows, [{ kind: 'classification', line: 1, text: 'a', textPair: 'b', label: '1' }]);
    });
  });

  /** What is wrong, the row, how it reads when mended, whether that may be done unasked. */
  const fixes: [string, string, string, boolean][] = [
    ['a misspelt key', '{"txt": "a", "label": "3"}', '{"text": "a", "label": "3"}', false],
    ['a key of other case', '{"Text": "a", "label": "3"}', '{"text": "a", "label": "3"}', true],
    ['a number as text', '{"text": 12, "label": "3"}', '{"text": "12", "label": "3"}', true],
    ['an empty text', `{"text": "", "label": "3"}\n${right}`, right, false],
    ['a missing label', `${right}\n{"text": "a"}`, right, false],
  ];
  for (const [title, source, mended, isSafe] of fixes) {
    it(`mends ${title}, ${isSafe ? 'unasked' : 'when asked'}`, () => {
      const read = readMarked(source, 'classification');
      assert.equal(read.problems[0]?.fixes?.[0]?.isSafe, isSafe);
      assert.equal(mend(read).trimEnd(), mended);
      assert.deepEqual(readMarked(mended, 'classification').problems, []);
    });
  }

  it('does not take a field that is read for a misspelt one', () => {
    const columns = { textColumn: 'text1', textPairColumn: 'text2' };
    const { problems } = readMarked('{"text1": "a", "label": 1}', 'classification', { columns });
    assert.match(problems[0]?.message ?? '', /no "text2"\. Add it/);
  });

  describe('in a .csv file', () => {
    const open = openDelimited(',');
    for (const [title, source] of [
      ['an empty cell', 'text,label\nb,3\na,«»\nb,3\n'],
      ['a quoted empty cell', 'label,text\r\nrefund,«""»\r\nrefund,a\r\n'],
      ['a cell of blanks', 'label,text\nrefund,«" "»\nrefund,a\n'],
    ] as const) {
      it(`reports ${title} as empty-field`, () => {
        const { problems, ranges } = readMarked(source, 'classification', { open });
        assert.deepEqual(
          problems.map(({ code }) => code),
          ['empty-field'],
        );
        assert.deepEqual(problems.map(rangeOf), ranges);
      });
    }

    it('reads numbers and words of JSON as they are written, and leaves other columns alone', () => {
      const { rows, problems } = readMarked('label,note,text\n3,,12\ntrue,x,"null\nb"\n', 'classification', { open });
      assert.deepEqual(problems, []);
      assert.deepEqual(
        rows.map((row) => row.kind === 'classification' && [row.line, row.text, row.label]),
        [
          [2, '12', '3'],
          [3, 'null\nb', 'true'],
        ],
      );
    });
  });
});
