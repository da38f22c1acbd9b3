/** What linting says of one file, from its bytes to its labels. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LintSession } from '../../../dataset/lint/lint-session';
import { loadFile } from '../../../dataset/load-file';
import { readProject } from '../../../dataset/project';
import { rangeOf, readMarks } from '../marked-text';
import { removeProjects, writeProject } from '../temporary-project';
import { problemAt } from './linted';
import { cut, lint, options, placesOf, runToEnd } from './linting';

const silent = { rules: { 'too-few-rows': 'off', 'rare-class': 'off', 'label-typo': 'off', 'unused-label': 'off' } };

/** As the training rows of a project, unless `data` says otherwise. */
async function lintAs(name: string, content: string | Uint8Array, data: object = { train: name }) {
  const dir = writeProject({ 'temper.json': { data, lint: silent }, [name]: content, 'train.csv': 'text,label\na1,x\nb1,y\n' });
  const linted = (await lint(dir)).find(({ file }) => file === join(dir, name)) ?? assert.fail('it was not linted');
  return { ...linted, dir, codes: linted.problems.map(({ code }) => code) };
}

const heldOut = (name: string) => ({ train: 'train.csv', test: name });

describe('linting a file', function () {
  this.timeout(30_000);
  afterEach(removeProjects);

  it('gives problems of every layer in the order of the file, and the rows that are right', async () => {
    const { text, ranges } = readMarks(
      '{"text": "a", "label": «""»}\n{«text»: "b"}\n{"text": "c", "label": "x"}\n{"text": «1», "label": "x"}\n«[]»',
    );
    const { problems, codes, summary, file, dir } = await lintAs('a.jsonl', text, heldOut('a.jsonl'));
    assert.deepEqual(codes, ['empty-field', 'invalid-json', 'wrong-type', 'not-an-object']);
    assert.deepEqual(problems.map(rangeOf), ranges);
    assert.equal(summary.rows, 1);
    const session = new LintSession(dir, options);
    await runToEnd(session);
    const rows = [1, 2, 3, 4, 5].map((line) => session.rowAt(file, line, 1)?.row);
    const right = { kind: 'classification', text: 'c', label: 'x', line: 3 };
    assert.deepEqual(rows, [undefined, undefined, right, undefined, undefined]);
  });

  it('wants two labels where it is trained on', async () => {
    const { text, ranges } = readMarks('{"text": "a", "label": «"x"»}\n{"text": "b", "label": "x"}');
    const { problems } = await lintAs('a.jsonl', text);
    assert.deepEqual(
      problems.map(({ code, severity }) => [code, severity]),
      [['one-class', 'error']],
    );
    assert.deepEqual(problems.map(rangeOf), ranges);
    assert.match(problems[0]?.message ?? '', /All 2 rows have the label "x"/);
  });

  it('is content with one label in held-out rows, and with two in training rows', async () => {
    assert.deepEqual((await lintAs('a.csv', 'text,label\na,x', heldOut('a.csv'))).codes, []);
    assert.deepEqual((await lintAs('a.csv', 'text,label\na,x\nb,y')).codes, []);
  });

  it('does not count labels while rows cannot be read', async () => {
    assert.deepEqual((await lintAs('a.csv', 'text,label\na,x\nb')).codes, ['ragged-row']);
  });

  it('refuses labels that are not among those of the config', async () => {
    const linted = await lintAs('a.csv', 'text,label\na,x\nb,y', { ...heldOut('a.csv'), labels: ['x', 'z'] });
    assert.deepEqual(placesOf(linted), ['unknown-label 3']);
  });

  it('says which endings it knows', async () => {
    const { codes, problems } = await lintAs('a.xlsx', 'PK');
    assert.deepEqual(codes, ['unknown-format']);
    assert.match(problems[0]?.message ?? '', /a\.xlsx.*\.jsonl/);
  });

  it('shows a missing column at the header, behind empty lines too', async () => {
    for (const source of ['«text,lable»\na,x\nb,y\n', '\n\n«text,lable»\na,x\nb,y\n', '\r\n«{"text": "a", "lable": "x"}»\r\n']) {
      const { text, ranges } = readMarks(source);
      const { problems } = await lintAs(source.includes('{') ? 'a.jsonl' : 'a.csv', text);
      const [missing, ...others] = problems.filter(({ code }) => code === 'missing-column');
      assert.match(missing?.message ?? '', /no column "label"\. Did you mean "lable"/);
      assert.deepEqual([missing && rangeOf(missing), others], [ranges[0], []]);
    }
  });

  for (const [title, name, text] of [
    ['an empty file', 'a.jsonl', ''],
    ['a file of empty lines', 'a.jsonl', '\n\n'],
    ['a lone header', 'a.csv', 'text,label\n'],
    ['an empty list', 'a.json', '[]'],
    ['an empty file of tags', 'a.conll', '\n'],
  ] as const) {
    it(`says that ${title} has no rows`, async () => {
      const { problems } = await lintAs(name, text);
      const errors = problems.filter(({ severity }) => severity === 'error');
      assert.deepEqual(placesOf({ problems: errors }), ['no-rows 1']);
      assert.match(errors[0]?.message ?? '', name.endsWith('.csv') ? /has a header and no rows/ : /has no rows/);
    });
  }

  for (const [name, text] of [
    ['a.jsonl', '{"text": "a"'],
    ['a.csv', 'text,label\na'],
    ['a.json', '[{"text": "a"'],
  ] as const) {
    it(`does not say so of ${name} whose only row cannot be read`, async () => {
      const { codes } = await lintAs(name, text);
      assert.ok(codes.length > 0 && !codes.includes('no-rows'), codes.join());
    });
  }
});

describe('linting bytes', function () {
  this.timeout(30_000);
  afterEach(removeProjects);
  const bytesOf = (text: string) => new TextEncoder().encode(text);

  it('reads the same rows behind a byte-order mark', async () => {
    const text = 'text,label\nä,x\n😀,y\n';
    const marked = await lintAs('a.csv', `\ufeff${text}`);
    assert.deepEqual(marked.codes, ['byte-order-mark']);
    const { config } = await readProject(marked.dir);
    const plain = await lintAs('a.csv', text);
    const rows = await Promise.all([marked.file, plain.file].map(async (file) => (await loadFile(file, config, [])).rows));
    assert.deepEqual(rows[0], rows[1]);
    assert.equal(rows[0]?.length, 2);
  });

  it('says that line ends are mixed, but not where they may be part of a quoted text', async () => {
    assert.deepEqual((await lintAs('a.csv', 'text,label\r\na,x\nb,y\r\n')).codes, ['mixed-line-endings']);
    assert.deepEqual((await lintAs('a.csv', 'text,label\r\n"a\nb",x\r\nc,y\r\n')).codes, []);
    const rows = '{"text": "a", "label": "x"}\r\n{"text": "b", "label": "y"}\n';
    assert.deepEqual((await lintAs('a.jsonl', rows)).codes, ['mixed-line-endings']);
  });

  it('puts bad bytes among the other problems by their place', async () => {
    const bytes = Uint8Array.from([...bytesOf('text,label\na\n'), 0xe9, ...bytesOf(',x\nb,\n')]);
    const problems = (await lintAs('a.csv', bytes)).problems.filter(({ severity }) => severity === 'error');
    assert.deepEqual(placesOf({ problems }), ['ragged-row 2', 'invalid-encoding 3', 'empty-field 4']);
  });

  it('tells rows of Parquet apart, to show them and to suppress what is said of one', async () => {
    const bytes = readFileSync(join(process.cwd(), 'test/dataset/formats/fixtures/snappy.parquet'));
    const linted = await lintAs('a.parquet', bytes);
    const fingerprints = Array.from({ length: 10 }, (_, index) => linted.fingerprintOf(problemAt(index + 1, 'secret')));
    assert.equal(new Set(fingerprints).size, 10);
    for (const fingerprint of fingerprints) assert.match(fingerprint, /^[0-9a-f]{12}$/);
  });

  it('reads the encoding that temper.json names, and shows places in its text', async () => {
    const bytes = Buffer.from('text,label\ncafé tom@acme.io,x\nb,y\n', 'latin1');
    const { problems } = await lintAs('a.csv', bytes, { train: 'a.csv', encoding: 'windows-1252' });
    assert.deepEqual(placesOf({ problems }), ['personal-data 2']);
    assert.equal(cut('text,label\ncafé tom@acme.io,x\n', problems[0] ?? assert.fail()), 'tom@acme.io');
  });
});
