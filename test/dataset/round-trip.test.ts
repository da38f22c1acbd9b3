import assert from 'node:assert/strict';
import { lintText } from '../../dataset/lint-file';
import { parseRows, type RowFormat } from '../../dataset/parse-rows';
import { createRandom, type Random } from '../../dataset/seeded-random';
import { dataSchema } from '../../protocol';
import { classified } from './classified';

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

/** The part of `text` in a range, counted in its own way: line by line with the line ends left on. */
function cut(text: string, range: { line: number; column: number; endLine: number; endColumn: number }): string {
  const lines = text.split(/(?<=\r\n|\n|\r(?!\n))/);
  const offset = (line: number, column: number) => lines.slice(0, line - 1).join('').length + column - 1;
  return text.slice(offset(range.line, range.column), offset(range.endLine, range.endColumn));
}

describe('rows written by another writer', function () {
  this.timeout(30_000);

  for (const format of ['jsonl', 'csv', 'tsv'] as const) {
    it(`come back from ${format} as they were, with ranges that hold their values`, () => {
      const random = createRandom(11);
      for (let round = 0; round < 400; round++) {
        const body = Array.from({ length: 1 + random.integer(5) }, () => [
          randomText(random),
          randomText(random),
          randomText(random),
        ]);
        const text = write([['text', 'odd, "name"', 'label'], ...body], format, random);
        const { rows, problems, columns } = parseRows(text, format);
        assert.deepEqual([problems, columns], [[], ['text', 'odd, "name"', 'label']], text);
        assert.deepEqual(
          rows.map((row) => [...row.fields.values()].map((field) => field.value)),
          body,
          text,
        );
        const places = rows.flatMap((row) => [...row.fields.values()].map((field) => cut(text, field.range)));
        assert.deepEqual(
          places.map((place) => (format === 'jsonl' ? (JSON.parse(place) as unknown) : unquote(place))),
          body.flat(),
          text,
        );
      }
    });
  }

  it('lint to the same rows in every format', () => {
    const random = createRandom(12);
    const data = dataSchema.parse({ train: 'a' });
    for (let round = 0; round < 100; round++) {
      const body = Array.from({ length: 3 }, () => [randomText(random), randomText(random)]);
      const lint = (format: RowFormat) =>
        lintText(`a.${format}`, write([['text', 'label'], ...body], format, random), { data, role: 'held-out' });
      for (const format of ['jsonl', 'csv', 'tsv'] as const) {
        const { rows, problems } = lint(format);
        assert.deepEqual([classified(rows).map(({ text, label }) => [text, label]), problems], [body, []]);
      }
    }
  });

  it('never crash the parsers when characters are lost, and keep every range inside the text', () => {
    const random = createRandom(13);
    const data = dataSchema.parse({ train: 'a' });
    for (let round = 0; round < 3000; round++) {
      const format = (['jsonl', 'csv', 'tsv'] as const)[random.integer(3)] ?? 'csv';
      const whole = write(
        [
          ['text', 'label'],
          [randomText(random), 'a'],
          [randomText(random), 'b'],
        ],
        format,
        random,
      );
      const at = random.integer(whole.length);
      const text = whole.slice(0, at) + whole.slice(at + 1 + random.integer(3));
      const lines = text.split(/\r\n|\n|\r/);
      for (const { line, column, endLine, endColumn } of lintText(`a.${format}`, text, { data, role: 'train' }).problems) {
        const isInside =
          line >= 1 && endLine <= lines.length && column >= 1 && endColumn <= (lines[endLine - 1] ?? '').length + 1;
        const isForward = line < endLine || (line === endLine && column <= endColumn);
        assert.ok(isInside && isForward, JSON.stringify({ text, line, column, endLine, endColumn }));
      }
    }
  });
});

function unquote(cell: string): string {
  return cell.startsWith('"') ? cell.slice(1, -1).split('""').join('"') : cell;
}
