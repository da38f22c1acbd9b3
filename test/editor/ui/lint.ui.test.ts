// Linting as a person sees it: the squiggle, the figures on top, the hover, the light bulb, the way to the twin, and the
// question before a run whose rows leak.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { createLintProject, type LintProject } from '../lint-project';
import { rowsFor } from '../small-project';
import { waitFor } from '../wait-until';
import { openWorkbench, type Workbench } from './workbench';

const limitMs = 60_000;
const seconds = { timeout: limitMs };

describe('linting data in the window', function () {
  this.timeout(2 * limitMs);
  let project: LintProject;
  let workbench: Workbench;

  before(async () => {
    const folder = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'temper-lint-ui-')), 'reviews');
    project = createLintProject(folder, ['invalid-json', 'leak']);
    const leaked = rowsFor('train').split('\n')[4] ?? '';
    fs.writeFileSync(project.test, `${rowsFor('test')}${leaked}\n`);
    fs.writeFileSync(project.train, `{"text": "so fine a thing", "label": "praise",}\n${rowsFor('train')}`);
    workbench = await openWorkbench({ folder: project.dir });
  });
  after(async () => {
    await workbench.close();
    fs.rmSync(path.dirname(project.dir), { recursive: true, force: true, maxRetries: 5 });
  });

  /** The quick pick closes when something else takes the focus meanwhile: then it is tried again. */
  const openFile = async (name: string) => {
    const { page } = workbench;
    const pick = async () => {
      await page.keyboard.press('Control+P');
      await page.locator('.quick-input-widget input[type="text"]').fill(name, { timeout: 5000 });
      await page.locator('.quick-input-list .monaco-list-row', { hasText: name }).first().click({ timeout: 5000 });
      return true;
    };
    await waitFor(`${name} is picked`, () => pick().catch(() => false), limitMs);
    await page.locator('.tab.active', { hasText: name }).waitFor(seconds);
  };
  const lens = (text: RegExp) => workbench.page.locator('.codelens-decoration a', { hasText: text });
  const line = (text: string) => workbench.page.locator('.editor-instance .view-line', { hasText: text }).first();

  it('underlines the broken row and has the figures on top, with the problems among them', async () => {
    await openFile('train.jsonl');
    await workbench.page.locator('.squiggly-error').first().waitFor(seconds);
    await lens(/^48 rows · 2 labels · tokens p50 \d+ · p95 \d+ · max \d+ of 16 · 1 error$/).waitFor(seconds);
    await lens(/^Fix 1 problem$/).waitFor(seconds);
  });

  it('shows the row under the mouse as the model sees it', async () => {
    const hover = workbench.page.locator('.monaco-hover:visible', { hasText: 'As the model sees it' });
    await waitFor(
      'the hover',
      async () => {
        await workbench.page.mouse.move(5, 5);
        await line('superb').hover({ position: { x: 120, y: 8 }, ...seconds });
        return hover
          .first()
          .waitFor({ timeout: 3000 })
          .then(
            () => true,
            () => false,
          );
      },
      limitMs,
    );
    const text = await hover.first().innerText();
    assert.match(text, /\d+ tokens, all are read/);
    assert.match(text, /Label: praise \(class 1\)/);
    assert.ok((await hover.first().locator('code').count()) > 3);
    await workbench.page.keyboard.press('Escape');
  });

  it('mends it with one click on the figure of what can be fixed', async () => {
    await lens(/^Fix 1 problem$/).click(seconds);
    await lens(/^49 rows · .* · no problems$/).waitFor(seconds);
    await workbench.page
      .locator('.squiggly-error')
      .first()
      .waitFor({ state: 'detached', ...seconds });
    await lens(/^Fix/).waitFor({ state: 'detached', ...seconds });
    await workbench.page.keyboard.press('Control+S');
    await waitFor('it is saved', () =>
      fs.readFileSync(project.train, 'utf8').startsWith('{"text": "so fine a thing", "label": "praise"}\n'),
    );
  });

  it('leads from the Problems view to the twin in the training rows', async () => {
    const { page } = workbench;
    await workbench.runCommand('Temper: Show Problems');
    const problem = page.locator('.markers-panel .monaco-list-row', { hasText: /leak/ }).first();
    await problem.waitFor(seconds);
    await problem.click(seconds);
    await page.keyboard.press('ArrowRight');
    const related = page.locator('.markers-panel .monaco-list-row', { hasText: 'train.jsonl' }).first();
    await related.dblclick(seconds);
    await page.locator('.tab.active', { hasText: 'train.jsonl' }).waitFor(seconds);
    await page.locator('.statusbar-item', { hasText: /Ln 6, Col/ }).waitFor(seconds);
  });

  it('offers the fixes and the suppressions of a problem from the keyboard, and asks for a reason', async () => {
    const { page } = workbench;
    await openFile('test.jsonl');
    await page.locator('.squiggly-warning').first().waitFor(seconds);
    await page
      .locator('.editor-instance .view-line')
      .nth(8)
      .click({ position: { x: 120, y: 8 }, ...seconds });
    await page.keyboard.press('Control+.');
    const offers = page.locator('.action-widget .monaco-list-row');
    await offers.filter({ hasText: "Suppress 'leak' in this file" }).first().waitFor(seconds);
    await offers.filter({ hasText: "Show the rule 'leak'" }).first().waitFor(seconds);
    await offers.filter({ hasText: "Suppress 'leak' for this row" }).first().click(seconds);
    const input = page.locator('.quick-input-widget input[type="text"]');
    await input.fill(' ', seconds);
    await page.keyboard.press('Enter');
    await page.locator('.quick-input-widget .quick-input-message', { hasText: 'A reason is needed' }).waitFor(seconds);
    await input.fill('It is the same film.');
    await page.keyboard.press('Enter');
    await page
      .locator('.squiggly-warning')
      .first()
      .waitFor({ state: 'detached', ...seconds });
    await waitFor('it is in temper.json', () => fs.readFileSync(project.config, 'utf8').includes('It is the same film.'));
  });

  it('asks before it starts a run with rows that leak, and starts it when that is wanted', async () => {
    const { page } = workbench;
    const config = JSON.parse(fs.readFileSync(project.config, 'utf8')) as { lint: { suppress?: unknown } };
    delete config.lint.suppress;
    fs.writeFileSync(project.config, JSON.stringify(config, undefined, 2));
    await workbench.runCommand('Temper: Start Fine-Tune');
    const question = page.locator('.monaco-dialog-box');
    await question.filter({ hasText: 'Start anyway?' }).waitFor(seconds);
    assert.match(await question.innerText(), /test/);
    await question.getByRole('button', { name: 'Cancel' }).click(seconds);
    const runs = path.join(project.dir, '.temper', 'runs');
    await waitFor('no run is left', () => !fs.existsSync(runs) || fs.readdirSync(runs).length === 0);
    await workbench.runCommand('Temper: Start Fine-Tune');
    await question.getByRole('button', { name: 'Start Anyway' }).click(seconds);
    await waitFor('a run', () => fs.existsSync(runs) && fs.readdirSync(runs).length === 1, limitMs);
    await workbench.webview().locator('temper-run-panel temper-run-header h1').waitFor(seconds);
  });
});
