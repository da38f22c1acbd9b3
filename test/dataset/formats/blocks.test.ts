/** Reading block by block gives what reading the whole text gives, and every range lies where it should. */
import assert from 'node:assert/strict';
import { openDelimited } from '../../../dataset/formats/delimited';
import type { OpenFormat } from '../../../dataset/formats/format';
import { openJsonArray } from '../../../dataset/formats/json-array';
import { openJsonl } from '../../../dataset/formats/jsonl';
import { createRandom, type Random } from '../../../dataset/seeded-random';
import { applyEdits, factsInBlocks, factsOfWhole, offsetsOf, readWhole } from './read-blocks';

type Write = (random: Random) => string;

const objects = [
  '{"text": "where is it", "label": "a"}',
  '{"text":"say \\"hi\\" \\u00e9\\n","label":"b: c"}',
  '{"text": "😀, [x] {y}", "label": 3}',
  '{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}',
  '{"text": "x", "text": "y", "n": {"a": 1, "a": 1}}',
  '{\n    "text": "on more lines",\n    "label": "c"\n  }',
  "{'text': 'it', 'label': None,}",
];
const cells = [
  'a',
  'where is it',
  '"a, b"',
  '"say ""hi"""',
  '"two\nlines"',
  '"two\r\nlines"',
  '',
  '""',
  '5" pipe',
  ' please',
  '😀',
];

function pick<T>(random: Random, from: readonly T[]): T {
  const found = from[random.integer(from.length)];
  assert.ok(found !== undefined);
  return found;
}

function many(random: Random, most: number, write: () => string): string[] {
  return Array.from({ length: random.integer(most) }, write);
}

/** A few characters taken out, put in or changed. */
function damage(text: string, random: Random, alphabet: string): string {
  let damaged = text;
  for (let hits = random.integer(4); hits > 0; hits--) {
    const at = random.integer(damaged.length + 1);
    const put = random.integer(3) === 0 ? '' : alphabet.charAt(random.integer(alphabet.length));
    damaged = damaged.slice(0, at) + put + damaged.slice(at + random.integer(3));
  }
  return damaged;
}

const writeJsonl: Write = (random) => {
  const lineEnd = () => pick(random, ['\n', '\n', '\r\n', '\r', '\n\n', '\n \n']);
  const line = () => pick(random, objects).replaceAll('\n', ' ') + lineEnd();
  return damage(many(random, 12, line).join(''), random, '{}[],:"\'\\ \n\rx#');
};

const writeArray: Write = (random) => {
  const gap = pick(random, [', ', ',', ',\n', ',\n  ', ',\r\n\t']);
  const [open, end] = pick(random, [['[', ']'] as const, ['[\n', '\n]\n'] as const, [' [ ', ' ] '] as const]);
  return damage(open + many(random, 12, () => pick(random, objects)).join(gap) + end, random, '{}[],:"\'\\ \n\rx#');
};

const writeCsv: Write = (random) => {
  const row = () => `${pick(random, cells)},${pick(random, cells)}${pick(random, ['\n', '\n', '\r\n', '\r', '\n\n'])}`;
  return damage(`text,label\n${many(random, 12, row).join('')}`, random, '",\n\r x;');
};

const formats: [string, OpenFormat, Write][] = [
  ['JSON Lines', openJsonl, writeJsonl],
  ['JSON arrays', openJsonArray, writeArray],
  ['CSV', openDelimited(','), writeCsv],
];

describe('blocks of', function () {
  this.timeout(60_000);

  for (const [title, open, write] of formats) {
    describe(title, () => {
      it('give together what the whole text gives: rows, problems, ranges, fixes', () => {
        const random = createRandom(11);
        let several = 0;
        for (let round = 0; round < 1500; round++) {
          const text = write(random);
          const { rows, problems, blocks } = factsInBlocks(open, text, random, 1 + random.integer(120));
          assert.deepEqual({ rows, problems }, factsOfWhole(open, text), JSON.stringify({ text, blocks }));
          if (blocks.length > 2) several++;
        }
        assert.ok(several > 500, `${several} texts had more than two blocks`);
      });

      it('have ranges inside their row, and edits inside the text that do not overlap', () => {
        const random = createRandom(12);
        for (let round = 0; round < 700; round++) {
          const text = write(random);
          const { rows, problems, parser } = readWhole(open, text);
          for (const row of rows) {
            const whole = offsetsOf(text, row.rangeAt([]));
            for (const name of Object.keys(row.value)) {
              for (const range of [row.rangeAt([name]), row.keyRangeAt([name]), row.rangeAt([name, '0'], { start: 0, end: 1 })]) {
                const { start, end } = offsetsOf(text, range);
                assert.ok(whole.start <= start && start <= end && end <= whole.end, JSON.stringify(text));
              }
            }
            const removed = parser.rangeToRemove(row);
            if (removed) offsetsOf(text, removed);
          }
          for (const problem of problems) {
            offsetsOf(text, problem);
            for (const { edits } of problem.fixes ?? []) applyEdits(text, edits);
          }
        }
      });

      it('come to an end of fixing, and a safe fix leaves the rows that were right', () => {
        const random = createRandom(13);
        for (let round = 0; round < 500; round++) {
          let text = write(random);
          for (let fixes = 0; ; fixes++) {
            assert.ok(fixes < 300, `no end: ${JSON.stringify(text)}`);
            const { rows, problems } = readWhole(open, text);
            const fix = problems.flatMap(({ fixes: offered = [] }) => offered)[0];
            if (fix === undefined) break;
            text = applyEdits(text, fix.edits);
            const kept = readWhole(open, text).rows.length;
            assert.ok(!fix.isSafe || kept >= rows.length, JSON.stringify({ text, fix }));
          }
        }
      });

      it('lose a row, and nothing else, with what is to be removed of it', () => {
        const random = createRandom(14);
        let removals = 0;
        for (let round = 0; round < 700; round++) {
          const text = write(random);
          const { rows, problems, parser } = readWhole(open, text);
          if (rows.length < 2 || problems.some(({ severity }) => severity === 'error')) continue;
          const index = random.integer(rows.length);
          const range = parser.rangeToRemove(rows[index] ?? assert.fail()) ?? assert.fail();
          const left = readWhole(open, applyEdits(text, [{ ...range, text: '' }]));
          const expected = rows.filter((_, other) => other !== index).map(({ value }) => value);
          assert.deepEqual(
            left.rows.map(({ value }) => value),
            expected,
            JSON.stringify(text),
          );
          assert.ok(left.problems.every(({ severity }) => severity !== 'error'));
          removals++;
        }
        assert.ok(removals > 50, `${removals} rows were removed`);
      });
    });
  }
});
