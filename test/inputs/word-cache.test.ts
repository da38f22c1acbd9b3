import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import { createRandom } from '../../dataset/seeded-random';
import { packageRoot } from '../../inputs/assets';
import { readTokenizer } from '../../inputs/tokenizer';
import { parseTokenizerDefinition } from '../../inputs/tokenizer-definition';
import { cutsAtSpaces, rememberWords } from '../../inputs/word-cache';
import { temporaryFolder } from '../trainer/temporary-folder';
import { missingSource, writeSharedTokenizer } from './shared-tokenizers';

const folder = temporaryFolder('word-cache');
after(() => {
  folder.remove();
});

/** Words, signs and spaces of all kinds, put together so that every seam occurs. */
const pieces = [
  ...[
    'card',
    'Hello',
    "don't",
    'ΑΣ',
    'Straße',
    'ǅ',
    '한국',
    '你好',
    '😀',
    '👩‍👩‍👧',
    'é',
    'e\u0301',
    '\u0308',
    'ﬁ',
    '¼',
    '1',
    '2024',
    'x1',
  ],
  ...[' ', ' ', ' ', '  ', '\n', '\n', '\r\n', '\t', '\u00a0', '\u2028', '\u200b', '\ufeff', '\u3000', '\u0085', '\0'],
  ...['.', "'s", '’', '!?', '...', '"', '<|im_end|>', '<|im_start|>', '[SEP]', '[MASK]', '<|endoftext|>', '\ud800', '_', '-'],
];

function randomTexts(count: number): string[] {
  const random = createRandom(8);
  return Array.from({ length: count }, () =>
    Array.from({ length: 1 + random.integer(14) }, () => pieces[random.integer(pieces.length)] ?? '').join(''),
  );
}

const split = (pattern: string) => ({
  type: 'Sequence',
  pretokenizers: [
    { type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false },
    { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false },
  ],
});
const qwen = split(
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
);
const llama = split(
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
);
const gpt4 = split(
  "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+",
);

const read = (name: string) => JSON.parse(readFileSync(join(packageRoot(), 'models', name, 'tokenizer.json'), 'utf8')) as object;
const plain = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };

describe('the memory of words', () => {
  const remembered: readonly (readonly [string, object])[] = [
    ['tiny-encoder', read('tiny-encoder')],
    ['tiny-decoder', read('tiny-decoder')],
    ["tiny-decoder with GPT-2's cuts", { ...read('tiny-decoder'), pre_tokenizer: plain }],
    ["tiny-decoder with Qwen's cuts and NFC", { ...read('tiny-decoder'), pre_tokenizer: qwen, normalizer: { type: 'NFC' } }],
    ["tiny-decoder with GPT-4's cuts", { ...read('tiny-decoder'), pre_tokenizer: gpt4 }],
    ["tiny-decoder with Llama's cuts", { ...read('tiny-decoder'), pre_tokenizer: llama }],
    [
      'tiny-encoder with NFKC and words',
      { ...read('tiny-encoder'), normalizer: { type: 'NFKC' }, pre_tokenizer: { type: 'Whitespace' } },
    ],
    [
      'tiny-encoder with two normalisers',
      {
        ...read('tiny-encoder'),
        normalizer: { type: 'Sequence', normalizers: [{ type: 'NFKD' }, { type: 'StripAccents' }, { type: 'Lowercase' }] },
      },
    ],
  ];
  for (const [name, definition] of remembered) {
    it(`gives ${name} the tokens that the library gives to the whole text`, () => {
      const parsed = parseTokenizerDefinition(definition);
      assert.equal(cutsAtSpaces(parsed, {}), true);
      const library = new HuggingFaceTokenizer(parsed, {});
      const whole = (text: string) => library.tokenize(text, { add_special_tokens: false });
      const byWords = rememberWords(whole);
      for (const text of randomTexts(2000)) assert.deepEqual(byWords(text), whole(text), JSON.stringify(text));
    });
  }

  for (const [name, definition] of remembered) {
    it(`cuts a text for ${name} where the library cuts it, also where the vocabulary does not show it`, () => {
      const { normalizer, pre_tokenizer: preTokenizer } = new HuggingFaceTokenizer(parseTokenizerDefinition(definition), {});
      const cut = (text: string) => preTokenizer?.(normalizer === null ? text : normalizer(text), {}) ?? [];
      const byWords = rememberWords(cut);
      for (const text of randomTexts(2000)) assert.deepEqual(byWords(text), cut(text), JSON.stringify(text));
    });
  }

  it('is used: a word is tokenized once', () => {
    const asked: string[] = [];
    const byWords = rememberWords((text) => {
      asked.push(text);
      return [text];
    });
    assert.deepEqual(byWords('my card, my card\nmy'), ['my', ' card,', ' my', ' card\n', 'my']);
    byWords('my card,');
    assert.deepEqual(asked, ['my', ' card,', ' my', ' card\n']);
  });

  it('makes it faster, on questions to a bank (skipped where ../shared is not there)', function () {
    const file = join(packageRoot(), '..', 'shared', 'data', 'banking77', 'train.csv');
    if (!existsSync(file)) {
      console.log(`      skipped: ${file} is missing`);
      this.skip();
    }
    const rows = readFileSync(file, 'utf8').split('\n').slice(1, 3001);
    const library = new HuggingFaceTokenizer(parseTokenizerDefinition(read('tiny-encoder')), {});
    const whole = (text: string) => library.tokenize(text, { add_special_tokens: false });
    const byWords = rememberWords(whole);
    const timeOf = (tokenize: (text: string) => unknown) => {
      const begin = performance.now();
      rows.forEach(tokenize);
      return performance.now() - begin;
    };
    timeOf(byWords); // the first time it meets the words
    const rounds = [1, 2, 3, 4].map(() => [timeOf(whole), timeOf(byWords)]);
    const [slow, fast] = [0, 1].map((which) => Math.min(...rounds.map((round) => round[which] ?? 0)));
    assert.ok((slow ?? 0) > 1.3 * (fast ?? 0), `${slow} ms without and ${fast} ms with it`);
  });

  it('is not used where words depend on what stands around them', () => {
    const decoder = read('tiny-decoder') as { added_tokens: object[] };
    const encoder = read('tiny-encoder');
    const refused: readonly (readonly [string, object, object?])[] = [
      ['a space is put in front', { ...decoder, pre_tokenizer: { ...plain, add_prefix_space: true } }],
      ['the text is not cut', { ...decoder, pre_tokenizer: { ...plain, use_regex: false } }],
      ['the cuts are unknown', { ...decoder, pre_tokenizer: split('\\p{L}+ \\p{L}+|.') }],
      ['nothing cuts', { ...decoder, pre_tokenizer: null }],
      ['spaces become letters', { ...encoder, pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always' } }],
      ['spaces are replaced', { ...encoder, normalizer: { type: 'Replace', pattern: { String: ' ' }, content: '▁' } }],
      ['the ends are stripped', { ...encoder, normalizer: { type: 'Strip', strip_left: true, strip_right: true } }],
      ['an added token has a space', { ...decoder, added_tokens: [...decoder.added_tokens, { id: 3, content: 'a b' }] }],
      [
        'an added token takes spaces',
        { ...decoder, added_tokens: [...decoder.added_tokens, { id: 3, content: '<x>', lstrip: true }] },
      ],
      ['the settings remove spaces', decoder, { remove_space: true }],
    ];
    for (const [why, definition, settings = {}] of refused)
      assert.equal(cutsAtSpaces(parseTokenizerDefinition(definition), settings), false, why);
  });

  it('leaves the other tokenizers as they were', async function () {
    const missing = missingSource('clip');
    const fixture = join(packageRoot(), 'test', 'golden', 'fixtures', 'tokenizers.json');
    if (missing !== undefined || !existsSync(fixture)) {
      console.log(`      skipped: ${missing ?? fixture} is missing`);
      this.skip();
    }
    const { tokenizers } = JSON.parse(readFileSync(fixture, 'utf8')) as { tokenizers: Record<string, { definition: unknown }> };
    const dir = writeSharedTokenizer(join(folder.path, 'clip'), 'clip', tokenizers['clip']?.definition);
    const tokenizer = await readTokenizer(dir);
    assert.deepEqual(tokenizer.encodeParts('a  cat', { addSpecialTokens: false }).length, 2);
  });

  it('is the same in a model folder', async () => {
    const dir = join(folder.path, 'decoder');
    mkdirSync(dir, { recursive: true });
    const definition = read('tiny-decoder');
    writeFileSync(join(dir, 'tokenizer.json'), JSON.stringify(definition));
    const tokenizer = await readTokenizer(dir);
    const library = new HuggingFaceTokenizer(parseTokenizerDefinition(definition), {});
    for (const text of randomTexts(500)) {
      assert.deepEqual(
        [...tokenizer.encodeParts(text, { addSpecialTokens: false })],
        library.encode(text, { add_special_tokens: false }).ids,
      );
    }
  });
});
