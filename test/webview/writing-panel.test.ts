import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { openGallery, readText, type OpenedPage, type PageOptions } from './browser';

const cellsOf = async (page: Page, tag: string): Promise<string[][]> => {
  const rows = await page.locator(`${tag} tbody tr`).all();
  return Promise.all(rows.map(async (row) => (await row.locator('th, td').allInnerTexts()).map((cell) => cell.trim())));
};

describe('the panel of a run that learns to write', function () {
  this.timeout(60_000);
  let opened: OpenedPage | undefined;
  const open = async (options: PageOptions = {}): Promise<Page> =>
    (opened = await openGallery({ face: 'writing', ...options })).page;

  afterEach(async () => {
    assert.deepEqual(opened?.faults ?? [], [], 'errors and broken content policy');
    await opened?.page.context().close();
    opened = undefined;
  });

  it('has a chart of perplexity, logarithmic after a great fall', async () => {
    const page = await open();
    const chart = 'temper-metric-chart';
    assert.match(await readText(page, chart), /^Held-out perplexity, log scale/i);
    assert.match(await readText(page, chart), /2\.226 at step 108; 2\.293 at step 144\. 120 validation rows\./);
    await page.evaluate(() => window.gallery.show('writing-begins'));
    await page.locator(chart).getByText('The curve begins with the first evaluation').waitFor();
    assert.match(await readText(page, chart), /^Held-out perplexity(?!, log)/i);
  });

  it('compares perplexities and token accuracies, and no commonest class', async () => {
    const page = await open({ face: 'writing-completed' });
    assert.match(await readText(page, 'temper-score-board'), /^Scoreboard: perplexity/i);
    const headings = page.locator('temper-score-board thead th');
    assert.deepEqual(
      (await headings.allInnerTexts()).map((heading) => heading.replace(/\s+/g, ' ').trim()),
      [
        ...['model', 'validation (120 rows)', 'validation: token accuracy'],
        ...['test (120 rows)', 'test: token accuracy', 'out of distribution (60 rows)', 'out of distribution: token accuracy'],
      ],
    );
    assert.deepEqual(await cellsOf(page, 'temper-score-board'), [
      ['untouched model', '57.40', '0.241', '60.34', '0.233', '73.70', '0.200'],
      ['★ step 108', '2.226', '0.810', '2.293', '0.805', '4.137', '0.702'],
    ]);
  });

  it('lists checkpoints by perplexity, token accuracy and loss, and what was measured on request', async () => {
    const page = await open();
    const headings = await page.locator('temper-checkpoint-table thead th').allInnerTexts();
    assert.deepEqual(headings.slice(0, 5), ['step', 'perplexity', 'token accuracy', 'loss', 'size']);
    const [newest, best] = await cellsOf(page, 'temper-checkpoint-table');
    assert.deepEqual(newest?.slice(0, 4), ['144', '2.293', '0.805', '0.830']);
    assert.match(best?.at(-1) ?? '', /^test perplexity 2\.225, token accuracy 0\.801, loss 0\.800/);
  });

  it('speaks of labels nowhere', async () => {
    const page = await open({ face: 'writing-begins' });
    await page.getByText('About this run').click();
    const text = await readText(page, 'temper-run-panel');
    assert.match(text, /561 conversations/);
    assert.doesNotMatch(text, /labels|majority|class/i);
  });

  it('ends with what became of the perplexity', async () => {
    const text = await readText(await open({ face: 'writing-completed' }), 'temper-observation-list');
    assert.match(text, /The best checkpoint is step 108, validation perplexity 2\.226\./);
    assert.match(text, /Test perplexity 2\.293, down from 60\.34 for the untouched model\./);
  });

  for (const width of [480, 500, 570, 820, 860, 1180]) {
    for (const face of ['writing', 'writing-begins', 'writing-completed'] as const) {
      it(`fits ${width} pixels without a horizontal scroll when ${face}`, async () => {
        const page = await open({ face, width });
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width);
        const overflowing = await page
          .locator('.scroll')
          .evaluateAll((elements) => elements.filter((element) => element.scrollWidth > element.clientWidth).length);
        assert.equal(overflowing, 0);
      });
    }
  }
});
