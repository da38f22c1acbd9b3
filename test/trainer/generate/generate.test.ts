/** Writing with a cache against reading the whole text anew for every token, for every decoder and way of tuning. */
import assert from 'node:assert/strict';
import { createRandom } from '../../../dataset/seeded-random';
import { greedy } from '../../../trainer/generate/choose-token';
import { generate, generateTokens, type GenerationEvent, type GenerationOptions } from '../../../trainer/generate/generate';
import { createKeyValueCache } from '../../../trainer/generate/key-value-cache';
import { attachMethod } from '../../../trainer/methods/registry';
import type { Adapter } from '../../../trainer/methods/method';
import type { Pass, TextModel, Tuning } from '../../../trainer/models/model';
import { mistral } from '../../../trainer/models/mistral';
import { computeLogits, runBackbone } from '../../../trainer/models/run-backbone';
import { startsOf } from '../../../trainer/ops/sequences';
import * as tf from '../../../trainer/tensors';
import { loadGoldenModel } from '../../golden/golden-model';
import { assertClose, randomBlock, seededRandom } from '../numbers';
import { configWith, startBackend } from '../tiny-training';

const decoders = ['gpt2', 'llama', 'mistral', 'qwen2', 'qwen3', 'smollm3'].map((type) => `${type}-causal-lm`);
const methods = [
  { type: 'lora', r: 2 },
  { type: 'qlora', r: 2 },
  { type: 'ia3' },
  { type: 'prefix-tuning', numVirtualTokens: 3 },
  { type: 'prompt-tuning', numVirtualTokens: 3 },
  { type: 'bottleneck-adapter' },
];
const prompts = [[5, 9, 33, 7, 40, 12, 8], [21], [3, 30, 14, 50]];

describe('generate', () => {
  before(() => startBackend('wasm'));

  for (const name of decoders) {
    describe(name, () => {
      let model: TextModel;
      let adapter: Adapter;
      before(async () => {
        ({ model, adapter } = await load(name));
      });
      after(() => {
        adapter.dispose();
      });

      it('gives the scores with a cache that it gives without one, and the same for a row alone', () => {
        assertCached(model, adapter);
      });
      it('gives them behind the prefix of prefix tuning', () => {
        withTuning(adapter, { prefix: model }, (tuning) => {
          assertCached(model, tuning);
        });
      });
      it('gives them behind the virtual tokens of prompt tuning', () => {
        withTuning(adapter, { prompt: model }, (tuning) => {
          assertCached(model, tuning);
        });
      });
      it('writes the best token each time', async () => {
        const completions = await generate(model, adapter, prompts, { maxNewTokens: 12 });
        assert.deepEqual(
          completions.map(({ ids }) => ids),
          prompts.map((prompt) => continueByHand(model, adapter, prompt, 12)),
        );
      });
    });
  }

  it('gives the scores with a cache that it gives without one where tokens see only the three before them', async () => {
    const { model, adapter } = await load('mistral-causal-lm');
    const { config } = await loadGoldenModel('mistral-causal-lm', 'causal-lm');
    const windowed = { ...model, backbone: mistral.create({ ...config, sliding_window: 4 }) };
    assertCached(windowed, adapter);
    withTuning(adapter, { prefix: windowed }, (tuning) => {
      assertCached(windowed, tuning);
    });
    adapter.dispose();
  });

  describe('on a llama', () => {
    let model: TextModel;
    let adapter: Adapter;
    let greedily: number[][];
    const write = (options: Partial<GenerationOptions> = {}, texts = prompts) =>
      generate(model, adapter, texts, { maxNewTokens: 12, ...options });
    before(async () => {
      ({ model, adapter } = await load('llama-causal-lm'));
      greedily = prompts.map((prompt) => continueByHand(model, adapter, prompt, 12));
    });
    after(() => {
      adapter.dispose();
    });

    for (const method of methods)
      it(`writes what the tuned model would read anew, tuned by ${method.type}`, async () => {
        const { model: loaded, adapter: tuned } = await load('llama-causal-lm', method);
        const random = seededRandom(8);
        for (const variable of tuned.trained.values()) disturb(variable, random);
        const expected = prompts.map((prompt) => continueByHand(loaded, tuned, prompt, 12));
        assert.notDeepEqual(expected, greedily, 'the method changes what is written');
        const completions = await generate(loaded, tuned, prompts, { maxNewTokens: 12 });
        assert.deepEqual(
          completions.map(({ ids }) => ids),
          expected,
        );
        tuned.dispose();
      });

    it('ends a row at a stop token, which is not part of it, and goes on with the others', async () => {
      const stop = greedily[0]?.[4] ?? -1;
      const completions = await write({ stopIds: [stop] });
      for (const [row, { ids, ending }] of completions.entries()) {
        const whole = greedily[row] ?? [];
        const at = whole.indexOf(stop);
        assert.deepEqual(ids, at < 0 ? whole : whole.slice(0, at));
        assert.equal(ending, at < 0 ? 'max-new-tokens' : 'stop-token');
      }
    });

    it('ends a row at a stop string, however its tokens divide it', async () => {
      const decode = (ids: readonly number[]) => ids.map((id) => `<${id}>`).join('');
      const [written = []] = greedily;
      const stop = `${written[3]}><${written[4]}`;
      const completions = await write({ stopStrings: { strings: ['never', stop], decode } }, [prompts[0] ?? []]);
      assert.deepEqual(completions, [{ ids: written.slice(0, 5), ending: 'stop-string' }]);
    });

    it('ends at the last position that the model has', async () => {
      const { maxLength } = model.backbone;
      const long = Array.from({ length: maxLength - 3 }, (_, i) => 3 + (i % 40));
      const [completion] = await write({}, [long]);
      assert.equal(completion?.ids.length, 4, 'the last one is never read');
      assert.equal(completion.ending, 'max-length');
    });

    it('refuses prompts that are empty or too long, all at once', async () => {
      const long = new Int32Array(model.backbone.maxLength + 1);
      await assert.rejects(generate(model, adapter, [[1], [], long], { maxNewTokens: 1 }), {
        name: 'RunFailure',
        message: 'The model continues texts of 1 to 64 tokens: prompt 2 has 0 tokens; prompt 3 has 65 tokens.',
      });
    });

    it('leaves no tensor behind, also when somebody stops it or a row ends early', async () => {
      await write();
      const before = tf.memory().numTensors;
      await write({ stopIds: greedily.map((ids) => ids[3] ?? 0) });
      for await (const event of generateTokens(model, adapter, prompts, { maxNewTokens: 12 })) if (event.kind === 'token') break;
      assert.equal(tf.memory().numTensors, before);
    });

    it('holds as many tensors after many tokens as after one', async () => {
      const counts: number[] = [];
      for await (const { kind, row } of generateTokens(model, adapter, prompts, { maxNewTokens: 20 }))
        if (kind === 'token' && row === 0) counts.push(tf.memory().numTensors);
      assert.deepEqual(new Set(counts), new Set([counts[0]]));
    });

    it('stops between two tokens when the signal says so, and keeps what was written', async () => {
      const controller = new AbortController();
      const events: GenerationEvent[] = [];
      for await (const event of generateTokens(model, adapter, prompts, { maxNewTokens: 12, signal: controller.signal })) {
        events.push(event);
        if (events.length === 6) setImmediate(() => controller.abort());
      }
      assert.equal(events.filter(({ kind }) => kind === 'token').length, 6, 'two for each row');
      assert.deepEqual(
        events.slice(6),
        [0, 1, 2].map((row) => ({ kind: 'ended', row, ending: 'aborted' })),
      );
    });

    it('samples alike with the same seed, otherwise with another, and a row as if it were alone', async () => {
      const sampling = { ...greedy, temperature: 1, topP: 0.95 };
      const [first, again, other] = await Promise.all([1, 1, 2].map((seed) => write({ sampling, seed })));
      assert.deepEqual(first, again);
      assert.notDeepEqual(first, other);
      const [alone] = await write({ sampling, seed: 1 }, prompts.slice(0, 1));
      assert.deepEqual(alone, first?.[0]);
    });
  });
});

async function load(name: string, method: Record<string, unknown> = { type: 'full' }) {
  const model = await loadGoldenModel(name, 'causal-lm');
  const { architecture, tensors, dir, backbone } = model;
  const options = { architecture, tensors, backbone, modelDir: dir, random: createRandom(0) };
  return { model, adapter: attachMethod(configWith({ method }).method, options) };
}

/** Away from where a method starts, which is often where it changes nothing. */
function disturb(variable: tf.Variable, random: ReturnType<typeof seededRandom>): void {
  tf.tidy(() => {
    const noise = tf.tensor(randomBlock(random, ...variable.shape).values, variable.shape);
    variable.assign(tf.add(variable, tf.mul(noise, 0.5)));
  });
}

/** The tuning with three random virtual tokens in front of every row. */
function withTuning(adapter: Adapter, where: { prefix?: TextModel; prompt?: TextModel }, f: (tuning: Tuning) => void): void {
  const random = seededRandom(4);
  const draw = (width: number) => tf.tensor2d(randomBlock(random, 3, width).values, [3, width]);
  tf.tidy(() => {
    const { prefix, prompt } = where;
    const { keyHeads = 0, headSize = 0 } = prefix?.backbone.attention ?? {};
    const pairs = Array.from({ length: prefix?.backbone.layerCount ?? 0 }, () => ({
      key: draw(keyHeads * headSize),
      value: draw(keyHeads * headSize),
    }));
    const words = prompt ? draw(prompt.backbone.hiddenSize) : undefined;
    f({
      ...adapter,
      prefix: (layer) => pairs[layer],
      prefixLength: prefix ? 3 : 0,
      prompt: () => words,
      promptLength: prompt ? 3 : 0,
    });
  });
}

/** Reads the prompts, then two more tokens a row, against reading everything at once; 1e-5. */
function assertCached(model: TextModel, tuning: Tuning): void {
  const added = [
    [1, 2, 3],
    [31, 32, 33],
  ];
  const cache = createKeyValueCache(prompts.length);
  const texts = prompts.map((prompt) => [...prompt]);
  for (const [pass, fresh] of [prompts, ...added.map((tokens) => tokens.map((token) => [token]))].entries()) {
    if (pass > 0) texts.forEach((text, row) => text.push(...(fresh[row] ?? [])));
    const cached = scoresOf(model, { tuning, cache }, fresh);
    cache.endPass();
    assertClose(cached, scoresOf(model, { tuning }, texts), 1e-5, `pass ${pass}`);
    const alone = texts.map((text) => scoresOf(model, { tuning }, [text]));
    assertClose(
      cached,
      alone.flatMap((scores) => [...scores]),
      1e-5,
      `pass ${pass}, rows alone`,
    );
  }
  cache.dispose();
}

/** Of each row's last token. */
function scoresOf({ backbone, head }: TextModel, pass: Pass, rows: readonly (readonly number[])[]): Float32Array {
  return tf.tidy(() => {
    const { x, ...layout } = runBackbone(backbone, packed(rows), pass, 'last-token');
    return head.apply(x, layout, pass).dataSync<'float32'>().slice();
  });
}

const packed = (rows: readonly (readonly number[])[]) => ({
  rows: rows.length,
  ids: Int32Array.from(rows.flat()),
  starts: startsOf(rows.map(({ length }) => length)),
});

/** Without a cache: the whole text through every layer and the head for each token. */
function continueByHand(model: TextModel, tuning: Tuning, prompt: readonly number[], tokens: number): number[] {
  const text = [...prompt];
  while (text.length < prompt.length + tokens) {
    const scores = tf.tidy(() => computeLogits(model, packed([text]), { tuning }).arraySync());
    const last = scores.at(-1) ?? [];
    text.push(last.indexOf(Math.max(...last)));
  }
  return text.slice(prompt.length);
}
