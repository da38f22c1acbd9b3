import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../inputs/assets';
import { findModelDir } from '../../inputs/find-model';
import { RunFailure } from '../../protocol';
import { isWithin } from '../../trainer/models/architecture';
import { loadModel } from '../../trainer/model-folder';
import {
  encodeRaw,
  tinyConfig,
  tinyTensors,
  tinyTokenizer,
  tinyVocabulary,
  writeTinyModel,
  type RawTensor,
  type TinyModelOptions,
} from './tiny-model';
import { temporaryFolder } from './tiny-training';

const folder = temporaryFolder('model-folder');
const dir = join(folder.path, 'model');
const emptyFirst = () => {
  rmSync(dir, { recursive: true, force: true });
};
after(() => {
  folder.remove();
});

const load = (initialWeights: 'pretrained' | 'random' = 'pretrained', seed = 0) =>
  loadModel({ model: 'model', projectDir: folder.path, head: 'sequence-classification', labels: 2, initialWeights, seed });

/** Writes the tiny model with other tensors than it should have. */
function writeWith(change: (tensors: Map<string, RawTensor>) => void, options: TinyModelOptions = {}): void {
  writeTinyModel(dir, options);
  const tensors = tinyTensors(options);
  change(tensors);
  writeFileSync(join(dir, 'model.safetensors'), encodeRaw(tensors));
}

async function assertRefused(loading: Promise<unknown>, file: string, ...says: string[]): Promise<void> {
  const thrown: unknown = await loading.then(
    () => assert.fail('it was loaded'),
    (reason: unknown) => reason,
  );
  assert.ok(thrown instanceof RunFailure, String(thrown));
  assert.equal(thrown.error.code, 'bad-model');
  assert.equal(thrown.error.file, file);
  assert.notEqual(thrown.error.hint, '');
  for (const part of says) assert.ok(thrown.message.includes(part), `${thrown.message}\nshould say: ${part}`);
}

const f32 = (shape: number[], value = 0): RawTensor => {
  const values = new Float32Array(shape.reduce((product, extent) => product * extent, 1)).fill(value);
  return { dtype: 'F32', shape, bytes: new Uint8Array(values.buffer) };
};

describe('loading a model folder', () => {
  beforeEach(emptyFirst);

  it('finds a bundled model by its name and any other by its path', () => {
    assert.equal(findModelDir('tiny-encoder', folder.path), join(packageRoot(), 'models', 'tiny-encoder'));
    writeTinyModel(dir);
    assert.equal(findModelDir('model', folder.path), dir);
    assert.equal(findModelDir(dir, '/somewhere/else'), dir);
  });

  it('reads the base as a copy and makes a fresh head: small weights, biases 0', async () => {
    writeTinyModel(dir);
    const { tensors, architecture, weights } = await load();
    const [name, raw] = [...tinyTensors()][0] ?? assert.fail();
    assert.deepEqual(new Uint8Array(tensors.get(`bert.${name}`)?.values.buffer ?? new ArrayBuffer()), raw.bytes);
    assert.deepEqual(
      [...architecture.shapes].filter(([name]) => isWithin(name, architecture.freshModules)),
      [
        ['classifier.weight', [2, 16]],
        ['classifier.bias', [2]],
      ],
    );
    assert.deepEqual([...(tensors.get('classifier.bias')?.values ?? [])], [0, 0]);
    const head = [...(tensors.get('classifier.weight')?.values ?? [])];
    const deviation = Math.sqrt(head.reduce((sum, value) => sum + value * value, 0) / head.length);
    assert.ok(deviation > 0.01 && deviation < 0.03, `deviation ${deviation}, 0.02 is asked for`);
    assert.equal(weights.bytes, readFileSync(join(dir, 'model.safetensors')).length);
  });

  it('makes the same head from the same seed and another from another', async () => {
    writeTinyModel(dir);
    const head = async (seed: number) => [...((await load('pretrained', seed)).tensors.get('classifier.weight')?.values ?? [])];
    assert.deepEqual(await head(3), await head(3));
    assert.notDeepEqual(await head(3), await head(4));
  });

  it('reads files with the prefix "bert." alike, and old files with gamma and beta', async () => {
    writeTinyModel(dir);
    const plain = await load();
    writeTinyModel(dir, { prefix: 'bert.' });
    const prefixed = await load();
    writeWith((tensors) => {
      for (const [name, tensor] of [...tensors]) {
        if (!name.includes('LayerNorm')) continue;
        tensors.delete(name);
        tensors.set(name.replace('LayerNorm.weight', 'LayerNorm.gamma').replace('LayerNorm.bias', 'LayerNorm.beta'), tensor);
      }
    });
    const old = await load();
    assert.deepEqual(prefixed.tensors, plain.tensors);
    assert.deepEqual(new Map([...old.tensors].toSorted()), new Map([...plain.tensors].toSorted()));
  });

  it('takes over a head that fits, and makes a fresh one when it has another number of labels', async () => {
    writeWith((tensors) => void tensors.set('classifier.weight', f32([2, 16], 0.5)).set('classifier.bias', f32([2], 0.25)));
    assert.deepEqual([...((await load()).tensors.get('classifier.bias')?.values ?? [])], [0.25, 0.25]);
    writeWith((tensors) => void tensors.set('classifier.weight', f32([5, 16], 0.5)).set('classifier.bias', f32([5], 0.25)));
    assert.deepEqual([...((await load()).tensors.get('classifier.bias')?.values ?? [])], [0, 0]);
  });

  it('passes over tensors that it has no use for', async () => {
    writeWith((tensors) => void tensors.set('cls.predictions.bias', f32([3])));
    assert.equal((await load()).tensors.has('bert.cls.predictions.bias'), false);
  });

  it('with random initial weights takes nothing but the shapes from the file', async () => {
    writeTinyModel(dir);
    const { tensors } = await load('random');
    const name = 'encoder.layer.1.output.dense.weight';
    assert.notDeepEqual(
      new Uint8Array(tensors.get(`bert.${name}`)?.values.buffer ?? new ArrayBuffer()),
      tinyTensors().get(name)?.bytes,
    );
    assert.deepEqual(new Set(tensors.get('bert.embeddings.LayerNorm.weight')?.values), new Set([1]));
    assert.deepEqual(new Set(tensors.get('bert.embeddings.LayerNorm.bias')?.values), new Set([0]));
  });

  it('says so when the configuration asks for dropout on attention weights, which Temper has not', async () => {
    writeTinyModel(dir);
    assert.deepEqual((await load()).notes, []);
    writeTinyModel(dir, { config: { attention_probs_dropout_prob: 0.1 } });
    assert.match((await load()).notes.join(), /dropout of 0\.1 on attention weights/);
  });
});

describe('a model folder is refused, by name and with what is wrong, when', () => {
  beforeEach(emptyFirst);

  it('it is not there', async () => {
    await assertRefused(load(), dir, 'There is no model "model"', dir);
  });

  it('tensors are missing or have other shapes: all of them are named', async () => {
    writeWith((tensors) => {
      tensors.delete('encoder.layer.1.output.dense.bias');
      tensors.set('encoder.layer.0.output.dense.weight', f32([32, 16]));
    });
    await assertRefused(
      load(),
      join(dir, 'model.safetensors'),
      '"bert.encoder.layer.1.output.dense.bias" [16] is missing',
      '"bert.encoder.layer.0.output.dense.weight" is [32, 16] and should be [16, 32]',
    );
  });

  it('weights are not finite numbers', async () => {
    writeWith((tensors) => void tensors.set('pooler.dense.bias', f32([16], NaN)));
    await assertRefused(load(), join(dir, 'model.safetensors'), '"bert.pooler.dense.bias" holds values that are not finite');
  });

  it('its weights are torn', async () => {
    writeTinyModel(dir);
    const file = join(dir, 'model.safetensors');
    writeFileSync(file, readFileSync(file).subarray(0, 20_000));
    await assertRefused(load(), file, file, 'ends at byte');
  });

  it('its weights are missing', async () => {
    writeTinyModel(dir);
    rmSync(join(dir, 'model.safetensors'));
    await assertRefused(load(), join(dir, 'model.safetensors'), 'neither model.safetensors nor model.safetensors.index.json');
  });

  it('its tokenizer has more tokens than it has embeddings', async () => {
    writeTinyModel(dir);
    writeFileSync(join(dir, 'tokenizer.json'), JSON.stringify(tinyTokenizer([...tinyVocabulary, 'one', 'two'])));
    await assertRefused(
      load(),
      join(dir, 'tokenizer.json'),
      `has ${tinyVocabulary.length + 2} tokens`,
      `embeddings for ${tinyVocabulary.length}`,
    );
  });

  it('its tokenizer has few tokens, but one with an id beyond the embeddings', async () => {
    writeTinyModel(dir);
    const definition = tinyTokenizer(tinyVocabulary.slice(0, 20)) as { model: { vocab: Record<string, number> } };
    definition.model.vocab['today'] = 70_000;
    writeFileSync(join(dir, 'tokenizer.json'), JSON.stringify(definition));
    await assertRefused(load(), join(dir, 'tokenizer.json'), 'they do not belong together');
  });

  const badConfigs: readonly [what: string, config: Record<string, unknown>, ...says: string[]][] = [
    ['it is of a type that Temper does not know', { model_type: 't5' }, 'model_type "t5"', 'bert'],
    ['its hidden size is no number', { hidden_size: 'large' }, 'hidden_size'],
    [
      'its heads do not divide its hidden size',
      { num_attention_heads: 3 },
      'hidden_size is not a multiple of num_attention_heads',
    ],
    ['it has relative positions', { position_embedding_type: 'relative_key' }, 'position_embedding_type'],
  ];
  for (const [what, config, ...says] of badConfigs) {
    it(what, async () => {
      writeTinyModel(dir, { config });
      await assertRefused(load(), dir, ...says);
    });
  }

  it('its weights are quantised in a way that is not read here', async () => {
    writeTinyModel(dir, { config: { quantization_config: { quant_method: 'gptq', bits: 4 } } });
    await assertRefused(load(), dir, 'quantised with gptq', "bitsandbytes' NF4");
    writeTinyModel(dir, { config: { quantization_config: { quant_method: 'bitsandbytes' } } });
    await load();
  });

  it('its config.json is not JSON', async () => {
    writeTinyModel(dir);
    writeFileSync(join(dir, 'config.json'), `${JSON.stringify(tinyConfig())},`);
    await assertRefused(load(), join(dir, 'config.json'), 'is not a model');
  });
});
