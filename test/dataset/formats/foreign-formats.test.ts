/** The formats of text on files made by others to break parsers; each suite is skipped where the shared data is not. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { openDelimited } from '../../../dataset/formats/delimited';
import type { OpenFormat } from '../../../dataset/formats/format';
import { openJsonArray } from '../../../dataset/formats/json-array';
import { openJsonl } from '../../../dataset/formats/jsonl';
import { createRandom } from '../../../dataset/seeded-random';
import { factsInBlocks, factsOfWhole, offsetsOf, readWhole, sorted } from './read-blocks';

const sharedData = resolve(process.cwd(), '../shared/data');
const formats: OpenFormat[] = [openJsonl, openJsonArray, openDelimited(','), openDelimited('\t')];

function textsIn(folder: string): [string, string][] {
  const entries = readdirSync(join(sharedData, folder), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return files.map((file) => [file, new TextDecoder('utf-8', { ignoreBOM: true }).decode(readFileSync(file))]);
}

function describeData(folder: string, tests: () => void): void {
  const isThere = existsSync(join(sharedData, folder));
  describe(isThere ? folder : `${folder} (skipped: no ${join(sharedData, folder)})`, () => {
    before(function () {
      if (!isThere) this.skip();
    });
    tests();
  });
}

describe('the formats of text, on files made by others', function () {
  this.timeout(60_000);

  for (const folder of ['bad-json-testsuite', 'bad-csv-frictionless']) {
    describeData(folder, () => {
      it('are read by every format, alike as a whole and in blocks, with every range in the text', () => {
        const random = createRandom(3);
        const texts = textsIn(folder).filter(([, text]) => text.length < 100_000);
        assert.ok(texts.length > 50);
        for (const [file, text] of texts) {
          for (const open of formats) {
            const { rows, problems } = factsInBlocks(open, text, random, 1 + random.integer(text.length + 1));
            assert.deepEqual({ rows, problems }, factsOfWhole(open, text), file);
            if (text.length < 5000) for (const problem of problems) offsetsOf(text, problem);
          }
        }
      });
    });
  }

  describeData('bad-json-testsuite', () => {
    it('are lists to us exactly when they are to JSON.parse, with the values that it gives', () => {
      const texts = textsIn('bad-json-testsuite').filter(
        ([file, text]) => file.endsWith('.json') && text.trimStart().startsWith('['),
      );
      assert.ok(texts.length > 150);
      for (const [file, text] of texts) {
        const { rows, problems } = readWhole(openJsonArray, text);
        const parsed = parseJson(text);
        const isRefused = problems.some(({ code }) => code === 'invalid-json');
        assert.equal(isRefused, parsed === undefined, file);
        if (!Array.isArray(parsed)) continue;
        const objects = parsed.filter((value) => typeof value === 'object' && value !== null && !Array.isArray(value));
        assert.deepEqual(
          rows.map(({ value }) => value),
          objects,
          file,
        );
        assert.equal(problems.filter(({ code }) => code === 'not-an-object').length, parsed.length - objects.length, file);
      }
    });

    it('are rows of JSON Lines exactly when JSON.parse says so, where they are one line', () => {
      const texts = textsIn('bad-json-testsuite').filter(
        ([file, text]) => file.endsWith('.json') && !/[\r\n]./.test(text.trim()),
      );
      assert.ok(texts.length > 250);
      for (const [file, text] of texts) {
        if (text.trim() === '') continue;
        const { problems } = readWhole(openJsonl, text);
        assert.equal(
          problems.some(({ code }) => code === 'invalid-json'),
          parseJson(text) === undefined,
          file,
        );
      }
    });

    it('have keys that stand twice where their names say so', () => {
      const found = textsIn('bad-json-testsuite')
        .filter(([, text]) => readWhole(openJsonl, text).problems.some(({ code }) => code === 'duplicate-key'))
        .map(([file]) => basename(file));
      assert.deepEqual(found.sort(), [
        'object_same_key_different_values.json',
        'object_same_key_same_value.json',
        'object_same_key_unclear_values.json',
        'y_object_duplicated_key.json',
        'y_object_duplicated_key_and_value.json',
      ]);
    });
  });

  describeData('bad-csv-frictionless', () => {
    /** What each file was made to have, with the lines. */
    const known: [string, string, number[]][] = [
      ['duplicate-headers.csv', 'duplicate-column', [1, 1]],
      ['blank-headers.csv', 'unnamed-column', [1]],
      ['skip-blank-at-the-end.csv', 'blank-line', [4]],
      ['defective-rows.csv', 'ragged-row', [2, 3]],
      ['structure-errors.csv', 'ragged-row', [5]],
      ['invalid.csv', 'ragged-row', [2, 3, 5]],
      ['invalid.csv', 'duplicate-column', [1]],
      ['table.csv', 'ragged-row', []],
      ['delimiter.csv', 'ragged-row', []],
    ];
    for (const [name, code, lines] of known) {
      it(`have ${lines.length === 0 ? 'no' : 'a'} ${code} in ${name}`, () => {
        const { problems } = readWhole(openDelimited(','), readFileSync(join(sharedData, 'bad-csv-frictionless', name), 'utf8'));
        assert.deepEqual(
          sorted(problems.filter((problem) => problem.code === code)).map(({ line }) => line),
          lines,
        );
      });
    }

    it('are read with the separator that they use', () => {
      for (const name of ['delimiter.csv', 'table-delimiter.csv']) {
        const text = readFileSync(join(sharedData, 'bad-csv-frictionless', name), 'utf8');
        assert.deepEqual(readWhole(openDelimited(','), text).parser.columns, ['id', 'name']);
      }
    });
  });

  describeData('sms-spam-latin1', () => {
    it('has 5,575 rows, as many as the csv module of Python finds, between unnamed columns, and three warnings about these', () => {
      const bytes = readFileSync(join(sharedData, 'sms-spam-latin1/spam.csv'));
      const text = new TextDecoder('windows-1252').decode(bytes);
      const { rows, problems, parser } = readWhole(openDelimited(','), text);
      assert.deepEqual(
        sorted(problems).map(({ code, line }) => [code, line]),
        Array(3).fill(['unnamed-column', 1]),
      );
      assert.match(problems[0]?.message ?? '', /Column 3 has no name, but text in the first \d+ rows/);
      assert.deepEqual(parser.columns, ['v1', 'v2']);
      assert.deepEqual([...new Set(rows.map(({ value }) => value['v1']))], ['ham', 'spam']);
      assert.equal(rows.length, 5575);
    });
  });
});

/** `undefined` when it is none. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
