/**
 * What must hold for every encoder whatever its weights, and what their configurations may say. That their numbers are
 * those of transformers is shown in test/golden/models.test.ts, on whose tiny models this stands.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { ZodError } from 'zod';
import { createRandom, type Random } from '../../dataset/seeded-random';
import type { BackendName } from '../../protocol';
import { packBatch, type EncodedRow } from '../../trainer/batches';
import type { Adapter } from '../../trainer/methods/method';
import { attachMethod } from '../../trainer/methods/registry';
import { readModel, type LoadedModel } from '../../trainer/model-folder';
import type { Head, TextBackbone } from '../../trainer/models/model';
import { bucketOf } from '../../trainer/models/mpnet';
import { families } from '../../trainer/models/registry';
import { computeLogits, runBackbone } from '../../trainer/models/run-backbone';
import type { NamedTensors } from '../../trainer/safetensors';
import * as tf from '../../trainer/tensors';
import { goldenDir } from '../golden/golden-dir';
import { assertClose, assertSameBits } from './numbers';
import { read } from './on-backends';
import { publishedConfigs } from './published-configs';
import { startBackend } from './tiny-training';

const lengths = [27, 1, 13];
const rows = lengths.map((length, index): EncodedRow => {
  const ids = Int32Array.from({ length }, (_, place) => 5 + ((7 * place + 11 * index) % 50));
  return { ids, labels: Int32Array.of(0), index };
});

type Loaded = Omit<LoadedModel, 'tokenizer' | 'writing'>;

const backends: readonly BackendName[] = ['wasm', 'cpu'];
const encoders = ['bert', 'roberta', 'distilbert', 'mpnet', 'modernbert'];

for (const backend of backends) {
  for (const type of encoders) {
    describe(`${type} on ${backend}`, () => {
      let model: Loaded;
      let adapter: Adapter;
      before(async () => {
        await startBackend(backend);
        model = await loadEncoder(type);
        const { architecture, tensors, dir } = model;
        adapter = attachMethod({ type: 'full' }, { architecture, tensors, modelDir: dir, random: createRandom(0) });
      });
      after(() => {
        adapter.dispose();
      });
      const logits = (some: readonly EncodedRow[]) =>
        tf.tidy(() => read(computeLogits(model, packBatch(some).batch, { tuning: adapter })));
      const states = (reads: 'first-token' | 'last-token' | 'every-token') =>
        tf.tidy(() => read(runBackbone(model.backbone, packBatch(rows).batch, { tuning: adapter }, reads).x));

      it('gives a row the same bits alone and beside others', () => {
        const together = logits(rows);
        const classes = together.length / rows.length;
        rows.forEach((row, index) => {
          assertSameBits(logits([row]), together.slice(index * classes, (index + 1) * classes), `row ${index}`);
        });
      });

      it('gives the first token the state that it has among all, and the last one too', () => {
        const all = states('every-token');
        const { hiddenSize } = model.backbone;
        const stateAt = (token: number) => [...all.slice(token * hiddenSize, (token + 1) * hiddenSize)];
        assertClose(states('first-token'), [0, 27, 28].flatMap(stateAt), 1e-6, 'first tokens');
        assertClose(states('last-token'), [26, 27, 40].flatMap(stateAt), 1e-6, 'last tokens');
      });

      it('leaves no tensor behind', () => {
        const before = tf.memory().numTensors;
        logits(rows);
        assert.equal(tf.memory().numTensors, before);
      });
    });
  }
}

describe('a masked language model whose table is its own', () => {
  before(() => startBackend('cpu'));
  for (const type of encoders) {
    it(`scores with it: ${type}`, async () => {
      const tied = await readModel(join(goldenDir, 'models', `${type}-masked-lm`), maskedLm);
      const config = { ...tied.config, tie_word_embeddings: false };
      const head = families.get(type)?.heads['masked-lm']?.(config, 0) ?? assert.fail();
      // Table and bias are twice those of the tied head, and so are the scores.
      const [[table, bias], [tiedTable, tiedBias]] = [vocabularyNames(head), vocabularyNames(tied.head)];
      const own = new Map([...tied.tensors, [table, twice(tied, tiedTable)], [bias, twice(tied, tiedBias)]]);
      const expected = scoresOf(tied, tied.tensors).map((score) => 2 * score);
      assertClose(scoresOf({ ...tied, head }, own), expected, 1e-5, 'scores');
    });
  }

  const maskedLm = { head: 'masked-lm', labels: 0, initialWeights: 'pretrained', seed: 0 } as const;
  const vocabularyNames = ({ vocabulary: { table, bias = assert.fail() } = assert.fail() }: Head) => [table, bias] as const;
  const twice = ({ tensors }: Loaded, name: string) => {
    const { shape, values } = tensors.get(name) ?? assert.fail(name);
    return { shape, values: values.map((value) => 2 * value) };
  };
  const scoresOf = (model: Loaded, tensors: NamedTensors) => {
    const { architecture, dir } = model;
    const adapter = attachMethod({ type: 'full' }, { architecture, tensors, modelDir: dir, random: createRandom(0) });
    const scores = tf.tidy(() => read(computeLogits(model, packBatch(rows).batch, { tuning: adapter })));
    adapter.dispose();
    return scores;
  };
});

describe('dropout of encoders', () => {
  before(() => startBackend('cpu'));
  const layers = 2;
  const expected: Record<string, { dropouts: object; head: number; perLayer: number }> = {
    roberta: { dropouts: { hidden_dropout_prob: 0.1 }, head: 2, perLayer: 2 },
    mpnet: { dropouts: { hidden_dropout_prob: 0.1 }, head: 2, perLayer: 2 },
    distilbert: { dropouts: { dropout: 0.1, seq_classif_dropout: 0.1 }, head: 1, perLayer: 1 },
    modernbert: {
      dropouts: { embedding_dropout: 0.1, attention_dropout: 0.1, mlp_dropout: 0.1, classifier_dropout: 0.1 },
      head: 1,
      perLayer: 2,
    },
  };
  for (const [type, { dropouts, head, perLayer }] of Object.entries(expected)) {
    it(`is where transformers has it in ${type}: behind the embeddings, ${perLayer} a layer, ${head} in the head`, async () => {
      const loaded = await loadEncoder(type);
      const config = { ...loaded.config, num_hidden_layers: layers, n_layers: layers, ...dropouts, layer_types: null };
      const family = families.get(type) ?? assert.fail();
      const model = {
        backbone: family.create(config),
        head: family.heads['sequence-classification']?.(config, 3) ?? assert.fail(),
      };
      const { architecture, tensors, dir } = loaded;
      const adapter = attachMethod({ type: 'full' }, { architecture, tensors, modelDir: dir, random: createRandom(0) });
      const random = countingRandom();
      tf.tidy(() => computeLogits(model, packBatch(rows).batch, { tuning: adapter, random }));
      assert.equal(random.draws(), 1 + layers * perLayer + head);
      adapter.dispose();
    });
  }
});

describe('configurations of published encoders', () => {
  for (const [name, { config, parameters, tensors, maxLength }] of Object.entries(publishedConfigs)) {
    it(`are read as they are: ${name} has ${parameters} parameters`, () => {
      const backbone = backboneOf(config);
      const sizes = [...backbone.shapes.values()].map((shape) => shape.reduce((product, extent) => product * extent, 1));
      assert.equal(sizes.length, tensors);
      assert.equal(
        sizes.reduce((sum, size) => sum + size, 0),
        parameters,
      );
      assert.equal(backbone.maxLength, maxLength);
      for (const target of backbone.usualTargets) {
        const found = backbone.linears.filter((linear) => linear.endsWith(`.${target}`));
        assert.equal(found.length, backbone.layerCount, `${target} is a linear layer once a layer`);
      }
    });
  }

  it('of an unknown activation are refused with the known ones', () => {
    for (const name of ['roberta-base', 'all-mpnet-base-v2'] as const) {
      const config = { ...publishedConfigs[name].config, hidden_act: 'mish' };
      assert.throws(
        () => backboneOf(config),
        (error) => error instanceof ZodError && /"gelu"\|.*"silu"/.test(error.message.replaceAll('\\"', '"')),
      );
    }
  });

  it('that ask for dropout on attention weights say in a note that there is none', () => {
    assert.match(backboneOf(publishedConfigs['roberta-base'].config).notes.join(), /dropout of 0.1 on attention weights/);
    assert.deepEqual(backboneOf(publishedConfigs['ModernBERT-base'].config).notes, []);
  });

  it('of ModernBERT are refused with rotary positions of another type', () => {
    const { config } = publishedConfigs['ModernBERT-base'];
    const yarn = { rope_type: 'yarn', rope_theta: 10000, factor: 4 };
    assert.throws(() => backboneOf({ ...config, rope_parameters: { full_attention: yarn, sliding_attention: yarn } }), /default/);
    assert.throws(() => backboneOf({ ...config, rope_scaling: { rope_type: 'linear', factor: 2 } }), /rope_scaling/);
  });

  it('of ModernBERT must name a type for each layer', () => {
    const { config } = publishedConfigs['ModernBERT-base'];
    assert.throws(
      () => backboneOf({ ...config, layer_types: ['full_attention'] }),
      /layer_types does not name num_hidden_layers layers/,
    );
  });
});

describe('relative positions of MPNet', () => {
  it("are put into T5's buckets", () => {
    // The nearest distance in each bucket, from transformers' relative_position_bucket; bucket 16 is never used.
    const before = [0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 23, 32, 46, 64, 91];
    for (let distance = 0; distance <= 600; distance++) {
      const bucket = before.findLastIndex((nearest) => nearest <= distance);
      assert.equal(bucketOf(-distance), bucket, `${distance} before`);
      if (distance > 0) assert.equal(bucketOf(distance), 16 + bucket, `${distance} behind`);
    }
  });
});

function loadEncoder(type: string) {
  const dir = join(goldenDir, 'models', `${type}-sequence-classification`);
  return readModel(dir, { head: 'sequence-classification', labels: 3, initialWeights: 'pretrained', seed: 0 });
}

function backboneOf(config: Readonly<Record<string, unknown>> & { readonly model_type: string }): TextBackbone {
  return (families.get(config.model_type) ?? assert.fail(`no family for ${config.model_type}`)).create(config);
}

/** A dropout takes one number, however large its tensor. */
function countingRandom(): Random & { readonly draws: () => number } {
  let draws = 0;
  const random = createRandom(3);
  return {
    ...random,
    state: 0,
    next: () => {
      draws++;
      return random.next();
    },
    draws: () => draws,
  };
}
