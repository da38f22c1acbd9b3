import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRandom } from '../../dataset/seeded-random';
import { packageRoot } from '../../inputs/assets';
import { mostTokensPerUnit } from '../../inputs/token-bound';
import { readTokenizer } from '../../inputs/tokenizer';
import { parseTokenizerDefinition } from '../../inputs/tokenizer-definition';
import { temporaryFolder } from '../trainer/temporary-folder';
import { missingSource, writeSharedTokenizer } from './shared-tokenizers';

const folder = temporaryFolder('token-bound');
after(() => {
  folder.remove();
});

/** The characters that grow most in each normal form, in UTF-8, or in a vocabulary that lacks them. */
const hostile = [
  ...['a', '1', ' ', '.', '\u0800', '\uffff', '\ufdfa', '\u1f82', '\ufb2c', '\u0130', '\uac01', '\u1e9b', '\u4e00', '\ud800'],
  ...['\u00e9', '\u0307', '▁', '\n', '😀', '👩‍👩‍👧', '[SEP]', '<|im_end|>', ' İ', '각'],
];

function texts(): string[] {
  const random = createRandom(3);
  const drawn = Array.from({ length: 3000 }, () =>
    Array.from({ length: 1 + random.integer(9) }, () => hostile[random.integer(hostile.length)] ?? '').join(''),
  );
  return [...hostile, ...hostile.map((text) => text.repeat(40)), ...drawn];
}

const read = (name: string) => JSON.parse(readFileSync(join(packageRoot(), 'models', name, 'tokenizer.json'), 'utf8')) as object;
const fixture = join(packageRoot(), 'test', 'golden', 'fixtures', 'tokenizers.json');
const { tokenizers } = JSON.parse(readFileSync(fixture, 'utf8')) as { tokenizers: Record<string, { definition?: unknown }> };

describe('the most tokens that a text can have', () => {
  for (const name of Object.keys(tokenizers)) {
    it(`are never exceeded with ${name}, whatever the text`, async function () {
      const missing = missingSource(name);
      if (missing !== undefined || !existsSync(fixture)) {
        console.log(`      skipped: ${missing ?? fixture} is missing`);
        this.skip();
      }
      const tokenizer = await readTokenizer(writeSharedTokenizer(join(folder.path, name), name, tokenizers[name]?.definition));
      let worst = 0;
      for (const text of texts()) {
        const perUnit = tokenizer.count(text, { addSpecialTokens: false }) / text.length;
        const { any, ascii } = tokenizer.mostTokensPerUnit;
        const most = /^[\x00-\x7f]*$/.test(text) ? ascii : any; // eslint-disable-line no-control-regex -- they are ASCII too
        assert.ok(perUnit <= most, `${JSON.stringify(text)} has ${perUnit} tokens a unit`);
        worst = Math.max(worst, perUnit);
      }
      assert.ok(worst >= 1, `the texts are too easy: ${worst} of ${tokenizer.mostTokensPerUnit.any}`);
    });
  }

  it('are three for bytes, more where characters are taken apart, and unknown for parts that are', () => {
    const [encoder, decoder] = [read('tiny-encoder'), read('tiny-decoder')];
    const cases: readonly (readonly [what: string, definition: object, most: number, settings?: object])[] = [
      ['BERT: a Korean syllable is three letters', encoder, 3],
      ['bytes', decoder, 3],
      ['bytes behind NFKC', { ...decoder, normalizer: { type: 'NFKC' } }, 54],
      ['a space in front', { ...encoder, normalizer: null, pre_tokenizer: { type: 'Metaspace', replacement: '▁' } }, 2],
      ['text in front', { ...encoder, normalizer: { type: 'Prepend', prepend: 'ab' } }, 3],
      ['text between', { ...encoder, normalizer: { type: 'Replace', pattern: { Regex: '' }, content: 'a' } }, 3],
      ['an unknown normaliser', { ...encoder, normalizer: { type: 'Novel' } }, Infinity],
      ['an unknown cut', { ...encoder, pre_tokenizer: { type: 'Novel' } }, Infinity],
      ['a mark of several letters', { ...encoder, pre_tokenizer: { type: 'Metaspace', replacement: 'abc' } }, Infinity],
      ['settings that change the text', encoder, Infinity, { do_lowercase_and_remove_accent: true }],
    ];
    for (const [what, definition, most, settings = {}] of cases)
      assert.equal(mostTokensPerUnit(parseTokenizerDefinition(definition), settings).any, most, what);
    const ascii = (definition: object) => mostTokensPerUnit(parseTokenizerDefinition(definition), {}).ascii;
    assert.deepEqual([ascii(encoder), ascii(decoder)], [1, 1]);
    assert.equal(ascii({ ...encoder, normalizer: { type: 'Prepend', prepend: 'ab' } }), 3);
    assert.equal(ascii({ ...encoder, normalizer: { type: 'Novel' } }), Infinity);
  });
});
