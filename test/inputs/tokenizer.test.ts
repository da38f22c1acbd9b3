import assert from 'node:assert/strict';
import { rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readTokenizer, type Tokenizer } from '../../inputs/tokenizer';
import { RunFailure } from '../../protocol';
import { tinyTokenizer, tinyVocabulary, writeTinyModel } from '../trainer/tiny-model';
import { temporaryFolder } from '../trainer/temporary-folder';

const folder = temporaryFolder('tokenizer');
after(() => {
  folder.remove();
});

const idOf = (word: string) => tinyVocabulary.indexOf(word);
const [unknown, opening, closing] = [1, 2, 3];

describe('the tokenizer of a model folder', () => {
  let tokenizer: Tokenizer;
  before(async () => {
    tokenizer = await readTokenizer(writeTinyModel(folder.path));
  });

  it('puts the special tokens around the words, in lower case', () => {
    assert.deepEqual([...tokenizer.encode('The APP works', 32)], [opening, idOf('the'), idOf('app'), idOf('works'), closing]);
  });

  it('cuts words into pieces, and gives the unknown token for what it has no pieces of', () => {
    assert.deepEqual([...tokenizer.encode('apps xyz', 32)], [opening, idOf('app'), idOf('##s'), unknown, closing]);
  });

  it('takes accents and stray bytes off, as BERT does', () => {
    assert.deepEqual([...tokenizer.encode('thé\u0000\ufeff app', 32)], [opening, idOf('the'), idOf('app'), closing]);
  });

  it('keeps the first tokens and the closing one when a text is too long', () => {
    assert.deepEqual([...tokenizer.encode('the app works today', 4)], [opening, idOf('the'), idOf('app'), closing]);
  });

  it('leaves a text that just fits alone', () => {
    assert.deepEqual([...tokenizer.encode('the app', 4)], [opening, idOf('the'), idOf('app'), closing]);
  });

  it('gives the two special tokens for an empty text', () => {
    assert.deepEqual([...tokenizer.encode('', 4)], [opening, closing]);
  });

  it('knows its padding and how many ids there are', () => {
    assert.equal(tokenizer.padId, 0);
    assert.equal(tokenizer.vocabularySize, tinyVocabulary.length);
  });

  it('needs no tokenizer_config.json', async () => {
    rmSync(join(folder.path, 'tokenizer_config.json'));
    const alone = await readTokenizer(folder.path);
    assert.deepEqual(alone.encode('the app', 9), tokenizer.encode('the app', 9));
  });

  it('counts ids with gaps up to the largest', async () => {
    const definition = tinyTokenizer(tinyVocabulary) as { model: { vocab: Record<string, number> } };
    definition.model.vocab['app'] = 5000;
    writeFileSync(join(folder.path, 'tokenizer.json'), JSON.stringify(definition));
    assert.equal((await readTokenizer(folder.path)).vocabularySize, 5001);
  });

  for (const [what, content] of [
    ['is not JSON', '{"version": '],
    ['is a list', '[1'],
    ['is JSON of something else', '{"hello": 1}'],
  ] as const) {
    it(`is refused by name when it ${what}`, async () => {
      writeFileSync(join(folder.path, 'tokenizer.json'), content);
      await assert.rejects(readTokenizer(folder.path), (thrown) => {
        assert.ok(thrown instanceof RunFailure);
        assert.equal(thrown.error.code, 'bad-model');
        assert.equal(thrown.error.file, join(folder.path, 'tokenizer.json'));
        assert.match(thrown.error.hint, /tokenizer\.json that belongs to its weights/);
        return true;
      });
    });
  }
});

type Definition = Record<string, unknown> & { model: Record<string, unknown> & { vocab: Record<string, number> } };

/** A byte-pair tokenizer of a few letters, with what surrounds it as a decoder has it: a beginning and no end. */
function bpe(): Definition {
  const tokens = ['<unk>', '<s>', 'l', 'o', 'w', 'e', 'r', 'lo', 'low', 'er'];
  return {
    added_tokens: [{ id: 1, content: '<s>', special: true }],
    post_processor: {
      type: 'TemplateProcessing',
      single: [{ SpecialToken: { id: '<s>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
      pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }],
      special_tokens: { '<s>': { id: '<s>', ids: [1], tokens: ['<s>'] } },
    },
    model: {
      type: 'BPE',
      unk_token: '<unk>',
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges: ['l o', ['lo', 'w'], 'e r'],
    },
  };
}

describe('the tokenizer of a decoder', () => {
  let tokenizer: Tokenizer;
  before(async () => {
    writeFileSync(
      join(folder.path, 'tokenizer.json'),
      JSON.stringify({ ...bpe(), model: { ...bpe().model, merges: ['l o', 'lo w', 'e r'] } }),
    );
    writeFileSync(
      join(folder.path, 'tokenizer_config.json'),
      JSON.stringify({ bos_token: { content: '<s>' }, eos_token: '<unk>' }),
    );
    tokenizer = await readTokenizer(folder.path);
  });

  it('puts no second beginning where a text was cut', () => {
    assert.deepEqual([...tokenizer.encode('lowerlower', 3)], [1, 8, 9]);
    assert.deepEqual([...tokenizer.encodeParts('lower', { addSpecialTokens: true })], [1, 8, 9]);
    assert.deepEqual([...tokenizer.encodeParts('lower', { addSpecialTokens: false })], [8, 9]);
  });

  it('knows tokens by name, the special ones and what the settings call them', () => {
    assert.equal(tokenizer.idOf('low'), 8);
    assert.equal(tokenizer.idOf('high'), undefined);
    assert.deepEqual([...tokenizer.specialIds], [1]);
    assert.deepEqual(tokenizer.namedTokens, { bos: '<s>', eos: '<unk>' });
  });

  it('skips ids that mean nothing, and special ones on request', () => {
    assert.equal(tokenizer.decode([1, 8, 9, 400, -1]), '<s> low er');
    assert.equal(tokenizer.decode([1, 8, 9], { skipSpecialTokens: true }), 'low er');
    assert.equal(tokenizer.decode([]), '');
    assert.equal(tokenizer.decode([1], { skipSpecialTokens: true }), '');
  });
});

const changed = (change: (definition: Definition) => void) => {
  const definition = bpe();
  change(definition);
  return JSON.stringify(definition);
};

/** Files that must be refused, with what the message must say. */
const hostile: readonly [what: string, content: string, ...says: string[]][] = [
  ['has no model', changed((definition) => Reflect.deleteProperty(definition, 'model')), '"model"'],
  [
    'has a model of an unknown type',
    changed(({ model }) => (model['type'] = 'Magic')),
    'type "Magic"',
    'known are BPE, WordPiece',
  ],
  ['has a model with the type of a method', changed(({ model }) => (model['type'] = 'constructor')), 'type "constructor"'],
  ['has no merge table', changed(({ model }) => Reflect.deleteProperty(model, 'merges')), '"model.merges"'],
  ['has no vocabulary', changed(({ model }) => Reflect.deleteProperty(model, 'vocab')), '"model.vocab"'],
  ['has a list for a vocabulary', changed(({ model }) => Object.assign(model, { vocab: ['a', 'b'] })), '"model.vocab"'],
  [
    'has merges of unknown tokens, all of which are named',
    changed(({ model }) => (model['merges'] = ['l o', 'x y', ['low', 'er'], 'l'])),
    'merge 1 names "x" and "y" and "xy"',
    'merge 2 names "lower", not in the vocabulary',
    'merge 3 is not two tokens: "l"',
  ],
  ['has a merge of a token like a method', changed(({ model }) => (model['merges'] = [['toString', 'l']])), 'names "toString"'],
  [
    'has more bad merges than anybody reads',
    changed(({ model }) => (model['merges'] = Array.from({ length: 500 }, () => 'x y'))),
    'merge 19 names',
    'and 480 more',
  ],
  ['has an id that is no number', changed(({ model }) => Object.assign(model.vocab, { low: 'eight' })), '"model.vocab.low"'],
  ['has an id that would fill the memory', changed(({ model }) => (model.vocab['low'] = 4e9)), '"model.vocab.low"'],
  ['has an id below zero', changed(({ model }) => (model.vocab['low'] = -1)), '"model.vocab.low"'],
  [
    'has an unknown token that it does not know',
    changed(({ model }) => (model['unk_token'] = '[UNK]')),
    'its unknown token "[UNK]"',
  ],
  [
    'adds a token that it does not know',
    changed((definition) => {
      definition['added_tokens'] = [];
      Reflect.deleteProperty(definition.model.vocab, '<s>');
    }),
    'it adds <s>, not in the vocabulary',
  ],
  ['has an unknown normalizer', changed((definition) => (definition['normalizer'] = { type: 'Shout' })), 'Shout'],
  ['has a text for a decoder', changed((definition) => (definition['decoder'] = 'ByteLevel')), '"decoder"'],
  [
    'has an unknown token outside of its pieces',
    JSON.stringify({ model: { type: 'Unigram', unk_id: 7, vocab: [['a', -1]] } }),
    'its unknown token has id 7 of 1',
  ],
  ['has pieces without scores', JSON.stringify({ model: { type: 'Unigram', vocab: [['a']] } }), '"model.vocab.0'],
  ['has no pieces', JSON.stringify({ model: { type: 'Unigram', vocab: [] } }), '"model.vocab"'],
];

describe('a tokenizer.json is refused, by name and with what is wrong, when it', () => {
  for (const [what, content, ...says] of hostile) {
    it(what, async () => {
      const file = join(folder.path, 'tokenizer.json');
      writeFileSync(file, content);
      await assert.rejects(readTokenizer(folder.path), (thrown) => {
        assert.ok(thrown instanceof RunFailure, String(thrown));
        assert.equal(thrown.error.code, 'bad-model');
        assert.equal(thrown.error.file, file);
        for (const part of says) assert.ok(thrown.error.message.includes(part), `${thrown.error.message}\nshould say: ${part}`);
        return true;
      });
    });
  }

  it('has settings beside it that are torn', async () => {
    const settings = join(folder.path, 'tokenizer_config.json');
    writeFileSync(
      join(folder.path, 'tokenizer.json'),
      changed(() => undefined),
    );
    writeFileSync(settings, '{"pad_token": ');
    await assert.rejects(readTokenizer(folder.path), (thrown) => thrown instanceof RunFailure && thrown.error.file === settings);
    rmSync(settings);
  });

  it('is longer than any tokenizer', async () => {
    const file = join(folder.path, 'tokenizer.json');
    writeFileSync(file, '{');
    truncateSync(file, 10_000_000_000); // sparse
    await assert.rejects(readTokenizer(folder.path), /it has 10000000000 bytes, more than any tokenizer/);
  });
});

describe('a tokenizer of the first years, which does not say its type,', () => {
  for (const [type, model] of [
    ['BPE', { ...bpe().model, merges: ['l o', 'lo w', 'e r'], type: undefined }],
    ['WordPiece', { unk_token: '[UNK]', vocab: { '[UNK]': 0, low: 1 }, continuing_subword_prefix: '##' }],
    ['Unigram', { unk_id: 0, vocab: [['<unk>', 0], ['low', -1]] }], // prettier-ignore
  ] as const) {
    it(`is read as ${type}`, async () => {
      writeFileSync(join(folder.path, 'tokenizer.json'), JSON.stringify({ model, pre_tokenizer: { type: 'WhitespaceSplit' } }));
      const tokenizer = await readTokenizer(folder.path);
      assert.deepEqual([...tokenizer.encode('low', 9)], [tokenizer.idOf('low')]);
    });
  }

  it('and words alone are read as words, with their unknown token', async () => {
    const model = { type: 'WordLevel', unk_token: '?', vocab: { '?': 3, low: 5 } };
    writeFileSync(join(folder.path, 'tokenizer.json'), JSON.stringify({ model, pre_tokenizer: { type: 'WhitespaceSplit' } }));
    assert.deepEqual([...(await readTokenizer(folder.path)).encode('low high', 9)], [5, 3]);
  });
});
