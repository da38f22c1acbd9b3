import assert from 'node:assert/strict';
import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { RunFailure } from '../../protocol';
import { packageRoot } from '../../trainer/assets';
import { readTokenizer, type Tokenizer } from '../../trainer/tokenizer';
import { tinyTokenizer, tinyVocabulary, writeTinyModel } from './tiny-model';
import { temporaryFolder } from './tiny-training';

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

/** Recorded by transformers.js from the Python tokenizers. */
const vectorsFile = join(packageRoot(), '..', 'shared', 'data', 'tok-transformersjs-vectors', 'tokenizer-vectors.json');
const definitionFile = join(packageRoot(), '..', 'shared', 'data', 'tok-bert-tokenizerjson', 'bert-base-uncased.json');
const vectorsSchema = z.record(
  z.string(),
  z.record(z.string(), z.object({ text: z.string().optional(), text_pair: z.string().optional(), ids: z.array(z.number()) })),
);

describe('the tokenizer of bert-base-uncased', () => {
  it('gives the recorded ids (skipped where /work/shared is not there)', async function () {
    if (!existsSync(vectorsFile) || !existsSync(definitionFile)) this.skip();
    copyFileSync(definitionFile, join(folder.path, 'tokenizer.json'));
    const tokenizer = await readTokenizer(folder.path);
    const cases = vectorsSchema.parse(JSON.parse(readFileSync(vectorsFile, 'utf8')))['Xenova/bert-base-uncased'] ?? {};
    let compared = 0;
    for (const [name, { text, text_pair, ids }] of Object.entries(cases)) {
      if (text === undefined || text_pair !== undefined) continue;
      assert.deepEqual([...tokenizer.encode(text, 100_000)], ids, name);
      compared++;
    }
    assert.ok(compared > 10, `${compared} cases`);
  });
});
