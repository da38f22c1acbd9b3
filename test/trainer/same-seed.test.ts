/** The same seed gives the same bits, and how rows are cut into batches does not change what is learnt. */
import assert from 'node:assert/strict';
import { computeGradients, takeStep, type Computed } from '../../trainer/step';
import * as tf from '../../trainer/tensors';
import { assertClose } from './numbers';
import { copyValues, createTinyTraining, firstBatch, runLoop, startBackend } from './tiny-training';

const lora = { type: 'lora', r: 4, alpha: 8, dropout: 0.1 };

/** Losses and parameters of a run with shuffling and dropout, everything that draws random numbers. */
async function trainOnce(method: Record<string, unknown>, seed: number) {
  const settings = { seed, batchSize: 4, learningRate: 0.01 };
  const training = await createTinyTraining({ rows: 24, steps: 8, method, model: { dropout: 0.1 }, training: settings });
  const { losses } = await runLoop(training.options);
  const parameters = copyValues(training.adapter.trained);
  training.dispose();
  return { losses, parameters };
}

for (const [backend, threads] of [
  ['cpu', 1],
  ['wasm', 1],
  ['wasm', 2],
] as const) {
  describe(`on ${backend} with ${threads} ${threads === 1 ? 'thread' : 'threads'}, runs`, () => {
    beforeEach(() => startBackend(backend, threads));

    for (const method of [{ type: 'full' }, lora]) {
      it(`of one seed have the same losses and parameters, bit by bit (${method.type})`, async () => {
        const first = await trainOnce(method, 42);
        await startBackend(backend, threads);
        const second = await trainOnce(method, 42);
        assert.equal(first.losses.length, 8);
        assert.deepEqual(second, first);
      });
    }

    it('of another seed have others', async () => {
      const [first, second] = [await trainOnce(lora, 0), await trainOnce(lora, 1)];
      assert.notDeepEqual(second.losses, first.losses);
      assert.notDeepEqual(second.parameters, first.parameters);
    });
  });
}

describe('threads', () => {
  it('two compute what one computes, to rounding', async () => {
    await startBackend('wasm', 1);
    const alone = await trainOnce({ type: 'full' }, 42);
    await startBackend('wasm', 2);
    const together = await trainOnce({ type: 'full' }, 42);
    assertClose(together.losses, alone.losses, 1e-4, 'losses');
  });
});

describe('gradient accumulation', () => {
  for (const backend of ['cpu', 'wasm'] as const) {
    it(`over two batches of 8 gives the loss and the gradients of one of 16 (${backend})`, async () => {
      await startBackend(backend);
      const training = await createTinyTraining({ rows: 16 });
      const whole = await computeGradients(training.options, [firstBatch(training)]);
      const halves = await computeGradients(training.options, [firstBatch(training, 0, 8), firstBatch(training, 8, 16)]);
      assertGradients(halves, whole);
      tf.dispose([whole.gradients, halves.gradients]);
      training.dispose();
    });
  }

  it('weighs batches of different sizes by their rows', async () => {
    await startBackend('cpu');
    const training = await createTinyTraining({ rows: 16 });
    const whole = await computeGradients(training.options, [firstBatch(training)]);
    const parts = await computeGradients(training.options, [firstBatch(training, 0, 3), firstBatch(training, 3, 16)]);
    assertGradients(parts, whole);
    tf.dispose([whole.gradients, parts.gradients]);
    training.dispose();
  });

  it('trains the same parameters over five steps', async () => {
    await startBackend('wasm');
    const settings = { learningRate: 1e-3, warmupRatio: 0 };
    const after = async (cuts: readonly (readonly [number, number])[]) => {
      const training = await createTinyTraining({ rows: 16, training: settings });
      for (let step = 1; step <= 5; step++)
        await takeStep(
          training.options,
          cuts.map(([from, to]) => firstBatch(training, from, to)),
          step,
        );
      const values = copyValues(training.adapter.trained);
      training.dispose();
      return values;
    };
    const [whole, halves] = [
      await after([[0, 16]]),
      await after([
        [0, 8],
        [8, 16],
      ]),
    ];
    for (const [name, values] of whole) {
      if (name.endsWith('key.bias')) continue; // its gradient is nothing but rounding, which AdamW blows up to full steps
      assertClose(halves.get(name) ?? [], values, 1e-4, name);
    }
  });
});

function assertGradients(actual: Computed, expected: Computed): void {
  assertClose([actual.loss], [expected.loss], 1e-5, 'loss');
  assert.deepEqual(Object.keys(actual.gradients), Object.keys(expected.gradients));
  for (const [name, gradient] of Object.entries(expected.gradients))
    assertClose(actual.gradients[name]?.dataSync() ?? [], gradient.dataSync(), 1e-5, name);
}
