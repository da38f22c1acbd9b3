import assert from 'node:assert/strict';
import { join } from 'node:path';
import { lintOptionsFor, lintPath, lintProject, type FileLint } from '../../dataset/lint-project';
import { RunFailure } from '../../protocol';
import { removeProjects, writeProject } from './temporary-project';

const summary = (lints: readonly FileLint[]) =>
  lints.map(({ file, result }) => [file, result.rows.length, result.problems.map(({ code, line }) => `${code} ${line}`)]);

describe('lintProject', function () {
  this.timeout(30_000);
  afterEach(removeProjects);

  it('lints every file that the config names, held-out files against the labels of train', async () => {
    const dir = writeProject({
      'temper.json': { data: { train: 'train.csv', validation: 'v.csv', ood: 'deep/o.jsonl', labelColumn: 'kind' } },
      'train.csv': 'text,kind\na,x\nb,y\n',
      'v.csv': 'text,kind\na,x\nb,z\n',
      'deep/o.jsonl': '{"text": "a", "kind": "x"}\n{"text": "b"}',
      'stray.csv': 'not,looked\nat',
    });
    assert.deepEqual(summary(await lintProject(dir)), [
      [join(dir, 'train.csv'), 2, []],
      [join(dir, 'v.csv'), 1, ['unknown-label 3']],
      [join(dir, 'deep/o.jsonl'), 1, ['missing-field 2']],
    ]);
  });

  it('does not hold the labels of a train file with errors against the others', async () => {
    const dir = writeProject({
      'temper.json': { data: { train: 'train.csv', test: 't.csv' } },
      'train.csv': 'text,label\na,x\nb\n',
      't.csv': 'text,label\na,y\n',
    });
    assert.deepEqual(
      summary(await lintProject(dir)).map(([, , problems]) => problems),
      [['ragged-row 3'], []],
    );
  });

  it('shows a missing file where temper.json names it, and lints the rest', async () => {
    const dir = writeProject({
      'temper.json': '{"data": {"train": "train.csv",\n  "test": "t.csv"}}',
      'train.csv': 'text,label\na,x\nb,y\n',
    });
    const lints = await lintProject(dir);
    assert.deepEqual(summary(lints), [
      [join(dir, 'temper.json'), 0, ['missing-file 2']],
      [join(dir, 'train.csv'), 2, []],
    ]);
    const { line, column, endLine, endColumn } = lints[0]?.result.problems[0] ?? assert.fail();
    assert.deepEqual([line, column, endLine, endColumn], [2, 11, 2, 18]);
  });

  it('gives the faults of a bad config instead of throwing, and only those', async () => {
    const dir = writeProject({ 'temper.json': '{"data": {"trian": "train.csv"}}', 'train.csv': 'x' });
    assert.deepEqual(summary(await lintProject(dir)), [[join(dir, 'temper.json'), 0, ['bad-config 1', 'bad-config 1']]]);
  });

  it('throws where there is no project', async () => {
    await assert.rejects(
      lintProject(writeProject({ 'a.csv': 'text,label\n' })),
      (thrown) => thrown instanceof RunFailure && thrown.error.code === 'bad-config',
    );
  });
});

describe('lintPath', () => {
  afterEach(removeProjects);

  const files = {
    'temper.json': { data: { train: 'data/train.csv', test: 'data/test.csv', textColumn: 'q' } },
    'data/train.csv': 'q,label\na,x\nb,y\n',
    'data/test.csv': 'q,label\na,x\nb,z\n',
    'data/other.csv': 'text,label\na,new\n',
  };

  it('lints a folder as the project that it is', async () => {
    const dir = writeProject(files);
    assert.deepEqual(
      (await lintPath(dir)).map(({ file }) => file),
      [join(dir, 'data/train.csv'), join(dir, 'data/test.csv')],
    );
  });

  it('lints the data files of a folder that is no project, and nothing else in it', async () => {
    const dir = writeProject({ 'b.jsonl': '{"text": "b"}', 'a.csv': 'text,label\na,x\n', 'notes.md': '{' });
    assert.deepEqual(summary(await lintPath(dir)), [
      [join(dir, 'a.csv'), 1, []],
      [join(dir, 'b.jsonl'), 0, ['missing-column 1']],
    ]);
  });

  it('refuses a path where there is nothing, by name', async () => {
    const path = join(writeProject({ 'a.csv': 'text,label\na,x\n' }), 'b.csv');
    await assert.rejects(
      lintPath(path),
      (thrown) => thrown instanceof RunFailure && thrown.error.code === 'bad-usage' && thrown.message.includes(path),
    );
  });

  it('lints a file as what the project above it makes of it', async () => {
    const dir = writeProject(files);
    assert.deepEqual(summary(await lintPath(join(dir, 'data/test.csv'))), [[join(dir, 'data/test.csv'), 1, ['unknown-label 3']]]);
    assert.equal((await lintOptionsFor(join(dir, 'data/train.csv'))).role, 'train');
  });

  it('lints a file that no project names with the default columns and any labels', async () => {
    const dir = writeProject(files);
    assert.deepEqual(summary(await lintPath(join(dir, 'data/other.csv'))), [[join(dir, 'data/other.csv'), 1, []]]);
    const alone = writeProject({ 'a.jsonl': '{"text": "a", "label": "b"}' });
    assert.deepEqual(summary(await lintPath(join(alone, 'a.jsonl'))), [[join(alone, 'a.jsonl'), 1, []]]);
  });

  it('lints a file beside a config that is wrong', async () => {
    const dir = writeProject({ 'temper.json': '{', 'a.csv': 'text,label\na\n' });
    assert.deepEqual(summary(await lintPath(join(dir, 'a.csv'))), [[join(dir, 'a.csv'), 0, ['ragged-row 2']]]);
  });
});
