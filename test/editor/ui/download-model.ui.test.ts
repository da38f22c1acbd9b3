// Temper: Download Base Model, from a Hub on this machine: asked for by name, refused, given a token, agreed to.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { FakeHub } from '../../trainer/hub/fake-hub';
import { noise } from '../../trainer/hub/pulling';
import { waitFor } from '../wait-until';
import { openWorkbench, type Workbench } from './workbench';

const model = { 'config.json': '{"model_type":"bert"}', 'model.safetensors': noise(300_000), 'pytorch_model.bin': 'x' };

describe('Download Base Model in the window', () => {
  const hub = new FakeHub();
  let workbench: Workbench;
  let cacheDir: string;

  before(async function () {
    this.timeout(60_000);
    cacheDir = fs.mkdtempSync(path.join(os.tmpdir(), 'temper-hub-cache-'));
    await hub.start();
    workbench = await openWorkbench({ env: { HF_ENDPOINT: hub.url, HF_HUB_CACHE: cacheDir, HF_TOKEN: '', HF_HOME: cacheDir } });
    await workbench.page.locator('.activitybar .action-item a.action-label[aria-label^="Temper"]').click();
    await workbench.page.locator('.welcome-view-content a.monaco-button', { hasText: 'New Project' }).waitFor(); // the window is ready
    hub.publish('org/model', model);
    hub.makePrivate('org/model', 'hf_right');
  });
  after(async () => {
    await workbench.close();
    hub.stop();
    fs.rmSync(cacheDir, { recursive: true, force: true });
  });

  const input = (type: 'text' | 'password') => workbench.page.locator(`.quick-input-widget input[type="${type}"]`);
  const dialog = (text: string) => workbench.page.locator('.monaco-dialog-box', { hasText: text });
  const toast = (text: string) => workbench.page.locator('.notification-toast', { hasText: text });
  const repository = () => path.join(cacheDir, 'models--org--model');
  const isComplete = () => fs.existsSync(path.join(repository(), 'refs', 'main'));

  const enter = async (type: 'text' | 'password', text: string) => {
    await input(type).fill(text);
    await workbench.page.keyboard.press('Enter');
  };

  it('takes only what can be the name of a model', async () => {
    await workbench.runCommand('Temper: Download Base Model');
    await enter('text', 'https://huggingface.co/org/model');
    await workbench.page.locator('.quick-input-widget .quick-input-message', { hasText: 'looks like org/name' }).waitFor();
    assert.deepEqual(hub.asked, []);
    await enter('text', 'org/model');
  });

  it('offers to take a token when the Hub refuses, as long as it is wrong', async () => {
    await dialog('does not show org/model to visitors (401)').getByRole('button', { name: 'Enter Token' }).click();
    await enter('password', 'hf_wrong');
    const refused = dialog('does not give org/model to the owner of your token (401)');
    await refused.getByRole('button', { name: 'Forget Token' }).waitFor();
    await refused.getByRole('button', { name: 'Enter Token' }).click();
    await enter('password', 'hf_right');
  });

  it('says how much it would download and from where, and does nothing when that is declined', async () => {
    const question = dialog('Download org/model?');
    const detail = await question.innerText();
    assert.match(detail, /2 files, 300\.0 kB, from http:\/\/127\.0\.0\.1:\d+ into the Hugging Face cache: .*models--org--model/);
    await question.getByRole('button', { name: 'Cancel' }).click();
    await question.waitFor({ state: 'detached' });
    assert.equal(fs.existsSync(repository()), false);
    assert.deepEqual(hub.downloadsOf(model['model.safetensors'], 'model.safetensors'), []);
  });

  it('can be cancelled, and then keeps what is there', async () => {
    hub.fail('/blobs/', { kind: 'slow', pieceBytes: 20_000, everyMs: 1000 });
    await workbench.runCommand('Temper: Download Base Model');
    await enter('text', 'org/model');
    await dialog('Download org/model?').getByRole('button', { name: 'Download' }).click(); // no token is asked for again
    const progress = toast('Downloading org/model');
    await progress.filter({ hasText: /kB of 300\.0 kB, model\.safetensors/ }).waitFor();
    await progress.getByRole('button', { name: 'Cancel' }).click();
    await toast('The download of org/model was cancelled').waitFor();
    const blobs = () => fs.readdirSync(path.join(repository(), 'blobs')).filter((name) => name.endsWith('.incomplete'));
    await waitFor(
      'the part is there and nobody holds it',
      () => blobs().length === 1 && !fs.existsSync(path.join(repository(), '.temper-pull.lock')),
    );
    assert.equal(isComplete(), false);
  });

  it('downloads when it is agreed to, goes on from there, and says what to do with it', async () => {
    await workbench.runCommand('Temper: Download Base Model');
    await enter('text', 'org/model');
    const question = dialog('Download org/model?');
    assert.match(await question.innerText(), /of 300\.0 kB; the rest is there already/);
    await question.getByRole('button', { name: 'Download' }).click();
    await toast('org/model is on this machine. To train it, write "model": "org/model"')
      .getByRole('button', { name: 'Copy Name' })
      .waitFor();
    assert.equal(isComplete(), true);
  });

  it('keeps the token out of files and logs', () => {
    const files = [workbench.userData, cacheDir].flatMap((dir) =>
      fs
        .globSync('**/*', { cwd: dir, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => path.join(entry.parentPath, entry.name)),
    );
    assert.deepEqual(
      files.filter((file) => fs.readFileSync(file).includes('hf_right')),
      [],
    );
    assert.ok(!workbench.serverLog().includes('hf_right'));
  });
});
