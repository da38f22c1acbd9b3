// npm run screenshots: the pictures of the README, taken in a real VS Code window: the run panel, the tree, a linted file and the
// dataset report, in the light, the dark and the high-contrast theme.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, root } from './build.mjs';
import { openWorkbench } from './workbench/open-workbench.mjs';

const pictures = join(root, 'docs', 'pictures');
const project = join(root, 'out', 'screenshots', 'support-tickets');
const temper = join(root, 'bin', 'temper.cjs');
const themes = { light: 'Default Light Modern', dark: 'Default Dark Modern', 'high-contrast': 'Default High Contrast' };

await build();
mkdirSync(pictures, { recursive: true });
makeProject();
for (const [name, theme] of Object.entries(themes)) await takePictures(name, theme);

/** A trained project whose validation file has three broken rows and one that stands in train. */
function makeProject() {
  rmSync(project, { recursive: true, force: true });
  run('new', 'text-classification', project);
  run('train', project, '--run-id', 'first-try', '--set', 'training.learningRate=1e-3', '--set', 'name=lora r8, rate 1e-3');
  run('train', project, '--run-id', 'lora-r8');
  const file = join(project, 'data', 'validation.jsonl');
  const rows = readFileSync(file, 'utf8').split('\n');
  const [leak = ''] = readFileSync(join(project, 'data', 'train.jsonl'), 'utf8')
    .split('\n')
    .slice(7);
  rows.splice(
    2,
    0,
    '{"text": "Where is my parcel? It was due on Monday.", "label": "shiping"}',
    '{"text": "", "label": "billing"}',
    '{"text": "I can\'t log in since the update", "label": "login",}',
    leak,
    '{"text": "Please write to anna.berg@acme.io, my old address is dead", "label": "login"}',
  );
  writeFileSync(file, rows.join('\n'));
}

/** @param {string[]} args */
function run(...args) {
  const { status } = spawnSync(process.execPath, [temper, ...args], { stdio: 'inherit' });
  if (status !== 0) throw new Error(`temper ${args.join(' ')} ended with ${status}`);
}

/**
 * @param {string} name
 * @param {string} theme
 */
async function takePictures(name, theme) {
  const folder = join(root, 'out', 'screenshots', `project-${name}`, 'support-tickets');
  rmSync(folder, { recursive: true, force: true });
  cpSync(project, folder, { recursive: true });
  const workbench = await openWorkbench({
    folder,
    extensionFolder: root,
    theme,
    viewport: { width: 1440, height: 1080 },
    settings: { 'window.title': 'Temper' },
  });
  const { page } = workbench;
  try {
    await page.locator('.activitybar .action-item a.action-label[aria-label^="Temper"]').click();
    const best = page.locator('.pane-body .monaco-list-row', { hasText: 'lora r8' }).last();
    await best.waitFor({ timeout: 30_000 });
    await workbench.runCommand('Temper: Open Run');
    await page.locator('.quick-input-list .monaco-list-row', { hasText: 'tiny-encoder' }).first().click();
    await workbench.webview().locator('temper-run-panel').waitFor();
    await page.waitForTimeout(2500);
    await page.screenshot({ path: join(pictures, `panel-${name}.png`) });

    await workbench.runCommand('View: Close All Editors');
    await page.keyboard.press('Control+P');
    await page.locator('.quick-input-widget input[type="text"]').fill('validation.jsonl');
    await page.locator('.quick-input-list .monaco-list-row', { hasText: 'validation.jsonl' }).first().click();
    await page.locator('.squiggly-error').first().waitFor({ timeout: 20_000 });
    await workbench.runCommand('Problems: Focus on Problems View');
    await page.waitForTimeout(1500);
    await page.locator('.monaco-editor .view-lines').click({ position: { x: 300, y: 300 } });
    await page.keyboard.press('Control+Home');
    await page.locator('.codelens-decoration').first().waitFor({ timeout: 20_000 });
    await page
      .locator('.monaco-editor .view-line')
      .nth(9)
      .hover({ position: { x: 160, y: 8 } });
    await page.locator('.monaco-hover:visible').first().waitFor({ timeout: 10_000 });
    await page.waitForTimeout(500);
    await page.screenshot({ path: join(pictures, `lint-${name}.png`) });

    await workbench.runCommand('View: Close All Editors');
    await workbench.runCommand('View: Hide Panel');
    await workbench.runCommand('Temper: Show Dataset Report');
    await workbench.webview().locator('temper-dataset-report').waitFor();
    await page.waitForTimeout(1500);
    await page.screenshot({ path: join(pictures, `report-${name}.png`) });
    console.log(`${name}: panel-${name}.png, lint-${name}.png and report-${name}.png in docs/pictures`);
  } finally {
    await workbench.close();
  }
}
