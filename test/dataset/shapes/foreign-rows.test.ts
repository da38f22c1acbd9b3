/** Data sets that others made, read as the rows they are; each test is skipped, with the reason, where the shared data is not. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { openConll } from '../../../dataset/formats/conll';
import { openDelimited } from '../../../dataset/formats/delimited';
import type { OpenFormat } from '../../../dataset/formats/format';
import { openJsonArray } from '../../../dataset/formats/json-array';
import { detectShape } from '../../../dataset/shapes/detect-shape';
import { createRowReader } from '../../../dataset/shapes/row-reader';
import type { DataRow } from '../../../dataset/shapes/rows';
import type { ProblemCode, ShapeName } from '../../../protocol';
import { data } from './read-marked';

const shared = resolve(process.cwd(), '../shared/data');

interface Read {
  readonly shape: ShapeName;
  readonly scheme: string | undefined;
  readonly rows: DataRow[];
  readonly codes: ProblemCode[];
}

function readFile(name: string, open: OpenFormat, encoding = 'utf-8', columns: object = {}): Read {
  const text = new TextDecoder(encoding).decode(readFileSync(resolve(shared, name)));
  const settings = { ...data, ...columns };
  const parser = open(text.slice(0, 65_536), settings);
  const { rows } = parser.parse(text, { isFirst: true, isLast: true });
  const values = rows.slice(0, 100).map(({ value }) => value);
  const names = parser.columns ?? [...new Set(values.flatMap((value) => Object.keys(value)))];
  const detected = detectShape({
    names,
    samples: values,
    task: 'v1' in columns ? 'text-classification' : undefined,
    data: settings,
  });
  assert.ok(detected.kind === 'found', JSON.stringify(detected));
  const codes: ProblemCode[] = [];
  const { shape, match } = detected;
  const read = createRowReader({ shape, match, folder: shared, report: ({ code }) => codes.push(code) });
  return { shape: shape.name, scheme: match.tagScheme?.name, rows: rows.flatMap((row) => read(row) ?? []), codes };
}

const csv = openDelimited(',');

/** A file, its format, its shape, how many of its rows are right, what is wrong with the rest. */
const files: [string, OpenFormat, ShapeName, number, ProblemCode[]][] = [
  ['banking77/train.csv', csv, 'classification', 10_003, []],
  ['banking77/test.csv', csv, 'classification', 3080, []],
  ['rasbt-instructions/instruction-data.json', openJsonArray, 'alpaca', 1100, []],
  ['rasbt-instructions/instruction-data-with-preference.json', openJsonArray, 'preference', 1100, []],
  ['wnut17/wnut17train.conll', openConll, 'token-tags', 3394, []],
  ['wnut17/emerging.dev.conll', openConll, 'token-tags', 1009, []],
];

describe('rows of data sets that others made', function () {
  this.timeout(30_000);
  for (const [name, open, shape, rows, codes] of files) {
    const isThere = existsSync(resolve(shared, name));
    it(`are read as ${shape}: ${name}${isThere ? '' : ` (skipped: no ${resolve(shared, name)})`}`, function () {
      if (!isThere) this.skip();
      const read = readFile(name, open);
      assert.deepEqual([read.shape, read.rows.length, read.codes], [shape, rows, codes]);
      if (shape === 'token-tags') assert.equal(read.scheme, 'iob2');
    });
  }

  const spam = 'sms-spam-latin1/spam.csv';
  const isThere = existsSync(resolve(shared, spam));
  it(`are read in their encoding, with the columns that a project names${isThere ? '' : ` (skipped: no ${resolve(shared, spam)})`}`, function () {
    if (!isThere) this.skip();
    const read = readFile(spam, csv, 'windows-1252', { textColumn: 'v2', labelColumn: 'v1' });
    assert.deepEqual([read.shape, read.rows.length, read.codes], ['classification', 5575, []]);
    const labels = new Set(read.rows.map((row) => (row.kind === 'classification' ? row.label : '')));
    assert.deepEqual([...labels].sort(), ['ham', 'spam']);
  });
});
