import assert from 'node:assert/strict';
import { join } from 'node:path';
import { readProject } from '../../dataset/project';
import { describeThrown, RunFailure, type RunError } from '../../protocol';
import { removeProjects, writeProject } from './temporary-project';

async function failureOf(promise: Promise<unknown>): Promise<RunError> {
  return promise.then(
    () => assert.fail('it did not fail'),
    (thrown: unknown) => {
      assert.ok(thrown instanceof RunFailure, String(thrown));
      return describeThrown(thrown);
    },
  );
}

describe('readProject', function () {
  this.timeout(30_000);
  afterEach(removeProjects);

  it('reads temper.json with its defaults and keeps its text', async () => {
    const text = '{"data": {"train": "rows.csv"}}\n';
    const dir = writeProject({ 'temper.json': text });
    const project = await readProject(dir);
    assert.deepEqual([project.dir, project.configFile, project.text], [dir, join(dir, 'temper.json'), text]);
    assert.deepEqual(
      [project.config.data.train, project.config.data.textColumn, project.config.method.type],
      ['rows.csv', 'text', 'lora'],
    );
  });

  it('takes the file for its folder, and a byte-order mark in stride', async () => {
    const dir = writeProject({ 'temper.json': '\ufeff{"data": {"train": "rows.csv"}}' });
    assert.equal((await readProject(join(dir, 'temper.json'))).dir, dir);
  });

  it('puts settings on top', async () => {
    const dir = writeProject({ 'temper.json': { data: { train: 'rows.csv' } } });
    const { config } = await readProject(dir, ['training.learningRate=1e-4', 'method.type=full']);
    assert.deepEqual([config.training.learningRate, config.method], [1e-4, { type: 'full' }]);
  });

  it('names every wrong key, one a line, and the line of the first', async () => {
    const dir = writeProject({
      'temper.json': '{\n  "data": {"train": "a.csv"},\n  "training": {\n    "epoch": 1,\n    "seed": "x"\n  }\n}',
    });
    const error = await failureOf(readProject(dir));
    assert.deepEqual([error.code, error.file, error.line], ['bad-config', join(dir, 'temper.json'), 4]);
    const [, first, second, ...rest] = error.message.split('\n');
    assert.match(first ?? '', /line 4: "training\.epoch" is not a setting\. Did you mean "epochs"\?/);
    assert.match(second ?? '', /line 5: "training\.seed"/);
    assert.deepEqual(rest, []);
  });

  const unreadable: [string, string | Uint8Array, number, RegExp][] = [
    ['a trailing comma', '{\n  "data": {"train": "a.csv"},\n}', 2, /Remove the comma/],
    ['a comment', '// mine\n{"data": {"train": "a.csv"}}', 1, /no comments/],
    [
      'a latin-1 byte',
      Uint8Array.from([...new TextEncoder().encode('{"data":\n{"train": "'), 0xe9, 0x22, 0x7d, 0x7d]),
      2,
      /byte E9/,
    ],
  ];
  for (const [title, text, line, words] of unreadable) {
    it(`refuses ${title}`, async () => {
      const error = await failureOf(readProject(writeProject({ 'temper.json': text })));
      assert.deepEqual([error.code, error.line], ['bad-config', line]);
      assert.match(error.message, words);
    });
  }

  it('blames a wrong setting on the command line, not on a line of the file', async () => {
    const dir = writeProject({ 'temper.json': { data: { train: 'a.csv' } } });
    const error = await failureOf(readProject(dir, ['training.learnigRate=1']));
    assert.deepEqual([error.code, error.line], ['bad-config', undefined]);
    assert.match(error.message, /mean "learningRate"/);
    assert.match(error.hint, /--set/);
  });

  it('says where it looked for a config that is not there', async () => {
    const dir = writeProject({ 'other.json': '{}' });
    const error = await failureOf(readProject(dir));
    assert.equal(error.code, 'bad-config');
    assert.equal(error.message, `There is no temper.json in ${dir}.`);
    assert.match((await failureOf(readProject(join(dir, 'other.json')))).message, /There is no temper\.json/);
  });
});
