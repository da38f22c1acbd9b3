/** The ways of tuning: what is trained, what stays untouched, what is written. Numbers by formula, by hand, or by differences. */
import assert from 'node:assert/strict';
import { createRandom } from '../../dataset/seeded-random';
import { RunFailure, loraMethodSchema, type LoraConfig } from '../../protocol';
import { attachLora } from '../../trainer/methods/lora';
import type { Adapter } from '../../trainer/methods/method';
import { assignValues } from '../../trainer/methods/parameters';
import { attachMethod } from '../../trainer/methods/registry';
import type { LoadedModel } from '../../trainer/model-folder';
import { computeLogits } from '../../trainer/models/run-backbone';
import { hasDecay } from '../../trainer/optimizer';
import { computeGradients, readLossAndNorm, takeStep } from '../../trainer/step';
import * as tf from '../../trainer/tensors';
import { assertClose, assertSameBits, randomBlock, seededRandom } from './numbers';
import { tinyTensors } from './tiny-model';
import { copyValues, createTinyTraining, firstBatch, loadTiny, startBackend, type TinyTraining } from './tiny-training';

const lora = (config: Partial<LoraConfig> = {}): LoraConfig =>
  loraMethodSchema.parse({ type: 'lora', r: 4, alpha: 8, targetModules: ['query', 'value'], ...config });
const query = 'bert.encoder.layer.0.attention.self.query';
const [hidden, layers] = [16, 2];

let model: LoadedModel;
let adapter: Adapter;
async function attach(config: Parameters<typeof attachMethod>[0], labels = ['a', 'b', 'c']): Promise<Adapter> {
  model = await loadTiny(labels);
  adapter = attachMethod(config, { ...model, modelDir: '/models/tiny', random: createRandom(5) });
  return adapter;
}
/** The tests of this file are run on the reference, each with an adapter of its own. */
function onCpu(what: string, tests: () => void): void {
  describe(what, () => {
    before(() => startBackend('cpu'));
    afterEach(() => {
      adapter.dispose();
    });
    tests();
  });
}

function logitsOf(tuning: Adapter): Float32Array {
  const batch = { rows: 2, ids: Int32Array.from([2, 7, 8, 9, 3, 2, 10, 3]), starts: Int32Array.of(0, 5, 8) };
  return tf.tidy(() => Float32Array.from(computeLogits(model, batch, { tuning }).dataSync<'float32'>()));
}

const baseCount = [...tinyTensors()].reduce(
  (sum, [, { shape }]) => sum + shape.reduce((product, extent) => product * extent, 1),
  0,
);
const headCount = 3 * hidden + 3;

onCpu('LoRA', () => {
  it('trains r · (in + out) numbers a target and layer, and the head', async () => {
    await attach(lora());
    const trained = [...adapter.trained.values()].reduce((sum, { size }) => sum + size, 0);
    assert.equal(trained, layers * 2 * 4 * (hidden + hidden) + headCount);
    assert.equal(adapter.parameterCount, baseCount + layers * 2 * 4 * (hidden + hidden) + headCount);
  });

  it('counts a wider layer by its own shape', async () => {
    await attach(lora({ r: 3, targetModules: ['intermediate.dense'] }));
    const trained = [...adapter.trained.values()].reduce((sum, { size }) => sum + size, 0);
    assert.equal(trained, layers * 3 * (hidden + 2 * hidden) + headCount);
  });

  it('trains the layers it is told to, and no other', async () => {
    await attach(lora({ layersToTransform: [1] }));
    const modules = [...adapter.trained.keys()].filter((name) => name.includes('lora_'));
    assert.equal(modules.length, 4);
    assert.ok(modules.every((name) => name.includes('.layer.1.')));
    const written = adapter.configFiles.get('adapter_config.json') as { layers_to_transform: unknown };
    assert.deepEqual(written.layers_to_transform, [1]);
  });

  it('refuses a layer that the model does not have', async () => {
    await attach(lora());
    assert.throws(
      () => attachLora(lora({ layersToTransform: [0, 7] }), { ...model, modelDir: '', random: createRandom(0) }),
      /"method.layersToTransform" names 7, and the layers of this model are 0 to 1/,
    );
  });

  it('changes nothing at the start, bit by bit', async () => {
    await attach(lora());
    const withUpdate = logitsOf(adapter);
    const plain = attachMethod({ type: 'head-only' }, { ...model, modelDir: '', random: createRandom(0) });
    assertSameBits(withUpdate, logitsOf(plain), 'logits');
    plain.dispose();
  });

  it('starts with B = 0 and A as PyTorch initialises a linear layer: U(-1/√in, 1/√in)', async () => {
    await attach(lora({ r: 64 }));
    const values = copyValues(adapter.trained);
    const a = values.get(`base_model.model.${query}.lora_A.weight`) ?? assert.fail();
    assert.ok(values.get(`base_model.model.${query}.lora_B.weight`)?.every((value) => value === 0));
    const bound = 1 / Math.sqrt(hidden);
    assert.ok(a.every((value) => Math.abs(value) <= bound));
    const deviation = Math.sqrt(a.reduce((sum, value) => sum + value * value, 0) / a.length);
    assert.ok(Math.abs(deviation - bound / Math.sqrt(3)) < 0.1 * bound, `deviation ${deviation}`);
  });

  it('computes y = W x + b + (alpha / r) · B A x', async () => {
    await attach(lora({ r: 2, alpha: 6 }));
    const random = seededRandom(8);
    const [a, b, x] = [randomBlock(random, 2, hidden), randomBlock(random, hidden, 2), randomBlock(random, 3, hidden)];
    assignTo(adapter, { [`${query}.lora_A.weight`]: a.values, [`${query}.lora_B.weight`]: b.values });
    const weight = model.tensors.get(`${query}.weight`)?.values ?? assert.fail();
    const bias = model.tensors.get(`${query}.bias`)?.values ?? assert.fail();
    const at = (values: Float32Array, row: number, column: number, columns: number) => values[row * columns + column] ?? NaN;
    const sum = (count: number, term: (index: number) => number) =>
      Array.from({ length: count }, (_, index) => term(index)).reduce((total, value) => total + value, 0);
    const expected = Array.from({ length: 3 * hidden }, (_, position) => {
      const [row, out] = [Math.floor(position / hidden), position % hidden];
      const frozen = (bias[out] ?? NaN) + sum(hidden, (i) => at(weight, out, i, hidden) * at(x.values, row, i, hidden));
      const update = sum(
        2,
        (r) => at(b.values, out, r, 2) * sum(hidden, (i) => at(a.values, r, i, hidden) * at(x.values, row, i, hidden)),
      );
      return frozen + (6 / 2) * update;
    });
    const actual = tf.tidy(() =>
      Float32Array.from(adapter.linear(query, tf.tensor2d(x.values, [3, hidden])).dataSync<'float32'>()),
    );
    assertClose(actual, expected, 1e-5, 'output');
  });

  it('has dropout in front of the update only, and only while training', async () => {
    await attach(lora({ dropout: 0.5 }));
    const x = tf.ones<tf.Rank.R2>([64, hidden]);
    const through = (random?: ReturnType<typeof createRandom>) =>
      tf.tidy(() => Float32Array.from(adapter.linear(query, x, random).dataSync<'float32'>()));
    assertSameBits(through(createRandom(1)), through(), 'B is 0: what is dropped does not show');
    assignTo(adapter, { [`${query}.lora_B.weight`]: new Float32Array(hidden * 4).fill(1) });
    assertSameBits(through(), through(), 'without a random source');
    assert.notDeepEqual(through(createRandom(1)), through());
    assert.notDeepEqual(through(createRandom(1)), through(createRandom(2)));
    x.dispose();
  });

  it('writes what PEFT reads: its keys, its names, the head beside the updates', async () => {
    await attach(lora({ r: 4, alpha: 8, dropout: 0.1, targetModules: ['query'] }));
    assert.equal(adapter.tensorFile, 'adapter_model.safetensors');
    const written = adapter.configFiles.get('adapter_config.json');
    assert.deepEqual([...adapter.configFiles.keys()], ['adapter_config.json']);
    assert.deepEqual(written, {
      auto_mapping: null,
      base_model_name_or_path: '/models/tiny',
      bias: 'none',
      exclude_modules: null,
      fan_in_fan_out: false,
      inference_mode: true,
      init_lora_weights: true,
      layers_pattern: null,
      layers_to_transform: null,
      lora_alpha: 8,
      lora_dropout: 0.1,
      modules_to_save: ['classifier'],
      peft_type: 'LORA',
      r: 4,
      rank_pattern: {},
      alpha_pattern: {},
      revision: null,
      target_modules: ['query'],
      task_type: 'SEQ_CLS',
      use_dora: false,
      use_rslora: false,
    });
    const tensors = await adapter.collectTensors();
    const layer = (index: number) => `base_model.model.bert.encoder.layer.${index}.attention.self.query`;
    assert.deepEqual(
      [...tensors].map(([name, { shape }]) => [name, shape]),
      [
        [`${layer(0)}.lora_A.weight`, [4, hidden]],
        [`${layer(0)}.lora_B.weight`, [hidden, 4]],
        [`${layer(1)}.lora_A.weight`, [4, hidden]],
        [`${layer(1)}.lora_B.weight`, [hidden, 4]],
        ['base_model.model.classifier.weight', [3, hidden]],
        ['base_model.model.classifier.bias', [3]],
      ],
    );
  });

  it('refuses a target that is no linear layer and lists those there are', async () => {
    await attach({ type: 'head-only' });
    for (const target of ['q_proj', 'LayerNorm', 'uery', 'classifier']) {
      assert.throws(
        () => attachLora(lora({ targetModules: ['query', target] }), { ...model, modelDir: '', random: createRandom(0) }),
        (thrown) => {
          assert.ok(thrown instanceof RunFailure);
          assert.equal(thrown.error.code, 'bad-config');
          assert.ok(thrown.message.includes(`"${target}"`) && !thrown.message.includes('"query"'), thrown.message);
          for (const known of [
            'attention.self.query',
            'attention.self.key',
            'intermediate.dense',
            'output.dense',
            'pooler.dense',
          ]) {
            assert.ok(thrown.error.hint.includes(known), thrown.error.hint);
          }
          return true;
        },
      );
    }
  });
});

onCpu('the gradient of every trained tensor is the slope of the loss', () => {
  const methods = {
    lora: { type: 'lora', r: 3, alpha: 6, targetModules: ['query', 'key', 'value', 'dense'] },
    full: { type: 'full' },
  };
  for (const [name, method] of Object.entries(methods)) {
    it(`with ${name}, by central differences along the gradient's signs`, async () => {
      const training = await createTinyTraining({ rows: 3, method, model: { layers: 1 } });
      adapter = training.adapter;
      model = training.model;
      fillUpdates(adapter);
      const batch = firstBatch(training);
      const { gradients } = await computeGradients(training.options, [batch]);
      for (const [tensorName, variable] of adapter.trained) {
        const gradient = gradients[variable.name] ?? assert.fail(`${tensorName} has no gradient`);
        const values = gradient.dataSync<'float32'>();
        const steepness = values.reduce((sum, value) => sum + Math.abs(value), 0); // the slope along the signs
        if (tensorName.endsWith('key.bias')) continue; // softmax does not see it: its gradient is rounding
        const slope = await slopeAlong(training, variable, Float32Array.from(values, Math.sign), batch);
        assert.ok(Math.abs(slope - steepness) <= 0.02 * steepness + 1e-3, `${tensorName}: slope ${slope}, gradient ${steepness}`);
      }
      tf.dispose(gradients);
      training.optimizer.dispose();
    });
  }
});

/** (loss(p + ε d) - loss(p - ε d)) / 2ε */
async function slopeAlong(
  { options }: TinyTraining,
  variable: tf.Variable,
  direction: Float32Array,
  batch: ReturnType<typeof firstBatch>,
): Promise<number> {
  const start = Float32Array.from(variable.dataSync<'float32'>());
  const epsilon = 1e-3 / Math.sqrt(direction.length / hidden);
  const lossAt = async (sign: number) => {
    setValues(
      variable,
      start.map((value, index) => value + sign * epsilon * (direction[index] ?? 0)),
    );
    const { loss, gradients } = await computeGradients(options, [batch]);
    tf.dispose(gradients);
    return loss;
  };
  const slope = ((await lossAt(1)) - (await lossAt(-1))) / (2 * epsilon);
  setValues(variable, start);
  return slope;
}

onCpu('full fine-tuning', () => {
  it('trains every parameter and writes the whole model under its own names', async () => {
    await attach({ type: 'full' });
    const trained = [...adapter.trained.values()].reduce((sum, { size }) => sum + size, 0);
    assert.equal(trained, baseCount + headCount);
    assert.equal(adapter.parameterCount, baseCount + headCount);
    assert.equal(adapter.tensorFile, 'model.safetensors');
    const names = [...(await adapter.collectTensors()).keys()];
    assert.deepEqual(
      names.toSorted(),
      [...[...tinyTensors().keys()].map((name) => `bert.${name}`), 'classifier.weight', 'classifier.bias'].toSorted(),
    );
  });

  it('of the last layers trains those and what is on top', async () => {
    await attach({ type: 'full', lastLayers: 1 });
    const names = [...adapter.trained.keys()];
    assert.ok(names.includes('classifier.weight') && names.includes('bert.pooler.dense.weight'));
    assert.ok(names.includes('bert.encoder.layer.1.output.dense.weight'));
    assert.ok(!names.some((name) => name.includes('embeddings') || name.includes('.layer.0.')));
  });

  it('refuses more layers than the model has', () => {
    const options = { ...model, modelDir: '', random: createRandom(0) };
    assert.throws(
      () => attachMethod({ type: 'full', lastLayers: 3 }, options),
      /"method.lastLayers" is 3, and this model has 2 layers/,
    );
  });
});

onCpu('head-only training', () => {
  it('moves the head and leaves every bit of the base', async () => {
    const training = await createTinyTraining({
      method: { type: 'head-only' },
      training: { learningRate: 0.05, warmupRatio: 0 },
    });
    adapter = training.adapter;
    const before = await adapter.collectTensors();
    for (let step = 1; step <= 3; step++) assert.ok((await takeStep(training.options, [firstBatch(training)], step)).applied);
    const afterwards = await adapter.collectTensors();
    for (const [name, { values }] of before) {
      const now = afterwards.get(name)?.values ?? assert.fail();
      if (name.startsWith('classifier.')) assert.notDeepEqual(now, values, name);
      else assertSameBits(now, values, name);
    }
    assert.deepEqual([...adapter.trained.keys()], ['classifier.weight', 'classifier.bias']);
    training.optimizer.dispose();
  });
});

onCpu('weight decay', () => {
  it('pulls weights towards zero and leaves biases and norms alone', async () => {
    // Without gradients, AdamW's update is the decay alone: w (1 - rate · decay).
    const training = await createTinyTraining({ method: { type: 'full' }, training: { weightDecay: 0.5 } });
    adapter = training.adapter;
    const before = copyValues(adapter.trained);
    const zeros = Object.fromEntries([...adapter.trained.values()].map((variable) => [variable.name, tf.zerosLike(variable)]));
    training.optimizer.update(1, 0.1, zeros, 0);
    tf.dispose(zeros);
    for (const [name, values] of copyValues(adapter.trained)) {
      const isSpared = name.endsWith('bias') || name.includes('LayerNorm');
      const start = before.get(name) ?? assert.fail();
      assertClose(
        values,
        start.map((value) => value * (isSpared ? 1 : 1 - 0.1 * 0.5)),
        1e-6,
        name,
      );
    }
    training.optimizer.dispose();
  });
});

describe('a parameter has weight decay', () => {
  it('unless it is a vector: a bias, a gain', () => {
    const shapes = [[16], [1], [4, 16], [16, 1]];
    assert.deepEqual(
      shapes.map((shape) => hasDecay({ shape })),
      [false, false, true, true],
    );
  });
});

onCpu('clipping', () => {
  it('scales all gradients down to the global norm, and small ones not at all', async () => {
    // AdamW's first step does not depend on the size of a gradient, so what is clipped shows in the first moment: 0.1 · g.
    const training = await createTinyTraining({ method: { type: 'head-only' }, training: { maxGradNorm: 1 } });
    adapter = training.adapter;
    const [weight, bias] = [...adapter.trained.values()];
    if (weight === undefined || bias === undefined) assert.fail();
    const step = async (size: number) => {
      const gradients = { [weight.name]: tf.fill(weight.shape, size), [bias.name]: tf.zerosLike(bias) };
      const { gradNorm } = await readLossAndNorm([], gradients);
      training.optimizer.update(1, 0, gradients, gradNorm);
      tf.dispose(gradients);
      return gradNorm;
    };
    const moment = () => training.optimizer.moments.get('classifier.weight.exp_avg')?.dataSync()[0] ?? NaN;
    const large = await step(3); // 32 elements of 3: norm 3 √32
    assert.ok(Math.abs(large - 3 * Math.sqrt(32)) < 1e-4, `${large}`);
    assert.ok(Math.abs(moment() - 0.1 / Math.sqrt(32)) < 1e-7, `${moment()}`);
    await step(0.01); // norm 0.0566: 0.9 of the old moment and 0.1 of this
    assert.ok(Math.abs(moment() - (0.09 / Math.sqrt(32) + 0.001)) < 1e-7, `${moment()}`);
    training.optimizer.dispose();
  });
});

onCpu('putting saved values back', () => {
  it('names every tensor that is missing or has another shape, and changes nothing then', async () => {
    await attach({ type: 'head-only' });
    const before = copyValues(adapter.trained);
    const wrong = new Map([['classifier.weight', { shape: [3, 15], values: new Float32Array(45) }]]);
    assert.throws(() => {
      assignValues(adapter.trained, wrong);
    }, /"classifier\.weight" is \[3, 15\] and should be \[3, 16\]; "classifier\.bias" is missing/);
    assert.deepEqual(copyValues(adapter.trained), before);
  });
});

/** By names without PEFT's prefix; the shapes stay. */
function assignTo(target: Adapter, values: Readonly<Record<string, Float32Array>>): void {
  for (const [name, value] of Object.entries(values))
    setValues(target.trained.get(`base_model.model.${name}`) ?? assert.fail(name), value);
}

function setValues(variable: tf.Variable, values: Float32Array): void {
  const tensor = tf.tensor(values, variable.shape, 'float32');
  variable.assign(tensor);
  tensor.dispose();
}

/** B is 0 at the start, which would leave A without a gradient. */
function fillUpdates({ trained }: Adapter): void {
  const random = seededRandom(4);
  for (const [name, variable] of trained)
    if (name.includes('lora_B'))
      setValues(
        variable,
        randomBlock(random, variable.size).values.map((value) => value / 4),
      );
}
