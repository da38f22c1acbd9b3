/** What golden files do not say of LoRA, IA3 and BitFit: parameters by formula, where they start, merging, what they refuse. */
import assert from 'node:assert/strict';
import { createRandom } from '../../../dataset/seeded-random';
import { RunFailure } from '../../../protocol';
import type { Adapter } from '../../../trainer/methods/method';
import * as tf from '../../../trainer/tensors';
import { assertClose, assertSameBits } from '../numbers';
import { startBackend } from '../tiny-training';
import { attach, countTrained, disturb, loadBase, logitsOf, type Loaded } from './attach-golden';

let bert: Loaded;
let llama: Loaded;
let gpt2: Loaded;
let adapter: Adapter | undefined;

function attached(method: Record<string, unknown>, model: Loaded): Adapter {
  adapter?.dispose();
  return (adapter = attach(method, model));
}

/** BERT [hidden 20, feed-forward 28], Llama [24, 36, two of four heads for keys], two layers each. */
/** In each describe: outside of one, it would run around the tests of every file. */
function onCpu(): void {
  before(async () => {
    await startBackend('cpu');
    [bert, llama, gpt2] = (await Promise.all(
      ['bert-sequence-classification', 'llama-causal-lm', 'gpt2-causal-lm'].map(loadBase),
    )) as [Loaded, Loaded, Loaded]; // three
  });
  beforeEach(() => startBackend('cpu'));
  afterEach(() => {
    adapter?.dispose();
    adapter = undefined;
  });
}

describe('parameters by formula', () => {
  onCpu();
  const head = 3 * 20 + 3;
  const vocabulary = 61;
  const bertLinears = 2 * (4 * (20 + 20) + (20 + 28) + (28 + 20)) + (20 + 20); // in + out, and the pooler's
  const biases = 2 * (4 * 20 + 28 + 20 + 2 * 20) + 20 + 20; // linear layers and norms, the embeddings' norm, the pooler
  const llamaLinears = 2 * (2 * (24 + 24) + 2 * (24 + 12) + 3 * (24 + 36));
  const cases: [what: string, model: () => Loaded, method: Record<string, unknown>, count: number][] = [
    ['LoRA: r · (in + out) a target', () => bert, { type: 'lora', r: 4 }, 2 * 2 * 4 * 40 + head],
    [
      'LoRA on all linear layers of BERT',
      () => bert,
      { type: 'lora', r: 3, targetModules: 'all-linear' },
      3 * bertLinears + head,
    ],
    ['LoRA on all linear layers of Llama', () => llama, { type: 'lora', r: 3, targetModules: 'all-linear' }, 3 * llamaLinears],
    ['LoRA on Conv1D', () => gpt2, { type: 'lora', r: 4 }, 2 * 4 * (20 + 60)],
    [
      'LoRA on an embedding: r · (vocabulary + hidden)',
      () => bert,
      { type: 'lora', r: 4, targetModules: ['word_embeddings'] },
      4 * (vocabulary + 20) + head,
    ],
    [
      'DoRA: LoRA and a length for each output',
      () => llama,
      { type: 'lora', r: 4, useDora: true },
      2 * (4 * 48 + 24 + 4 * 36 + 12),
    ],
    ['LoRA with the biases of its targets', () => bert, { type: 'lora', r: 4, bias: 'lora_only' }, 2 * 2 * (4 * 40 + 20) + head],
    ['LoRA with all biases', () => bert, { type: 'lora', r: 4, bias: 'all' }, 2 * 2 * 4 * 40 + biases + head],
    [
      'LoRA with a rank of its own for one kind of layer',
      () => bert,
      { type: 'lora', r: 4, rankPattern: { value: 2 } },
      2 * (4 + 2) * 40 + head,
    ],
    ['LoRA with modules in full', () => llama, { type: 'lora', r: 4, modulesToSave: ['lm_head'] }, 2 * 4 * (48 + 36) + 67 * 24],
    ['QLoRA: as LoRA', () => llama, { type: 'qlora', r: 4 }, 2 * 4 * (48 + 36)],
    ['IA3: outputs of keys and values, inputs of output layers', () => bert, { type: 'ia3' }, 2 * (20 + 20 + 20 + 28) + head],
    ['IA3 on Llama', () => llama, { type: 'ia3' }, 2 * (12 + 12 + 36)],
    ['biases alone', () => bert, { type: 'bias-only' }, biases + head],
  ];
  for (const [what, model, method, count] of cases) {
    it(what, () => {
      const { parameterCount, trained } = attached(method, model());
      const own = [...trained].reduce((sum, [name, { size }]) => sum + (/lora_|ia3_l/.test(name) ? size : 0), 0);
      const base = [...model().architecture.shapes.values()].reduce((sum, shape) => sum + shape.reduce((a, b) => a * b, 1), 0);
      assert.equal(countTrained(attached(method, model())), count);
      assert.equal(parameterCount, base + own, 'all parameters');
    });
  }
});

describe('at the start the model is unchanged', () => {
  onCpu();
  for (const method of [
    { type: 'lora', useDora: true, useRslora: true },
    { type: 'lora', initialisation: 'gaussian', targetModules: 'all-linear' },
    { type: 'ia3' },
  ]) {
    it(JSON.stringify(method), () => {
      for (const model of [bert, llama, gpt2]) {
        const plain = attach({ type: 'full' }, model);
        assertClose(logitsOf(model, attached(method, model)), logitsOf(model, plain), 2e-6, model.architecture.type);
        plain.dispose();
      }
    });
  }

  it('with updates of the embeddings, of which A is zero', () => {
    const plain = attach({ type: 'full' }, bert);
    const lora = attached({ type: 'lora', targetModules: ['word_embeddings'], useDora: true }, bert);
    assertClose(logitsOf(bert, lora), logitsOf(bert, plain), 2e-6, 'logits');
    const values = (part: string) => lora.trained.get(`base_model.model.bert.embeddings.word_embeddings.${part}`)?.dataSync();
    assert.ok(values('lora_embedding_A')?.every((value) => value === 0));
    assert.ok(values('lora_embedding_B')?.some((value) => value !== 0));
    plain.dispose();
  });

  it('with DoRA while dropout is on: the frozen weight is not dropped into', () => {
    const tuned = attached({ type: 'lora', useDora: true, dropout: 0.5 }, llama);
    const name = 'model.layers.0.self_attn.q_proj';
    tf.tidy(() => {
      const x = tf.ones<tf.Rank.R2>([8, 24]);
      assertClose(tuned.linear(name, x, createRandom(1)).dataSync(), tuned.linear(name, x).dataSync(), 1e-5, 'output');
    });
  });

  it('and with a Gaussian start A has the deviation 1 / r', () => {
    const { trained } = attached({ type: 'lora', r: 16, initialisation: 'gaussian' }, llama);
    const values =
      trained.get('base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight')?.dataSync<'float32'>() ?? assert.fail();
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
    assert.ok(Math.abs(deviation - 1 / 16) < 0.01, `${deviation}`);
  });
});

describe('scales', () => {
  onCpu();
  const scaleOf = (method: Record<string, unknown>) => {
    const tuned = attached({ type: 'lora', targetModules: ['q_proj'], ...method }, llama);
    const name = 'model.layers.0.self_attn.q_proj';
    const set = (part: string) => {
      const variable = tuned.trained.get(`base_model.model.${name}.${part}.weight`) ?? assert.fail();
      variable.assign(tf.fill(variable.shape, 1));
      return variable.shape[0] ?? 0;
    };
    return tf.tidy(() => {
      const x = tf.ones<tf.Rank.R2>([1, 24]);
      const before = tuned.linear(name, x).dataSync()[0] ?? NaN;
      const r = set('lora_A');
      set('lora_B');
      return ((tuned.linear(name, x).dataSync()[0] ?? NaN) - before) / (r * 24); // each of r inner values is 24
    });
  };
  for (const [method, scale] of [
    [{ r: 4, alpha: 6 }, 6 / 4],
    [{ r: 4, alpha: 6, useRslora: true }, 6 / 2],
    [{ r: 4, alpha: 6, rankPattern: { 'layers.0.self_attn.q_proj': 9 }, useRslora: true }, 6 / 3],
    [{ r: 4, alpha: 6, alphaPattern: { '.*layers\\.[01]\\..*q_proj': 10 } }, 10 / 4],
    [{ r: 4, alpha: 6, alphaPattern: { proj: 10 } }, 6 / 4],
  ] as const) {
    it(`of ${JSON.stringify(method)} is ${scale}`, () => {
      assert.ok(Math.abs(scaleOf(method) - scale) < 1e-4, `${scaleOf(method)}`);
    });
  }
});

describe('merging', () => {
  onCpu();
  it('is undone without a trace, twice over', () => {
    for (const method of [{ type: 'lora', useDora: true, bias: 'all' }, { type: 'ia3' }, { type: 'qlora' }]) {
      const tuned = attached(method, bert);
      disturb(tuned);
      const before = logitsOf(bert, tuned);
      for (let round = 0; round < 2; round++) {
        const tensors = tf.memory().numTensors;
        tuned.merging?.merge();
        tuned.merging?.merge();
        assertClose(logitsOf(bert, tuned), before, 1e-5, `${method.type} merged`);
        tuned.merging?.unmerge();
        tuned.merging?.unmerge();
        assertSameBits(logitsOf(bert, tuned), before, `${method.type} unmerged`);
        assert.equal(tf.memory().numTensors, tensors);
      }
    }
  });

  it('of a packed base leaves the packed base, also where the updates were', async () => {
    const tuned = attached({ type: 'qlora' }, llama);
    disturb(tuned);
    const before = await tuned.merging?.collectBase();
    tuned.merging?.merge();
    assert.notDeepEqual(await tuned.merging?.collectBase(), before);
    tuned.merging?.unmerge();
    assert.deepEqual(await tuned.merging?.collectBase(), before);
  });

  it('frees merged weights with the adapter', () => {
    const before = tf.memory().numTensors;
    const tuned = attach({ type: 'qlora', useDora: true, targetModules: 'all-linear' }, llama);
    tuned.merging?.merge();
    tuned.dispose();
    assert.equal(tf.memory().numTensors, before);
  });

  it('is refused where a merged table would also score the tokens', async () => {
    const tied = await loadBase('llama-causal-lm-tied');
    const tuned = attached({ type: 'lora', targetModules: ['embed_tokens', 'q_proj'] }, tied);
    assert.throws(() => tuned.merging?.merge(), /"model.embed_tokens" cannot be merged: the same table scores the tokens/);
  });

  it('of a 4-bit base says what was merged into', () => {
    assert.match(attached({ type: 'qlora' }, llama).merging?.note ?? '', /4-bit base, dequantised/);
    assert.equal(attached({ type: 'lora' }, llama).merging?.note, undefined);
  });
});

describe('what is trained lowest', () => {
  onCpu();
  for (const [method, lowest] of [
    [{ type: 'lora', layersToTransform: [1] }, 1],
    [{ type: 'lora', targetModules: ['word_embeddings'] }, -1],
    [{ type: 'lora', layersToTransform: [1], bias: 'lora_only' }, 1],
    [{ type: 'lora', layersToTransform: [1], bias: 'all' }, -1],
    [{ type: 'ia3' }, 0],
    [{ type: 'bias-only' }, -1],
  ] as const) {
    it(`of ${JSON.stringify(method)} is ${lowest}`, () => {
      assert.equal(attached(method, bert).lowestTrainedLayer, lowest);
    });
  }
});

describe('a method that does not fit its model', () => {
  onCpu();
  it('is refused with everything that is wrong at once', () => {
    const wrong = {
      targetModules: ['q_proj', 'qery'],
      excludeModules: ['nothing'],
      layersToTransform: [0, 5],
      modulesToSave: ['hat'],
    };
    assert.throws(
      () => attach({ type: 'lora', ...wrong }, llama),
      (thrown) => {
        assert.ok(thrown instanceof RunFailure);
        assert.equal(thrown.error.code, 'bad-config');
        for (const part of ['layersToTransform" names 5', '"qery"', '"nothing"', '"hat"'])
          assert.ok(thrown.message.includes(part), thrown.message);
        assert.ok(!thrown.message.includes('"q_proj"'));
        return true;
      },
    );
  });

  it('is refused when nothing is left to take', () => {
    assert.throws(() => attach({ type: 'lora', excludeModules: ['q_proj', 'v_proj'] }, llama), /no module of this model is left/);
    assert.throws(() => attach({ type: 'lora', targetModules: 'q_proj' }, llama), /no module of this model is left/); // not the whole path
  });

  it('is refused when its pattern is none', () => {
    assert.throws(() => attach({ type: 'lora', targetModules: '(q_proj' }, llama), /"\(q_proj" is not a regular expression/);
    assert.throws(() => attach({ type: 'lora', targetModules: '.*q_proj', layersToTransform: [0] }, llama), /goes with a list/);
  });

  it('is refused for biases that there are not', () => {
    assert.throws(() => attach({ type: 'bias-only' }, llama), /this llama model has no biases/);
  });

  it('is refused for feed-forward modules that are no targets', () => {
    const method = { type: 'ia3', targetModules: ['k_proj'], feedforwardModules: ['down_proj'] };
    assert.throws(() => attach(method, llama), /feedforwardModules" names "down_proj", which is none of the target modules/);
  });
});

describe('target modules', () => {
  onCpu();
  const targetsOf = (method: Record<string, unknown>) =>
    [...attached({ type: 'lora', ...method }, llama).trained.keys()]
      .filter((name) => name.endsWith('lora_A.weight'))
      .map((name) => name.replace(/^base_model\.model\.model\.layers\.(\d)\.\w+\.(\w+)\..*$/, '$1 $2'));

  it("of a regular expression are whole paths, in Python's spelling too", () => {
    assert.deepEqual(targetsOf({ targetModules: String.raw`model\.layers\.(?P<layer>1)\.self_attn\.(k|o)_proj` }), [
      '1 k_proj',
      '1 o_proj',
    ]);
  });
  it('are all linear layers but those excluded', () => {
    const found = targetsOf({ targetModules: 'all-linear', excludeModules: ['mlp.gate_proj', 'v_proj'], layersToTransform: [0] });
    assert.deepEqual(found, ['0 q_proj', '0 k_proj', '0 o_proj', '0 up_proj', '0 down_proj']);
  });
  it('are excluded by a regular expression', () => {
    assert.deepEqual(targetsOf({ excludeModules: String.raw`.*\.0\..*` }), ['1 q_proj', '1 v_proj']);
  });
  it('are none of those that are trained in full', () => {
    assert.deepEqual(targetsOf({ modulesToSave: ['layers.0.self_attn'] }), ['1 q_proj', '1 v_proj']);
  });
  it('spell "all-linear" out in the file, as PEFT does', () => {
    const config = attached({ type: 'lora', targetModules: 'all-linear', layersToTransform: [0] }, llama).configFiles.get(
      'adapter_config.json',
    );
    const { target_modules: names, layers_to_transform: layers } = config as Record<string, unknown>; // written by us
    assert.equal((names as string[])[0], 'model.layers.0.self_attn.q_proj');
    assert.deepEqual([(names as string[]).length, layers], [7, null]);
  });
});
