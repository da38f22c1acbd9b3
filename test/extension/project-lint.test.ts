import assert from 'node:assert/strict';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProjectLint, type UnsavedText } from '../../extension/lint/project-lint';

const config = { data: { train: 'train.jsonl', test: 'test.jsonl' } };
const rows = '{"text": "a", "label": "x"}\n{"text": "b", "label": "y"}\n';

describe('linting a project for the editor', () => {
  let dir: string;
  let unsaved: Map<string, UnsavedText>;
  let lint: ProjectLint;

  beforeEach(() => {
    dir = realpathSync(mkdtempSync(join(tmpdir(), 'temper-lint-')));
    unsaved = new Map();
    lint = new ProjectLint(dir, (file) => unsaved.get(file));
    write('temper.json', JSON.stringify(config));
    write('train.jsonl', rows);
    write('test.jsonl', rows);
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  const write = (name: string, content: string | Uint8Array) => writeFileSync(join(dir, name), content);
  const found = async (name: string) => {
    const findings = (await lint.lint()).get(join(dir, name));
    return findings?.problems.map(({ code, line, column }) => `${code} ${line}:${column}`);
  };

  it('finds nothing in a project that is right, and looks at all its files', async () => {
    const findings = await lint.lint();
    assert.deepEqual(
      [...findings.values()].flatMap(({ problems }) => problems),
      [],
    );
    assert.deepEqual(
      [...findings.keys()].sort(),
      ['temper.json', 'test.jsonl', 'train.jsonl'].map((name) => join(dir, name)).sort(),
    );
  });

  it('finds a label in the test rows that train does not have', async () => {
    write('test.jsonl', `${rows}{"text": "c", "label": "z"}\n`);
    assert.deepEqual(await found('test.jsonl'), ['unknown-label 3:24']);
  });

  it('does not judge labels by a train file that has errors', async () => {
    write('train.jsonl', `${rows}{"text": `);
    write('test.jsonl', `${rows}{"text": "c", "label": "z"}\n`);
    assert.deepEqual(await found('test.jsonl'), []);
  });

  it('reads what is typed rather than what is on disk', async () => {
    unsaved.set(join(dir, 'train.jsonl'), { version: 2, text: `${rows}nonsense\n` });
    assert.deepEqual(await found('train.jsonl'), ['invalid-json 3:1']);
    unsaved.set(join(dir, 'train.jsonl'), { version: 3, text: rows });
    assert.deepEqual(await found('train.jsonl'), []);
  });

  it('sees bytes that are not UTF-8, which the editor hides', async () => {
    write('train.jsonl', Buffer.from(`${rows}{"text": "caf\xe9", "label": "x"}\n`, 'latin1'));
    assert.deepEqual(await found('train.jsonl'), ['invalid-encoding 3:14']);
  });

  it('sees that a file changed on disk', async () => {
    assert.deepEqual(await found('train.jsonl'), []);
    write('train.jsonl', `${rows}{"text": "", "label": "x"}\n`);
    assert.deepEqual(await found('train.jsonl'), ['empty-field 3:10']);
  });

  it('points at the name of a file that is not there, and waits for that file', async () => {
    rmSync(join(dir, 'test.jsonl'));
    assert.deepEqual(await found('temper.json'), ['missing-file 1:39']);
    assert.ok(lint.files.has(join(dir, 'test.jsonl')));
  });

  it('reports a wrong config and leaves the data alone', async () => {
    write('temper.json', '{"data": {"train": "train.jsonl"}, "epochs": 3}');
    assert.deepEqual(await found('temper.json'), ['bad-config 1:36']);
    assert.equal(await found('train.jsonl'), undefined);
  });

  it('does not read a file that is too large for the editor, and says so', async () => {
    write('train.jsonl', Buffer.alloc(20_000_001, 32));
    const findings = (await lint.lint()).get(join(dir, 'train.jsonl'));
    assert.match(findings?.skipped ?? '', /20 MB/);
  });

  it('says nothing of a project whose temper.json went away', async () => {
    rmSync(join(dir, 'temper.json'));
    assert.equal((await lint.lint()).size, 0);
  });
});
