import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { replaceFile } from '../../../dataset/fixes/replace-file';
import { removeProjects, writeProject } from '../temporary-project';

const bytes = (text: string) => Buffer.from(text);
const change = { before: bytes('old'), after: bytes('new') };

describe('replacing a file', () => {
  let file: string;
  beforeEach(() => (file = join(writeProject({ 'rows.jsonl': 'old' }), 'rows.jsonl')));
  afterEach(removeProjects);

  it('puts the new bytes in place of the old ones, and leaves nothing beside them', async () => {
    assert.equal(await replaceFile(file, change), true);
    assert.equal(readFileSync(file, 'utf8'), 'new');
    assert.deepEqual(readdirSync(dirname(file)), ['rows.jsonl']);
  });

  it('writes nothing when the file holds something else by now, be it as long', async () => {
    writeFileSync(file, 'odd');
    assert.equal(await replaceFile(file, change), false);
    assert.equal(readFileSync(file, 'utf8'), 'odd');
    assert.deepEqual(readdirSync(dirname(file)), ['rows.jsonl']);
  });

  it('says that a file is gone, and makes none', async () => {
    const gone = join(dirname(file), 'gone.jsonl');
    await assert.rejects(replaceFile(gone, change), { code: 'ENOENT' });
    assert.deepEqual(readdirSync(dirname(file)), ['rows.jsonl']);
  });

  it('keeps the old bytes and no temporary file when it fails', async () => {
    const folder = join(dirname(file), 'folder');
    mkdirSync(folder);
    await assert.rejects(replaceFile(folder, change));
    assert.deepEqual(readdirSync(dirname(file)).sort(), ['folder', 'rows.jsonl']);
  });
});
