import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { existsSync, readFileSync } from 'node:fs';
import { rowRules } from '../../../dataset/rules/row-rules';
import type { RowRule } from '../../../dataset/rules/rule';
import { createRandom } from '../../../dataset/seeded-random';
import { problemCodes } from '../../../protocol';
import { findIn } from './text-row';

const data = '../shared/data';
const findAll = (text: string) => rowRules.flatMap((rule) => findIn(rule, text));

function readLines(file: string, encoding: string): string[] | undefined {
  const path = `${data}/${file}`;
  if (!existsSync(path)) console.log(`      skipped: there is no ${path}`);
  return existsSync(path) ? new TextDecoder(encoding).decode(readFileSync(path)).split(/\r?\n/) : undefined;
}

function countCodes(lines: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { code } of lines.flatMap(findAll)) counts[code] = (counts[code] ?? 0) + 1;
  return counts;
}

/** What people wrote, and how much of it is known to be wrong: each was looked at. */
const known: [string, string, Record<string, number>][] = [
  ['banking77/train.csv', 'utf-8', {}],
  ['banking77/test.csv', 'utf-8', {}],
  ['sms-spam-latin1/spam.csv', 'windows-1252', { 'personal-data': 7 }],
  ['english-novels/Cbronte_Jane_1847.txt', 'utf-8', {}],
  ['english-novels/Haggard_She_1887.txt', 'utf-8', {}],
  ['tldr-pages/tldr-common.jsonl', 'utf-8', {}],
  ['wnut17/wnut17train.conll', 'utf-8', {}],
  ['rasbt-instructions/instruction-data.json', 'utf-8', {}],
];

/** What texts are mixed of; what mends one part must not make another wrong. */
const mixtures = [
  { separator: '', parts: ['Ã©', 'â€™', '\0', '\ufffd', 'é', ' »', 'Ã', '😀', '\x92', 'Ð¿', 'a', 'B', '\x1b[0m'] },
  {
    separator: ', ',
    parts: [
      'ada@posteo.de',
      'a',
      '+49 151 23987654',
      '4539578763621486',
      'password=a1B2c3D4e5',
      'https://ada:lovelace1815@acme.io',
    ],
  },
];

function checkFindings(rule: RowRule, text: string): void {
  for (const { code, within, fix } of findIn(rule, text)) {
    assert.ok(problemCodes.includes(code));
    assert.ok(within && within.start >= 0 && within.start < within.end && within.end <= text.length, JSON.stringify(text));
    if (fix?.kind !== 'replace-value') continue;
    const left = findIn(rule, fix.text).filter((other) => other.code === code && other.fix);
    assert.deepEqual(left, [], JSON.stringify([text, fix.text]));
  }
}

describe('row rules', function () {
  this.timeout(60_000);

  for (const [file, encoding, expected] of known) {
    it(`find in ${file} what is there: ${JSON.stringify(expected)}`, function () {
      const lines = readLines(file, encoding);
      return lines ? assert.deepEqual(countCodes(lines), expected) : this.skip();
    });
  }

  for (const { separator, parts } of mixtures) {
    it(`give places inside the text, and fixes that leave nothing of the same kind: ${JSON.stringify(parts)}`, () => {
      const random = createRandom(6);
      for (let round = 0; round < 2000; round++) {
        const chosen = Array.from({ length: 1 + random.integer(6) }, () => parts[random.integer(parts.length)]);
        for (const rule of rowRules) checkFindings(rule, chosen.join(separator));
      }
    });
  }

  it('never fail on random bytes', () => {
    const random = createRandom(7);
    for (let round = 0; round < 2000; round++) {
      const bytes = Buffer.from(Array.from({ length: random.integer(60) }, () => random.integer(256)));
      for (const encoding of ['latin1', 'utf8', 'utf16le'] as const) findAll(bytes.toString(encoding));
    }
  });
});
