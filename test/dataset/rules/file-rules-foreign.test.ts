/** The rules about whole files on data sets that others made, with the defects that these are known for. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { findAcross, findInFile, findNearDuplicates, findNearLeaks } from '../../../dataset/rules/file-rules';
import type { DigestedFile, FileFinding } from '../../../dataset/rules/rule';
import type { BlockDigest } from '../../../dataset/rules/digest';
import { classified, collect, digestRows, placesOf, preference, rowOf, type Row } from './digested-file';

const sharedData = resolve(process.cwd(), '../shared/data');
const perBlock = 1000;

/** Skips the tests of a suite, with the reason in its title, where its data is missing. */
function describeData(folder: string, tests: () => void): void {
  const isThere = existsSync(join(sharedData, folder));
  describe(isThere ? folder : `${folder} (skipped: no ${join(sharedData, folder)})`, function () {
    this.timeout(60_000);
    before(function () {
      if (!isThere) this.skip();
    });
    tests();
  });
}

/** Cells of a CSV file without faults, by a regular expression. */
function readCells(path: string, encoding = 'utf-8'): string[][] {
  const text = new TextDecoder(encoding).decode(readFileSync(join(sharedData, path)));
  const rows: string[][] = [[]];
  for (const [, quoted, bare, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^,\r\n]*))(,|\r?\n|$)/g)) {
    rows.at(-1)?.push(quoted?.replaceAll('""', '"') ?? bare ?? '');
    if (end !== ',') rows.push([]);
  }
  return rows.slice(1).filter((cells) => cells.length > 1);
}

const codes = (found: readonly FileFinding[]) => [...new Set(found.map(({ code }) => code))];
const textAt = (file: DigestedFile<BlockDigest>, place: FileFinding['place']) =>
  place ? (file.viewAt(place)?.input.text ?? '') : '';
/** As the issue counts them. */
const levelled = (text: string) => text.trim().toLowerCase();

describeData('banking77', () => {
  const read = (name: string) => readCells(`banking77/${name}.csv`).map(([text = '', label = '']) => classified(text, label));
  let [trainRows, train, test]: [Row[], ReturnType<typeof digestRows>, ReturnType<typeof digestRows>] = [
    [],
    digestRows([]),
    digestRows([]),
  ];
  before(() => {
    trainRows = read('train');
    train = digestRows(trainRows, { split: 'train', perBlock });
    test = digestRows(read('test'), { split: 'test', perBlock });
  });

  it('has 4 duplicate training texts, none with two labels, and nothing else', () => {
    const found = collect(findInFile(train, {}));
    assert.equal(trainRows.length, 10_003);
    assert.deepEqual(codes(found), ['duplicate-row']);
    assert.equal(found.length, 4);
    for (const { place, twin, message } of found) {
      assert.equal(levelled(textAt(train, place)), levelled(textAt(train, twin?.place)));
      assert.match(message, /but for case and spaces/);
    }
  });

  it('has 6 test texts that stand in train, and one more but for a space within', () => {
    const found = collect(findAcross(train, test, {}));
    assert.deepEqual(codes(found), ['leak']);
    const same = found.map(({ place, twin }) => levelled(textAt(test, place)) === levelled(textAt(train, twin?.place)));
    assert.deepEqual([found.length, same.filter(Boolean).length], [7, 6]);
  });

  it('has its near-duplicates found: 95 of 100 and more of those that comparing all with all finds, and no others', () => {
    const sample = trainRows.slice(0, 5000);
    const expected = compareAll(sample.map(([, { input }]) => input.text));
    const found = collect(findNearDuplicates(digestRows(sample, { split: 'train', perBlock }))).filter(
      ({ place }) => place !== undefined,
    );
    const reported = new Map(found.map(({ place, twin }) => [rowOf(place, perBlock), rowOf(twin?.place, perBlock)]));
    const recalled = [...expected.keys()].filter((row) => reported.has(row));
    assert.ok(expected.size > 50, `${expected.size}`);
    assert.ok(recalled.length >= 0.95 * expected.size, `${recalled.length} of ${expected.size}`);
    for (const [row, twin] of reported) {
      const isOnlyPunctuation = lettersOf(textOf(row)) === lettersOf(textOf(twin));
      assert.ok(isOnlyPunctuation || expected.get(row)?.has(twin), `${textOf(row)} / ${textOf(twin)}`);
    }
    function textOf(row: number): string {
      return trainRows[row]?.[1].input.text ?? '';
    }
  });

  it('has near-leaks that overlap indeed', () => {
    const found = collect(findNearLeaks(train, test)).filter(({ place }) => place !== undefined);
    assert.ok(found.length > 60, `${found.length}`);
    for (const { place, twin } of found) {
      const [a, b] = [textAt(test, place), textAt(train, twin?.place)];
      assert.ok(lettersOf(a) === lettersOf(b) || overlap(piecesOf(a), piecesOf(b)) >= 0.85, `${a} / ${b}`);
    }
  });
});

describeData('sms-spam-latin1', () => {
  it('has 403 rows that stand there already, and more but for case and spaces', () => {
    const rows = readCells('sms-spam-latin1/spam.csv', 'windows-1252').map(([label = '', text = '']) => classified(text, label));
    const found = collect(findInFile(digestRows(rows, { split: 'train', perBlock }), {})).filter(
      ({ code }) => code === 'duplicate-row',
    );
    assert.equal(found.filter(({ message }) => !message.includes('but for')).length, 403);
    assert.equal(new Set(rows.map(([, { input, target }]) => JSON.stringify([input.text, target.text]))).size, rows.length - 403);
  });
});

describeData('rasbt-instructions', () => {
  it('has one pair of prompts that are almost the same, and no other fault of a whole file', () => {
    const path = join(sharedData, 'rasbt-instructions', 'instruction-data-with-preference.json');
    const entries = JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>[]; // of strings, as its page says
    const rows = entries.map(({ instruction = '', input = '', chosen = '', rejected = '' }) =>
      preference(`${instruction}\n${input}`.trim(), chosen, rejected),
    );
    const file = digestRows(rows, { split: 'train', perBlock });
    assert.deepEqual(collect(findInFile(file, {})), []);
    assert.deepEqual(placesOf(collect(findNearDuplicates(file)), 'near-duplicate').length, 1);
  });
});

/** For each row, the earlier ones that overlap with it by 0.85 and are not the same but for case and spaces. */
function compareAll(texts: readonly string[]): Map<number, Set<number>> {
  const pieces = texts.map(piecesOf);
  const rowsWith = new Map<string, number[]>();
  const near = new Map<number, Set<number>>();
  const common = new Uint16Array(texts.length);
  const seen = new Set<string>();
  for (const [row, own] of pieces.entries()) {
    const normal = levelled(texts[row] ?? '').replace(/\s+/g, ' ');
    if (seen.has(normal) || wordsOf(texts[row] ?? '').length < 5) continue;
    seen.add(normal);
    common.fill(0);
    for (const piece of own) for (const other of rowsWith.get(piece) ?? []) common[other] = (common[other] ?? 0) + 1;
    const twins = new Set<number>();
    for (let other = 0; other < row; other++) {
      const count = common[other] ?? 0;
      if (count / (own.size + (pieces[other]?.size ?? 0) - count) >= 0.85) twins.add(other);
    }
    if (twins.size > 0) near.set(row, twins);
    for (const piece of own) {
      const rows = rowsWith.get(piece) ?? [];
      rows.push(row);
      rowsWith.set(piece, rows);
    }
  }
  return near;
}

function overlap(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  const common = [...a].filter((piece) => b.has(piece)).length;
  return common / (a.size + b.size - common);
}

/** Written anew with regular expressions, for these English texts. */
function wordsOf(text: string): string[] {
  const plain = text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/['’‘`]/g, '')
    .replace(/[.,;:!?"“”…](?![\d=])/g, ' ')
    .replace(/(?<=[^\W\d])-(?=[^\W\d])|[–—]/g, ' ');
  return plain.split(/\s+/).filter((word) => word !== '');
}

function piecesOf(text: string): Set<string> {
  const plain = wordsOf(text).join(' ');
  return new Set(Array.from({ length: Math.max(0, plain.length - 3) }, (_, at) => plain.slice(at, at + 4)));
}

function lettersOf(text: string): string {
  return wordsOf(text).join('');
}
