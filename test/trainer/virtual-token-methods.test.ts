/**
 * Prefix tuning and prompt tuning on the tiny random models of test/golden, without their fixtures: a prompt or a prefix that
 * starts as some tokens must compute what those tokens in front of each row compute.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { createRandom } from '../../dataset/seeded-random';
import { RunFailure } from '../../protocol';
import { packBatch, type EncodedRow } from '../../trainer/batches';
import { createFrozenLayers } from '../../trainer/frozen-layers';
import { createKeyValueCache } from '../../trainer/generate/key-value-cache';
import type { Adapter, AttachOptions } from '../../trainer/methods/method';
import { attachPeft } from '../../trainer/methods/peft-folder';
import { attachMethod } from '../../trainer/methods/registry';
import { roomForText } from '../../trainer/methods/virtual-tokens';
import type { LoadedModel } from '../../trainer/model-folder';
import type { HeadKind, TokenBatch, Tuning } from '../../trainer/models/model';
import { computeLogits } from '../../trainer/models/run-backbone';
import { startsOf } from '../../trainer/ops/sequences';
import { encodeSafetensors, readSafetensors } from '../../trainer/safetensors';
import * as tf from '../../trainer/tensors';
import { goldenDir } from '../golden/golden-dir';
import { loadGoldenModel } from '../golden/golden-model';
import { assertClose, assertSameBits } from './numbers';
import { read } from './on-backends';
import { temporaryFolder } from './temporary-folder';
import { configWith, startBackend } from './tiny-training';

type Model = Omit<LoadedModel, 'tokenizer'>;
type Settings = Readonly<Record<string, unknown>>;

const rows = [[14, 26, 9, 20, 21], [38], [35, 49, 48, 45, 33, 44, 22, 11, 13]];
const front = [7, 31, 18];
const initText = front.join(' ');
const decoders = ['gpt2', 'llama', 'mistral', 'qwen2', 'qwen3', 'smollm3'];
const encoders = ['bert', 'roberta', 'distilbert', 'mpnet', 'modernbert'];

describe('virtual tokens', () => {
  before(() => startBackend('wasm'));

  describe('a prompt that starts as the embeddings of some tokens', () => {
    for (const type of [...encoders, ...decoders]) {
      it(`computes what ${type} does with these tokens in front of each row`, async () => {
        const model = await load(type);
        await withMethods(model, { type: 'prompt-tuning', numVirtualTokens: 3, initText }, (prompted, plain) => {
          assertClose(logits(model, prompted, rows), rowsOnly(model, plain), 1e-5, type);
        });
      });
    }

    it('leaves the segments of the texts with the texts', async () => {
      const model = await loadGoldenModel('bert-masked-lm', 'masked-lm');
      const segments = Int32Array.from([0, 0, 1, 1, 1]);
      const given: TokenBatch = { rows: 1, ids: Int32Array.from(rows[0] ?? []), starts: Int32Array.of(0, 5), segments };
      const inFront: TokenBatch = {
        rows: 1,
        ids: Int32Array.from([...front, ...given.ids]),
        starts: Int32Array.of(0, 8),
        segments: Int32Array.from([0, 0, 0, ...segments]),
      };
      await withMethods(model, { type: 'prompt-tuning', numVirtualTokens: 3, initText }, (prompted, plain) => {
        const expected = compute(model, plain, inFront).slice(3 * model.backbone.vocabularySize);
        assertClose(compute(model, prompted, given), expected, 1e-5, 'logits');
      });
    });
  });

  describe('a prefix that starts as the keys and values of some tokens', () => {
    for (const type of decoders) {
      it(`computes what ${type} does with these tokens in front of each row`, async () => {
        const model = await load(type);
        await withMethods(model, { type: 'prefix-tuning', numVirtualTokens: 3, initText }, (prefixed, plain) => {
          assertClose(logits(model, prefixed, rows), rowsOnly(model, plain), 1e-5, type);
        });
      });
    }

    for (const type of encoders) {
      it(`reaches every row of ${type}, a row beside others as alone`, async () => {
        const model = await load(type);
        await withMethods(model, { type: 'prefix-tuning', numVirtualTokens: 3, initText }, (prefixed, plain) => {
          const together = logits(model, prefixed, rows);
          const alone = rows.map((row) => logits(model, prefixed, [row]));
          assertSameBits(Float32Array.from(alone.flatMap((scores) => [...scores])), together, 'alone and together');
          const untouched = logits(model, plain, rows);
          const { vocabularySize: width } = model.backbone;
          const moved = together.map((score, index) => Math.abs(score - (untouched[index] ?? NaN)));
          const perToken = Array.from({ length: moved.length / width }, (_, token) =>
            Math.max(...moved.slice(token * width, (token + 1) * width)),
          );
          assert.ok(Math.min(...perToken) > 1e-4, 'every token sees it');
        });
      });
    }
  });

  it('repeats a short text and cuts a long one', async () => {
    const model = await load('llama');
    const starting = (numVirtualTokens: number, text: string) =>
      withTuning(model, { type: 'prompt-tuning', numVirtualTokens, initText: text }, (adapter) => {
        const table = model.tensors.get('model.embed_tokens.weight')?.values ?? [];
        const width = model.backbone.hiddenSize;
        return [...read(adapter.prompt() ?? assert.fail())].map((value, index) => ({ value, column: index % width, table }));
      });
    const idOf = (values: Awaited<ReturnType<typeof starting>>, token: number) => {
      const width = model.backbone.hiddenSize;
      const row = values.slice(token * width, (token + 1) * width);
      return Array.from({ length: model.backbone.vocabularySize }, (_, id) => id).find((id) =>
        row.every(({ value, column, table }) => value === table[id * width + column]),
      );
    };
    const repeated = await starting(5, '7 31');
    assert.deepEqual(
      [0, 1, 2, 3, 4].map((token) => idOf(repeated, token)),
      [7, 31, 7, 31, 7],
    );
    const cut = await starting(2, '7 31 18');
    assert.deepEqual(
      [0, 1].map((token) => idOf(cut, token)),
      [7, 31],
    );
  });

  describe('what is trained', () => {
    // llama: 2 layers, 2 key heads of 6; bert: 2 layers, 4 heads of 5, a head of 20 · 3 + 3
    const cases: [string, Settings, string, number][] = [
      ['V · 2 L · width', { type: 'prefix-tuning', numVirtualTokens: 5, initialisation: 'zero' }, 'llama', 5 * 2 * 2 * 12],
      [
        'V · 2 L · width and the head',
        { type: 'prefix-tuning', numVirtualTokens: 5, initialisation: 'random' },
        'classifier',
        5 * 2 * 2 * 20 + 63,
      ],
      [
        'V · width, width · h + h and h · 2 L · width + 2 L · width',
        { type: 'prefix-tuning', numVirtualTokens: 5, prefixProjection: true, encoderHiddenSize: 7 },
        'llama',
        5 * 12 + (12 * 7 + 7) + (7 * 48 + 48),
      ],
      ['V · hidden', { type: 'prompt-tuning', numVirtualTokens: 5 }, 'llama', 5 * 24],
      [
        'V · hidden and the head',
        { type: 'prompt-tuning', numVirtualTokens: 5, initialisation: 'random' },
        'classifier',
        5 * 20 + 63,
      ],
    ];
    for (const [formula, settings, which, expected] of cases) {
      it(`of ${String(settings['type'])} is ${formula}: ${expected}`, async () => {
        const model =
          which === 'llama'
            ? await load('llama')
            : await loadGoldenModel('bert-sequence-classification', 'sequence-classification', 3);
        const base = [...model.tensors.values()].reduce((sum, { values }) => sum + values.length, 0);
        await withTuning(model, settings, (adapter) => {
          const trained = [...adapter.trained.values()].reduce((sum, { size }) => sum + size, 0);
          assert.equal(trained, expected);
          assert.equal(adapter.parameterCount, base + expected - (which === 'llama' ? 0 : 63));
        });
      });
    }
  });

  it('starts from the same tokens with the same seed, and from others with another', async () => {
    const model = await load('llama');
    for (const type of ['prefix-tuning', 'prompt-tuning']) {
      const start = (seed: number) => withTuning(model, { type, numVirtualTokens: 4 }, (adapter) => tableOf(adapter), seed);
      assert.deepEqual(await start(1), await start(1));
      assert.notDeepEqual(await start(1), await start(2));
    }
  });

  it('a projection is resumed from its own file, and anyone else takes the table that it makes', async () => {
    const model = await load('llama');
    const settings = { type: 'prefix-tuning', numVirtualTokens: 4, prefixProjection: true, encoderHiddenSize: 9 };
    const { written, part, scores } = await withTuning(model, settings, async (adapter) => ({
      written: await adapter.collectTensors(),
      part: await adapter.tensorParts?.get('prefix_projection.safetensors')?.collect(),
      scores: logits(model, adapter, rows),
    }));
    assert.deepEqual([...written.keys()], ['prompt_embeddings']);
    await withTuning(
      model,
      settings,
      (adapter) => {
        assert.notDeepEqual(logits(model, adapter, rows), scores, 'another seed starts elsewhere');
        adapter.assign(written);
        adapter.tensorParts?.get('prefix_projection.safetensors')?.assign(part ?? new Map());
        assertSameBits(logits(model, adapter, rows), scores, 'resumed');
      },
      7,
    );
    await withTuning(model, { type: 'prefix-tuning', numVirtualTokens: 4, initialisation: 'zero' }, (adapter) => {
      adapter.assign(written);
      assertSameBits(logits(model, adapter, rows), scores, 'without the projection');
    });
  });

  it('are seen through a cache as without one, however the row is cut', async () => {
    const model = await load('llama');
    for (const type of ['prefix-tuning', 'prompt-tuning']) {
      await withTuning(model, { type, numVirtualTokens: 3, initialisation: 'random' }, (tuning) => {
        const expected = logits(model, tuning, rows);
        assertClose(throughCache(model, tuning), expected, 1e-5, type);
      });
    }
  });

  it('leave no layer frozen, since all of them see what is trained', async () => {
    const model = await load('llama');
    for (const type of ['prefix-tuning', 'prompt-tuning'])
      await withTuning(model, { type }, (adapter) => {
        assert.equal(createFrozenLayers({ model, adapter, rows: encode(rows), dir: '', keep: true }), undefined);
      });
  });

  it('leave nothing behind: as many tensors after passes and gradients as before', async () => {
    const model = await load('llama');
    for (const settings of [
      { type: 'prefix-tuning', prefixProjection: true },
      { type: 'prefix-tuning' },
      { type: 'prompt-tuning' },
    ]) {
      const before = tf.memory().numTensors;
      await withTuning(model, settings, (adapter) => {
        logits(model, adapter, rows);
        const attached = tf.memory().numTensors;
        for (let pass = 0; pass < 3; pass++) {
          logits(model, adapter, rows);
          const { value, grads } = tf.variableGrads(() =>
            tf.mean(computeLogits(model, packBatch(encode(rows)).batch, { tuning: adapter })),
          );
          tf.dispose([value, grads]);
        }
        assert.equal(tf.memory().numTensors, attached);
      });
      assert.equal(tf.memory().numTensors, before, JSON.stringify(settings));
    }
  });

  describe('are refused', () => {
    const refused: [string, Settings, RegExp][] = [
      [
        'where they leave no position for a text',
        { type: 'prefix-tuning', numVirtualTokens: 64 },
        /numVirtualTokens" is 64.*positions for 64/,
      ],
      ['where a prompt leaves none', { type: 'prompt-tuning', numVirtualTokens: 1000 }, /numVirtualTokens" is 1000/],
      [
        'when a projection should start from a text',
        { type: 'prefix-tuning', prefixProjection: true, initText: 'x' },
        /initText/,
      ],
      [
        'when a projection should start from tokens',
        { type: 'prefix-tuning', prefixProjection: true, initialisation: 'sampled-vocabulary' },
        /sampled-vocabulary/,
      ],
      ['when a width is given for no projection', { type: 'prefix-tuning', encoderHiddenSize: 8 }, /encoderHiddenSize/],
      ['when their text has no tokens', { type: 'prompt-tuning', initText: '   ' }, /has no tokens/],
    ];
    for (const [what, settings, message] of refused) {
      it(what, async () => {
        const model = await load('llama');
        const before = tf.memory().numTensors;
        assert.throws(
          () => attach(model, settings),
          (thrown) => thrown instanceof RunFailure && thrown.error.code === 'bad-config' && message.test(thrown.error.message),
        );
        assert.equal(tf.memory().numTensors, before, 'nothing stays in memory');
      });
    }
  });

  describe('in a folder of PEFT', () => {
    for (const method of ['prefix-tuning', 'prompt-tuning']) {
      it(`are refused with everything that does not fit at once (${method})`, async () => {
        const model = await loadGoldenModel('bert-sequence-classification', 'sequence-classification', 3);
        const folder = temporaryFolder('peft-prompt');
        const source = join(goldenDir, 'methods', `bert-${method}`);
        const config: unknown = JSON.parse(readFileSync(join(source, 'adapter_config.json'), 'utf8'));
        const wrong = {
          ...z.looseObject({}).parse(config),
          num_layers: 5,
          token_dim: 7,
          num_attention_heads: 3,
          task_type: 'CAUSAL_LM',
          num_virtual_tokens: 9,
        };
        const tensors = new Map(await readSafetensors(join(source, 'adapter_model.safetensors')));
        tensors.delete('base_model.classifier.bias');
        tensors.set('stray', { shape: [1], values: new Float32Array(1) });
        writeFileSync(join(folder.path, 'adapter_config.json'), JSON.stringify(wrong));
        writeFileSync(join(folder.path, 'adapter_model.safetensors'), encodeSafetensors(tensors));
        const { numTensors } = tf.memory();
        await assert.rejects(attachPeft(folder.path, optionsOf(model)), (thrown) => {
          assert.ok(thrown instanceof RunFailure && thrown.error.code === 'bad-checkpoint');
          const named = [
            'num_layers',
            'token_dim',
            'num_attention_heads',
            'task_type',
            'prompt_embeddings',
            'classifier.bias',
            'stray',
          ];
          for (const name of named)
            assert.ok(thrown.error.message.includes(`"${name}`) || thrown.error.message.includes(`${name}"`), name);
          return true;
        });
        assert.equal(tf.memory().numTensors, numTensors, 'nothing stays in memory');
        folder.remove();
      });
    }

    it('are refused when their configuration is not one', async () => {
      const folder = temporaryFolder('peft-prompt');
      const model = await load('llama');
      writeFileSync(
        join(folder.path, 'adapter_config.json'),
        JSON.stringify({ peft_type: 'PROMPT_TUNING', num_virtual_tokens: -1, num_transformer_submodules: 2 }),
      );
      await assert.rejects(attachPeft(folder.path, optionsOf(model)), /num_virtual_tokens.*num_transformer_submodules/);
      folder.remove();
    });
  });

  it('take their positions from the texts', () => {
    const { method } = configWith({ method: { type: 'prompt-tuning', numVirtualTokens: 12 } });
    assert.equal(roomForText(method, 40), 28);
    assert.equal(roomForText({ type: 'full' }, 40), 40);
  });
});

function load(type: string): Promise<Model> {
  return decoders.includes(type)
    ? loadGoldenModel(`${type}-causal-lm`, 'causal-lm')
    : loadGoldenModel(`${type}-masked-lm`, 'masked-lm' satisfies HeadKind);
}

/** A text is a list of ids here. */
function optionsOf({ architecture, backbone, tensors, dir }: Model, seed = 1): AttachOptions {
  const encodeIds = (text: string) => Int32Array.from(text.split(' ').filter(Boolean), Number);
  return { architecture, backbone, tensors, modelDir: dir, random: createRandom(seed), encode: encodeIds };
}

function attach(model: Model, settings: Settings, seed?: number): Adapter {
  return attachMethod(configWith({ method: settings }).method, optionsOf(model, seed));
}

async function withTuning<Result>(
  model: Model,
  settings: Settings,
  use: (adapter: Adapter) => Result | Promise<Result>,
  seed?: number,
): Promise<Result> {
  const adapter = attach(model, settings, seed);
  try {
    return await use(adapter);
  } finally {
    adapter.dispose();
  }
}

function withMethods(model: Model, settings: Settings, use: (tuned: Adapter, plain: Adapter) => void): Promise<void> {
  return withTuning(model, settings, (tuned) =>
    withTuning(model, { type: 'full' }, (plain) => {
      use(tuned, plain);
    }),
  );
}

function encode(texts: readonly number[][]): EncodedRow[] {
  return texts.map((ids, index) => ({ ids: Int32Array.from(ids), labels: new Int32Array(ids.length), index }));
}

function logits(model: Model, tuning: Tuning, texts: readonly number[][]): Float32Array {
  return compute(model, tuning, packBatch(encode(texts)).batch);
}

function compute(model: Model, tuning: Tuning, batch: TokenBatch): Float32Array {
  return tf.tidy(() => read(computeLogits(model, batch, { tuning })));
}

/** Scores of the rows' own tokens, behind the tokens in front. */
function rowsOnly(model: Model, plain: Tuning): Float32Array {
  const width = model.backbone.vocabularySize;
  const all = logits(
    model,
    plain,
    rows.map((row) => [...front, ...row]),
  );
  let at = 0;
  const parts = rows.map((row) => {
    const from = at + front.length;
    at = from + row.length;
    return [...all.slice(from * width, at * width)];
  });
  return Float32Array.from(parts.flat());
}

/** Row after row, the first token alone, then two at a time. */
function throughCache(model: Model, tuning: Tuning): Float32Array {
  const scores = rows.map((row) => {
    const cache = createKeyValueCache(1);
    const parts = [
      row.slice(0, 1),
      ...Array.from({ length: Math.ceil((row.length - 1) / 2) }, (_, pair) => row.slice(1 + 2 * pair, 3 + 2 * pair)),
    ];
    const found = parts.map((ids) => {
      const batch = { rows: 1, ids: Int32Array.from(ids), starts: startsOf([ids.length]) };
      const part = tf.tidy(() => read(computeLogits(model, batch, { tuning, cache })));
      cache.endPass();
      return [...part];
    });
    cache.dispose();
    return found.flat();
  });
  return Float32Array.from(scores.flat());
}

function tableOf(adapter: Adapter): number[] {
  return [...read(adapter.trained.get('prompt_embeddings') ?? assert.fail('no table'))];
}
