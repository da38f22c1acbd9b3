import assert from 'node:assert/strict';
import type { Locator, Page } from 'playwright-core';
import type { ThemeName } from './gallery/themes';
import { nextFrames, openGallery, readText } from './browser';

const lossPlot = (page: Page): Locator => page.getByRole('slider', { name: 'Loss, log scale by step' });
const spoken = (plot: Locator): Promise<string | null> => plot.getAttribute('aria-valuetext');

describe('the charts', function () {
  this.timeout(60_000);

  it('read out their points to the arrow keys, and say their summary otherwise', async () => {
    const { page } = await openGallery();
    const plot = lossPlot(page);
    assert.match((await spoken(plot)) ?? '', /^Best validation loss 0\.412/);
    await plot.focus();
    await plot.press('End');
    assert.match(
      (await spoken(plot)) ?? '',
      /^Step 1,046, epoch 1\.86: train 0\.\d{3} \(smoothed 0\.\d{3}\); validation 0\.447 at step 1,000; untouched model 4\.310$/,
    );
    await plot.press('ArrowLeft');
    assert.match((await spoken(plot)) ?? '', /^Step 1,045,/);
    await plot.press('PageDown');
    assert.match((await spoken(plot)) ?? '', /^Step 1,000,.*validation 0\.447;/);
    await plot.press('Home');
    assert.match((await spoken(plot)) ?? '', /^Step 1, epoch 0\.00: train/);
    assert.match(await page.locator('temper-loss-chart .readout').innerText(), /Step 1, epoch 0\.00/);
    await plot.press('Escape');
    assert.equal(await page.locator('.readout').count(), 0);
    await page.context().close();
  });

  it('read out under the pointer, on the side where there is room', async () => {
    const { page } = await openGallery();
    const box = await page.locator('temper-metric-chart canvas').boundingBox();
    assert.ok(box);
    const readAt = async (x: number) => {
      await page.mouse.move(x, box.y + box.height / 2);
      await nextFrames(page);
      const readout = page.locator('temper-metric-chart .readout');
      return { text: await readout.innerText(), place: (await readout.boundingBox()) ?? assert.fail('no readout') };
    };
    const left = await readAt(box.x + 0.1 * box.width);
    assert.match(left.text, /^Step 100, epoch 0\.18\s+validation 0\.580 \(0\.549 to 0\.611\)/);
    assert.ok(left.place.x > box.x + 0.1 * box.width);
    const right = await readAt(box.x + 0.99 * box.width);
    assert.match(right.text, /^Step 1,000,/);
    const stepAt1000 = box.x + 36 + (1000 / 1689) * (box.width - 44); // the plot's margins are 36 and 8 pixels
    assert.ok(right.place.x >= box.x && right.place.x + right.place.width <= stepAt1000);
    await page.context().close();
  });

  it('have a table twin with the measurements, newest first', async () => {
    const { page } = await openGallery();
    await page.locator('temper-loss-chart').getByRole('button', { name: 'Show as table' }).press('Enter');
    const table = page.getByRole('table', { name: 'Loss, log scale' });
    assert.deepEqual(await table.getByRole('columnheader').allInnerTexts(), ['step', 'train', 'validation']);
    const row = table.getByRole('row').filter({ has: page.getByRole('rowheader', { name: '700', exact: true }) });
    assert.match(await row.innerText(), /^700\s+0\.\d{3} \(smoothed 0\.\d{3}\)\s+0\.412$/);
    assert.match(await table.getByRole('rowheader').first().innerText(), /^1,046$/);
    assert.ok((await table.getByRole('row').count()) < 70);
    await page.context().close();
  });

  it('are drawn in the colours of the theme, and again when it changes', async () => {
    const { page } = await openGallery({ theme: 'dark' });
    const blue = { dark: '#59a4f9', light: '#0063d3' };
    assert.ok((await countPixels(page, blue.dark)) > 200);
    assert.equal(await countPixels(page, blue.light), 0);
    await page.evaluate(() => {
      window.gallery.applyTheme('light');
    });
    await nextFrames(page);
    assert.equal(await countPixels(page, blue.dark), 0);
    assert.ok((await countPixels(page, blue.light)) > 200);
    await page.context().close();
  });

  it('use no transparency in high contrast, but dashes', async () => {
    const { page } = await openGallery({ theme: 'dark' });
    await page.evaluate(watchInk);
    const inkOf = async (theme: ThemeName) => {
      await page.evaluate((name) => {
        Object.assign(window.ink, { leastAlpha: 1, dashes: [] });
        window.gallery.applyTheme(name);
      }, theme);
      await nextFrames(page);
      return page.evaluate(() => window.ink);
    };
    assert.ok((await inkOf('light')).leastAlpha < 0.5);
    const { leastAlpha, dashes } = await inkOf('high-contrast');
    assert.equal(leastAlpha, 1);
    assert.ok(dashes.includes('7,3'), 'validation is dashed');
    await page.context().close();
  });

  it('take 5,000 events without a node more, each canvas drawn at most once a frame', async () => {
    const { page, faults } = await openGallery({ face: 'beginning' });
    const { mostDraws, nodesBefore, nodesAfter, medianFrameMs } = await page.evaluate(streamSteps);
    assert.equal(mostDraws, 1);
    assert.equal(nodesAfter, nodesBefore);
    assert.ok(medianFrameMs < 250, `a frame took ${medianFrameMs.toFixed(1)} ms`); // 16.7 on a machine at rest; others may be at work
    assert.match(await readText(page, 'temper-run-progress'), /step 5,060 of 1,689/);
    assert.deepEqual(faults, []);
    await page.context().close();
  });
});

/** Pixels of the loss chart that have exactly this colour. */
function countPixels(page: Page, colour: string): Promise<number> {
  return page.locator('temper-loss-chart canvas').evaluate((canvas, wanted) => {
    if (!(canvas instanceof HTMLCanvasElement)) return -1;
    const pixels = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
    const channels = [1, 3, 5].map((at) => parseInt(wanted.slice(at, at + 2), 16));
    let count = 0;
    for (let at = 0; at < pixels.length; at += 4) {
      if (pixels[at + 3] === 255 && channels.every((channel, index) => pixels[at + index] === channel)) count += 1;
    }
    return count;
  }, colour);
}

/** Runs in the page: 50 posts of 100 steps, a frame apart, counting what is drawn and what is in the document. */
async function streamSteps() {
  const { gallery } = window;
  const frame = (): Promise<number> => new Promise((resolve) => requestAnimationFrame(resolve));
  const draws = new Map<HTMLCanvasElement, number>();
  let mostDraws = 0;
  const drawing = CanvasRenderingContext2D.prototype;
  const scale = Object.getOwnPropertyDescriptor(drawing, 'scale')?.value as (x: number, y: number) => void; // a method of the platform
  drawing.scale = function (x, y) {
    draws.set(this.canvas, (draws.get(this.canvas) ?? 0) + 1);
    mostDraws = Math.max(mostDraws, ...draws.values());
    scale.call(this, x, y);
  };
  const recording = gallery.recordTraining(60);
  const nodesBefore = gallery.everyElement().length;
  const frameMs: number[] = [];
  for (let post = 0; post < 50; post++) {
    const known = recording.events.length;
    for (let index = 1; index <= 100; index++)
      recording.add(gallery.sampleStep(60 + post * 100 + index, ((index * 7) % 10) / 10 - 0.5));
    const before = await frame();
    draws.clear();
    gallery.host.say({ kind: 'events', events: recording.events.slice(known) });
    frameMs.push((await frame()) - before);
  }
  await frame();
  await frame();
  frameMs.sort((left, right) => left - right);
  return { mostDraws, nodesBefore, nodesAfter: gallery.everyElement().length, medianFrameMs: frameMs[25] ?? 0 };
}

declare global {
  interface Window {
    ink: { leastAlpha: number; dashes: string[] };
  }
}

/** Runs in the page: notes the transparency and the dashes that canvases are drawn with. */
function watchInk(): void {
  window.ink = { leastAlpha: 1, dashes: [] };
  const drawing = CanvasRenderingContext2D.prototype;
  const alpha = Object.getOwnPropertyDescriptor(drawing, 'globalAlpha');
  Object.defineProperty(drawing, 'globalAlpha', {
    ...alpha,
    set(value: number) {
      window.ink.leastAlpha = Math.min(window.ink.leastAlpha, value);
      alpha?.set?.call(this, value);
    },
  });
  const setLineDash = Object.getOwnPropertyDescriptor(drawing, 'setLineDash')?.value as (dash: number[]) => void; // a method of the platform
  drawing.setLineDash = function (dash: number[]) {
    window.ink.dashes.push(dash.join());
    setLineDash.call(this, dash);
  };
}
