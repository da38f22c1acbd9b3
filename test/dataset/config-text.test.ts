import assert from 'node:assert/strict';
import { applySettings, lintConfigText } from '../../dataset/project';
import { parseConfig, RunFailure } from '../../protocol';
import { rangeOf, readMarks } from './marked-text';

describe('lintConfigText', () => {
  it('finds nothing in the smallest config and in one with every section', () => {
    assert.deepEqual(lintConfigText('{"data": {"train": "a.csv"}}'), []);
    const sections = '"method": {"type": "lora", "r": 4}, "training": {"epochs": 2}, "evaluation": {}, "checkpoints": {}';
    assert.deepEqual(lintConfigText(`\n{"$schema": "x", "data": {"train": "a.csv", "labels": ["a", "b"]}, ${sections}}\n`), []);
  });

  /** What is wrong, the text with the place marked, words of the message. */
  const bad: [string, string, RegExp][] = [
    ['a misspelt section', '{\n  "data": {"train": "a.csv"},\n  «"trainning"»: {}\n}', /Did you mean "training"/],
    [
      'a misspelt setting',
      '{"data": {"train": "a.csv"}, "training": {«"learnigRate"» : 1e-4}}',
      /"training\.learnigRate".*mean "learningRate"/,
    ],
    [
      'a misspelt setting of a method',
      '{"data": {"train": "a"}, "method": {"type": "lora", «"rank"»: 4}}',
      /"method\.rank" is not/,
    ],
    ['a wrong type', '{"data": {"train": "a.csv"}, "training": {"epochs": «"three"»}}', /"training\.epochs"/],
    ['a number out of bounds', '{"data": {"train": "a.csv", "validationFraction":«1.5»}}', /validationFraction/],
    ['a wrong element of a list', '{"data": {"train": "a.csv", "labels": ["a", «7»]}}', /"data\.labels\.1"/],
    ['a list that is too short', '{"data": {"train": "a.csv", "labels": «["a"]»}}', /data\.labels/],
    ['a setting that is missing', '{«"data"»: {"test": "b.csv"}}', /"data\.train"/],
    ['a section that is missing', '\n  «{»"model": "tiny-encoder"}', /"data"/],
    ['an unknown method', '{"data": {"train": "a.csv"}, "method": {"type": «"magic"»}}', /method/],
    ['something that is no object', ' «[1, 2]» ', /object/],
    ['a comment', '{\n  «// mine»\n  "data": {"train": "a.csv"}\n}', /no comments/],
    ['a trailing comma', '{"data": {"train": "a.csv"«,»}}', /Remove the comma/],
    ['an empty text', '«»', /no value/],
  ];
  for (const [title, source, words] of bad) {
    it(`reports ${title} at its place`, () => {
      const { text, ranges } = readMarks(source);
      const problems = lintConfigText(text);
      assert.deepEqual(
        problems.map(({ code, severity }) => [code, severity]),
        [['bad-config', 'error']],
      );
      assert.match(problems[0]?.message ?? '', words);
      assert.deepEqual(problems.map(rangeOf), ranges);
    });
  }

  it('reports all of several faults, from top to bottom', () => {
    const source = '{\n «"modle"»: "x",\n "data": {"train": «7»},\n "training": {«"seeds"»: 1, "epochs": «0»}\n}';
    const { text, ranges } = readMarks(source);
    assert.deepEqual(lintConfigText(text).map(rangeOf), ranges);
  });
});

describe('applySettings', () => {
  const raw = { data: { train: 'a.csv' }, training: { epochs: 2 } };

  it('puts settings on top of a config without touching it', () => {
    const before = structuredClone(raw);
    const value = applySettings(raw, ['training.learningRate=1e-4', 'training.epochs=5', 'evaluation.every=3']);
    assert.deepEqual(value, { data: { train: 'a.csv' }, training: { epochs: 5, learningRate: 1e-4 }, evaluation: { every: 3 } });
    assert.deepEqual(raw, before);
  });

  /** What stands behind the equals sign, and what it means. */
  const values: [string, unknown][] = [
    ['1e-4', 1e-4],
    ['true', true],
    ['lora', 'lora'],
    ['"3"', '3'],
    ['["a","b"]', ['a', 'b']],
    ['a=b', 'a=b'],
    ['', ''],
    ['{"type":"lora"}', { type: 'lora' }],
  ];
  for (const [source, value] of values) {
    it(`reads ${source || 'nothing'} as ${JSON.stringify(value)}`, () => {
      assert.deepEqual(applySettings({}, [`x=${source}`]), { x: value });
    });
  }

  it('leaves a misspelt name to the schema, which names the right one', () => {
    const parsed = parseConfig(applySettings(raw, ['training.learnigRate=1']));
    assert.equal(parsed.kind, 'invalid');
    assert.match(parsed.kind === 'invalid' ? (parsed.problems[0]?.message ?? '') : '', /mean "learningRate"/);
  });

  for (const setting of ['training.epochs', '=3', '']) {
    it(`refuses "${setting}" as wrong usage`, () => {
      assert.throws(
        () => applySettings(raw, [setting]),
        (thrown) => thrown instanceof RunFailure && thrown.error.code === 'bad-usage' && thrown.message.includes(`"${setting}"`),
      );
    });
  }

  it('cannot reach the prototype of all objects', () => {
    applySettings({}, ['__proto__.polluted=1', 'constructor.prototype.polluted=1']);
    assert.equal('polluted' in {}, false);
  });
});
