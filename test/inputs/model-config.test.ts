import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { longestText, readModelConfig, takesTokenTypes } from '../../inputs/model-config';
import { RunFailure } from '../../protocol';
import { families } from '../../trainer/models/registry';
import { publishedConfigs } from '../trainer/published-configs';
import { temporaryFolder } from '../trainer/temporary-folder';

const folder = temporaryFolder('model-config');
after(() => {
  folder.remove();
});

const decoder = { hidden_size: 8, num_hidden_layers: 1, num_attention_heads: 2, intermediate_size: 8, vocab_size: 9 };
const gpt2 = { model_type: 'gpt2', vocab_size: 9, n_embd: 8, n_layer: 1, n_head: 2 };

describe("config.json of a model, for who has no layers, says of the model's length what the layers say", () => {
  const published = Object.entries(publishedConfigs).map(([name, { config }]) => [name, config] as const);
  const others: readonly (readonly [string, Record<string, unknown>])[] = [
    ['gpt2', { ...gpt2, n_positions: 77 }],
    ['gpt2 that does not say', gpt2],
    ['llama', { ...decoder, model_type: 'llama', max_position_embeddings: 2048 }],
    ['qwen2', { ...decoder, model_type: 'qwen2', max_position_embeddings: 32768 }],
    ['roberta without a padding token', { ...decoder, model_type: 'roberta', max_position_embeddings: 514, pad_token_id: null }],
    ['roberta with a late padding token', { ...decoder, model_type: 'roberta', max_position_embeddings: 514, pad_token_id: 5 }],
  ];
  for (const [name, config] of [...published, ...others]) {
    it(`for ${name}`, () => {
      const family = families.get(String(config.model_type)) ?? assert.fail('no such family');
      assert.equal(longestText(config), family.create(config).maxLength);
    });
  }

  it('and nothing where it says nothing', () => {
    assert.equal(longestText({ model_type: 'unheard-of' }), Infinity);
    assert.equal(longestText({ model_type: 'bert', max_position_embeddings: 'many' }), Infinity);
  });
});

describe('whether a model is told of two texts', () => {
  const cases: readonly (readonly [what: string, config: object, settings: string | undefined, takes: boolean])[] = [
    ['BERT is', { model_type: 'bert' }, undefined, true],
    ['BERT is, when its settings say nothing of it', { model_type: 'bert' }, '{}', true],
    ['BERT is, when its settings are damaged: the tokenizer says so', { model_type: 'bert' }, '{', true],
    ['BERT is not, when its settings list other inputs', { model_type: 'bert' }, '{"model_input_names": ["input_ids"]}', false],
    ['BERT with one type is not', { model_type: 'bert', type_vocab_size: 1 }, undefined, false],
    ['RoBERTa is not', { model_type: 'roberta' }, undefined, false],
    ['DistilBERT is not', { model_type: 'distilbert' }, undefined, false],
  ];
  for (const [index, [what, config, settings, takes]] of cases.entries()) {
    it(what, async () => {
      const dir = join(folder.path, String(index));
      mkdirSync(dir);
      if (settings !== undefined) writeFileSync(join(dir, 'tokenizer_config.json'), settings);
      assert.equal(await takesTokenTypes(dir, { ...config }), takes);
    });
  }
});

describe('a config.json that is none', () => {
  it('is refused by name', async () => {
    const refused = (thrown: unknown) => thrown instanceof RunFailure && thrown.error.code === 'bad-model';
    await assert.rejects(readModelConfig(join(folder.path, 'nowhere')), refused);
    writeFileSync(join(folder.path, 'config.json'), '[1]');
    await assert.rejects(readModelConfig(folder.path), refused);
  });
});
