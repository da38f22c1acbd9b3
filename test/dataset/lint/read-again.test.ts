/** A row that is read again by itself is the row that its whole block gives, at the same place. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import type { FileLint } from '../../../dataset/lint/file-lint';
import { LintSession } from '../../../dataset/lint/lint-session';
import { moveRange } from '../../../dataset/lint/position';
import { rolesAlone } from '../../../dataset/lint/project-roles';
import { ReadingAgain } from '../../../dataset/lint/read-again';
import { keptText } from '../../../dataset/lint/read-file';
import { createRandom } from '../../../dataset/seeded-random';
import { randomFile, type RandomFormat } from './random-files';
import { setBlockUnits } from './small-blocks';

const formats: RandomFormat[] = ['jsonl', 'json', 'csv', 'conll', 'txt'];
/** Of them a row can stand alone. */
const ofLines: readonly RandomFormat[] = ['jsonl', 'csv', 'txt'];

interface Place {
  readonly lint: FileLint;
  readonly block: FileLint['blocks'][number];
  readonly index: number;
}

async function lintOf(file: string): Promise<FileLint> {
  const session = new LintSession(rolesAlone([file]), { tools: {}, limits: { maxProblems: 1 } });
  for await (const linted of session.run()) assert.equal(linted.file, file);
  const [lint] = session.allLints;
  assert.ok(lint);
  return lint;
}

/** Rows of the block, by what they hold and where it stands: of each field, and what goes when the row goes. */
function* rowsIn({ lint, block }: Omit<Place, 'index'>): Generator<{ place: Place; expected: unknown }> {
  const rows = new ReadingAgain().read(lint, block)?.rows ?? [];
  assert.deepEqual(
    rows.map(({ row }) => row.line),
    [...(block.lint?.rowLines ?? [])],
  );
  for (const [index, { source }] of rows.entries()) {
    yield { place: { lint, block, index }, expected: describeRow({ lint, source, linesBefore: 0 }) };
  }
}

type Source = NonNullable<ReturnType<ReadingAgain['readRow']>>['row']['source'];

function describeRow({ lint, source, linesBefore }: { lint: FileLint; source: Source; linesBefore: number }): unknown {
  const origin = { lines: linesBefore, units: 0 };
  const removed = lint.context?.parser?.rangeToRemove(source);
  const places = [[], ...Object.keys(source.value).map((name) => [name])].map((at) => moveRange(source.rangeAt(at), origin));
  return { value: { ...source.value }, places, removed: removed && moveRange(removed, origin) };
}

describe('a row that is read again', () => {
  let dir: string;
  before(() => {
    dir = fs.mkdtempSync(path.join(os.tmpdir(), 'temper-'));
    setBlockUnits(200);
  });
  after(() => {
    setBlockUnits(undefined);
    fs.rmSync(dir, { recursive: true });
  });
  const usual = keptText.bytes;
  afterEach(() => {
    keptText.bytes = usual;
  });

  const cases = formats.flatMap((format) => [
    { format, where: 'in memory', bytes: keptText.bytes },
    { format, where: 'on disk', bytes: 0 },
  ]);
  for (const { format, where, bytes } of cases) {
    it(`of ${format} ${where} is the row of its block`, async () => {
      keptText.bytes = bytes;
      const again = new ReadingAgain();
      let alone = 0;
      for (let seed = 0; seed < 40; seed++) {
        const file = path.join(dir, `${seed}.${format}`);
        const text = randomFile(format, createRandom(seed), seed % 2 === 1);
        fs.writeFileSync(file, `${seed % 5 === 0 ? '\ufeff' : ''}${seed % 3 === 0 ? text.trimEnd() : text}`); // also without a last line end
        const lint = await lintOf(file);
        for (const { place, expected } of lint.blocks.flatMap((block) => [...rowsIn({ lint, block })])) {
          const found = again.readRow(lint, place.block, place.index);
          assert.ok(found, `seed ${seed}`);
          assert.deepEqual(
            describeRow({ lint, source: found.row.source, linesBefore: found.linesBefore }),
            expected,
            `seed ${seed}`,
          );
          if (found.linesBefore > 0) alone++;
        }
      }
      if (ofLines.includes(format)) assert.ok(alone > 20, `${alone} rows were read without their neighbours`);
      else assert.equal(alone, 0);
    });
  }
});
