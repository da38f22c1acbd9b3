import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import type { PanelToHost } from '../../protocol';
import { nextFrames, openGallery, openPage, readText, type OpenedPage } from './browser';

/** A click is answered when the page has had a turn, which a busy machine may put off. */
const posted = async (page: Page): Promise<PanelToHost[]> => {
  await nextFrames(page);
  return page.evaluate(() => window.gallery.host.posted);
};

describe('the run panel', function () {
  this.timeout(60_000);
  let opened: OpenedPage | undefined;
  const open = async (...options: Parameters<typeof openGallery>): Promise<Page> => (opened = await openGallery(...options)).page;

  afterEach(async () => {
    assert.deepEqual(opened?.strangers ?? [], [], 'requests that left the page');
    assert.deepEqual(opened?.faults ?? [], [], 'errors and broken content policy');
    await opened?.page.context().close();
    opened = undefined;
  });

  describe('has four faces:', () => {
    it('loading, until the snapshot comes, having asked for it once', async () => {
      const page = await open({ face: 'loading' });
      assert.match(await readText(page, 'temper-run-panel'), /Reading the run/);
      assert.deepEqual(await posted(page), [{ kind: 'ready' }]);
    });

    it('loading for long, with a way to ask again', async () => {
      const page = await open({ face: 'loading' });
      await page.clock.install();
      await page.evaluate(() => window.gallery.show('loading'));
      await page.clock.runFor(11_000);
      await page.getByRole('button', { name: 'Ask Again' }).click();
      assert.equal((await posted(page)).filter(({ kind }) => kind === 'ready').length, 3);
    });

    it('empty, while the run prepares, saying where curves and checkpoints will be', async () => {
      const page = await open({ face: 'empty' });
      assert.match(await readText(page, 'temper-run-header'), /^support-tickets · lora r16 Preparing: reading text/);
      assert.match(await readText(page, 'temper-run-progress'), /Reading text: 6,200 of 10,003/);
      assert.match(await readText(page, 'temper-loss-chart'), /The curve begins with the first step/);
      assert.match(await readText(page, 'temper-checkpoint-table'), /None saved yet/);
      assert.equal(await page.locator('temper-score-board').count(), 0);
    });

    it('full, with everything from the title to the checkpoints', async () => {
      const page = await open({ face: 'full' });
      assert.match(await readText(page, 'temper-run-header'), /Training/);
      assert.match(
        await readText(page, 'temper-run-progress'),
        /step 1,046 of 1,689\s+epoch 1.86 of 3\s+1 min 40 s left\s+wasm, 2 threads · 3,\d{3} tokens\/s · 41\d MB/,
      );
      assert.match(
        await readText(page, 'temper-observation-list'),
        /Validation loss has not improved since step 700, while training loss fell by 1\d %\./,
      );
      assert.match(await readText(page, 'temper-loss-chart'), /Best validation loss 0\.412 at step 700; 0\.447 at step 1,000/);
      assert.match(
        await readText(page, 'temper-metric-chart'),
        /0\.873 \(0\.852 to 0\.894\) at step 700; step 1,000 is within its margin of error/,
      );
      const scores = await page.locator('temper-score-board tbody tr').allInnerTexts();
      assert.deepEqual(
        scores.map((row) => row.split(/\s{2,}|\t|\n/)[0]),
        ['majority class', 'untouched model', '★ step 700'],
      );
      const steps = await page.locator('temper-checkpoint-table tbody th').allInnerTexts();
      assert.deepEqual(steps, ['1,000', '★ 700']);
    });

    it('broken, in words and with what to do', async () => {
      const page = await open({ face: 'broken' });
      const alert = page.getByRole('alert');
      assert.match(await alert.innerText(), /cannot be shown\s+The run folder .* has no run\.json\.\s+It may have been deleted/);
    });
  });

  it('shows an end with its reason, and the test rows only then', async () => {
    const page = await open({ face: 'completed' });
    assert.match(
      await readText(page, 'temper-observation-list'),
      /Completed after 4 min\. All epochs were trained\. The best checkpoint is step 700/,
    );
    assert.match(await page.locator('temper-score-board tbody tr').nth(2).innerText(), /0\.873.*0\.861.*0\.741/s);
  });

  it('shows a failure as a card with one action', async () => {
    const page = await open({ face: 'failed' });
    assert.match(
      await readText(page, 'temper-observation-list'),
      /The loss became NaN at step 420 .* Lower "training.learningRate"/s,
    );
    await page.getByRole('button', { name: 'Open Config' }).click();
    assert.deepEqual((await posted(page)).at(-1), { kind: 'open', what: 'config' });
  });

  it('posts what its buttons say', async () => {
    const page = await open({ face: 'full' });
    for (const name of ['Stop and Save', 'Pause', 'Evaluate Now', 'Open Log'])
      await page.getByRole('button', { name, exact: true }).click();
    await page.getByRole('button', { name: 'Evaluate step 700' }).click();
    assert.deepEqual(await posted(page), [
      { kind: 'ready' },
      { kind: 'stop' },
      { kind: 'pause' },
      { kind: 'evaluate-now' },
      { kind: 'open', what: 'log' },
      { kind: 'evaluate', step: 700 },
    ]);
  });

  it('works its buttons from the keyboard', async () => {
    const page = await open({ face: 'full' });
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    assert.deepEqual((await posted(page)).slice(1), [{ kind: 'stop' }, { kind: 'pause' }]);
  });

  it('follows an evaluation in its row from asked to done or failed', async () => {
    const page = await open({ face: 'completed' });
    const row = page.locator('temper-checkpoint-table tbody tr').nth(0);
    const button = row.getByRole('button');
    const say = (status: object) => page.evaluate((known) => { window.gallery.host.say({ kind: 'evaluation', step: 1600, split: 'test', status: known as never }); }, status); // prettier-ignore
    await button.click();
    await row.getByText('starting').waitFor();
    assert.equal(await button.isDisabled(), true);
    await say({ kind: 'running', done: 640, total: 3080 });
    await nextFrames(page);
    assert.match(await row.innerText(), /test: 640 of 3,080/);
    await say({ kind: 'done', metrics: { accuracy: 0.855, macroF1: 0.85, loss: 0.47 } });
    await nextFrames(page);
    assert.match(await row.innerText(), /test accuracy 0\.855, loss 0\.470/);
    assert.equal(await button.isDisabled(), false);
    await say({ kind: 'failed', message: 'test.csv was moved.' });
    await nextFrames(page);
    assert.match(await row.innerText(), /test\.csv was moved\./);
  });

  it('follows events, and offers Continue while paused', async () => {
    const page = await open({ face: 'full' });
    await page.evaluate(() => {
      const { events } = window.gallery.recordTraining().add({ kind: 'paused' });
      window.gallery.host.say({ kind: 'events', events: events.slice(-1) });
    });
    await nextFrames(page);
    await page.getByRole('button', { name: 'Continue' }).click();
    assert.deepEqual((await posted(page)).at(-1), { kind: 'continue' });
    assert.equal(await page.getByRole('button', { name: 'Evaluate Now' }).count(), 0);
  });

  it('remembers its run for a restart of the editor, and which charts are tables', async () => {
    const page = await open({ face: 'full' });
    await page.locator('temper-metric-chart').getByRole('button', { name: 'Show as table' }).click();
    const memory = await page.evaluate(() => window.gallery.host.memory);
    assert.deepEqual(memory, { runId: '2026-11-22-support-tickets-1', tables: ['metric'] });
    await page.evaluate(() => window.gallery.show('full'));
    await nextFrames(page);
    assert.equal(await page.locator('temper-metric-chart table').count(), 1);
    assert.equal(await page.locator('temper-loss-chart table').count(), 0);
  });

  it('moves nothing for those who asked for less motion', async () => {
    const countMoving = (page: Page): Promise<number> =>
      page.evaluate(
        () =>
          window.gallery.everyElement().filter((element) => element.checkVisibility() && element.getAnimations().length > 0)
            .length,
      );
    assert.ok((await countMoving(await open({ face: 'full' }))) > 0);
    await opened?.page.context().close();
    assert.equal(await countMoving(await open({ face: 'full', reducedMotion: true })), 0);
  });

  for (const width of [480, 820, 1180]) {
    it(`fits ${width} pixels without a horizontal scroll`, async () => {
      const page = await open({ face: 'full', width });
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width);
      const overflowing = await page
        .locator('.scroll')
        .evaluateAll((elements) => elements.filter((element) => element.scrollWidth > element.clientWidth).length);
      assert.equal(overflowing, 0);
    });
  }
});

describe('the bundle of the panel', function () {
  this.timeout(60_000);

  it('asks the editor for its snapshot and shows it, under a strict content policy and without a request', async () => {
    const { page, strangers, faults } = await openPage('webview/main.ts', {
      body: '<temper-run-panel></temper-run-panel>',
      before: installEditor,
    });
    const { snapshot, runId } = await snapshotForEditor();
    assert.deepEqual(await page.evaluate(() => window.editor.posted), [{ kind: 'ready' }]);
    await page.evaluate((message) => { window.postMessage(message, '*'); }, snapshot); // prettier-ignore
    await page.getByRole('heading', { level: 1 }).waitFor();
    assert.deepEqual(await page.evaluate(() => window.editor.state), { runId, tables: [] });
    assert.deepEqual(strangers, []);
    assert.deepEqual(faults, []);
    await page.context().close();
  });

  it('does not listen to messages that are not the host’s', async () => {
    const { page, faults } = await openPage('webview/main.ts', {
      body: '<temper-run-panel></temper-run-panel>',
      before: installEditor,
    });
    await page.evaluate(() => {
      for (const message of [null, 'snapshot', { kind: 'surprise' }, { source: 'react-devtools' }])
        window.postMessage(message, '*');
    });
    await nextFrames(page);
    assert.equal(await page.getByText('Reading the run').isVisible(), true);
    assert.deepEqual(faults, []);
    await page.context().close();
  });
});

declare global {
  interface Window {
    /** What the stand-in for VS Code's api has seen. */
    editor: { posted: unknown[]; state: unknown };
  }
}

/** Runs in the page: VS Code's api, given away once. */
function installEditor(): void {
  const editor: Window['editor'] = { posted: [], state: undefined };
  window.editor = editor;
  Object.assign(window, {
    acquireVsCodeApi: () => ({
      postMessage: (message: unknown) => editor.posted.push(message),
      getState: () => editor.state,
      setState: (state: unknown) => (editor.state = state),
    }),
  });
}

async function snapshotForEditor() {
  const { snapshotOf } = await import('./gallery/faces');
  const { recordTraining, sampleHeader } = await import('./gallery/sample-run');
  return { snapshot: snapshotOf(recordTraining(200).events), runId: sampleHeader.runId };
}
