import assert from 'node:assert/strict';
import { parseConfig, recommendEpochs, recommendEvaluateEvery, recommendLearningRate, recommendSettings } from '../../protocol';
import type { RunConfig } from '../../protocol';

describe('the recommended learning rate', () => {
  const table: [method: 'full' | 'lora' | 'head-only', parameters: number, expected: number][] = [
    ['full', 4.4e6, 5e-4],
    ['full', 22.7e6, 2e-4],
    ['full', 110e6, 5e-5],
    ['lora', 4.4e6, 5e-3],
    ['lora', 22.7e6, 3e-3],
    ['lora', 110e6, 5e-4],
    ['head-only', 4.4e6, 1e-2],
    ['head-only', 22.7e6, 1e-2],
    ['head-only', 110e6, 5e-3],
    ['lora', 12e6, 3e-3], // the bounds belong to the larger size
    ['lora', 60e6, 5e-4],
  ];
  for (const [method, parameters, expected] of table) {
    it(`for ${method} on ${parameters / 1e6} M parameters is ${expected}`, () => {
      assert.equal(recommendLearningRate(method, parameters).value, expected);
    });
  }

  it('gives its reason with the size of the model, and says what was measured', () => {
    assert.match(recommendLearningRate('lora', 4_386_178).reason, /measured best for lora.*4\.4 M/);
    assert.match(recommendLearningRate('ia3', 4_386_178).reason, /^usual for ia3/);
  });
});

describe('the recommended epochs', () => {
  // 600 steps of 16 rows are 9,600 rows
  const table: [rows: number, batchSize: number, expected: number][] = [
    [9_600, 16, 3], // once through is 600 steps; never fewer than 3 epochs
    [2_400, 16, 4],
    [1_200, 16, 8],
    [640, 16, 15],
    [10, 16, 15], // never more than 15
    [0, 16, 15],
    [2_400, 32, 8],
    [1_000_000, 16, 3],
  ];
  for (const [rows, batchSize, expected] of table) {
    it(`for ${rows} rows in batches of ${batchSize} are ${expected}`, () => {
      assert.equal(recommendEpochs(rows, batchSize).value, expected);
    });
  }
});

describe('the recommended distance between evaluations', () => {
  for (const [stepsPerEpoch, expected] of [
    [100, 50],
    [57, 29],
    [2, 1],
    [1, 1],
    [0, 1],
  ] as const) {
    it(`is ${expected} when an epoch has ${stepsPerEpoch} steps`, () => {
      assert.equal(recommendEvaluateEvery(stepsPerEpoch).value, expected);
    });
  }
});

describe('the recommended settings', () => {
  const facts = { rows: 1_000, parameterCount: 4_386_178 };

  it('fill in all that the config leaves open', () => {
    // 1000 rows / 16 = 63 steps an epoch, half of it 32 (31.5 rounds up); 9600 / 1000 = 10 epochs (9.6 rounds up)
    assert.deepEqual(valuesOf(recommendSettings(config({}), facts)), {
      'training.learningRate': 5e-3,
      'training.epochs': 10,
      'evaluation.every': 32,
    });
  });

  it('never touch what the config says', () => {
    const given = config({ training: { learningRate: 1e-4, epochs: 2 }, evaluation: { every: 7 } });
    assert.deepEqual(recommendSettings(given, facts), []);
  });

  it('evaluate twice in a run that is shorter than an epoch', () => {
    const short = config({ training: { maxSteps: 10 } });
    assert.equal(valuesOf(recommendSettings(short, facts))['evaluation.every'], 5);
  });

  it('count optimizer steps, not batches', () => {
    // 1000 rows / (16 × 4) = 16 steps an epoch
    const accumulated = config({ training: { gradientAccumulationSteps: 4 } });
    assert.equal(valuesOf(recommendSettings(accumulated, facts))['evaluation.every'], 8);
  });
});

function config(changes: object): RunConfig {
  const parsed = parseConfig({ data: { train: 't' }, ...changes });
  assert.ok(parsed.kind === 'valid');
  return parsed.config;
}

function valuesOf(chosen: ReturnType<typeof recommendSettings>): Record<string, number> {
  return Object.fromEntries(chosen.map(({ setting, value }) => [setting, value]));
}
