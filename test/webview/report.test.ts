import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import type { DatasetReport, ReportToHost } from '../../protocol';
import { nextFrames, openPage, type OpenedPage } from './browser';
import type { ReportFace } from './gallery/report-faces';
import type { ReportGallery } from './gallery/report-gallery';
import type { ThemeName } from './gallery/themes';

declare global {
  interface Window {
    reportGallery: ReportGallery;
  }
}

const gallery = 'test/webview/gallery/report-gallery.ts';

const posted = async (page: Page): Promise<ReportToHost[]> => {
  await nextFrames(page);
  return page.evaluate(() => window.reportGallery.host.posted);
};

describe('the dataset report', function () {
  this.timeout(60_000);
  let opened: OpenedPage | undefined;

  const open = async (face: ReportFace, theme: ThemeName = 'dark', width = 1180): Promise<Page> => {
    opened = await openPage(gallery, { search: `?face=${face}&theme=${theme}`, width });
    await nextFrames(opened.page);
    return opened.page;
  };

  afterEach(async () => {
    assert.deepEqual(opened?.strangers ?? [], [], 'requests that left the page');
    assert.deepEqual(opened?.faults ?? [], [], 'errors and broken content policy');
    await opened?.page.context().close();
    opened = undefined;
  });

  const textOf = (page: Page, tag: string): Promise<string> =>
    page
      .locator(tag)
      .first()
      .evaluate((element) => window.reportGallery.visibleText(element));
  const rowsOf = async (page: Page, tag: string) =>
    (await page.locator(`${tag} tbody tr`).allInnerTexts()).map((row) => row.replace(/\s+/g, ' ').trim());

  describe('has four faces:', () => {
    it('loading, until the report comes, having asked for it once', async () => {
      const page = await open('loading');
      assert.match(await textOf(page, 'temper-dataset-report'), /Reading the data/);
      assert.deepEqual(await posted(page), [{ kind: 'ready' }]);
    });

    it('loading for long, with a way to ask again', async () => {
      const page = await open('loading');
      await page.clock.install();
      await page.evaluate(() => window.reportGallery.show(undefined));
      await page.clock.runFor(11_000);
      await page.getByRole('button', { name: 'Ask Again' }).click();
      assert.equal((await posted(page)).filter(({ kind }) => kind === 'ready').length, 3);
    });

    it('empty, saying why', async () => {
      const page = await open('empty');
      assert.match(
        await textOf(page, 'temper-observation-list'),
        /There are no rows: temper\.json leads to no file that has any\./,
      );
      assert.match(
        await textOf(page, 'temper-problem-list'),
        /missing-file 1 A file that temper\.json names and that is not there\./,
      );
      for (const tag of ['temper-file-table', 'temper-label-chart', 'temper-length-chart'])
        assert.equal(await page.locator(tag).count(), 0, tag);
    });

    it('full, with everything from the words to the labels', async () => {
      const page = await open('full');
      assert.match(await textOf(page, 'temper-dataset-report h1'), /^support-tickets · dataset$/);
      assert.equal(await page.locator('temper-observation-list li').count(), 3);
      assert.match(await textOf(page, 'temper-observation-list'), /12 rows of test stand in train, and 5 more almost/);
      assert.deepEqual(await rowsOf(page, 'temper-file-table'), [
        'train data/train.csv 10,200 CSV in windows-1252: a text and its label Why? 31 warnings, 2 hints 4 hidden',
        'validation data/validation.jsonl 1,000 nothing tells how to read it 2 errors',
        'test data/test.parquet 2,080 Parquet: a text and its label Why? 17 warnings',
      ]);
    });

    it('broken, in words and with what to do', async () => {
      const page = await open('broken');
      const alert = page.getByRole('alert');
      assert.match(await alert.innerText(), /nothing to report\s+There is no project in .* any more\.\s+Close this report/);
    });
  });

  it('shows leaks apart from other problems, and before them', async () => {
    const page = await open('full');
    const headings = await page.getByRole('heading', { level: 2 }).allInnerTexts();
    assert.deepEqual(headings, ['FILES', 'LEAKS', 'PROBLEMS', 'TOKENS A ROW', '50 LABELS']);
    const rules = await page.locator('temper-problem-list .rule').allInnerTexts();
    const words = rules.map((rule) => rule.replace(/\s+/g, ' '));
    assert.match(
      words[0] ?? '',
      /leak 12 A held-out row that stands in the training rows\. All in data\/test\.parquet\. data\/test\.parquet, row 1,204 .* and 11 more/,
    );
    assert.match(words[2] ?? '', /near-duplicate 31 .* 26 in data\/train\.csv, 5 in data\/test\.parquet\. data\/train\.csv:40 /);
    assert.match(
      await textOf(page, 'temper-problem-list >> nth=1'),
      /4 problems are hidden by "lint\.suppress" in temper\.json\.$/,
    );
  });

  it('says why a file was read as it was, when it is asked', async () => {
    const page = await open('full');
    const reasons = page.getByText('the separator is ";": 9 of 9 lines have two');
    assert.equal(await reasons.isVisible(), false);
    await page.getByText('Why?').first().click();
    assert.equal(await reasons.isVisible(), true);
  });

  it('lists labels with counts and shares, the rarest too, and what is left out in one row', async () => {
    const page = await open('full');
    const rows = await rowsOf(page, 'temper-label-chart');
    assert.equal(rows.length, 41);
    assert.equal(rows[0], 'card arrival 1 400 3.9 % 100 4 %');
    assert.equal(rows[30], '10 more labels between these 1,240 12 % 310 12 %');
    assert.equal(rows[40], 'top up failed 50 8 0.1 % 0 –');
  });

  it('draws a bar for each share, in proportion, and none for nothing', async () => {
    const page = await open('full');
    const widths = await page.locator('temper-label-chart svg').evaluateAll((pictures) =>
      pictures.map((picture) => {
        const all = picture.getBoundingClientRect().width;
        return [...picture.querySelectorAll('rect')].map((bar) => Math.round((100 * bar.getBoundingClientRect().width) / all));
      }),
    );
    // 400 of 10,200 against 100 of 2,500, which is the most
    assert.deepEqual(widths[0], [98, 100]);
    assert.deepEqual(widths[39], [2]);
  });

  it('draws a histogram for each set, with the limit of the model', async () => {
    const page = await open('full');
    const heights = await page
      .locator('temper-length-chart figure >> nth=1')
      .locator('rect')
      .evaluateAll((bars) => bars.map((bar) => bar.getBoundingClientRect().height));
    assert.equal(heights.length, 13, 'three of sixteen bins are empty');
    assert.equal(Math.max(...heights), heights[2]);
    const [picture, limit] = await Promise.all(
      ['svg[role=img]', '.limit'].map((part) =>
        page
          .locator(`temper-length-chart figure >> nth=0 >> ${part}`)
          .evaluate((element) => ({ x: element.getBoundingClientRect().x, width: element.getBoundingClientRect().width })),
      ),
    );
    const place = ((limit?.x ?? 0) - (picture?.x ?? 0)) / (picture?.width ?? 1);
    assert.ok(Math.abs(place - 65 / 80) < 0.01, `the line stands at ${place}`);
    assert.match(
      await textOf(page, 'temper-length-chart'),
      /The model reads 64 tokens of a row\. The last bar holds all longer rows\./,
    );
    assert.deepEqual(await rowsOf(page, 'temper-length-chart'), ['train 14 41 ≥ 212 about 96 (0.9 %)', 'test 13 38 60 none']);
  });

  it('shows the histograms as a table as well', async () => {
    const page = await open('full');
    const toggle = page.getByRole('button', { name: 'Show as table' });
    await toggle.click();
    assert.equal(await toggle.getAttribute('aria-pressed'), 'true');
    assert.equal(await page.locator('temper-length-chart figure').count(), 0);
    const rows = await rowsOf(page, 'temper-length-chart .scroll');
    assert.equal(rows.length, 16);
    assert.deepEqual([rows[0], rows[1], rows[15]], ['0 to 4 0.6 % 1 %', '5 to 9 13 % 15 %', '75 and more 1.2 % –']);
  });

  it('counts characters where tokens are not known, and has no limit then', async () => {
    const page = await open('chat');
    assert.match(await textOf(page, 'temper-length-chart'), /^characters a row/);
    assert.equal(await page.locator('temper-length-chart .limit').count(), 0);
    assert.equal(await page.locator('temper-label-chart').count(), 0);
    assert.match(await textOf(page, 'temper-dataset-report'), /being checked/);
    assert.match(await textOf(page, 'temper-problem-list'), /None so far\./);
  });

  it('asks for a place, a file and a rule when they are clicked', async () => {
    const page = await open('full');
    await page.getByRole('button', { name: 'data/validation.jsonl:17' }).click();
    await page.getByRole('button', { name: 'data/train.csv', exact: true }).click();
    await page.getByRole('button', { name: 'Read about the rule near-duplicate' }).click();
    const dir = '/work/support-tickets/data';
    assert.deepEqual(await posted(page), [
      { kind: 'ready' },
      { kind: 'open', file: `${dir}/validation.jsonl`, range: { line: 17, column: 10, endLine: 17, endColumn: 45 } },
      { kind: 'open', file: `${dir}/train.csv` },
      { kind: 'open-rule', code: 'near-duplicate' },
    ]);
  });

  it('offers no link into a file without lines', async () => {
    const page = await open('full');
    assert.equal(await page.getByRole('button', { name: /test\.parquet/ }).count(), 0);
  });

  it('takes the next report in the place of the last, and keeps what is open', async () => {
    const page = await open('full');
    await page.getByText('Why?').first().click();
    await page.getByRole('button', { name: 'Show as table' }).click();
    await page.evaluate(() => {
      const { host, faces } = window.reportGallery;
      const report: DatasetReport = { ...faces.full.report, leaks: [], suppressed: 0, sentences: [] };
      host.say({ kind: 'report', report });
    });
    await nextFrames(page);
    assert.deepEqual(await page.getByRole('heading', { level: 2 }).allInnerTexts(), [
      'FILES',
      'PROBLEMS',
      'TOKENS A ROW',
      '50 LABELS',
    ]);
    assert.equal(await page.getByText('the separator is ";": 9 of 9 lines have two').isVisible(), true);
    assert.equal(await page.locator('temper-length-chart figure').count(), 0);
  });

  it('remembers which project it shows, for the editor to bring it back', async () => {
    const page = await open('full');
    const memory = await page.evaluate(() => window.reportGallery.host.memory);
    assert.deepEqual(memory, { projectDir: '/work/support-tickets' });
  });

  describe('for everyone:', () => {
    it('has names for tables, pictures and lists', async () => {
      const page = await open('full');
      assert.equal(await page.getByRole('main', { name: 'Dataset report' }).count(), 1);
      assert.equal(await page.getByRole('heading', { level: 1 }).count(), 1);
      for (const name of ['Files', '50 labels', 'Lengths'])
        assert.equal(await page.getByRole('table', { name }).count(), 1, name);
      for (const name of ['What Temper sees', 'Leaks', 'Problems', 'First places of near-duplicate'])
        assert.equal(await page.getByRole('list', { name, exact: true }).count(), 1, name);
      const picture = page.getByRole('img', { name: /^train: half of the rows have at most 14 tokens/ });
      assert.equal(await picture.count(), 1);
    });

    it('works from the keyboard', async () => {
      const page = await open('full');
      await page.getByRole('button', { name: 'data/train.csv', exact: true }).focus();
      await page.keyboard.press('Enter');
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      assert.equal(await page.getByText('the name ends in .csv').isVisible(), true);
      assert.deepEqual((await posted(page)).at(-1), { kind: 'open', file: '/work/support-tickets/data/train.csv' });
    });

    for (const width of [480, 800, 1180]) {
      for (const face of ['full', 'chat', 'empty'] as const) {
        it(`needs no scrolling sideways at ${width} pixels: ${face}`, async () => {
          const page = await open(face, 'light', width);
          assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width);
          const outside = await page.evaluate(() => {
            const { everyElement } = window.reportGallery;
            const shown = everyElement(document.body).filter(
              (element) => element.checkVisibility() && !element.matches('title, text'),
            );
            return shown
              .filter((element) => element.getBoundingClientRect().right > innerWidth)
              .map(({ localName }) => localName);
          });
          assert.deepEqual(outside, []);
        });
      }
    }

    for (const theme of ['dark', 'light', 'high-contrast', 'high-contrast-light'] satisfies ThemeName[]) {
      it(`has text of enough contrast in ${theme}`, async () => {
        const page = await open('full', theme);
        const least = theme.startsWith('high') ? 7 : 4.5;
        const texts = await page.evaluate(() => window.reportGallery.measureContrasts());
        assert.deepEqual(
          texts.filter(({ contrast, isPicture }) => contrast < (isPicture ? 3 : least)),
          [],
        );
        assert.ok(texts.length > 100, `${texts.length} texts`);
      });
    }
  });
});
