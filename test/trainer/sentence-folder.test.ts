/** Folders of sentence-transformers as they may lie on a disk. That the vectors are right is shown in test/golden/embedding.test.ts. */
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRandom } from '../../dataset/seeded-random';
import { RunFailure } from '../../protocol';
import { attachMethod } from '../../trainer/methods/registry';
import { encodeSafetensors } from '../../trainer/safetensors';
import { readSentenceFolder } from '../../trainer/sentence-folder';
import { embedTexts, loadSentenceModel, type EmbedOptions, type SentenceModel } from '../../trainer/sentence-model';
import * as tf from '../../trainer/tensors';
import { goldenDir } from '../golden/golden-dir';
import { startBackend } from './tiny-training';

const transformer = { path: '', type: 'sentence_transformers.models.Transformer' };
const pooling = { path: '1_Pooling', type: 'sentence_transformers.models.Pooling' };
const dense = { path: '2_Dense', type: 'sentence_transformers.models.Dense' };

describe('a folder of sentence-transformers', () => {
  before(() => startBackend('cpu'));
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'temper-sentences-'));
    cpSync(join(goldenDir, 'models', 'bert-embedding-dense'), dir, { recursive: true });
  });
  afterEach(() => {
    rmSync(dir, { recursive: true, force: true });
  });
  const write = (file: string, content: unknown) => {
    writeFileSync(join(dir, file), JSON.stringify(content));
  };

  it('without modules.json averages the tokens', async () => {
    rmSync(join(dir, 'modules.json'));
    rmSync(join(dir, '1_Pooling'), { recursive: true });
    assert.deepEqual((await readSentenceFolder(dir)).pipeline, { poolings: ['mean'], stages: [] });
  });

  it('puts poolings beside one another that older versions switch on together', async () => {
    write('1_Pooling/config.json', {
      word_embedding_dimension: 20,
      pooling_mode_mean_tokens: true,
      pooling_mode_cls_token: true,
    });
    assert.deepEqual((await readSentenceFolder(dir)).pipeline.poolings, ['cls', 'mean']);
  });

  it('takes the length from its own file, else from the tokenizer, and never more than the model has positions', async () => {
    write('sentence_bert_config.json', { max_seq_length: 7, do_lower_case: true });
    assert.deepEqual(pick(await loadSentenceModel(dir)), { maxLength: 7, lowersCase: true });
    write('sentence_bert_config.json', {});
    write('tokenizer_config.json', { model_max_length: 11 });
    assert.deepEqual(pick(await loadSentenceModel(dir)), { maxLength: 11, lowersCase: false });
    write('tokenizer_config.json', { model_max_length: 1e30 });
    const model = await loadSentenceModel(dir);
    assert.equal(model.maxLength, model.backbone.maxLength);
  });

  it('keeps the first elements of a vector where it says how many', async () => {
    const whole = await embed(dir, ['the cat'], {});
    write('config_sentence_transformers.json', { truncate_dim: 5 });
    assert.deepEqual(
      await embed(dir, ['the cat'], {}),
      whole.map((vector) => vector.slice(0, 5)),
    );
  });

  it('writes a prompt in front of every text, and gives vectors in the order of the texts', async () => {
    write('config_sentence_transformers.json', { prompts: { query: 'of ' } });
    const [short, long] = await embed(dir, ['to', 'the cat and the house'], { promptName: 'query' }); // the longest is in front of a batch
    assert.deepEqual(long, (await embed(dir, ['of the cat and the house'], {}))[0]);
    assert.deepEqual(short, (await embed(dir, ['to'], { prompt: 'of ', batchSize: 1 }))[0]);
  });

  it('says which prompts it has when asked for another', async () => {
    write('config_sentence_transformers.json', { prompts: { query: 'a', passage: 'b' } });
    await assert.rejects(
      embed(dir, ['x'], { promptName: 'document' }),
      fails('bad-config', /no prompt "document".*query, passage/),
    );
  });

  const hostile: readonly (readonly [what: string, file: string, content: unknown, message: RegExp])[] = [
    ['modules that start otherwise', 'modules.json', [pooling, transformer], /lists Pooling, Transformer/],
    ['no modules at all', 'modules.json', [], /lists nothing/],
    [
      'a module that is not known',
      'modules.json',
      [transformer, pooling, { path: '2', type: 'a.LSTM' }],
      /"a\.LSTM".*Normalize, Dense and LayerNorm/,
    ],
    ['a path that leads out', 'modules.json', [transformer, { ...pooling, path: '../elsewhere' }], /"\.\.\/elsewhere" leads out/],
    ['an absolute path', 'modules.json', [transformer, { ...pooling, path: '/etc' }], /"\/etc" leads out/],
    ['modules that are no list', 'modules.json', { 0: transformer }, /modules\.json/],
    ['an unknown pooling', '1_Pooling/config.json', { pooling_mode: 'median' }, /pooling_mode/],
    [
      'an unknown activation',
      '2_Dense/config.json',
      { in_features: 20, out_features: 12, activation_function: 'torch.nn.Mish' },
      /"Identity"\|"Tanh"/,
    ],
    [
      'a dense layer over tokens',
      '2_Dense/config.json',
      { in_features: 20, out_features: 12, module_input_name: 'token_embeddings' },
      /module_input_name/,
    ],
    ['another task', 'sentence_bert_config.json', { transformer_task: 'sequence-classification' }, /transformer_task/],
    [
      'a dense layer for other widths',
      '2_Dense/config.json',
      { in_features: 19, out_features: 12 },
      /2_Dense takes 19 numbers and is given 20/,
    ],
    [
      'a dense layer of other shapes',
      '2_Dense/config.json',
      { in_features: 20, out_features: 13 },
      /"linear\.weight" \[13, 20\], "linear\.bias" \[13\] is missing or/,
    ],
  ];
  for (const [what, file, content, message] of hostile) {
    it(`is refused with ${what}`, async () => {
      write(file, content);
      await assert.rejects(loadSentenceModel(dir), fails('bad-model', message));
    });
  }

  it('is refused without the weights of a module', async () => {
    write('modules.json', [transformer, pooling, dense]);
    rmSync(join(dir, '2_Dense', 'model.safetensors'));
    await assert.rejects(loadSentenceModel(dir), fails('bad-model', /2_Dense/));
    writeFileSync(join(dir, '2_Dense', 'model.safetensors'), encodeSafetensors(new Map()));
    await assert.rejects(
      loadSentenceModel(dir),
      fails('bad-model', /"linear\.weight" \[12, 20\], "linear\.bias" \[12\] is missing/),
    );
  });
});

function pick({ maxLength, folder: { lowersCase } }: SentenceModel) {
  return { maxLength, lowersCase };
}

async function embed(dir: string, texts: readonly string[], options: EmbedOptions): Promise<Float32Array[]> {
  const before = tf.memory().numTensors;
  const model = await loadSentenceModel(dir);
  const { architecture, tensors } = model;
  const adapter = attachMethod({ type: 'full' }, { architecture, tensors, modelDir: dir, random: createRandom(0) });
  try {
    return await embedTexts(model, adapter, texts, options);
  } finally {
    adapter.dispose();
    assert.equal(tf.memory().numTensors, before);
  }
}

function fails(code: string, message: RegExp) {
  return (thrown: unknown) => {
    assert.ok(thrown instanceof RunFailure, String(thrown));
    assert.equal(thrown.error.code, code);
    assert.match(thrown.message, message);
    return true;
  };
}
