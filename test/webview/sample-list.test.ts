import assert from 'node:assert/strict';
import type { Locator, Page } from 'playwright-core';
import { nextFrames, openGallery, readText, type OpenedPage, type PageOptions } from './browser';

const rowAt = (page: Page, index: number): Locator => page.locator('temper-sample-row').nth(index);
const answersIn = (row: Locator): Promise<string[]> => row.locator('dd').allInnerTexts();
const stepper = (page: Page): Locator => page.getByRole('spinbutton', { name: 'Answers at' });
const tell = (page: Page, lastStep: number) =>
  page.evaluate((step) => {
    window.gallery.host.say({ kind: 'events', events: window.gallery.recordWriting(step).events });
  }, lastStep);

describe('what the model writes', function () {
  this.timeout(60_000);
  let opened: OpenedPage | undefined;
  const open = async (options: PageOptions = {}): Promise<Page> =>
    (opened = await openGallery({ face: 'writing', ...options })).page;

  afterEach(async () => {
    assert.deepEqual(opened?.faults ?? [], [], 'errors and broken content policy');
    await opened?.page.context().close();
    opened = undefined;
  });

  it('stands in the panel of a run that writes, and in no other', async () => {
    const page = await open();
    assert.match(await readText(page, 'temper-sample-list'), /^What the model writes/i);
    await page.evaluate(() => window.gallery.show('full'));
    await nextFrames(page);
    assert.equal(await page.locator('temper-sample-list').count(), 0);
  });

  it('shows prompt, expected answer, the untouched model’s and the newest, and how much of it is right', async () => {
    const page = await open();
    const row = rowAt(page, 1);
    assert.deepEqual(await row.locator('dt').allInnerTexts(), [
      'prompt',
      'expected',
      'untouched model0 of 19 words',
      'step 14415 of 19 words',
    ]);
    assert.deepEqual(await answersIn(row), [
      'Some pieces were not in the box.',
      'We are sorry! Send us a photo of the box and we will post the missing part for free.',
      'nothing at all',
      'We are sorry! Send us a photo of the part and we will post it for free.',
    ]);
    assert.deepEqual(await row.locator('mark').allInnerTexts(), [
      'We are sorry! Send us a photo of the',
      'and we will post',
      'for free',
    ]);
    assert.match(await rowAt(page, 0).locator('dt').last().innerText(), /✓ word for word/);
  });

  it('says that an empty prompt is one', async () => {
    assert.equal((await answersIn(rowAt(await open(), 3)))[0], 'nothing at all');
  });

  it('has only the untouched model’s before the first evaluation, and says when more come', async () => {
    const page = await open({ face: 'writing-begins' });
    assert.equal(await stepper(page).count(), 0);
    assert.equal(await rowAt(page, 0).locator('dd').count(), 3);
    assert.match(await readText(page, 'temper-sample-list'), /The next answers come with the first evaluation\./);
  });

  it('walks the evaluations with the arrow keys, Home and End, and says where it is', async () => {
    const page = await open();
    const spoken = () => stepper(page).getAttribute('aria-valuetext');
    assert.equal(await spoken(), 'step 144, the newest, 8 of 8');
    await stepper(page).focus();
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    assert.equal(await spoken(), 'step 108, the best, 6 of 8');
    assert.match(await stepper(page).innerText(), /^★ step 108\s+6 of 8$/);
    await page.keyboard.press('Home');
    assert.equal(await spoken(), 'step 18, 1 of 8');
    assert.equal((await answersIn(rowAt(page, 0))).at(-1), 'You can send your order back.');
    await page.keyboard.press('ArrowDown');
    assert.equal(await spoken(), 'step 18, 1 of 8');
    await page.keyboard.press('ArrowUp');
    assert.equal(await spoken(), 'step 36, 2 of 8');
    await page.keyboard.press('End');
    assert.equal(await spoken(), 'step 144, the newest, 8 of 8');
  });

  it('walks them with its buttons, which end where the evaluations end', async () => {
    const page = await open();
    const earlier = page.getByRole('button', { name: 'Earlier answers' });
    const later = page.getByRole('button', { name: 'Later answers' });
    assert.equal(await later.isDisabled(), true);
    for (let click = 0; click < 7; click++) await earlier.click();
    assert.equal(await earlier.isDisabled(), true);
    assert.match(await stepper(page).innerText(), /step 18\s+1 of 8/);
    await page.keyboard.press('ArrowRight'); // the focus has not gone with the button
    assert.match(await stepper(page).innerText(), /step 36\s+2 of 8/);
  });

  it('follows the newest answers, but stays where somebody went', async () => {
    const page = await open();
    await tell(page, 162);
    await nextFrames(page);
    assert.match(await stepper(page).innerText(), /step 162\s+9 of 9/);
    await stepper(page).press('ArrowLeft');
    await tell(page, 180);
    await nextFrames(page);
    assert.match(await stepper(page).innerText(), /step 144\s+8 of 10/);
    await stepper(page).press('End');
    await tell(page, 198);
    await nextFrames(page);
    assert.match(await stepper(page).innerText(), /step 198\s+11 of 11/);
  });

  it('cuts long texts after four lines and shows them whole on request', async () => {
    const page = await open();
    const row = rowAt(page, 2);
    const heightOf = () =>
      row
        .locator('dd')
        .nth(1)
        .evaluate((text) => text.clientHeight);
    const before = await heightOf();
    const more = row.getByRole('button', { name: 'Show all of it' });
    assert.equal(await more.getAttribute('aria-expanded'), 'false');
    await more.press('Enter');
    assert.ok((await heightOf()) > 1.5 * before);
    await row.getByRole('button', { name: 'Show less' }).press('Enter');
    assert.equal(await heightOf(), before);
    assert.equal(await rowAt(page, 0).getByRole('button').count(), 0);
  });

  it('cuts by what fits, not by what is long: a narrow panel needs more of it', async () => {
    const page = await open({ face: 'writing-begins', width: 820 });
    const toggles = page.getByRole('button', { name: 'Show all of it' });
    await nextFrames(page);
    assert.equal(await toggles.count(), 0);
    await page.setViewportSize({ width: 480, height: 900 });
    await nextFrames(page);
    assert.equal(await toggles.count(), 1);
  });

  it('shows five rows, and the others on request', async () => {
    const page = await open();
    const rows = page.locator('temper-sample-row');
    assert.equal(await rows.count(), 5);
    await page.getByRole('button', { name: 'Show all 6 rows' }).press('Enter');
    assert.equal(await rows.count(), 6);
    await page.getByRole('button', { name: 'Show the first 5 rows' }).press('Enter');
    assert.equal(await rows.count(), 5);
  });

  it('underlines in high contrast what it tints elsewhere', async () => {
    const page = await open({ theme: 'dark' });
    const lookOf = () =>
      rowAt(page, 0)
        .locator('mark')
        .last()
        .evaluate((mark) => [getComputedStyle(mark).textDecorationLine, getComputedStyle(mark).backgroundColor]);
    const [line, background] = await lookOf();
    assert.equal(line, 'none');
    assert.notEqual(background, 'rgba(0, 0, 0, 0)');
    await page.evaluate(() => {
      window.gallery.applyTheme('high-contrast');
    });
    assert.deepEqual(await lookOf(), ['underline', 'rgba(0, 0, 0, 0)']);
  });
});
