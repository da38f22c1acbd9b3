import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { loadSplits, type LoadedData } from '../../dataset/load-splits';
import { readProject } from '../../dataset/project';
import { RunFailure, type RunError } from '../../protocol';
import { removeProjects, writeProject } from './temporary-project';
import { classified } from './classified';

const config = (data: object = {}, training: object = {}) => ({ data: { train: 'data/train.csv', ...data }, training });

async function load(files: Record<string, unknown>): Promise<LoadedData & { dir: string }> {
  const dir = writeProject(files);
  return { ...(await loadSplits(await readProject(dir))), dir };
}

async function failureOf(files: Record<string, unknown>): Promise<RunError & { dir: string }> {
  const dir = writeProject(files);
  try {
    await loadSplits(await readProject(dir));
  } catch (thrown) {
    if (thrown instanceof RunFailure) return { ...thrown.error, dir };
    throw thrown;
  }
  return assert.fail('it did not fail');
}

/** `counts` rows of each label; the text of every row is another. */
function csv(counts: Record<string, number>): string {
  const rows = Object.entries(counts).flatMap(([label, count]) =>
    Array.from({ length: count }, (_, index) => `${label} ${index},${label}`),
  );
  return ['text,label', ...rows, ''].join('\n');
}

function countLabels(rows: readonly { label: string }[] = []): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { label } of rows) counts[label] = (counts[label] ?? 0) + 1;
  return counts;
}

describe('loadSplits', function () {
  this.timeout(30_000);
  afterEach(removeProjects);

  it('loads every split that is named, with the sorted labels of train and the hash of each file', async () => {
    const train = 'text,label\na,zebra\nb,Zoo\nc,ant\n';
    const held = '{"text": "d", "label": "ant"}\n';
    const { labels, splits, dir } = await load({
      'temper.json': config({ validation: 'v.jsonl', ood: join('data', '..', 'v.jsonl') }),
      'data/train.csv': train,
      'v.jsonl': held,
    });
    assert.deepEqual(labels, ['Zoo', 'ant', 'zebra']);
    assert.deepEqual(Object.keys(splits), ['train', 'validation', 'ood']);
    const sha256 = createHash('sha256').update(held).digest('hex');
    const rows = [{ kind: 'classification', text: 'd', label: 'ant', line: 1 }];
    assert.deepEqual(splits.validation, { file: join(dir, 'v.jsonl'), sha256, bytes: held.length, rows });
    assert.deepEqual([splits.train?.file, splits.train?.rows.length], [join(dir, 'data/train.csv'), 3]);
  });

  it('keeps the labels of the config in their order, seen in train or not', async () => {
    const { labels } = await load({
      'temper.json': config({ labels: ['no', 'maybe', 'yes'] }),
      'data/train.csv': csv({ yes: 4, no: 4 }),
    });
    assert.deepEqual(labels, ['no', 'maybe', 'yes']);
  });

  it('holds back the fraction that is asked for, of each label in proportion', async () => {
    const { splits } = await load({
      'temper.json': config({ validationFraction: 0.2 }),
      'data/train.csv': csv({ a: 50, b: 30, c: 7, d: 3 }),
    });
    assert.equal(splits.validation?.rows.length, 18);
    const { a, b, c = 0, d = 0 } = countLabels(classified(splits.validation?.rows));
    assert.deepEqual([a, b, c + d], [10, 6, 2]); // 50 and 30 divide evenly; 1.4 and 0.6 share two
    assert.equal(splits.validation?.file, splits.train?.file);
    assert.equal(splits.validation?.sha256, splits.train?.sha256);
  });

  it('puts every row into exactly one part, in the order of the file', async () => {
    const { splits } = await load({ 'temper.json': config(), 'data/train.csv': csv({ a: 33, b: 44 }) });
    const train = splits.train?.rows.map(({ line }) => line) ?? [];
    const validation = splits.validation?.rows.map(({ line }) => line) ?? [];
    assert.deepEqual(
      [...train, ...validation].sort((x, y) => x - y),
      Array.from({ length: 77 }, (_, index) => index + 2),
    );
    for (const lines of [train, validation])
      assert.deepEqual(
        lines,
        [...lines].sort((x, y) => x - y),
      );
  });

  it('holds back the same rows for the same seed and others for another', async () => {
    const held = async (seed: number) => {
      const { splits } = await load({ 'temper.json': config({}, { seed }), 'data/train.csv': csv({ a: 100, b: 100 }) });
      return classified(splits.validation?.rows).map(({ text }) => text);
    };
    assert.deepEqual(await held(1), await held(1));
    assert.notDeepEqual(await held(1), await held(2));
  });

  it('never takes the last training row of a label, and holds back at least one row', async () => {
    const many = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`l${index}`, 2]));
    const { splits } = await load({ 'temper.json': config({ validationFraction: 0.9 }), 'data/train.csv': csv(many) });
    assert.deepEqual([splits.train?.rows.length, Object.keys(countLabels(classified(splits.train?.rows))).length], [20, 20]);
    const few = await load({ 'temper.json': config({ validationFraction: 0.01 }), 'data/train.csv': csv({ a: 2, b: 1 }) });
    assert.deepEqual(
      classified(few.splits.validation?.rows).map(({ label }) => label),
      ['a'],
    );
  });

  it('keeps rows of one text together, whatever their case, spaces and labels', async () => {
    const once = Array.from({ length: 60 }, (_, index) => `only ${index},${'ab'[index % 2]}`);
    const often = Array.from({ length: 30 }, (_, index) => [`twice ${index},a`, `  TWICE  ${index},a`]).flat();
    const contradicting = Array.from({ length: 30 }, (_, index) => [`both ${index},a`, `both ${index},b`]).flat();
    const { splits } = await load({
      'temper.json': config({ validationFraction: 0.3 }),
      'data/train.csv': ['text,label', ...once, ...often, ...contradicting, ''].join('\n'),
    });
    const texts = (name: 'train' | 'validation') =>
      new Set(classified(splits[name]?.rows).map(({ text }) => text.trim().toLowerCase().replace(/\s+/g, ' ')));
    assert.deepEqual(
      [...texts('validation')].filter((text) => texts('train').has(text)),
      [],
    );
    const held = splits.validation?.rows.length ?? 0;
    assert.ok(held >= 50 && held <= 58, `${held} of 180 rows`); // 0.3 of them, but for pairs that do not fit
    assert.ok([...texts('validation')].some((text) => text.startsWith('twice')));
  });

  it('holds back a text that stands there often only when nothing else is left', async () => {
    const many = {
      'temper.json': config(),
      'data/train.csv': `text,label\n${'same,a\n'.repeat(90)}${'other,a\n'.repeat(10)}third,b\n`,
    };
    const { splits } = await load(many);
    assert.deepEqual(new Set(classified(splits.validation?.rows).map(({ text }) => text)), new Set(['other']));
    const error = await failureOf({ 'temper.json': config(), 'data/train.csv': `text,label\n${'same,a\n'.repeat(9)}third,b\n` });
    assert.match(error.message, /held back/);
  });

  it('fails when there is no row to hold back', async () => {
    const error = await failureOf({ 'temper.json': config(), 'data/train.csv': csv({ a: 1, b: 1 }) });
    assert.equal(error.code, 'bad-data');
    assert.match(error.message, /held back.*only one row of each label/);
    assert.match(error.hint, /data\.validation/);
  });

  it('stops at the gate with the first error, a count of the rest and a remedy', async () => {
    const error = await failureOf({
      'temper.json': config({ test: 't.jsonl' }),
      'data/train.csv': 'text,label\na,x\nb\n,y\n',
      't.jsonl': '{"text": 1, "label": "x"}\n',
    });
    assert.deepEqual([error.code, error.file, error.line], ['bad-data', join(error.dir, 'data/train.csv'), 3]);
    assert.match(error.message, /^data.train\.csv, line 3: This row has 1 cell/);
    assert.match(error.message, /2 more errors \(2 files in all\)/);
    assert.match(error.hint, /temper lint/);
  });

  it('names the first error behind any number of warnings', async () => {
    const rows = csv({ a: 5, b: 5 }).replace('\n', '\n'.repeat(12_000));
    const error = await failureOf({ 'temper.json': config(), 'data/train.csv': `${rows}lonely\n` });
    assert.equal(error.line, 12_011);
    assert.match(error.message, /line 12011: This row has 1 cell/);
  });

  it('lets warnings pass', async () => {
    const { splits } = await load({ 'temper.json': config(), 'data/train.csv': `\ufeff${csv({ a: 5, b: 5 })}` });
    assert.equal(splits.train?.rows.length, 9);
  });

  it('refuses a held-out label that train does not have', async () => {
    const error = await failureOf({
      'temper.json': config({ test: 't.csv' }),
      'data/train.csv': csv({ refund: 3, other: 3 }),
      't.csv': csv({ refnud: 1 }),
    });
    assert.deepEqual([error.code, error.file, error.line], ['bad-data', join(error.dir, 't.csv'), 2]);
    assert.match(error.message, /"refnud".*Did you mean "refund"/);
    assert.doesNotMatch(error.message, /more error/);
  });

  it('names the file that is missing and the setting that names it, at its line', async () => {
    const error = await failureOf({
      'temper.json': '{"data": {\n"train": "a.csv",\n"test": "b.csv"}}',
      'a.csv': csv({ a: 2, b: 2 }),
    });
    assert.deepEqual([error.code, error.file, error.line], ['bad-data', join(error.dir, 'temper.json'), 3]);
    assert.ok(error.message.includes(`no file ${join(error.dir, 'b.csv')}, which "data.test" names`), error.message);
  });

  it('takes a folder for one of images, and says that there are none', async () => {
    const error = await failureOf({ 'temper.json': config({ train: 'data' }), 'data/train.csv': '' });
    assert.equal(error.code, 'bad-data');
    assert.match(error.message, /no rows/);
  });
});
