/** What must hold of any file: of mending, and of places. The files are given by seeds; a message names the seed and the text. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fixFile, isMendable, type FixedFile } from '../../../dataset/fixes/fix-file';
import type { FileLint } from '../../../dataset/lint/file-lint';
import { LintSession } from '../../../dataset/lint/lint-session';
import type { LintedFile } from '../../../dataset/lint/linted-file';
import { contains } from '../../../dataset/lint/position';
import { rolesAlone } from '../../../dataset/lint/project-roles';
import { createRandom, type Random } from '../../../dataset/seeded-random';
import type { DataRow } from '../../../dataset/shapes/rows';
import type { ProblemCode, TextRange } from '../../../protocol';
import { removeProjects, writeProject } from '../temporary-project';
import { options, runToEnd } from './linting';
import { randomFile } from './random-files';
import { randomRows, randomShapes } from './random-rows';
import { setBlockUnits } from './small-blocks';

type Write = (random: Random) => string;

const files: [string, string, Write][] = [
  ...(['jsonl', 'json', 'csv', 'conll', 'txt'] as const).map((format): [string, string, Write] => [
    format,
    `a.${format}`,
    (random) => randomFile(format, random, random.integer(2) === 0),
  ]),
  ['tsv', 'a.tsv', (random) => randomFile('csv', random, false).replaceAll(',', '\t')],
  ...randomShapes.map((shape): [string, string, Write] => [`rows of ${shape}`, 'a.jsonl', (random) => randomRows(shape, random)]),
];
/** More of them look further, at the cost of minutes. */
const seeds = Number(process.env['TEMPER_TEST_SEEDS'] ?? 20);

interface Known {
  readonly linted: LintedFile;
  readonly lint: FileLint;
  readonly session: LintSession;
}

async function lintDisk(file: string): Promise<Known> {
  const session = new LintSession(rolesAlone([file]), { ...options, keepsRows: true });
  const linted = (await runToEnd(session)).get(file) ?? assert.fail('it was not linted');
  return { linted, session, lint: session.allLints[0] ?? assert.fail() };
}

const fix = (file: string, isUnsafeToo: boolean): Promise<FixedFile> =>
  fixFile(file, { isUnsafeToo, lint: async (path) => (await lintDisk(path)).linted });

/** Of rows that are trained on; where they stand may change. */
const wordsOf = (rows: readonly DataRow[]) => rows.map((row) => JSON.stringify({ ...row, line: 0 }));

/** Why a file may be left with something to mend. */
const reasons = /^Line ends are made one kind when every quote is closed|^Its line ends differ only inside of quoted cells/;

describe('any file of', function () {
  this.timeout(120_000);
  let file = '';
  before(() => setBlockUnits(300));
  after(() => setBlockUnits(undefined));
  afterEach(removeProjects);

  for (const [title, name, write] of files) {
    describe(title, () => {
      beforeEach(() => (file = join(writeProject({ [name]: '' }), name)));

      async function forSeeds(check: (text: string) => Promise<void>): Promise<void> {
        for (let seed = 0; seed < seeds; seed++) {
          const text = write(createRandom(seed));
          writeFileSync(file, text);
          try {
            await check(text);
          } catch (thrown) {
            throw new Error(`seed ${seed}: ${JSON.stringify(text)}\nnow: ${JSON.stringify(readFileSync(file, 'utf8'))}`, {
              cause: thrown,
            });
          }
        }
      }

      for (const isUnsafeToo of [false, true]) {
        it(`has nothing left to mend after ${isUnsafeToo ? 'all' : 'safe'} fixes, and mending it again changes nothing`, async () => {
          let mended = 0;
          await forSeeds(async () => {
            const { linted, leftAlone = '', rounds } = await fix(file, isUnsafeToo);
            if (leftAlone !== '') assert.match(leftAlone, reasons);
            const left = linted.problems.filter((problem) => isMendable(problem, file, { isUnsafeToo }));
            assert.deepEqual(
              left.filter(({ code }) => leftAlone === '' || code !== 'mixed-line-endings'),
              [],
            );
            const bytes = readFileSync(file);
            const again = await fix(file, isUnsafeToo);
            assert.equal(again.rounds, 0);
            assert.deepEqual(readFileSync(file), bytes);
            mended += rounds > 0 ? 1 : 0;
          });
          assert.ok(title === 'txt' || mended > seeds / 10, `${mended} files were mended`);
        });
      }

      it('loses no row that could be trained on by a safe fix, and gains no broken one', async () => {
        await forSeeds(async () => {
          const before = await lintDisk(file);
          await fix(file, false);
          const after = await lintDisk(file);
          const [was, is] = [before, after].map(({ linted }) => linted.shape?.name);
          if (was === is) assertSubsequence(wordsOf(before.lint.rows), wordsOf(after.lint.rows)); // mended rows may tell another
          assert.ok(brokenLines(after.linted) <= brokenLines(before.linted), 'more rows are broken than before');
        });
      });

      it('has its problems inside the rows that they are about', async () => {
        let found = 0;
        await forSeeds(async (text) => {
          const { linted, lint, session } = await lintDisk(file);
          const ranges = rowRanges(lint, text);
          for (const problem of linted.problems.filter(({ code }) => isAboutRow(code))) {
            const { code, line, column } = problem;
            const range = ranges.find((row) => contains(row, problem)) ?? assert.fail(`${code} ${line}:${column} is in no row`);
            const at = session.rowAt(file, line, column);
            if (at) assert.deepEqual([at.line, at.endLine], [range.line, range.endLine]);
            const isRead = at !== undefined || linted.shape === undefined; // rows of no shape are compared as plain text
            assert.ok(isRead || problem.severity === 'error', `${code} is about a row that is not read`);
            found++;
          }
          for (const { related = [] } of linted.problems)
            for (const twin of related) assert.ok(ranges.some((row) => contains(row, twin)));
        });
        assert.ok(found > 0);
      });
    });
  }
});

const syntax = ['invalid-json', 'not-an-object', 'blank-line', 'mixed-line-endings', 'byte-order-mark', 'ragged-row'];
const wholeFile = ['unclosed-quote', 'unknown-format', 'duplicate-column', 'unnamed-column', 'missing-column', 'no-rows'];
const ofManyRows = ['boilerplate', 'length-bias', 'class-imbalance', 'too-few-rows', 'extra-field'];
const notAboutRows = new Set<string>([...syntax, ...wholeFile, ...ofManyRows]);

function isAboutRow(code: ProblemCode): boolean {
  return !notAboutRows.has(code);
}

/** By the parser, of the text as a whole. */
function rowRanges({ context }: FileLint, text: string): TextRange[] {
  const rows = context?.parser?.parse(text, { isFirst: true, isLast: true }).rows ?? [];
  return rows.map((row) => row.rangeAt([]));
}

/** A row with two errors is one broken row. */
function brokenLines({ problems }: LintedFile): number {
  return new Set(problems.filter(({ severity }) => severity === 'error').map(({ line }) => line)).size;
}

function assertSubsequence(some: readonly string[], all: readonly string[]): void {
  let index = 0;
  for (const row of some) {
    index = all.indexOf(row, index) + 1;
    assert.ok(index > 0, `${row} is gone`);
  }
}
