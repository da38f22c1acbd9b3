import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { hubCacheDir } from '../../../inputs/hub-cache';
import { readHubSettings } from '../../../trainer/hub/settings';
import { temporaryFolder } from '../temporary-folder';
import { failureOf } from './pulling';

describe('the settings of the Hub', () => {
  const folder = temporaryFolder('hub-settings');
  const home = join(folder.path, 'home');
  after(() => folder.remove());

  it('are huggingface.co and the usual cache when nothing is said', async () => {
    const { endpoint, cacheDir, useLinks } = await readHubSettings({ HF_TOKEN_PATH: join(home, 'none') });
    assert.deepEqual([endpoint, useLinks], ['https://huggingface.co', true]);
    assert.equal(cacheDir, join(homedir(), '.cache', 'huggingface', 'hub'));
  });

  it('say where the cache is, the first of four that is set', () => {
    const all = { HF_HUB_CACHE: '/a', HUGGINGFACE_HUB_CACHE: '/b', HF_HOME: '/c', XDG_CACHE_HOME: '/d' };
    assert.deepEqual(
      [all, { ...all, HF_HUB_CACHE: '' }, { HF_HOME: '/c', XDG_CACHE_HOME: '/d' }, { XDG_CACHE_HOME: '/d' }].map((e) =>
        hubCacheDir(e),
      ),
      ['/a', '/b', '/c/hub', '/d/huggingface/hub'].map((path) => join(path)),
    );
    assert.equal(hubCacheDir({ HF_HOME: '~/x' }), join(homedir(), 'x', 'hub'));
    assert.equal(hubCacheDir({ HF_HUB_CACHE: '$BASE/${SUB}/z', BASE: '/base', SUB: 'y' }), join('/base/y/z'));
  });

  it('take the token from the environment, else from the file that `hf auth login` writes', async () => {
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, 'token'), 'hf_from_file\n');
    const tokenOf = async (environment: NodeJS.ProcessEnv) => (await readHubSettings({ HF_HOME: home, ...environment })).token;
    assert.equal(await tokenOf({}), 'hf_from_file');
    assert.equal(await tokenOf({ HF_TOKEN: ' hf_named ' }), 'hf_named');
    assert.equal(await tokenOf({ HUGGING_FACE_HUB_TOKEN: 'hf_old' }), 'hf_old');
    writeFileSync(join(home, 'other'), 'hf_other');
    assert.equal(await tokenOf({ HF_TOKEN_PATH: join(home, 'other') }), 'hf_other');
    assert.equal(await tokenOf({ HF_HOME: join(home, 'nothing') }), undefined);
  });

  it('name a server without a slash at the end, and a limit in seconds', async () => {
    const settings = await readHubSettings({
      HF_HOME: home,
      HF_ENDPOINT: 'https://mirror.test/hf/',
      HF_HUB_DOWNLOAD_TIMEOUT: '3',
    });
    assert.deepEqual([settings.endpoint, settings.timeoutMs], ['https://mirror.test/hf', 3000]);
  });

  it('are refused when they cannot be meant, and a token is never shown', async () => {
    const refused = (environment: NodeJS.ProcessEnv) =>
      failureOf(readHubSettings({ HF_HOME: home, ...environment }), 'bad-usage');
    assert.match((await refused({ HF_ENDPOINT: 'huggingface.co' })).message, /HF_ENDPOINT is "huggingface\.co"/);
    assert.match((await refused({ HF_HUB_DOWNLOAD_TIMEOUT: '0' })).message, /HF_HUB_DOWNLOAD_TIMEOUT is "0"/);
    const { message } = await refused({ HF_TOKEN: 'hf_two words' });
    assert.match(message, /The token in HF_TOKEN is not one word/);
    assert.ok(!message.includes('hf_two'));
  });

  it('forbid to ask a server when HF_HUB_OFFLINE is set', async () => {
    assert.match((await failureOf(readHubSettings({ HF_HUB_OFFLINE: '1' }))).message, /HF_HUB_OFFLINE forbids it/);
  });
});
