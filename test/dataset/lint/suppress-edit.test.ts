import assert from 'node:assert/strict';
import { applyEdits } from '../../../dataset/fixes/apply-edits';
import { createSettingEdit } from '../../../dataset/lint/set-setting-edit';
import { createSuppressEdit } from '../../../dataset/lint/suppress-edit';
import { createRandom, type Random } from '../../../dataset/seeded-random';
import type { Suppression } from '../../../protocol';

const whole: Suppression = { code: 'rare-class', reason: 'It is rare in life, too.' };
const inFile: Suppression = { code: 'leak', file: 'data/test.jsonl', row: '0123456789ab', reason: 'A "standard" greeting.' };

function suppress(text: string, suppression: Suppression): string | undefined {
  const edit = createSuppressEdit(text, suppression);
  return edit && applyEdits(text, [edit]);
}

function set(text: string, setting: string, value: unknown): string | undefined {
  const edit = createSettingEdit(text, setting, value);
  return edit && applyEdits(text, [edit]);
}

describe('the edit that suppresses a problem', () => {
  const cases: { name: string; text: string; result: string }[] = [
    {
      name: 'makes lint and its list behind the last setting',
      text: '{\n  "model": "m",\n  "data": { "train": "t.jsonl" }\n}\n',
      result:
        '{\n  "model": "m",\n  "data": { "train": "t.jsonl" },\n  "lint": {\n    "suppress": [\n      { "code": "rare-class", "reason": "It is rare in life, too." }\n    ]\n  }\n}\n',
    },
    {
      name: 'makes the list in a lint that is there, with tabs and CR LF as the file has them',
      text: '{\r\n\t"lint": {\r\n\t\t"rules": {}\r\n\t},\r\n\t"model": "m"\r\n}',
      result:
        '{\r\n\t"lint": {\r\n\t\t"rules": {},\r\n\t\t"suppress": [\r\n\t\t\t{ "code": "rare-class", "reason": "It is rare in life, too." }\r\n\t\t]\r\n\t},\r\n\t"model": "m"\r\n}',
    },
    {
      name: 'adds to a list, below',
      text: '{\n    "lint": {\n        "suppress": [\n            { "code": "leak", "reason": "r" }\n        ]\n    }\n}',
      result:
        '{\n    "lint": {\n        "suppress": [\n            { "code": "leak", "reason": "r" },\n            { "code": "rare-class", "reason": "It is rare in life, too." }\n        ]\n    }\n}',
    },
    {
      name: 'adds over several lines where those before it have several',
      text: '{\n  "lint": {\n    "suppress": [\n      {\n        "code": "leak",\n        "reason": "r"\n      }\n    ]\n  }\n}',
      result:
        '{\n  "lint": {\n    "suppress": [\n      {\n        "code": "leak",\n        "reason": "r"\n      },\n      {\n        "code": "rare-class",\n        "reason": "It is rare in life, too."\n      }\n    ]\n  }\n}',
    },
    {
      name: 'adds to a list that stands on one line',
      text: '{\n  "lint": { "suppress": [{ "code": "leak", "reason": "r" }] }\n}',
      result:
        '{\n  "lint": { "suppress": [{ "code": "leak", "reason": "r" }, { "code": "rare-class", "reason": "It is rare in life, too." }] }\n}',
    },
    {
      name: 'fills an empty list',
      text: '{\n  "lint": {\n    "suppress": []\n  }\n}',
      result:
        '{\n  "lint": {\n    "suppress": [\n      { "code": "rare-class", "reason": "It is rare in life, too." }\n    ]\n  }\n}',
    },
    {
      name: 'keeps a file on one line, and without spaces',
      text: '{"model":"m"}',
      result: '{"model":"m","lint":{"suppress":[{"code":"rare-class","reason":"It is rare in life, too."}]}}',
    },
    {
      name: 'begins a file that is empty but for its braces',
      text: '{}\n',
      result:
        '{\n  "lint": {\n    "suppress": [\n      { "code": "rare-class", "reason": "It is rare in life, too." }\n    ]\n  }\n}\n',
    },
    {
      name: 'takes the place of what is no list',
      text: '{"lint": {"suppress": "all"}}',
      result: '{"lint": {"suppress": [{ "code": "rare-class", "reason": "It is rare in life, too." }]}}',
    },
    {
      name: 'goes into the lint that counts, where there are two',
      text: '{"lint":{"suppress":[]},"lint":{}}',
      result: '{"lint":{"suppress":[]},"lint":{"suppress":[{"code":"rare-class","reason":"It is rare in life, too."}]}}',
    },
  ];
  for (const { name, text, result } of cases) it(name, () => assert.equal(suppress(text, whole), result));

  it('says the file, the row and the reason in their order', () => {
    assert.equal(
      suppress('{"lint": {"suppress": []}}', inFile),
      '{"lint": {"suppress": [{ "code": "leak", "file": "data/test.jsonl", "row": "0123456789ab", "reason": "A \\"standard\\" greeting." }]}}',
    );
  });

  for (const text of ['', '{', '[]', '"lint"', '{"lint": {}},', '{ // comment\n}', '\ufeff{}'])
    it(`does nothing to what is no JSON object: ${JSON.stringify(text)}`, () =>
      assert.equal(createSuppressEdit(text, whole), undefined));
});

describe('the edit that sets a setting', () => {
  const cases: { name: string; text: string; setting: string; value: unknown; result: string }[] = [
    {
      name: 'replaces a value',
      text: '{"data": {"labelColumn": "x"}}',
      setting: 'data.labelColumn',
      value: 'y',
      result: '{"data": {"labelColumn": "y"}}',
    },
    {
      name: 'adds it',
      text: '{\n  "data": {\n    "train": "t"\n  }\n}',
      setting: 'data.labelColumn',
      value: 'y',
      result: '{\n  "data": {\n    "train": "t",\n    "labelColumn": "y"\n  }\n}',
    },
    {
      name: 'adds what it stands in',
      text: '{\n  "model": "m"\n}',
      setting: 'data.labelColumn',
      value: 'y',
      result: '{\n  "model": "m",\n  "data": {\n    "labelColumn": "y"\n  }\n}',
    },
    {
      name: 'replaces what it cannot stand in',
      text: '{"data": 5}',
      setting: 'data.labelColumn',
      value: 'y',
      result: '{"data": { "labelColumn": "y" }}',
    },
    {
      name: 'writes lists of words on one line',
      text: '{\n  "data": {}\n}',
      setting: 'data.labels',
      value: ['a', 'b'],
      result: '{\n  "data": {\n    "labels": ["a", "b"]\n  }\n}',
    },
    { name: 'at the top', text: '{ "model": "m" }', setting: 'threads', value: 2, result: '{ "model": "m", "threads": 2 }' },
  ];
  for (const { name, text, setting, value, result } of cases) it(name, () => assert.equal(set(text, setting, value), result));
});

describe('edits of random temper.json files', () => {
  const pick = <Item>(random: Random, items: readonly [Item, ...Item[]]): Item => items[random.integer(items.length)] ?? items[0];

  function randomValue(random: Random, depth: number): unknown {
    const kind = random.integer(depth > 2 ? 3 : 5);
    if (kind < 3) return pick<unknown>(random, ['a "b"\n}]', 5, null]);
    const items = Array.from({ length: random.integer(4) }, () => randomValue(random, depth + 1));
    return kind === 3
      ? items
      : Object.fromEntries(items.map((item, index) => [pick(random, ['k', 'lint', '__proto__', `n${index}`]), item]));
  }

  function randomConfig(random: Random): { value: Record<string, unknown>; text: string } {
    const value: Record<string, unknown> = {};
    const lint = pick<() => unknown>(random, [
      () => ({ suppress: Array.from({ length: random.integer(3) }, () => inFile) }),
      () => ({ rules: { leak: 'off' } }),
      () => ({}),
      () => randomValue(random, 0),
    ])();
    for (const name of random.shuffle(['model', 'lint', 'data', 'x']))
      if (random.integer(3) > 0) value[name] = name === 'lint' ? lint : randomValue(random, 0);
    const text = JSON.stringify(value, undefined, pick<string | number>(random, [0, 2, 4, '\t']));
    const spread = random.integer(4) === 0 ? text.replace(/([[{]|\n\s*)/g, '$1 \n ') : text;
    const isValid = JSON.stringify(JSON.parse(spread)) === JSON.stringify(value);
    return { value, text: (isValid ? spread : text).replaceAll('\n', pick(random, ['\n', '\r\n'])) };
  }

  it('parse, hold the entry, and change nothing else', () => {
    const random = createRandom(21);
    for (let round = 0; round < 1500; round++) {
      const { text } = randomConfig(random);
      const expected = JSON.parse(text) as Record<string, unknown>;
      const result = suppress(text, whole) ?? assert.fail(text);
      const before = expected['lint'];
      const lint =
        typeof before === 'object' && before !== null && !Array.isArray(before) ? (before as Record<string, unknown>) : {};
      const list = Array.isArray(lint['suppress']) ? (lint['suppress'] as unknown[]) : [];
      expected['lint'] = { ...lint, suppress: [...list, whole] };
      assert.deepEqual(JSON.parse(result), expected, JSON.stringify({ text, result }));
      assert.doesNotMatch(result, text.includes('\r') ? /[^\r]\n/ : /\r/, 'line ends');
    }
  });

  it('set any setting, and change nothing else', () => {
    const random = createRandom(22);
    for (let round = 0; round < 1500; round++) {
      const { text } = randomConfig(random);
      const result = set(text, 'lint.rules.leak', 'warning') ?? assert.fail(text);
      const isObject = (value: unknown): value is Record<string, unknown> =>
        typeof value === 'object' && value !== null && !Array.isArray(value);
      const expected = JSON.parse(text) as Record<string, unknown>;
      const lint = isObject(expected['lint']) ? expected['lint'] : {};
      const rules = isObject(lint['rules']) ? lint['rules'] : {};
      expected['lint'] = { ...lint, rules: { ...rules, leak: 'warning' } };
      assert.deepEqual(JSON.parse(result), expected, JSON.stringify({ text, result }));
    }
  });
});
