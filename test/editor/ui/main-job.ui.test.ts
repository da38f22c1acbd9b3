// The main job as a person sees it: start, watch the curve, reload the window in the middle, stop, evaluate.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { createSmallProject } from '../small-project';
import { waitFor } from '../wait-until';
import { openWorkbench, type Workbench } from './workbench';

const limitMs = 90_000;
const totalSteps = 12_000;

describe('fine-tuning in the window', function () {
  this.timeout(2 * limitMs);
  this.bail(true); // Each test takes up where the one before it ended.
  let project: string;
  let workbench: Workbench;
  let stepBeforeReload: number;

  before(async () => {
    project = createSmallProject(path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'temper-main-job-')), 'reviews'), {
      training: { maxSteps: totalSteps, epochs: 1000 },
      evaluateEvery: 40,
    });
    workbench = await openWorkbench({ folder: project });
  });
  after(async () => {
    await workbench.close();
    for (const { pid } of runs()) endProcess(pid);
    fs.rmSync(path.dirname(project), { recursive: true, force: true, maxRetries: 5 });
  });

  const runsDir = () => path.join(project, '.temper', 'runs');
  const runs = () =>
    (fs.existsSync(runsDir()) ? fs.readdirSync(runsDir()) : []).map((id) => {
      const record = JSON.parse(fs.readFileSync(path.join(runsDir(), id, 'run.json'), 'utf8')) as { process: { pid: number } };
      return { id, pid: record.process.pid };
    });

  const panel = () => workbench.webview().locator('temper-run-panel');
  const seconds = { timeout: limitMs };

  /** From the line below the progress bar. */
  const shownStep = async (): Promise<number> => {
    const text = await panel()
      .locator('temper-run-progress')
      .getByText(/^step [\d,]+ of 12,000$/)
      .textContent(seconds);
    return Number(/step ([\d,]+)/.exec(text ?? '')?.[1]?.replaceAll(',', ''));
  };

  /** How far to the right the loss canvas has colour, as a part of its width. Grid and text are grey. */
  const curveEnd = (): Promise<number> =>
    panel()
      .locator('temper-loss-chart canvas')
      .evaluate(
        (element) => {
          const canvas = element as HTMLCanvasElement;
          const { width, height } = canvas;
          const pixels = canvas.getContext('2d')?.getImageData(0, 0, width, height).data ?? [];
          let end = 0;
          for (let index = 0; index < pixels.length; index += 4) {
            const channels = [pixels[index] ?? 0, pixels[index + 1] ?? 0, pixels[index + 2] ?? 0];
            const isColoured = (pixels[index + 3] ?? 0) > 128 && Math.max(...channels) - Math.min(...channels) > 60;
            if (isColoured) end = Math.max(end, (index / 4) % width);
          }
          return end / width;
        },
        undefined,
        seconds,
      );

  const grows = async () => {
    const [step, end] = [await shownStep(), await curveEnd()];
    await waitFor('the step number grows', async () => (await shownStep()) > step + 20, limitMs);
    await waitFor('the curve reaches further to the right', async () => (await curveEnd()) > end, limitMs);
  };

  it('offers to start in the Experiments view while there is no run', async () => {
    await workbench.page.locator('.activitybar .action-item a.action-label[aria-label^="Temper"]').click();
    await workbench.page.locator('.welcome-view-content a.monaco-button', { hasText: 'Start Fine-Tune' }).waitFor(seconds);
  });

  it('starts from the palette and shows the panel', async () => {
    await workbench.runCommand('Temper: Start Fine-Tune');
    await panel().locator('temper-run-header h1', { hasText: 'reviews' }).waitFor(seconds);
    assert.ok((await shownStep()) >= 1);
    assert.equal(runs().length, 1);
  });

  it('draws a curve that grows', async () => {
    await grows();
  });

  it('says how far it is in the status bar', async () => {
    await workbench.page.locator('.statusbar-item', { hasText: /\d+ %/ }).waitFor(seconds);
  });

  it('has the checkpoint in the tree, with its metric, the best one with a star', async () => {
    const row = workbench.page.locator('.pane-body .monaco-list-row', { hasText: /^step \d+acc [01]\.\d{3}/ }).first();
    await row.waitFor(seconds);
    await workbench.page.locator('.pane-body .monaco-list-row .codicon-star-full').first().waitFor(seconds);
  });

  it('is right again when the window is reloaded in the middle', async () => {
    stepBeforeReload = await shownStep();
    const endBefore = await curveEnd();
    // The page's own reload would not let the editor write down which tabs are open.
    await Promise.all([workbench.page.waitForEvent('load', seconds), workbench.runCommand('Developer: Reload Window')]);
    await workbench.page.locator('.monaco-workbench').waitFor(seconds);
    const step = await shownStep();
    assert.ok(step >= stepBeforeReload, `step ${step} after ${stepBeforeReload}`);
    assert.ok(step < totalSteps, 'the run was over too soon to show anything');
    await waitFor('the whole curve is there', async () => (await curveEnd()) >= endBefore, limitMs);
  });

  it('then goes on with the same process', async () => {
    await grows();
    assert.equal(runs().length, 1);
  });

  it('stops from the panel, with a checkpoint of the last step', async () => {
    await panel().getByText('Stop and Save').click(seconds);
    await panel().locator('temper-run-header').getByText('Stopped', { exact: true }).waitFor(seconds);
    const step = await shownStep();
    const row = panel().locator('temper-checkpoint-table tbody tr', { hasText: step.toLocaleString('en-US') });
    await row.first().waitFor(seconds);
    await waitFor('the process is gone', () => runs().every(({ pid }) => !isRunning(pid)), limitMs);
  });

  it('evaluates a checkpoint from the panel: progress there, then the metrics there and in the tree', async () => {
    const table = panel().locator('temper-checkpoint-table');
    await table.getByText('Evaluate', { exact: true }).first().click(seconds);
    await table.getByText(/test accuracy [01]\.\d{3}, loss \d+\.\d{3}/i).waitFor(seconds);
    await workbench.page.locator('.notification-toast', { hasText: /test \(8 rows\): acc [01]\.\d{3}/ }).waitFor(seconds);
  });

  it('hides the status bar item when nothing runs', async () => {
    await workbench.page.locator('.statusbar-item', { hasText: /\d+ %/ }).waitFor({ state: 'detached', ...seconds });
  });

  it('deletes the run after asking, for good where there is no trash', async () => {
    await workbench.runCommand('Temper: Delete Run');
    const answer = (text: string) =>
      workbench.page.locator('.monaco-dialog-box .monaco-button', { hasText: text }).click(seconds);
    await answer('Move to Trash');
    await answer('Delete for Good');
    await waitFor('the folder is gone', () => runs().length === 0, limitMs);
    await workbench.page.locator('.welcome-view-content a.monaco-button', { hasText: 'Start Fine-Tune' }).waitFor(seconds);
    await workbench.page.locator('.tab', { hasText: 'reviews' }).waitFor({ state: 'detached', ...seconds });
  });

  it('was refused nothing by the content policy, and asked nobody outside', () => {
    assert.deepEqual(
      workbench.errors.filter((error) => error.includes('Content Security Policy')),
      [],
    );
    assert.deepEqual(workbench.outside, []);
  });
});

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false; // nobody there to be asked
  }
}

function endProcess(pid: number): void {
  if (isRunning(pid)) process.kill(pid, 'SIGKILL');
}
