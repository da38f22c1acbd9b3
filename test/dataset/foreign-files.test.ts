/** Files made by others to break parsers, and real data sets; each suite is skipped where the shared data is not. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { decodeText } from '../../dataset/decode-text';
import { findJsonFault } from '../../dataset/json-fault';
import { lintBytes } from '../../dataset/lint-file';
import { parseRows, type RowFormat } from '../../dataset/parse-rows';
import { lintConfigText } from '../../dataset/project';
import { dataSchema } from '../../protocol';
import { classified } from './classified';

const sharedData = resolve(process.cwd(), '../shared/data');
const data = dataSchema.parse({ train: 'train' });

function filesIn(folder: string): string[] {
  const entries = readdirSync(join(sharedData, folder), { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** Skips the tests of a suite, with the reason in its title, where its data is missing. */
function describeData(folder: string, tests: () => void): void {
  const isThere = existsSync(join(sharedData, folder));
  describe(isThere ? folder : `${folder} (skipped: no ${join(sharedData, folder)})`, () => {
    before(function () {
      if (!isThere) this.skip();
    });
    tests();
  });
}

/** Every reader on every byte of the file, with every range asked for. */
function readInEveryWay(bytes: Uint8Array): void {
  const { text } = decodeText(bytes);
  for (const format of ['jsonl', 'csv', 'tsv'] as RowFormat[]) {
    lintBytes(`a.${format}`, bytes, { data, role: 'train', labels: ['a', 'b'] });
    for (const row of parseRows(text, format).rows) for (const field of row.fields.values()) assert.ok(field.range.line >= 1);
  }
  lintConfigText(text);
}

describe('files made by others', function () {
  this.timeout(30_000);

  for (const folder of ['bad-json-testsuite', 'bad-csv-frictionless', 'bad-utf8', 'sms-spam-latin1']) {
    describeData(folder, () => {
      it('never crash or stall a reader', () => {
        const files = filesIn(folder);
        assert.ok(files.length > 0);
        for (const file of files) readInEveryWay(readFileSync(file));
      });
    });
  }

  describeData('bad-json-testsuite', () => {
    it('are valid JSON to us exactly when their names say so (y_ and n_), and as JSON.parse says of the rest (i_)', () => {
      const files = filesIn('bad-json-testsuite/test_parsing').filter((file) => /^[yni]_/.test(basename(file)));
      assert.ok(files.length > 300);
      for (const file of files) {
        const { text, problems } = decodeText(readFileSync(file));
        const isRefused = problems.some(({ severity }) => severity === 'error') || findJsonFault(text) !== undefined;
        if (basename(file).startsWith('y_')) assert.equal(isRefused, false, file);
        if (basename(file).startsWith('n_') && !text.startsWith('\ufeff')) assert.equal(isRefused, true, file);
        assert.equal(findJsonFault(text) === undefined, isJson(text), file);
      }
    });
  });

  describeData('bad-utf8', () => {
    it('decode to the text of the WHATWG decoder, with an error where it put U+FFFD', () => {
      const bytes = readFileSync(join(sharedData, 'bad-utf8/utf8tests.bin'));
      const { text, problems } = decodeText(bytes);
      assert.equal(text, new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes));
      assert.ok(problems.length > 0 && problems.length <= 20);
      const lines = text.split(/\r\n|\n|\r/);
      for (const { line, column } of problems) assert.equal(lines[line - 1]?.charAt(column - 1), '\ufffd');
    });
  });

  describeData('sms-spam-latin1', () => {
    it('is reported as windows-1252 and read through its unnamed columns', () => {
      const bytes = readFileSync(join(sharedData, 'sms-spam-latin1/spam.csv'));
      const columns = { ...data, textColumn: 'v2', labelColumn: 'v1' };
      const { problems, rows } = lintBytes('spam.csv', bytes, { data: columns, role: 'train' });
      assert.deepEqual(
        problems.map(({ code }) => code),
        Array(20).fill('invalid-encoding'),
      );
      assert.match(problems[0]?.message ?? '', /windows-1252/);
      assert.equal(rows.length, 5575); // as many as Python's csv module finds
      assert.deepEqual([...new Set(classified(rows).map(({ label }) => label))], ['ham', 'spam']);
    });
  });

  describeData('banking77', () => {
    it('has 10,003 clean rows with 77 labels', () => {
      const columns = { ...data, textColumn: 'text', labelColumn: 'category' };
      const bytes = readFileSync(join(sharedData, 'banking77/train.csv'));
      const { problems, rows } = lintBytes('train.csv', bytes, { data: columns, role: 'train' });
      assert.deepEqual([problems, rows.length, new Set(classified(rows).map(({ label }) => label)).size], [[], 10_003, 77]);
    });
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
