import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { openGallery } from './browser';
import type { ThemeName } from './gallery/themes';

describe('the panel for everyone', function () {
  this.timeout(60_000);

  it('has a main landmark, one first heading, and names for progress, charts, tables and lists', async () => {
    const { page } = await openGallery();
    assert.equal(await page.getByRole('main', { name: 'Fine-tuning run' }).count(), 1);
    assert.equal(await page.getByRole('heading', { level: 1 }).count(), 1);
    assert.deepEqual(await page.getByRole('heading', { level: 2 }).allInnerTexts(), [
      'LOSS, LOG SCALE',
      'HELD-OUT ACCURACY',
      'LEARNING RATE',
      'GRADIENT NORM',
      'TOKENS PER SECOND',
      'MEMORY',
      'SCOREBOARD: ACCURACY',
      'CHECKPOINTS',
      'ABOUT THIS RUN',
    ]);
    const progress = page.getByRole('progressbar', { name: 'Training progress' });
    assert.match(
      (await progress.getAttribute('aria-valuetext')) ?? '',
      /^step 1,046 of 1,689, epoch 1\.86 of 3, 1 min 40 s left$/,
    );
    assert.equal(await page.getByRole('list', { name: 'What Temper sees' }).getByRole('listitem').count(), 2);
    for (const name of ['Scoreboard: accuracy', 'Checkpoints'])
      assert.equal(await page.getByRole('table', { name }).count(), 1, name);
    for (const name of ['Loss, log scale by step', 'Held-out accuracy by step'])
      assert.equal(await page.getByRole('slider', { name }).count(), 1, name);
    assert.match(
      (await page.getByRole('img', { name: /^Memory: between/ }).getAttribute('aria-label')) ?? '',
      /20\d MB and 41\d MB/,
    );
    await page.context().close();
  });

  it('has a heading, a list and a spin button for what the model writes', async () => {
    const { page } = await openGallery({ face: 'writing' });
    const headings = await page.getByRole('heading', { level: 2 }).allInnerTexts();
    assert.deepEqual(headings.slice(1, 3), ['HELD-OUT PERPLEXITY, LOG SCALE', 'WHAT THE MODEL WRITES']);
    const list = page.getByRole('list', { name: 'What the model writes' });
    assert.equal(await list.getByRole('listitem').count(), 5);
    const stepper = page.getByRole('spinbutton', { name: 'Answers at' });
    const range = await Promise.all(['valuemin', 'valuenow', 'valuemax'].map((name) => stepper.getAttribute(`aria-${name}`)));
    assert.deepEqual(range, ['18', '144', '144']);
    await page.context().close();
  });

  const focusable = {
    full: [
      ...['Stop and Save', 'Pause', 'Evaluate Now', 'Open Log', 'Loss, log scale by step', 'Show as table'],
      ...['Held-out accuracy by step', 'Show as table', 'Evaluate step 700', 'About this run'],
    ],
    writing: [
      ...['Stop and Save', 'Pause', 'Evaluate Now', 'Open Log', 'Loss by step', 'Show as table'],
      ...['Held-out perplexity, log scale by step', 'Show as table', 'Answers at', 'Show all of it', 'Show all 6 rows'],
      ...['Evaluate step 144', 'Evaluate step 108', 'About this run'],
    ],
  } as const;

  for (const face of ['full', 'writing'] as const) {
    it(`names everything that can be focused: ${face}`, async () => {
      const { page } = await openGallery({ face });
      assert.deepEqual(await readFocusable(page), focusable[face]);
      await page.context().close();
    });
  }

  it('speaks politely: summaries and what Temper sees are live, and summaries rest ten seconds', async () => {
    const { page } = await openGallery();
    const live = await page.locator('[aria-live=polite]').count();
    assert.ok(live >= 4, `${live} live regions`);
    const announced = page.locator('temper-loss-chart temper-polite-summary [aria-live]');
    const before = await announced.innerText();
    await page.clock.install();
    await page.evaluate(() => {
      const { events } = window.gallery.recordTraining(1100);
      window.gallery.host.say({ kind: 'events', events });
    });
    await page.clock.runFor(100);
    assert.match(await page.locator('temper-loss-chart temper-polite-summary p').innerText(), /0\.452 at step 1,100/);
    assert.equal(await announced.innerText(), before);
    await page.context().close();
  });

  for (const theme of ['dark', 'light', 'high-contrast', 'high-contrast-light'] satisfies ThemeName[]) {
    it(`tells what is done from what is not on the track in ${theme}`, async () => {
      const { page } = await openGallery({ theme });
      const fillOf = (part: string) =>
        page.locator(`temper-run-progress ${part}`).evaluate((rect) => getComputedStyle(rect).fill);
      assert.notEqual(await fillOf('.track'), await fillOf('.done'));
      await page.context().close();
    });

    for (const face of ['full', 'writing'] as const) {
      it(`has text of enough contrast in ${theme}: ${face}`, async () => {
        const { page } = await openGallery({ theme, face });
        const least = theme.startsWith('high') ? 7 : 4.5;
        const texts = await page.evaluate(() => window.gallery.measureContrasts());
        assert.deepEqual(
          texts.filter(({ contrast, isPicture }) => contrast < (isPicture ? 3 : least)),
          [],
        );
        assert.ok(texts.length > 40, `${texts.length} texts`);
        await page.context().close();
      });
    }
  }
});

/** The names of all stops of the tab key, in order. */
async function readFocusable(page: Page): Promise<string[]> {
  const names: string[] = [];
  for (let stop = 0; stop < 40; stop++) {
    await page.keyboard.press('Tab');
    const name = await page.evaluate(() => {
      let active = document.activeElement;
      while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
      if (active === null || active === document.body) return null;
      return active.getAttribute('aria-label') ?? (active.textContent.trim() || slotted(active));
      function slotted(element: Element): string {
        const root = element.getRootNode();
        return root instanceof ShadowRoot ? root.host.textContent.trim() : '';
      }
    });
    if (name === null) break;
    names.push(name);
  }
  return names;
}
