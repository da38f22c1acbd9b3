import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findInHubCache } from '../../inputs/find-in-hub-cache';
import { temporaryFolder } from '../trainer/temporary-folder';

const [commit, other] = ['a'.repeat(40), 'b'.repeat(40)];

describe('finding a model in the Hugging Face cache', () => {
  const folder = temporaryFolder('hub-cache');
  const environment = { HF_HUB_CACHE: folder.path };
  const repository = join(folder.path, 'models--org--name');
  const snapshot = join(repository, 'snapshots', commit);

  const write = (path: string, text = '{}') => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  };
  const reasonOf = (text: string) => {
    const found = findInHubCache(text, environment);
    return found?.kind === 'absent' ? found.reason : assert.fail(JSON.stringify(found));
  };

  beforeEach(() => {
    rmSync(repository, { recursive: true, force: true });
    write(join(repository, 'refs', 'main'), commit);
    write(join(repository, 'refs', 'refs', 'pr', '1'), `${commit}\n`);
    write(join(snapshot, 'config.json'));
    write(join(snapshot, 'model.safetensors'));
  });
  after(() => folder.remove());

  it('goes by name, by branch and by commit', () => {
    for (const text of ['org/name', 'org/name@main', 'org/name@refs/pr/1', `org/name@${commit}`])
      assert.deepEqual(findInHubCache(text, environment), { kind: 'found', dir: snapshot }, text);
  });

  it('says what is not there, and how to get it', () => {
    assert.match(reasonOf('org/other'), /^the Hugging Face cache in .* has no org\/other$/);
    assert.equal(reasonOf('org/name@v2'), `the Hugging Face cache has no revision "v2" of org/name, only ${commit}`);
    const absent = findInHubCache('org/name@v2', environment);
    assert.match(absent?.kind === 'absent' ? absent.hint : '', /run "temper pull org\/name@v2"/);
  });

  it('does not take a commit that the ref does not name, or a ref that leads nowhere', () => {
    write(join(repository, 'refs', 'main'), other);
    assert.equal(reasonOf('org/name'), `the Hugging Face cache has no revision "main" of org/name, only ${commit}`);
    write(join(repository, 'refs', 'main'), '../../../etc');
    assert.match(reasonOf('org/name'), /no revision "main"/);
    rmSync(join(repository, 'snapshots'), { recursive: true });
    assert.match(reasonOf('org/name'), /only an unfinished download$/);
  });

  it('does not take a model without its weights, or without one of its shards', () => {
    rmSync(join(snapshot, 'model.safetensors'));
    assert.equal(reasonOf('org/name'), `${snapshot} lacks model.safetensors`);
    const [first, second] = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'];
    write(join(snapshot, 'model.safetensors.index.json'), JSON.stringify({ weight_map: { a: first, b: second } }));
    write(join(snapshot, first));
    assert.equal(reasonOf('org/name'), `${snapshot} lacks ${second}`);
    write(join(snapshot, second));
    assert.equal(findInHubCache('org/name', environment)?.kind, 'found');
    rmSync(join(snapshot, 'config.json'));
    assert.equal(reasonOf('org/name'), `${snapshot} lacks config.json`);
  });

  it('takes an adapter, and an old model whose name has one part', () => {
    rmSync(snapshot, { recursive: true });
    write(join(snapshot, 'adapter_config.json'));
    write(join(snapshot, 'adapter_model.safetensors'));
    assert.equal(findInHubCache('org/name', environment)?.kind, 'found');
    write(join(folder.path, 'models--gpt2', 'refs', 'main'), commit);
    write(join(folder.path, 'models--gpt2', 'snapshots', commit, 'config.json'));
    write(join(folder.path, 'models--gpt2', 'snapshots', commit, 'model.safetensors'));
    assert.equal(findInHubCache('gpt2', environment)?.kind, 'found');
  });

  it('has nothing to say of a path, and of a word that it does not know', () => {
    for (const text of ['./model', '../org/name', '/org/name', 'a/b/c', 'C:\\models', 'tiny-encoder', 'org/name@', '..'])
      assert.equal(findInHubCache(text, environment), undefined, text);
  });
});
