import assert from 'node:assert/strict';
import { findExtraFields } from '../../../dataset/shapes/extra-fields';
import { shapeNamed } from '../../../dataset/shapes/registry';
import type { ShapeName } from '../../../protocol';
import { rangeOf } from '../marked-text';
import { data, mend, readMarked } from './read-marked';

const turn = (role: string) => `{"role": "${role}", "content": "a"}`;
const messages = `{"messages": [${turn('user')}, ${turn('assistant')}]}`;

describe('mixed-shapes', () => {
  /** The shape of the file, a row of another one, words of the message. */
  const mixed: [ShapeName, string, RegExp][] = [
    [
      'messages',
      '{"prompt": "a", "completion": "b"}',
      /This row has "prompt" and "completion", the rest of the file "messages"\./,
    ],
    ['messages', '{"instruction": "a", "output": "b"}', /has "instruction" and "output"/],
    ['messages', '{"conversations": []}', /has "conversations"/],
    ['messages', '{"text": "a", "label": "b"}', /has "text" and "label"/],
    ['messages', '{"text": "a"}', /has "text", the rest/],
    ['prompt-completion', messages, /has "messages", the rest of the file "prompt" and "completion"/],
    ['classification', '{"prompt": "a", "completion": "b"}', /the rest of the file "text" and "label"/],
    ['classification', '{"text": "a", "labels": ["b"]}', /has "text" and "labels"/],
    ['preference', messages, /has "messages", the rest of the file "chosen" and "rejected"/],
  ];
  for (const [name, source, words] of mixed) {
    it(`finds ${source} among rows of ${name}`, () => {
      const { problems, rows, ranges } = readMarked(`«${source}»`, name);
      assert.deepEqual(
        problems.map(({ code }) => code),
        ['mixed-shapes'],
      );
      assert.deepEqual(problems.map(rangeOf), ranges);
      assert.match(problems[0]?.message ?? '', words);
      assert.deepEqual(rows, []);
    });
  }

  /** Rows that lack a field of their own shape. */
  const incomplete: [ShapeName, string][] = [
    ['classification', '{"text": "a"}'],
    ['classification', '{"text": "a", "labels": "b"}'],
    ['prompt-completion', '{"prompt": "a"}'],
    ['prompt-completion', '{"prompt": "a", "chosen": "b"}'],
    ['unpaired-preference', '{"prompt": "a", "completion": "b"}'],
    ['messages', '{"prompt": "a"}'],
    ['token-tags', '{"tokens": ["a"]}'],
  ];
  for (const [name, source] of incomplete) {
    it(`calls ${source} an incomplete row of ${name}`, () => {
      assert.ok(readMarked(source, name).problems.every(({ code }) => code === 'missing-field'));
      assert.ok(readMarked(source, name).problems.length > 0);
    });
  }

  it('says nothing of a whole row that has more', () => {
    const { problems, rows } = readMarked('{"text": "a", "label": "b", "prompt": "a", "completion": "b"}', 'classification');
    assert.deepEqual([problems, rows.length], [[], 1]);
  });

  it('removes the row when asked', () => {
    const read = readMarked(`${messages}\n{"prompt": "a", "completion": "b"}\n${messages}`, 'messages');
    assert.equal(read.problems[0]?.fixes?.[0]?.isSafe, false);
    assert.equal(mend(read), `${messages}\n${messages}`);
  });

  it('goes on with the next row as if nothing had been', () => {
    const { problems, rows } = readMarked(`{"text": ""}\n${messages}\n{"messages": []}`, 'messages');
    assert.deepEqual(
      [problems.map(({ code, line }) => [code, line]), rows.map(({ line }) => line)],
      [
        [
          ['mixed-shapes', 1],
          ['wrong-type', 3],
        ],
        [2],
      ],
    );
  });
});

describe('extra-field', () => {
  const file = { shape: shapeNamed('classification'), match: { columns: data, reasons: [] } };
  const find = (rows: number, counts: Record<string, number>) =>
    findExtraFields({ rows, counts: new Map(Object.entries({ text: rows, label: rows, ...counts })) }, file);

  it('finds fields that fewer than one row of twenty has, the rarest first', () => {
    const found = find(100, { comment: 4, lable: 1 });
    assert.deepEqual(
      found.map(({ code, name }) => [code, name]),
      [
        ['extra-field', 'lable'],
        ['extra-field', 'comment'],
      ],
    );
    assert.match(found[0]?.message ?? '', /Only 1 of 100 rows has the field "lable". Nothing reads it. Did you mean "label"/);
    assert.match(found[1]?.message ?? '', /Only 4 of 100 rows have .*Nothing reads it\.$/);
  });

  /** Counts that are no fault. */
  const right: [string, number, Record<string, number>][] = [
    ['a field that one row of twenty has', 100, { comment: 5 }],
    ['a field of all rows', 100, { id: 100 }],
    ['a field of one row in a small file', 19, { comment: 1 }],
    ['a field that is read and rare', 100, { label: 1 }],
    ['a field that no row has any more', 100, { comment: 0 }],
  ];
  for (const [title, rows, counts] of right) it(`accepts ${title}`, () => assert.deepEqual(find(rows, counts), []));

  it('knows the fields that a shape reads beside its columns', () => {
    const chat = { shape: shapeNamed('messages'), match: { columns: data, reasons: [] } };
    assert.deepEqual(
      findExtraFields(
        {
          rows: 100,
          counts: new Map([
            ['messages', 100],
            ['tools', 1],
          ]),
        },
        chat,
      ),
      [],
    );
  });
});
