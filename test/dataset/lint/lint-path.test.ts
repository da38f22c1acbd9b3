import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { LintedFile } from '../../../dataset/lint/linted-file';
import { RunFailure } from '../../../protocol';
import { removeProjects, writeProject } from '../temporary-project';
import { lint, placesOf } from './linting';

/** Too few rows are no news in a test. */
const silent = { rules: { 'too-few-rows': 'off', 'rare-class': 'off', leak: 'off' } };
const summary = (files: readonly LintedFile[]) => files.map((file) => [file.file, file.summary.rows, placesOf(file)]);

describe('linting a project', function () {
  this.timeout(30_000);
  afterEach(removeProjects);

  it('lints every file that the config names, held-out files against the labels of train', async () => {
    const dir = writeProject({
      'temper.json': {
        lint: silent,
        data: { train: 'train.csv', validation: 'v.csv', ood: 'deep/o.jsonl', labelColumn: 'kind' },
      },
      'train.csv': 'text,kind\na,x\nb,y\n',
      'v.csv': 'text,kind\na,x\nb,z\n',
      'deep/o.jsonl': '{"text": "a", "kind": "x"}\n{"text": "b"}',
      'stray.csv': 'not,looked\nat',
    });
    assert.deepEqual(summary(await lint(dir)), [
      [join(dir, 'train.csv'), 2, []],
      [join(dir, 'v.csv'), 2, ['unknown-label 3']],
      [join(dir, 'deep/o.jsonl'), 1, ['missing-field 2']],
    ]);
  });

  it('does not hold the labels of a train file with errors against the others', async () => {
    const dir = writeProject({
      'temper.json': { lint: silent, data: { train: 'train.csv', test: 't.csv' } },
      'train.csv': 'text,label\na,x\nb\n',
      't.csv': 'text,label\na,y\n',
    });
    assert.deepEqual((await lint(dir)).map(placesOf), [['ragged-row 3'], []]);
  });

  it('holds the labels of the config against every row, also of a file with errors', async () => {
    const dir = writeProject({
      'temper.json': { lint: silent, data: { train: 'train.csv', labels: ['x', 'y'] } },
      'train.csv': 'text,label\na,x\nb\nc,z\nd,y\n',
    });
    assert.deepEqual((await lint(dir)).map(placesOf), [['ragged-row 3', 'unknown-label 4']]);
  });

  it('shows a missing file where temper.json names it, and lints the rest', async () => {
    const dir = writeProject({
      'temper.json': `{"data": {"train": "train.csv",\n  "test": "t.csv"}, "lint": ${JSON.stringify(silent)}}`,
      'train.csv': 'text,label\na,x\nb,y\n',
    });
    const files = await lint(dir);
    assert.deepEqual(summary(files), [
      [join(dir, 'temper.json'), 0, ['missing-file 2']],
      [join(dir, 'train.csv'), 2, []],
    ]);
    const { line, column, endLine, endColumn } = files[0]?.problems[0] ?? assert.fail();
    assert.deepEqual([line, column, endLine, endColumn], [2, 11, 2, 18]);
  });

  it('gives the faults of a bad config instead of throwing, and only those', async () => {
    const dir = writeProject({ 'temper.json': '{"data": {"trian": "train.csv"}}', 'train.csv': 'x' });
    assert.deepEqual(summary(await lint(dir)), [[join(dir, 'temper.json'), 0, ['bad-config 1', 'bad-config 1']]]);
  });

  it('offers to name in temper.json the column that is there', async () => {
    const config = '{\n  "data": { "train": "train.csv" }\n}\n';
    const dir = writeProject({ 'temper.json': config, 'train.csv': 'text,category\na,x\nb,y\n' });
    const [problem] = (await lint(dir)).flatMap(({ problems }) => problems).filter(({ code }) => code === 'missing-column');
    const [fix] = problem?.fixes ?? [];
    assert.deepEqual(
      [fix?.title, fix?.file, fix?.isSafe],
      ['Set "data.labelColumn" to "category" in temper.json', join(dir, 'temper.json'), false],
    );
    assert.deepEqual(JSON.parse(fix?.edits[0]?.text ?? ''), { data: { train: 'train.csv', labelColumn: 'category' } });
  });
});

describe('what temper.json says of rules', function () {
  this.timeout(30_000);
  afterEach(removeProjects);
  const rows = (count: number) =>
    Array.from({ length: count }, (_, index) => `row number ${index},${index % 2 ? 'x' : 'y'}\n`).join('');
  const codes = async (lintConfig: object, text: string) => {
    const dir = writeProject({
      'temper.json': { lint: lintConfig, data: { train: 'train.csv' } },
      'train.csv': `text,label\n${text}`,
    });
    return (await lint(dir)).flatMap(({ problems }) => problems.map(({ code, severity }) => [code, severity]));
  };

  it('changes what a problem costs, or switches its rule off', async () => {
    assert.deepEqual(await codes({}, rows(50)), [['too-few-rows', 'warning']]);
    assert.deepEqual(await codes({ rules: { 'too-few-rows': 'error' } }, rows(50)), [['too-few-rows', 'error']]);
    assert.deepEqual(await codes({ rules: { 'too-few-rows': 'off' } }, rows(50)), []);
    assert.deepEqual(await codes({ rules: { 'empty-field': 'information', 'too-few-rows': 'off' } }, `${rows(50)},x\n`), [
      ['empty-field', 'information'],
    ]);
  });

  it('hides what is suppressed with a reason: everywhere, in a file, or in one row, which may move', async () => {
    const mail = 'write to tom@acme.io please,x\n';
    const off = { rules: { 'too-few-rows': 'off' } };
    const suppress = (entry: object) => ({ ...off, suppress: [{ code: 'personal-data', reason: 'he agreed', ...entry }] });
    const other = 'or to ann@acme.io please,y\n';
    assert.deepEqual(await codes(off, rows(50) + mail + other), [
      ['personal-data', 'warning'],
      ['personal-data', 'warning'],
    ]);
    assert.deepEqual(await codes(suppress({}), rows(50) + mail + other), []);
    assert.deepEqual(await codes(suppress({ file: './train.csv' }), rows(50) + mail + other), []);
    const dir = writeProject({
      'temper.json': { lint: off, data: { train: 'train.csv' } },
      'train.csv': `text,label\n${rows(50)}${mail}`,
    });
    const [linted] = await lint(dir);
    const [problem] = linted?.problems ?? [];
    const row = linted && problem ? linted.fingerprintOf(problem) : '';
    assert.match(row, /^[0-9a-f]{12}$/);
    assert.deepEqual(await codes(suppress({ row }), rows(50) + mail), []);
    assert.deepEqual(await codes(suppress({ row }), `new row,x\n${mail}${rows(50)}${other}`), [['personal-data', 'warning']]);
  });

  it('says which suppression hides nothing any more', async () => {
    const entry = { code: 'secret', reason: 'a test key' };
    const found = await codes({ rules: { 'too-few-rows': 'off' }, suppress: [entry] }, rows(50));
    assert.deepEqual(found, [['unused-suppression', 'warning']]);
  });
});

describe('lintPath', function () {
  this.timeout(30_000);
  afterEach(removeProjects);

  const files = {
    'temper.json': { lint: silent, data: { train: 'data/train.csv', test: 'data/test.csv', textColumn: 'q' } },
    'data/train.csv': 'q,label\na,x\nb,y\n',
    'data/test.csv': 'q,label\na,x\nb,z\n',
    'data/other.csv': 'text,label\na,new\n',
  };

  it('lints a folder as the project that it is', async () => {
    const dir = writeProject(files);
    assert.deepEqual(
      (await lint(dir)).map(({ file }) => file),
      [join(dir, 'data/train.csv'), join(dir, 'data/test.csv')],
    );
  });

  it('lints the data files of a folder that is no project, and nothing else in it', async () => {
    const dir = writeProject({
      'b.jsonl': '{"text": "b"}',
      'a.csv': 'text,label\na,x\n',
      'notes.md': '{',
      'package.json': '{}',
      'readme.txt': 'x',
    });
    assert.deepEqual(summary(await lint(dir)), [
      [join(dir, 'a.csv'), 1, []],
      [join(dir, 'b.jsonl'), 1, []],
    ]);
  });

  it('refuses a path where there is nothing, by name', async () => {
    const path = join(writeProject({ 'a.csv': 'text,label\na,x\n' }), 'b.csv');
    await assert.rejects(
      lint(path),
      (thrown) => thrown instanceof RunFailure && thrown.error.code === 'bad-usage' && thrown.message.includes(path),
    );
  });

  it('lints a file as what the project above it makes of it', async () => {
    const dir = writeProject(files);
    assert.deepEqual(summary(await lint(join(dir, 'data/test.csv'))), [[join(dir, 'data/test.csv'), 2, ['unknown-label 3']]]);
  });

  it('lints a file that no project names by its own columns and with any labels', async () => {
    const dir = writeProject(files);
    assert.deepEqual(summary(await lint(join(dir, 'data/other.csv'))), [[join(dir, 'data/other.csv'), 1, []]]);
    const alone = writeProject({ 'a.jsonl': '{"text": "a", "label": "b"}' });
    assert.deepEqual(summary(await lint(join(alone, 'a.jsonl'))), [[join(alone, 'a.jsonl'), 1, []]]);
  });

  it('lints a file beside a config that is wrong', async () => {
    const dir = writeProject({ 'temper.json': '{', 'a.csv': 'text,label\na\n' });
    assert.deepEqual(summary(await lint(join(dir, 'a.csv'))), [[join(dir, 'a.csv'), 0, ['ragged-row 2']]]);
  });

  it('lints folders of images, by their classes or by the file that describes them', async () => {
    const dir = writeProject({ 'cats/a.png': '', 'dogs/b.png': '' });
    const [linted] = await lint(dir);
    assert.deepEqual(
      linted?.problems.filter(({ code }) => code === 'unreadable-image').map(({ file }) => file),
      [join(dir, 'cats/a.png'), join(dir, 'dogs/b.png')],
    );
    assert.deepEqual(
      (await lint(dir)).map(({ shape, summary: { rows, labels } }) => [shape?.name, rows, labels.length]),
      [['image-classification', 2, 2]],
    );
    const described = writeProject({ 'metadata.jsonl': '{"file_name": "a.png", "caption": "a cat"}\n', 'a.png': '' });
    assert.deepEqual(
      (await lint(described)).map(({ file, shape }) => [file, shape?.name]),
      [[join(described, 'metadata.jsonl'), 'image-caption']],
    );
  });
});
