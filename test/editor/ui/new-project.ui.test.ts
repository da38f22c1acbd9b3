// Temper: New Project, answered in the quick pick by hand.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { waitFor } from '../wait-until';
import { openWorkbench, type Workbench } from './workbench';

describe('New Project in the window', () => {
  let folder: string;
  let workbench: Workbench;

  before(async function () {
    this.timeout(60_000);
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'temper-new-project-'));
    workbench = await openWorkbench({ folder });
  });
  after(async () => {
    await workbench.close();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  const title = () => workbench.page.locator('.quick-input-widget .quick-input-title');
  const rows = (text: string) => workbench.page.locator('.quick-input-list .monaco-list-row', { hasText: text });
  const input = () => workbench.page.locator('.quick-input-widget input[type="text"]');
  const isAt = (step: number) =>
    title()
      .filter({ hasText: `New Temper Project (${step}/3)` })
      .waitFor();

  it('is what the empty view offers', async () => {
    await workbench.page.locator('.activitybar .action-item a.action-label[aria-label^="Temper"]').click();
    await workbench.page.locator('.welcome-view-content a.monaco-button', { hasText: 'New Project' }).click();
    await isAt(1);
  });

  it('asks for a template, then a name, and goes back', async () => {
    await rows('Text classification').first().click();
    await isAt(2);
    await workbench.page.locator('.quick-input-widget .codicon-quick-input-back').click();
    await isAt(1);
    await rows('Text classification').first().click();
    await isAt(2);
  });

  it('refuses a name that is no name of a folder', async () => {
    await input().fill('a/b');
    await workbench.page.keyboard.press('Enter');
    await workbench.page.locator('.quick-input-widget .quick-input-message', { hasText: 'cannot contain' }).waitFor();
    await input().fill('tickets');
    await workbench.page.keyboard.press('Enter');
    await isAt(3);
  });

  it('makes the project in the folder that is picked, and opens its config', async () => {
    await rows('the open folder').first().click();
    const config = path.join(folder, 'tickets', 'temper.json');
    await waitFor('the project is there', () => fs.existsSync(config));
    await workbench.page.locator('.tab', { hasText: 'temper.json' }).waitFor();
    assert.ok(fs.existsSync(path.join(folder, 'tickets', 'data', 'train.jsonl')));
  });

  it('then offers to start', async () => {
    await workbench.page.locator('.welcome-view-content a.monaco-button', { hasText: 'Start Fine-Tune' }).waitFor();
  });

  it('says where the data is wrong instead of starting, and goes there', async function () {
    this.timeout(60_000);
    const train = path.join(folder, 'tickets', 'data', 'train.jsonl');
    const rows = fs.readFileSync(train, 'utf8');
    fs.writeFileSync(train, rows.replace('\n', '\n{"text": "torn\n'));
    await workbench.runCommand('Temper: Start Fine-Tune');
    const toast = workbench.page.locator('.notification-toast', { hasText: /line 2/ });
    await toast.locator('.monaco-button', { hasText: 'Open File' }).click();
    await workbench.page.locator('.tab.active', { hasText: 'train.jsonl' }).waitFor();
    await workbench.page.locator('.statusbar-item', { hasText: 'Ln 2, Col 1' }).waitFor();
    fs.writeFileSync(train, rows);
  });

  it('underlines a row of the data that is broken while it is typed', async () => {
    const { page } = workbench;
    await page.keyboard.press('Control+P');
    await input().fill('tickets/data/ood.jsonl');
    await rows('ood.jsonl').first().click();
    await page.locator('.tab.active', { hasText: 'ood.jsonl' }).waitFor();
    await page.locator('.monaco-editor .view-lines').last().waitFor();
    await page.keyboard.press('Control+Home');
    await page.keyboard.type('x');
    await page.locator('.monaco-editor .squiggly-error').first().waitFor();
    await page.keyboard.press('Backspace');
    await page.locator('.monaco-editor .squiggly-error').first().waitFor({ state: 'detached' });
  });
});
