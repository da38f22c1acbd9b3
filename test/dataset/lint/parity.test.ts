/** Linter and trainer agree row for row: what lints without errors loads, and what has errors is refused with the first of them. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
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
import { chats, rightFiles, shaped, texts, type Content, type Settings } from './right-files';
import { setBlockUnits } from './small-blocks';

const seeds = Number(process.env['TEMPER_TEST_SEEDS'] ?? 20);
function writeRight(name: string, settings: Settings, content: Content): string {
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
    ? readFileSync(linted.file, 'utf8')
        .split(/\r\n|\n|\r/)
        .map((line) => line.length)
    : Array.from({ length: linted.summary.rows }, () => 0);
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

  for (const [title, name, settings, write] of rightFiles) {
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

  for (const code of ['near-duplicate', 'near-leak'] as const) {
    it(`look for every ${code} where temper.json says that it is an error`, async () => {
      const rows = texts(createRandom(2), 20).map(({ label }, index) => ({
        text: `parcel number ${'x'.repeat(index)} is late`,
        label,
      }));
      const [row, almost] = [
        'where is the parcel that I sent to you last week',
        'where is the parcel that I sent to you, last week?',
      ];
      const write = (all: object[]) => all.map((each) => `${JSON.stringify(each)}\n`).join('');
      const added = code === 'near-leak' ? [row] : [row, almost];
      const dir = writeProject({
        'a.jsonl': write([...rows, ...added.map((text) => ({ text, label: 'refund' }))]),
        'b.jsonl': write([{ text: almost, label: 'refund' }]),
        'temper.json': { lint: { rules: { [code]: 'error' } }, data: { train: 'a.jsonl', test: 'b.jsonl' } },
      });
      const failing = (await lint(dir)).filter(({ summary }) => summary.problems.error > 0);
      assert.deepEqual(
        failing.map(({ file, problems }) => [relative(dir, file), problems.find(({ severity }) => severity === 'error')?.code]),
        [[code === 'near-leak' ? 'b.jsonl' : 'a.jsonl', code]],
      );
      assertSameFailure(dir, failing, await failureOf(dir), code);
    });
  }

  const formats = ['jsonl', 'json', 'csv', 'conll', 'txt'] as const;
  const settingsOf = { jsonl: {}, json: {}, csv: {}, conll: shaped('token-tags'), txt: shaped('text') };
  const files: [string, string, Settings, (random: Random) => string][] = [
    ...formats.map((format): [string, string, Settings, (random: Random) => string] => [
      format,
      `a.${format}`,
      settingsOf[format],
      (random) => randomFile(format, random, true),
    ]),
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
          'temper.json': {
            ...settings,
            lint: { rules: raised },
            data: { train: name, validation: `held-out-${name}`, ...settings.data },
          },
        });
        const linted = await lint(dir);
        const failing = linted.filter(({ summary }) => summary.problems.error > 0);
        const failure = await failureOf(dir);
        told[failure ? 'refused' : 'loaded']++;
        assertSameFailure(dir, failing, failure, `seed ${seed} in ${dir}`);
        if (!failure) await assertSameCounts(dir, linted, `seed ${seed} in ${dir}`);
      }
      assert.ok(told.refused > 3 && told.loaded > 3, JSON.stringify(told));
    });
  }
});

/** What the random files have plenty of. */
const lenient = warningsOf(
  'invalid-json not-an-object ragged-row unclosed-quote missing-field empty-field wrong-type unknown-label mixed-shapes broken-tags',
  'role-order unknown-role no-assistant one-class no-preference',
);

function warningsOf(...codes: string[]): Record<string, string> {
  return Object.fromEntries(codes.flatMap((line) => line.split(' ')).map((code) => [code, 'warning']));
}

/** Rows with an unknown label can be read, and not be trained on. */
async function assertSameCounts(dir: string, linted: readonly LintedFile[], what: string): Promise<void> {
  const { splits } = await loadSplits(await readProject(dir), 'ignore');
  for (const { split, summary } of linted.filter((file) => file.split !== undefined)) {
    const known = summary.rows - (summary.byCode.get('unknown-label') ?? 0);
    assert.equal(splits[split ?? 'train']?.rows.length, known, `${split}: ${what}`);
  }
}

function assertSameFailure(dir: string, failing: readonly LintedFile[], failure: RunError | undefined, what: string): void {
  const [first] = failing;
  const problem = first?.problems.find(({ severity }) => severity === 'error');
  if (!first || !problem) return assert.equal(failure, undefined, what);
  assert.deepEqual([failure?.code, failure?.file, failure?.line], ['bad-data', first.file, problem.line], what);
  const message = `${relative(dir, first.file)}, line ${problem.line}: ${problem.message}`;
  assert.equal(failure?.message.slice(0, message.length), message, what);
}
