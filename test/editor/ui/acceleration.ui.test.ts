// Temper: Set Up Acceleration, looked at and declined by hand.
import assert from 'node:assert/strict';
import { openWorkbench, type Workbench } from './workbench';

describe('Set Up Acceleration in the window', () => {
  let workbench: Workbench;

  before(async function () {
    this.timeout(60_000);
    workbench = await openWorkbench();
    await workbench.page.locator('.activitybar .action-item a.action-label[aria-label^="Temper"]').click();
    await workbench.page.locator('.welcome-view-content a.monaco-button', { hasText: 'New Project' }).waitFor(); // the window is ready
  });
  after(() => workbench.close());

  const rows = (text: string) => workbench.page.locator('.quick-input-list .monaco-list-row', { hasText: text });

  it('lists each accelerator with its state in words, and what was found', async () => {
    await workbench.runCommand('Temper: Set Up Acceleration');
    const states = /works|can be installed|cannot be used|cannot be installed here/;
    for (const name of ['TensorFlow on an NVIDIA GPU', 'TensorFlow on the processor', 'WebGPU'])
      await rows(name).filter({ hasText: states }).first().waitFor();
    await rows('Node ').first().waitFor();
  });

  it('says how much it would download and from where, and does nothing when that is declined', async function () {
    const row = rows('TensorFlow on the processor');
    if ((await row.filter({ hasText: 'can be installed' }).count()) === 0) this.skip(); // not for this system, or there already
    await row.first().click();
    const question = workbench.page.locator('.monaco-dialog-box');
    await question.filter({ hasText: 'Install TensorFlow on the processor?' }).waitFor();
    assert.match(await question.innerText(), /storage\.googleapis\.com.*about 0\.9 GB/s);
    await question.getByRole('button', { name: 'Cancel' }).click();
    await question.waitFor({ state: 'detached' });
    assert.equal(await workbench.page.locator('.notification-toast', { hasText: 'Installing' }).count(), 0);
  });
});
