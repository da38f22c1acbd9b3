/**
 * Every model file against transformers: tiny random models (test/golden/make_models.py), their outputs, losses,
 * gradients and twenty AdamW steps. The tolerances are float32's: 1e-5 for outputs, 1e-4 relative for gradients.
 */
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRandom } from '../../dataset/seeded-random';
import { attachMethod } from '../../trainer/methods/registry';
import type { Adapter } from '../../trainer/methods/method';
import { readModel, type LoadedModel } from '../../trainer/model-folder';
import { headKinds, type HeadKind, type TokenChoice } from '../../trainer/models/model';
import { families } from '../../trainer/models/registry';
import { computeLogits, runBackbone } from '../../trainer/models/run-backbone';
import { createOptimizer } from '../../trainer/optimizer';
import { computeGradients, takeStep } from '../../trainer/step';
import * as tf from '../../trainer/tensors';
import { describeWithTensorFlow, useTensorFlow } from '../trainer/tensorflow/tensorflow-here';
import { configWith, startBackend } from '../trainer/tiny-training';
import { goldenDir } from './golden-dir';
import { assertClose, assertRelativelyClose, assertSteps } from './golden-assertions';
import { batchOf, hasOwnWeights, readExpected, readModelCase, type ExpectedModel, type ModelCase } from './model-case';

const modelsDir = join(goldenDir, 'models');
const onEveryBackend = new Set(['bert-sequence-classification', 'llama-causal-lm']);

type Loaded = Omit<LoadedModel, 'tokenizer'>;

describe('models, against transformers, on wasm', () => {
  before(() => startBackend('wasm'));
  describeModels(() => true);
});
describe('models, against transformers, on cpu', () => {
  before(() => startBackend('cpu'));
  describeModels((name) => onEveryBackend.has(name));
});
describeWithTensorFlow('models, against transformers, on tensorflow', () => {
  before(useTensorFlow);
  describeModels((name) => onEveryBackend.has(name));
});

function describeModels(isWanted: (name: string) => boolean): void {
  for (const name of readdirSync(modelsDir).filter(isWanted).sort()) {
    const expected = readExpected(join(modelsDir, name));
    const head = headKindOf(expected);
    if (head !== undefined && families.get(expected.model_type)?.heads[head]) describeModel(name, head);
  }
}

/** A fixture whose head is one of those that a text model has here; others have a test of their own. */
function headKindOf({ head }: ExpectedModel): HeadKind | undefined {
  return headKinds.find((kind) => kind === head);
}

function describeModel(name: string, head: HeadKind): void {
  describe(name, () => {
    let golden: ModelCase;
    let model: Loaded;
    let adapter: Adapter;
    before(async () => {
      golden = await readModelCase(join(modelsDir, name));
      model = await loadGolden(golden, head);
    });
    beforeEach(() => {
      const { architecture, tensors, dir } = model;
      adapter = attachMethod({ type: 'full' }, { architecture, tensors, modelDir: dir, random: createRandom(0) });
    });
    afterEach(() => {
      adapter.dispose();
    });

    it('has the parameters that the file has', () => {
      const { parameterCount } = golden.expected;
      if (parameterCount !== undefined) assert.equal(adapter.parameterCount, parameterCount);
    });

    it('gives the same states and the same scores', () => {
      const tolerance = /-b?f16$/.test(name) ? 2e-2 : 1e-5;
      const { hidden, logits } = tf.tidy(() => ({ hidden: statesOf('every-token'), logits: scores() }));
      const expectedHidden = golden.tensors.get('hidden');
      if (expectedHidden) assertClose('hidden', hidden, expectedHidden, tolerance);
      assertClose('logits', logits, golden.tensors.get('logits') ?? assert.fail('no logits'), tolerance);
      tf.dispose([hidden, logits]);
    });

    it('gives the same loss and the same gradient of every parameter', async function () {
      const { expected, tensors } = golden;
      if (expected.loss === undefined) return this.skip(); // a fixture of outputs only
      const computed = await computeGradients(stepOptions(expected), [batchOf(expected)]);
      assert.ok(Math.abs(computed.loss - expected.loss) <= 1e-5, `loss ${computed.loss} against ${expected.loss}`);
      await assertRelativelyClose(adapter, computed.gradients, tensors, model.architecture.transposed, 1e-4);
      tf.dispose(computed.gradients);
    });

    it('takes the same twenty steps', async function () {
      const { expected, tensors } = golden;
      const { optimizer: settings } = expected;
      if (!settings) return this.skip(); // a fixture of outputs only
      const training = trainingOf(expected);
      const optimizer = createOptimizer(adapter.trained, training);
      const schedule = { kind: 'linear', peak: settings.learningRate, ...settings } as const;
      const options = { ...stepOptions(expected), optimizer, schedule, surroundings: { nowMs: () => 0 } };
      await assertSteps(adapter, expected, tensors, (step) => takeStep(options, [batchOf(expected)], step));
      optimizer.dispose();
    });

    const statesOf = (reads: TokenChoice) =>
      runBackbone(model.backbone, batchOf(golden.expected).batch, { tuning: adapter }, reads).x;
    const scores = () => computeLogits(model, batchOf(golden.expected).batch, { tuning: adapter });
    const stepOptions = (expected: ExpectedModel) => ({
      model,
      adapter,
      training: trainingOf(expected),
      random: createRandom(0),
    });
  });
}

function trainingOf({ optimizer }: ExpectedModel) {
  const { weightDecay = 0, maxGradNorm = 1 } = optimizer ?? {};
  return configWith({ training: { weightDecay, maxGradNorm } }).training;
}

/** A fixture without weights of its own is loaded with another's under its own config. */
async function loadGolden({ dir, expected, tensors }: ModelCase, head: HeadKind): Promise<Loaded> {
  const labels = tensors.get('logits')?.shape[1] ?? 0;
  const request = { head, labels, initialWeights: 'pretrained', seed: 0 } as const;
  if (hasOwnWeights(dir)) return readModel(dir, request);
  const folder = mkdtempSync(join(tmpdir(), 'temper-golden-'));
  try {
    cpSync(join(modelsDir, expected.weights ?? ''), folder, { recursive: true });
    cpSync(join(dir, 'config.json'), join(folder, 'config.json'));
    return await readModel(folder, request);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
