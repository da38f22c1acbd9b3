/** Linter and trainer agree row for row: what lints without errors loads, and what has errors is refused with the first of them. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { LintSession } from '../../../dataset/lint/lint-session';
import type { LintedFile } from '../../../dataset/lint/linted-file';
import { loadSplits } from '../../../dataset/load-splits';
import { readProject } from '../../../dataset/project';
import { createRandom, type Random } from '../../../dataset/seeded-random';
import type { DataRow } from '../../../dataset/shapes/rows';
import { RunFailure, type RunError } from '../../../protocol';
import { removeProjects, writeProject } from '../temporary-project';
import { lint, options } from './linting';
import { randomFile } from './random-files';
import { randomRows } from './random-rows';
import { setBlockUnits } from './small-blocks';

const seeds = Number(process.env['TEMPER_TEST_SEEDS'] ?? 20);
const parquet = resolve(process.cwd(), 'test/dataset/formats/fixtures');
/** One pixel. */
const image = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII=',
  'base64',
);

const texts = (random: Random, count: number) =>
  Array.from({ length: count }, (_, index) => ({
    text: `${index}: ${['where is it', 'two\nlines', 'say "no", please', '😀 né'][random.integer(4)] ?? ''}`,
    label: ['refund', 'shipping'][index % 2],
  }));
const quoted = (cell: unknown) => `"${String(cell).replaceAll('"', '""')}"`;
const cells = (separator: string) => (random: Random) =>
  `text${separator}label\n${texts(random, 40).map(({ text, label }) => `${quoted(text)}${separator}${label}\n`).join('')}`; // prettier-ignore
const sentence = (index: number) => `word${index}\tB-x\nand\tO\nParis\tI-y\n\n`;

const chats = { task: { type: 'instruction-tuning' } };
const shaped = (shape: string) => ({ data: { shape } });

/** A right file: its title, its name, what temper.json says of it, what is in it (or the files of a folder). */
const right: [string, string, { task?: object; data?: object }, (random: Random) => string | Buffer | Record<string, Buffer>][] = [
  ['JSON Lines', 'a.jsonl', {}, (random) => texts(random, 40).map((row) => `${JSON.stringify(row)}\n`).join('')],
  ['a JSON list', 'a.json', {}, (random) => JSON.stringify(texts(random, 40), null, 2)],
  ['a JSON list on one line', 'a.json', {}, (random) => JSON.stringify(texts(random, 40))],
  ['CSV', 'a.csv', {}, cells(',')],
  ['TSV', 'a.tsv', {}, cells('\t')],
  ['CoNLL', 'a.conll', shaped('token-tags'), () => Array.from({ length: 40 }, (_, index) => sentence(index).replace('I-y', 'O')).join('')],
  ['plain text', 'a.txt', shaped('text'), (random) => texts(random, 40).map(({ text }) => `${text.replace('\n', ' ')}\n`).join('')],
  ['Parquet', 'a.parquet', {}, () => readFileSync(join(parquet, 'snappy.parquet'))],
  ['Parquet in pages', 'a.parquet', {}, () => readFileSync(join(parquet, 'pages.parquet'))],
  ['folders of images', 'images', shaped('image-classification'), () => ({ 'cat/1.png': image, 'cat/2.png': image, 'dog/3.png': image })],
  [
    'images with metadata', 'images', shaped('image-caption'),
    () => ({ 'metadata.csv': Buffer.from('file_name,caption\n1.png,"a cat,\nasleep"\n2.png,a dog\n'), '1.png': image, '2.png': image }),
  ],
  ['conversations', 'a.jsonl', chats, (random) => randomRows('chat', random, true)],
  ['prompts', 'a.jsonl', chats, (random) => randomRows('prompts', random, true)],
  ['instructions', 'a.jsonl', chats, (random) => randomRows('alpaca', random, true)],
  ['preferences', 'a.jsonl', shaped('preference'), (random) => randomRows('preference', random, true)],
  ['texts that are close', 'a.jsonl', shaped('embedding'), (random) => randomRows('embedding', random, true)],
]; // prettier-ignore

function writeRight(
  name: string,
  settings: { task?: object; data?: object },
  content: string | Buffer | Record<string, Buffer>,
): string {
  const isFolder = typeof content === 'object' && !(content instanceof Buffer);
  const files = isFolder
    ? Object.fromEntries(Object.entries(content).map(([path, bytes]) => [`${name}/${path}`, bytes]))
    : { [name]: content };
  return writeProject({ ...files, 'temper.json': { ...settings, data: { train: name, validation: name, ...settings.data } } });
}

/** One file is two splits. */
async function lintTrain(session: LintSession): Promise<LintedFile> {
  let last: LintedFile | undefined;
  for await (const linted of session.run()) if (linted.split === 'train') last = linted;
  return last ?? assert.fail('there is no train');
}

/** Every place of the file is asked for, in order. */
function rowsInEditor(session: LintSession, linted: LintedFile): DataRow[] {
  const isText = linted.format?.format !== 'parquet' && linted.format?.format !== 'image-folder';
  const lengths = isText
    ? readFileSync(linted.file, 'utf8').split(/\r\n|\n|\r/).map((line) => line.length)
    : Array.from({ length: linted.summary.rows }, () => 0); // prettier-ignore
  const rows: DataRow[] = [];
  let seen = '';
  for (const [index, length] of lengths.entries()) {
    for (let column = 1; column <= length + 1; column++) {
      const row = session.rowAt(linted.file, index + 1, column)?.row;
      if (row && JSON.stringify(row) !== seen) rows.push(row);
      if (row) seen = JSON.stringify(row);
    }
  }
  return rows;
}

async function failureOf(dir: string): Promise<RunError | undefined> {
  try {
    await loadSplits(await readProject(dir), 'ignore');
    return undefined;
  } catch (thrown) {
    if (thrown instanceof RunFailure) return thrown.error;
    throw thrown;
  }
}

describe('linter and trainer', function () {
  this.timeout(120_000);
  before(() => setBlockUnits(300));
  after(() => setBlockUnits(undefined));
  afterEach(removeProjects);

  for (const [title, name, settings, write] of right) {
    it(`read the same rows of ${title}`, async () => {
      const dir = writeRight(name, settings, write(createRandom(1)));
      const session = new LintSession(dir, options);
      const linted = await lintTrain(session);
      const [problem] = linted.problems.filter(({ severity }) => severity === 'error');
      assert.equal(problem, undefined);
      const { splits } = await loadSplits(await readProject(dir), 'ignore');
      const rows = splits.train?.rows ?? [];
      assert.ok(rows.length > 1);
      assert.equal(linted.summary.rows, rows.length);
      assert.deepEqual(rowsInEditor(session, linted), rows);
      assert.deepEqual(splits.validation?.rows, rows);
    });
  }

  const formats = ['jsonl', 'json', 'csv', 'conll', 'txt'] as const;
  const shapes = { jsonl: {}, json: {}, csv: {}, conll: shaped('token-tags').data, txt: shaped('text').data };
  const files: [string, string, object, (random: Random) => string][] = [
    ...formats.map((format): [string, string, object, (random: Random) => string] => [
      format, `a.${format}`, { data: shapes[format] }, (random) => randomFile(format, random, true),
    ]), // prettier-ignore
    ['rows of chat', 'a.jsonl', chats, (random) => randomRows('chat', random)],
    ['rows of prompts', 'a.jsonl', chats, (random) => randomRows('prompts', random)],
    ['rows of preference', 'a.jsonl', shaped('preference'), (random) => randomRows('preference', random)],
  ];

  for (const [title, name, settings, write] of files) {
    it(`agree whether ${title} can be trained on, and on what is wrong first`, async () => {
      const told = { refused: 0, loaded: 0 };
      for (let seed = 0; seed < 2 * seeds; seed++) {
        const random = createRandom(seed);
        // every second file without the errors that are sure to be in it: their rows are left out
        const raised =
          random.integer(2) === 0 ? lenient : { 'personal-data': 'error', 'near-duplicate': 'error', 'duplicate-row': 'error' };
        const dir = writeProject({
          [name]: write(random),
          [`held-out-${name}`]: write(random),
          'temper.json': { ...settings, lint: { rules: raised }, data: { train: name, validation: `held-out-${name}`, ...('data' in settings ? (settings.data as object) : {}) } },
        }); // prettier-ignore
        const failing = (await lint(dir)).filter(({ summary }) => summary.problems.error > 0);
        const failure = await failureOf(dir);
        told[failure ? 'refused' : 'loaded']++;
        assertSameFailure(dir, failing, failure, `seed ${seed} in ${dir}`);
      }
      assert.ok(told.refused > 3 && (told.loaded > 3 || name === 'a.json'), JSON.stringify(told));
    });
  }
});

/** What the random files have plenty of. */
const lenient = Object.fromEntries(
  ['invalid-json', 'not-an-object', 'ragged-row', 'unclosed-quote', 'missing-field', 'empty-field', 'wrong-type', 'unknown-label', 'mixed-shapes',
   'broken-tags', 'role-order', 'unknown-role', 'no-assistant', 'one-class', 'no-preference'].map((code) => [code, 'warning']),
); // prettier-ignore

function assertSameFailure(dir: string, failing: readonly LintedFile[], failure: RunError | undefined, what: string): void {
  const [first] = failing;
  const problem = first?.problems.find(({ severity }) => severity === 'error');
  if (!first || !problem) return assert.equal(failure, undefined, what);
  assert.deepEqual([failure?.code, failure?.file, failure?.line], ['bad-data', first.file, problem.line], what);
  const message = `${relative(dir, first.file)}, line ${problem.line}: ${problem.message}`;
  assert.equal(failure?.message.slice(0, message.length), message, what);
}
