import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { detectFormat, formatOfName } from '../../../dataset/formats/detect-format';
import type { FormatName } from '../../../protocol';

const sharedData = resolve(process.cwd(), '../shared/data');
const utf8 = { encoding: 'utf-8' } as const;

function detect(
  name: string,
  head: string | Uint8Array | undefined,
  settings: Parameters<typeof detectFormat>[2] = utf8,
): string {
  const found = detectFormat(name, typeof head === 'string' ? Buffer.from(head) : head, settings);
  return 'code' in found ? `${found.code} ${found.severity}: ${found.message}` : `${found.format}: ${found.reasons.join('; ')}`;
}

const row = '{"text": "a", "label": "b"}';
const tagged = 'I\tO\nParis\tB-loc\n\nyou\tO\nare\tO\n';

/** Name, head, format, words of the reason. */
const known: [string, string, FormatName, RegExp][] = [
  // by the ending
  ['a.jsonl', `${row}\n${row}\n`, 'jsonl', /^the name ends in \.jsonl$/],
  ['A.NDJSON', row, 'jsonl', /^the name ends in \.ndjson$/],
  ['a.json', `[\n  ${row}\n]`, 'json', /^the name ends in \.json$/],
  ['a.csv', 'text,label\na,b\n', 'csv', /^the name ends in \.csv$/],
  ['a.tsv', 'text\tlabel\na\tb\n', 'tsv', /^the name ends in \.tsv$/],
  ['a.bio', tagged, 'conll', /\.bio$/],
  ['a.txt', 'Once upon a time,\nthere was.\n', 'text', /\.txt$/],
  ['a.parquet', 'PAR1...', 'parquet', /\.parquet$/],
  ['a.parquet', 'not at all', 'parquet', /\.parquet$/],
  ['a.jsonl', '', 'jsonl', /\.jsonl$/],
  ['a.jsonl', 'text,label\na,b\n', 'jsonl', /\.jsonl$/],
  // the name lies, or says too little
  ['a.csv', `${row}\n${row}\n`, 'jsonl', /^the name ends in \.csv, but its first line is a JSON object$/],
  ['a.txt', `\n${row}\n`, 'jsonl', /JSON object/],
  ['a.json', `${row}\n${row}\n`, 'jsonl', /^the name ends in \.json, but each line is an object of its own$/],
  ['a.json', `${row}\n`, 'jsonl', /each line/],
  ['a.jsonl', `[\n${row},\n${row}]`, 'json', /^the name ends in \.jsonl, but it is one JSON list$/],
  ['a.jsonl', `[${row}, ${row}]`, 'json', /one JSON list/],
  ['a.csv', 'PAR1\x15\x04', 'parquet', /^the name ends in \.csv, but it begins with PAR1$/],
  ['a.tsv', 'text,label\na,b\n', 'csv', /no line has a tab/],
  ['a.txt', tagged, 'conll', /tags such as O/],
  ['a.tsv', tagged, 'conll', /tags such as O/],
  // no name to go by
  ['data', `${row}\n`, 'jsonl', /^its first line is a JSON object$/],
  ['data', `\ufeff${row}\n`, 'jsonl', /JSON object/],
  ['data', `[${row}`, 'json', /JSON list/],
  ['emerging.test.annotated', tagged, 'conll', /tags/],
  ['data', 'a\tb\nc\td\n', 'tsv', /^each line has 1 tab$/],
  ['data.old', 'a,b,c\nd,e,f\n', 'csv', /^each line has 2 commas$/],
];

/** Near-misses: name, head, format. */
const asNamed: [string, string, FormatName][] = [
  ['a.json', '{"data": [{"text": "a"}]}', 'json'], // one object that holds rows
  ['a.json', '{\n "data": [\n', 'json'],
  ['a.json', '{"text": "a"', 'json'],
  ['a.jsonl', `[${row}]\n[${row}]\n`, 'jsonl'], // lists on lines of their own
  ['a.csv', '"{""a"": 1}",b\n', 'csv'],
  ['a.csv', '{x},b\nc,d\n', 'csv'],
  ['a.csv', '[a],b\nc,d\n', 'csv'],
  ['a.txt', '[] buy milk\n[] sleep\n', 'text'],
  ['a.txt', 'We did it by the letter O\nSo\nO\nO\n', 'text'],
  ['a.tsv', 'token\ttag\nI\tO\nParis\tB-loc\n', 'tsv'], // tags under a header are cells
  ['a.tsv', 'text\na\n', 'tsv'],
  ['a.txt', 'Two Os: O\nO O\n', 'text'],
  ['a.tsv', 'a,b\tc\nd,e\n', 'tsv'],
  ['a.tsv', 'a,b\tc\nd,e\tf\n', 'tsv'],
  ['a.csv', 'a\tb\nc\td\n', 'csv'], // another separator is the format's own business
];

/** Name, head, advice. */
const unknown: [string, string | Uint8Array, RegExp][] = [
  [
    'README.md',
    '# Title\n\nWords, and more words.\n',
    /^unknown-format error: Temper does not know what README\.md is\..*"data\.format"/,
  ],
  ['data', '', /Rename it/],
  ['data', 'one,line only', /Rename it/],
  ['data.', 'a, b\nc\n', /Rename it/],
  ['a.jsonl.gz', Uint8Array.of(0x1f, 0x8b, 8, 0), /packed with gzip: unpack/],
  ['a.csv', 'PK\x03\x04\x14', /spreadsheet.*as CSV/],
  ['a.arrow', 'ARROW1\0\0', /write it as Parquet/],
];

describe('detectFormat', () => {
  for (const [name, head, format, reason] of known) {
    it(`reads ${name} with ${JSON.stringify(head.slice(0, 30))} as ${format}`, () => {
      const found = detect(name, head);
      assert.equal(found.slice(0, found.indexOf(':')), format);
      assert.match(found.slice(found.indexOf(':') + 2), reason);
    });
  }

  for (const [name, head, format] of asNamed) {
    it(`leaves ${name} with ${JSON.stringify(head.slice(0, 30))} ${format}`, () =>
      assert.match(detect(name, head), new RegExp(`^${format}: the name ends in \\.[a-z]+$`)));
  }

  for (const [name, head, advice] of unknown)
    it(`does not know ${name} with ${JSON.stringify(Buffer.from(head).toString('latin1', 0, 20))}`, () =>
      assert.match(detect(name, head), advice));

  it('believes temper.json before anything else', () => {
    assert.equal(detect('a.csv', row, { ...utf8, format: 'text' }), 'text: temper.json says "format": "text"');
    assert.match(detect('data', '', { ...utf8, format: 'csv' }), /^csv: /);
  });

  it('takes a folder for one of images, and not a file for a folder', () => {
    assert.equal(detect('images', undefined), 'image-folder: it is a folder');
    assert.match(detect('images', undefined, { ...utf8, format: 'image-folder' }), /^image-folder: temper\.json/);
    assert.match(
      detect('images', undefined, { ...utf8, format: 'csv' }),
      /unknown-format.*"format": "csv", and this is a folder/,
    );
    assert.match(detect('a.csv', 'a,b', { ...utf8, format: 'image-folder' }), /unknown-format.*and this is a file/);
  });

  it('looks at the head in the encoding of the file, or of its mark', () => {
    const wide = Buffer.from(`\ufeff${row}\n`, 'utf16le');
    assert.match(detect('data', wide), /^jsonl/);
    assert.match(detect('data', wide.subarray(2), { encoding: 'utf-16le' }), /^jsonl/);
    assert.match(detect('data', wide.subarray(2)), /^unknown-format/);
  });

  it('keeps the encoding of the config, for the reader to compare with a mark', () => {
    const found = detectFormat('a.csv', Buffer.from('\ufeffa', 'utf16le'), { encoding: 'windows-1252' });
    assert.equal('encoding' in found && found.encoding, 'windows-1252');
  });

  it('knows names by their ending', () => {
    assert.deepEqual(['a.JSONL', 'b.tar.csv', 'csv', '.csv', 'a.md', 'a.'].map(formatOfName), [
      'jsonl',
      'csv',
      undefined,
      'csv',
      undefined,
      undefined,
    ]);
  });

  it('knows the files that others made', function () {
    const files = {
      'wnut17/emerging.test.annotated': 'conll',
      'wnut17/wnut17train.conll': 'conll',
      'sms-spam-latin1/spam.csv': 'csv',
      'banking77/train.csv': 'csv',
      'bad-utf8/utf8tests.txt': 'text',
    };
    if (!existsSync(sharedData)) this.skip(); // ../shared/data is missing
    for (const [path, format] of Object.entries(files)) {
      const head = readFileSync(join(sharedData, path)).subarray(0, 65_536);
      assert.match(detect(path, head), new RegExp(`^${format}: `), path);
    }
  });
});
