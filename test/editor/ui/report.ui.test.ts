// Temper: Show Dataset Report in the window: what it counts, where its links lead, and that it keeps up.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { createLintProject, type LintProject } from '../lint-project';
import { rowsFor } from '../small-project';
import { openWorkbench, type Workbench } from './workbench';

const limitMs = 60_000;

describe('the dataset report in the window', function () {
  this.timeout(2 * limitMs);
  this.bail(true); // Each test takes up where the one before it ended.
  let project: LintProject;
  let workbench: Workbench;

  before(async () => {
    const dir = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'temper-report-')), 'reviews');
    project = createLintProject(dir, ['leak', 'empty-field']);
    const [leaked = ''] = rowsFor('train').split('\n');
    fs.writeFileSync(project.test, `${rowsFor('test')}${leaked}\n`);
    workbench = await openWorkbench({ folder: dir });
  });
  after(async () => {
    await workbench.close();
    fs.rmSync(path.dirname(project.dir), { recursive: true, force: true, maxRetries: 5 });
  });

  const seconds = { timeout: limitMs };
  const report = () => workbench.webview().locator('temper-dataset-report');
  const fileRow = (split: string) => report().locator('temper-file-table tbody tr', { hasText: split });
  const sentence = (text: string) => report().locator('temper-observation-list li', { hasText: text });
  const tab = (text: string) => workbench.page.locator('.tab', { hasText: text });

  it('opens from the palette, with the rows of every file', async () => {
    await workbench.runCommand('Temper: Show Dataset Report');
    await tab('reviews: dataset').waitFor(seconds);
    const counts: Record<string, RegExp> = {
      train: /^train\s*data\/train\.jsonl\s+48\s/,
      validation: /\s8\s/,
      test: /\s9\s+JSONL: a text and its label\s.*1 warning/s,
      ood: /\s8\s/,
    };
    for (const [split, words] of Object.entries(counts)) {
      await fileRow(`data/${split}.jsonl`).waitFor(seconds);
      assert.match((await fileRow(`data/${split}.jsonl`).innerText()).trim(), words);
    }
  });

  it('counts labels and tokens', async () => {
    const labels = await report().locator('temper-label-chart tbody tr').allInnerTexts();
    assert.deepEqual(
      labels.map((row) => row.replace(/\s+/g, ' ').trim()),
      ['praise 24 50 % 4 50 % 5 56 % 4 50 %', 'blame 24 50 % 4 50 % 4 44 % 4 50 %'],
    );
    const heading = report().locator('temper-length-chart h2', { hasText: 'tokens a row' });
    await heading.waitFor(seconds);
  });

  it('says that a row of test stands in train, and goes to its range', async () => {
    await sentence('1 row of test stands in train').waitFor(seconds);
    await report().getByRole('button', { name: 'data/test.jsonl:9' }).click(seconds);
    await workbench.page.locator('.tab.active', { hasText: 'test.jsonl' }).waitFor(seconds);
    // From the quote before the text to the one behind it.
    await workbench.page.locator('.statusbar-item', { hasText: 'Ln 9, Col 24 (15 selected)' }).waitFor(seconds);
  });

  it('opens the page of the rule', async () => {
    await tab('reviews: dataset').click(seconds);
    await report().getByRole('button', { name: 'Read about the rule leak' }).click(seconds);
    await workbench.page.locator('.tab.active', { hasText: 'rules.md' }).waitFor(seconds);
  });

  it('is up to date when it is shown again, and while it is shown', async () => {
    fs.writeFileSync(project.train, `${rowsFor('train')}{"text": "", "label": "praise"}\n`);
    await tab('reviews: dataset').click(seconds);
    await sentence('1 error in train').waitFor(seconds);
    fs.writeFileSync(project.train, rowsFor('train'));
    fs.writeFileSync(project.test, rowsFor('test'));
    await sentence('No problems').waitFor(seconds);
    assert.match(await fileRow('data/test.jsonl').innerText(), /\s8\s/);
  });

  it('is there again when the window is reloaded', async () => {
    await Promise.all([workbench.page.waitForEvent('load', seconds), workbench.runCommand('Developer: Reload Window')]);
    await workbench.page.locator('.monaco-workbench').waitFor(seconds);
    await sentence('No problems').waitFor(seconds);
  });

  it('says so when the project is gone', async () => {
    fs.rmSync(project.config);
    await report().getByRole('alert').getByText('There is no project in').waitFor(seconds);
  });

  it('was refused nothing by the content policy, and asked nobody outside', () => {
    assert.deepEqual(
      workbench.errors.filter((error) => error.includes('Content Security Policy')),
      [],
    );
    assert.deepEqual(workbench.outside, []);
  });
});
