import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { LintSession } from '../../../dataset/lint/lint-session';
import { rolesAlone } from '../../../dataset/lint/project-roles';
import type { LintedFile } from '../../../dataset/lint/linted-file';
import { createRandom, type Random } from '../../../dataset/seeded-random';
import { setBlockUnits } from './small-blocks';
import { randomChange, randomFile } from './random-files';
import { randomRows, randomShapes } from './random-rows';

type Write = (random: Random, isMixed: boolean) => string;

/** What it is, the ending of its name, how it is written. */
const files: [string, string, Write][] = [
  ...(['jsonl', 'json', 'csv', 'conll', 'txt'] as const).map((format): [string, string, Write] => [
    format,
    format,
    (random, isMixed) => randomFile(format, random, isMixed),
  ]),
  ...randomShapes.map((shape): [string, string, Write] => [
    `rows of ${shape}`,
    'jsonl',
    (random, isMixed) => (isMixed ? randomRows(shape, random) : randomRows(shape, random).replaceAll(/\r\n?/g, '\n')),
  ]),
];
/** More of them look further, at the cost of minutes. */
const seeds = Number(process.env['TEMPER_TEST_SEEDS'] ?? 40);
const options = { tools: {}, limits: { maxProblems: Infinity } };

async function last(session: LintSession): Promise<LintedFile> {
  let found: LintedFile | undefined;
  for await (const linted of session.run()) found = linted;
  assert.ok(found, 'a file was linted');
  return found;
}

const told = ({ problems, summary: { rows, problems: counts, labels } }: LintedFile) => ({ problems, rows, counts, labels });

async function lintText(file: string, text: string): Promise<LintedFile> {
  const session = new LintSession(rolesAlone([file]), options);
  session.open(file, text);
  return last(session);
}

describe('linting what changes', function () {
  this.timeout(seeds * 1000);
  let dir: string;
  before(() => {
    dir = fs.mkdtempSync(path.join(os.tmpdir(), 'temper-'));
    setBlockUnits(200);
  });
  after(() => {
    setBlockUnits(undefined);
    fs.rmSync(dir, { recursive: true });
  });

  for (const [title, ending, write] of files) {
    it(`says after any edits of ${title} what it says of the text as it then is`, async () => {
      for (let seed = 0; seed < seeds; seed++) {
        const random = createRandom(seed);
        const file = path.join(dir, `edited.${ending}`);
        fs.writeFileSync(file, '');
        let text = write(random, false);
        const session = new LintSession(rolesAlone([file]), options);
        session.open(file, text);
        await last(session);
        for (let edit = 0; edit < 8; edit++) {
          const change = randomChange(text, random);
          text = text.slice(0, change.start) + change.text + text.slice(change.end);
          session.edit(file, [change]);
          assert.deepEqual(
            told(await last(session)),
            told(await lintText(file, text)),
            `seed ${seed}, edit ${edit}: ${JSON.stringify(text)}`,
          );
        }
      }
    });

    it(`says of ${title} on disk what it says of it in an editor`, async () => {
      for (let seed = 0; seed < seeds; seed++) {
        const file = path.join(dir, `disk.${ending}`);
        const text = write(createRandom(seed), false);
        fs.writeFileSync(file, text);
        const onDisk = await last(new LintSession(rolesAlone([file]), options));
        assert.deepEqual(told(onDisk), told(await lintText(file, text)), `seed ${seed}: ${JSON.stringify(text)}`);
      }
    });

    it(`gives ranges that lie in the text of ${title}, whatever its line ends`, async () => {
      for (let seed = 0; seed < seeds; seed++) {
        const file = path.join(dir, `ranges.${ending}`);
        const text = write(createRandom(seed), true);
        fs.writeFileSync(file, text);
        const lines = text.split(/\r\n|\n|\r/);
        for (const problem of (await last(new LintSession(rolesAlone([file]), options))).problems) {
          for (const range of [problem, ...(problem.fixes ?? []).flatMap(({ edits }) => edits), ...(problem.related ?? [])]) {
            const [first, end] = [lines[range.line - 1], lines[range.endLine - 1]];
            assert.ok(first !== undefined && end !== undefined, `${problem.code} is outside of the file`);
            assert.ok(range.column >= 1 && range.column <= first.length + 1, `${problem.code} begins outside of its line`);
            assert.ok(range.endColumn >= 1 && range.endColumn <= end.length + 1, `${problem.code} ends outside of its line`);
          }
        }
      }
    });
  }
});
