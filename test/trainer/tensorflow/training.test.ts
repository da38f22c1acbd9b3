/** The trainer's own steps on the tensorflow backend against the same steps on cpu. */
import assert from 'node:assert/strict';
import { takeStep } from '../../../trainer/step';
import * as tf from '../../../trainer/tensors';
import { assertClose, assertSameBits } from '../numbers';
import { copyValues, createTinyTraining, firstBatch } from '../tiny-training';
import { countHandles, describeWithTensorFlow, useTensorFlow } from './tensorflow-here';

const METHODS = {
  lora: { type: 'lora', r: 3, alpha: 6, dropout: 0.1, targetModules: ['query', 'value'] },
  full: { type: 'full' },
};

interface Outcome {
  readonly losses: number[];
  readonly parameters: ReadonlyMap<string, Float32Array>;
  /** How many tensors there were after each step. */
  readonly tensorCounts: number[];
  /** The same, counted by TensorFlow. */
  readonly handleCounts: number[];
}

describeWithTensorFlow('training on the tensorflow backend', () => {
  for (const method of ['lora', 'full'] as const) {
    it(`follows cpu over five steps with dropout (${method})`, async () => {
      await tf.setBackend('cpu');
      const expected = await train(method, 5);
      await useTensorFlow();
      const actual = await train(method, 5);
      assertClose(actual.losses, expected.losses, 1e-4, 'losses');
      assert.ok(expected.parameters.size > 0);
      for (const [name, values] of expected.parameters) {
        assertClose(actual.parameters.get(name) ?? [], values, 1e-4, name);
      }
    });

    it(`gives the same bits twice, and keeps no tensor (${method})`, async () => {
      await useTensorFlow();
      const before = tf.memory().numTensors;
      const [first, second] = [await train(method, 6), await train(method, 6)];
      assert.deepEqual(second.losses, first.losses);
      for (const [name, values] of first.parameters) {
        assertSameBits(second.parameters.get(name) ?? new Float32Array(), values, name);
      }
      assert.deepEqual(new Set(first.tensorCounts).size, 1, `tensors after each step: ${first.tensorCounts.join(', ')}`);
      assert.deepEqual(
        new Set(second.handleCounts.slice(1)).size,
        1,
        `handles after each step: ${second.handleCounts.join(', ')}`,
      );
      assert.equal(tf.memory().numTensors, before);
    });
  }
});

/** On the current backend. Rows of different lengths. */
async function train(method: keyof typeof METHODS, steps: number): Promise<Outcome> {
  const training = await createTinyTraining({
    rows: 8,
    labels: ['good', 'bad', 'unsure'],
    steps,
    model: { dropout: 0.1, deviation: 0.1 },
    method: METHODS[method],
    training: { learningRate: 3e-3, batchSize: 8 },
  });
  const { adapter, options } = training;
  const losses: number[] = [];
  const tensorCounts: number[] = [];
  const handleCounts: number[] = [];
  for (let step = 1; step <= steps; step++) {
    const result = await takeStep(options, [firstBatch(training)], step);
    losses.push(result.applied ? result.facts.loss : NaN);
    tensorCounts.push(tf.memory().numTensors);
    handleCounts.push(tf.getBackend() === 'tensorflow' ? countHandles() : 0);
  }
  const parameters = copyValues(adapter.trained);
  training.dispose();
  return { losses, parameters, tensorCounts, handleCounts };
}
