import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { openImageFolder } from '../../../dataset/formats/image-folder';
import type { RowBatch, RowGroupReader } from '../../../dataset/formats/row-groups';
import { removeProjects, writeProject } from '../temporary-project';

const columns = { imageColumn: 'file_name', labelColumn: 'label' };

function imagesIn(...paths: string[]): string {
  return writeProject(Object.fromEntries(paths.map((path) => [path, ''])));
}

async function openImages(folder: string): Promise<RowGroupReader> {
  const opened = await openImageFolder(folder, columns);
  return opened.kind === 'images' ? opened.reader : assert.fail('there is metadata');
}

async function collect(folder: string, firstRow = 1): Promise<RowBatch[]> {
  const batches: RowBatch[] = [];
  for await (const batch of (await openImages(folder)).read({ firstRow })) batches.push(batch);
  return batches;
}

async function rowsOf(folder: string): Promise<string[]> {
  const rows = (await collect(folder)).flatMap((batch) => batch.rows);
  return rows.map(({ line, value }) => `${line} ${String(value['file_name'])} ${String(value['label'])}`);
}

describe('openImageFolder', function () {
  this.timeout(60_000);
  after(removeProjects);

  it('takes the name of the folder as the label, in the order of the names', async () => {
    const folder = imagesIn('dog/b.png', 'dog/a.JPG', 'cat/x.webp', 'cat/notes.txt', 'ant/1.jpeg');
    assert.deepEqual(await rowsOf(folder), ['1 ant/1.jpeg ant', '2 cat/x.webp cat', '3 dog/a.JPG dog', '4 dog/b.png dog']);
  });

  it('takes the nearest folder where they are nested', async () =>
    assert.deepEqual(await rowsOf(imagesIn('fruit/apple/a.png', 'fruit/b.png')), [
      '1 fruit/apple/a.png apple',
      '2 fruit/b.png fruit',
    ]));

  it('passes over what systems leave behind, and no image that Temper cannot read', async () => {
    const folder = imagesIn(
      'cat/.DS_Store',
      'cat/._a.png',
      '.cache/b.png',
      '__MACOSX/c.png',
      'cat/Thumbs.db',
      'cat/a.bmp',
      'cat/b.heic',
    );
    assert.deepEqual(await rowsOf(folder), ['1 cat/a.bmp cat', '2 cat/b.heic cat']);
  });

  it('says that images without folders have no labels', async () => {
    const folder = imagesIn('a.png', 'b.png', 'LICENSE');
    const reader = await openImages(folder);
    assert.deepEqual(
      [reader.columns, reader.reasons],
      [['file_name'], ['there is no folder in it, so the images have no labels']],
    );
    assert.deepEqual(await rowsOf(folder), ['1 a.png undefined', '2 b.png undefined']);
    assert.deepEqual((await openImages(imagesIn('a.png', 'cat/b.png'))).columns, ['file_name', 'label']);
  });

  it('takes the fields by the names of the config', async () => {
    const opened = await openImageFolder(imagesIn('cat/a.png'), { imageColumn: '__proto__', labelColumn: 'kind' });
    const { value: batch } = await (opened.kind === 'images' ? opened.reader : assert.fail()).read().next();
    const [row] = batch?.rows ?? [];
    assert.deepEqual(Object.entries(row?.value ?? {}), [
      ['__proto__', 'cat/a.png'],
      ['kind', 'cat'],
    ]);
    assert.deepEqual(row?.rangeAt(['kind']), { line: 1, column: 1, endLine: 1, endColumn: 1 });
  });

  it('leaves it to metadata beside the images, of lines before that of cells', async () => {
    const folder = imagesIn('metadata.csv', 'a.png', 'cat/b.png');
    const reasons = (name: string) => [`${name} names the images`];
    const csv = { kind: 'metadata', file: join(folder, 'metadata.csv'), format: 'csv', reasons: reasons('metadata.csv') };
    assert.deepEqual(await openImageFolder(folder, columns), csv);
    const both = await openImageFolder(imagesIn('metadata.csv', 'metadata.jsonl'), columns);
    assert.equal(both.kind === 'metadata' && both.format, 'jsonl');
    assert.equal((await openImageFolder(imagesIn('cat/metadata.csv', 'cat/a.png'), columns)).kind, 'images');
  });

  it('follows links, once, and not in a circle', async () => {
    const folder = imagesIn('cat/a.png', 'elsewhere.txt');
    const other = imagesIn('b.png');
    symlinkSync('..', join(folder, 'cat/loop'));
    symlinkSync(folder, join(folder, 'self'));
    symlinkSync(other, join(folder, 'dog'));
    symlinkSync(other, join(folder, 'wolf'));
    symlinkSync('nowhere.png', join(folder, 'cat/z.png'));
    assert.deepEqual(await rowsOf(folder), ['1 cat/a.png cat', '2 cat/z.png cat', '3 dog/b.png dog']);
  });

  it('has no rows in an empty folder, and throws where there is none', async () => {
    const folder = imagesIn('a/b.txt');
    mkdirSync(join(folder, 'cat'));
    assert.deepEqual(await collect(folder), []);
    await assert.rejects(openImageFolder(join(folder, 'none'), columns), /ENOENT/);
  });

  it('comes in batches that can be asked for from a row on', async () => {
    const folder = imagesIn(...Array.from({ length: 2500 }, (_, index) => `c${index % 3}/${index}.png`));
    const numbers = (batches: RowBatch[]) =>
      batches.map(({ firstRow, rowCount, rows }) => [firstRow, rowCount, rows.at(-1)?.line]);
    assert.deepEqual(numbers(await collect(folder)), [
      [1, 1000, 1000],
      [1001, 1000, 2000],
      [2001, 500, 2500],
    ]);
    assert.deepEqual(
      numbers(await collect(folder, 1001)).map(([first]) => first),
      [1001, 2001],
    );
  });

  it('stops when it is told to', async () => {
    const reader = await openImages(imagesIn('cat/a.png'));
    await assert.rejects(reader.read({ signal: AbortSignal.abort(new Error('enough')) }).next(), /enough/);
  });

  it('survives folders two hundred deep', async () => {
    const path = `${Array.from({ length: 200 }, (_, index) => `f${index}`).join('/')}/a.png`;
    assert.deepEqual(await rowsOf(imagesIn(path)), [`1 ${path} f199`]);
  });
});
