import assert from 'node:assert/strict';
import { join } from 'node:path';
import { openDelimited } from '../../dataset/formats/delimited';
import type { OpenFormat } from '../../dataset/formats/format';
import { openJsonl } from '../../dataset/formats/jsonl';
import { loadFile } from '../../dataset/load-file';
import { createRandom, type Random } from '../../dataset/seeded-random';
import { parseConfig } from '../../protocol';
import { classified } from './classified';
import { readWhole, textIn } from './formats/read-blocks';
import { lintText } from './lint/linting';
import { assertInside, linesOfText } from './lint/places';
import { removeProjects, writeProject } from './temporary-project';

const formats = { jsonl: openJsonl, csv: openDelimited(','), tsv: openDelimited('\t') } as const satisfies Record<
  string,
  OpenFormat
>;
type RowFormat = keyof typeof formats;
const formatNames = ['jsonl', 'csv', 'tsv'] as const satisfies RowFormat[];

const letters = [
  'a',
  'Z',
  ' ',
  ',',
  '\t',
  '"',
  '""',
  "'",
  '\\',
  '\n',
  '\r\n',
  '\r',
  '{',
  '}',
  '[',
  ':',
  'é',
  '漢',
  '😀',
  '\u2028',
  '\ufeff',
  '0',
  'null',
];

/** At least one letter that is not blank, so that the text is a valid one. */
function randomText(random: Random): string {
  const pieces = Array.from({ length: random.integer(12) }, () => letters[random.integer(letters.length)] ?? '');
  return random.shuffle([...pieces, 'x']).join('');
}

/** A writer that shares nothing with the parsers: it quotes what it must, and sometimes what it need not. */
function writeCell(text: string, delimiter: string, random: Random): string {
  const needsQuotes = ['"', '\n', '\r', delimiter].some((special) => text.includes(special));
  return needsQuotes || random.integer(3) === 0 ? `"${text.split('"').join('""')}"` : text;
}

function writeDelimited(rows: readonly string[][], delimiter: string, random: Random): string {
  const lineEnd = ['\n', '\r\n', '\r'][random.integer(3)] ?? '\n';
  const lines = rows.map((cells) => cells.map((cell) => writeCell(cell, delimiter, random)).join(delimiter));
  return lines.join(lineEnd) + (random.integer(2) === 0 ? lineEnd : '');
}

function writeJsonl(rows: readonly string[][], random: Random): string {
  const [header = [], ...body] = rows;
  const lineEnd = ['\n', '\r\n', '\n\n'][random.integer(3)] ?? '\n';
  const escape = (text: string) =>
    random.integer(2) === 0
      ? JSON.stringify(text)
      : `"${[...Array(text.length).keys()].map((at) => `\\u${text.charCodeAt(at).toString(16).padStart(4, '0')}`).join('')}"`;
  const write = (cells: string[]) => `{${cells.map((cell, at) => `${escape(header[at] ?? '')} : ${escape(cell)}`).join(' ,')}}`;
  return body.map(write).join(lineEnd) + (random.integer(2) === 0 ? lineEnd : '');
}

function write(rows: readonly string[][], format: RowFormat, random: Random): string {
  return format === 'jsonl' ? writeJsonl(rows, random) : writeDelimited(rows, format === 'csv' ? ',' : '\t', random);
}

describe('rows written by another writer', function () {
  this.timeout(30_000);
  afterEach(removeProjects);

  for (const format of formatNames) {
    it(`come back from ${format} as they were, with ranges that hold their values`, () => {
      const random = createRandom(11);
      const header = ['text', 'odd, "name"', 'label'];
      for (let round = 0; round < 400; round++) {
        const body = Array.from({ length: 1 + random.integer(5) }, () => header.map(() => randomText(random)));
        const text = write([header, ...body], format, random);
        const { rows, problems } = readWhole(formats[format], text);
        assert.ok(
          problems.every(({ code }) => code === 'blank-line'),
          text,
        );
        assert.deepEqual(
          rows.map(({ value }) => header.map((name) => value[name])),
          body,
          text,
        );
        const places = rows.flatMap((row) => header.map((name) => textIn(text, row.rangeAt([name]))));
        assert.deepEqual(
          places.map((place) => (format === 'jsonl' ? (JSON.parse(place) as unknown) : unquote(place))),
          body.flat(),
          text,
        );
      }
    });
  }

  it('are the same rows in every format to who trains on them', async () => {
    const random = createRandom(12);
    const parsed = parseConfig({ data: { train: 'a' } });
    assert.ok(parsed.kind === 'valid');
    for (let round = 0; round < 60; round++) {
      const body = Array.from({ length: 3 }, () => [randomText(random), randomText(random)]);
      for (const format of formatNames) {
        const dir = writeProject({ [`a.${format}`]: write([['text', 'label'], ...body], format, random) });
        const { rows } = await loadFile(join(dir, `a.${format}`), parsed.config, []);
        assert.deepEqual(
          classified(rows).map(({ text, label }) => [text, label]),
          body,
        );
      }
    }
  });

  it('never crash the linter when characters are lost, and keep every range inside the text', async () => {
    const random = createRandom(13);
    for (let round = 0; round < 1500; round++) {
      const format = formatNames[random.integer(3)] ?? 'csv';
      const body = ['a', 'b'].map((label) => [randomText(random), label]);
      const whole = write([['text', 'label'], ...body], format, random);
      const at = random.integer(whole.length);
      const text = whole.slice(0, at) + whole.slice(at + 1 + random.integer(3));
      for (const problem of (await lintText(`/data/a.${format}`, text)).problems)
        assertInside(problem, linesOfText(text), JSON.stringify({ text, problem }));
    }
  });
});

function unquote(cell: string): string {
  return cell.startsWith('"') ? cell.slice(1, -1).split('""').join('"') : cell;
}
