import assert from 'node:assert/strict';
import { lintBytes, lintText } from '../../dataset/lint-file';
import { isChatRow } from '../../dataset/rows';
import { dataSchema } from '../../protocol';
import { rangeOf, readMarks } from './marked-text';

const data = dataSchema.parse({ train: 'train.jsonl' });
const bytesOf = (text: string) => new TextEncoder().encode(text);

describe('lintText', () => {
  it('gives problems of every layer in the order of the file, and the rows that are right', () => {
    const { text, ranges } = readMarks(
      '{"text": "a", "label": «""»}\n{«text»: "b"}\n{"text": "c", "label": "x"}\n{"text": «1», "label": "x"}\n«[]»',
    );
    const { problems, rows } = lintText('a.jsonl', text, { data, role: 'held-out' });
    assert.deepEqual(
      problems.map(({ code }) => code),
      ['empty-field', 'invalid-json', 'wrong-type', 'not-an-object'],
    );
    assert.deepEqual(problems.map(rangeOf), ranges);
    assert.deepEqual(rows, [{ text: 'c', label: 'x', line: 3 }]);
  });

  it('wants two labels where it is trained on', () => {
    const { text, ranges } = readMarks('\n{"text": "a", "label": «"x"»}\n{"text": "b", "label": "x"}');
    const { problems } = lintText('a.jsonl', text, { data, role: 'train' });
    assert.deepEqual(
      problems.map(({ code, severity }) => [code, severity]),
      [['one-class', 'error']],
    );
    assert.deepEqual(problems.map(rangeOf), ranges);
    assert.match(problems[0]?.message ?? '', /All 2 rows have the label "x"/);
  });

  it('is content with one label in held-out rows, and with two in training rows', () => {
    assert.deepEqual(lintText('a.csv', 'text,label\na,x', { data, role: 'held-out' }).problems, []);
    assert.deepEqual(lintText('a.csv', 'text,label\na,x\nb,y', { data, role: 'train' }).problems, []);
  });

  it('does not count labels while rows cannot be read', () => {
    const { problems } = lintText('a.csv', 'text,label\na,x\nb', { data, role: 'train' });
    assert.deepEqual(
      problems.map(({ code }) => code),
      ['ragged-row'],
    );
  });

  it('refuses labels that are not among those given', () => {
    const { problems } = lintText('a.csv', 'text,label\na,x\nb,y', { data, role: 'held-out', labels: ['x', 'z'] });
    assert.deepEqual(
      problems.map(({ code, line }) => [code, line]),
      [['unknown-label', 3]],
    );
  });

  it('takes rows for what their columns tell where nobody says what they are for', () => {
    const chat = '{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}';
    const count = (name: string, text: string) => {
      const { problems, rows } = lintText(name, text, { data, role: 'held-out' });
      return [rows.filter(isChatRow).length, problems.map(({ message }) => message)];
    };
    assert.deepEqual(count('a.jsonl', chat), [1, []]);
    assert.deepEqual(count('a.csv', 'prompt,completion\na,b\nc,d'), [2, []]);
    assert.deepEqual(count('a.csv', 'text,label,messages\na,b,c'), [0, []]);
    const asTexts = lintText('a.jsonl', chat, { data, role: 'train', task: 'text-classification' }).problems;
    assert.match(asTexts[0]?.message ?? '', /no column "text".*For conversations, set "task"/);
  });

  it('says which endings it knows', () => {
    const { problems } = lintText('a.xlsx', 'PK', { data, role: 'train' });
    assert.deepEqual(
      problems.map(({ code }) => code),
      ['unknown-format'],
    );
    assert.match(problems[0]?.message ?? '', /a\.xlsx.*\.jsonl, \.csv or \.tsv/);
  });
});

describe('lintBytes', () => {
  it('reads the same rows as lintText, behind a byte-order mark too', () => {
    const text = 'text,label\nä,x\n😀,y\n';
    const options = { data, role: 'train' } as const;
    const { problems, rows } = lintBytes('a.csv', bytesOf(`\ufeff${text}`), options);
    assert.deepEqual(rows, lintText('a.csv', text, options).rows);
    assert.equal(rows.length, 2);
    assert.deepEqual(
      problems.map(({ code }) => code),
      ['byte-order-mark'],
    );
  });

  it('puts bad bytes among the other problems by their place', () => {
    const bytes = Uint8Array.from([...bytesOf('text,label\na\n'), 0xe9, ...bytesOf(',x\nb,\n')]);
    const { problems } = lintBytes('a.csv', bytes, { data, role: 'train' });
    assert.deepEqual(
      problems.map(({ code, line }) => [code, line]),
      [
        ['ragged-row', 2],
        ['invalid-encoding', 3],
        ['empty-field', 4],
      ],
    );
  });
});
