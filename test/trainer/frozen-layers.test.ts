/** What frozen layers give is computed once, and nothing else changes: not a bit of any loss or parameter. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { createFrozenLayers } from '../../trainer/frozen-layers';
import { createFileStore, createMemoryStore } from '../../trainer/hidden-state-store';
import type { TextModel } from '../../trainer/models/model';
import * as tf from '../../trainer/tensors';
import { copyValues, createTinyTraining, runLoop, startBackend, temporaryFolder, type TinyTraining } from './tiny-training';

const methods: readonly Record<string, unknown>[] = [
  { type: 'head-only' },
  { type: 'full', lastLayers: 1 },
  { type: 'lora', r: 2, layersToTransform: [1] },
];

async function createTraining(method: Record<string, unknown>): Promise<TinyTraining> {
  const settings = { seed: 3, batchSize: 4, learningRate: 0.01 };
  return createTinyTraining({ rows: 24, steps: 14, evaluateEvery: 5, method, model: { dropout: 0.1 }, training: settings });
}

function freeze({ options }: TinyTraining, dir: string, keep: boolean) {
  return createFrozenLayers({ model: options.model, adapter: options.adapter, rows: options.rows, dir, keep });
}

describe('frozen layers', () => {
  const folder = temporaryFolder('frozen');
  after(() => {
    folder.remove();
  });
  beforeEach(() => startBackend('wasm', 2));

  for (const method of methods) {
    it(`give the same bits computed once and computed each time (${JSON.stringify(method)})`, async () => {
      const outcomes = [];
      for (const keep of [true, false]) {
        await startBackend('wasm', 2);
        const training = await createTraining(method);
        const frozen = freeze(training, folder.path, keep);
        assert.ok(frozen);
        const { losses, events } = await runLoop({ ...training.options, frozen });
        outcomes.push({ losses, events, parameters: copyValues(training.adapter.trained) });
        frozen.dispose();
        training.dispose();
      }
      assert.equal(outcomes[0]?.losses.length, 14);
      assert.deepEqual(outcomes[0], outcomes[1]);
    });
  }

  it('are computed once a row', async () => {
    const training = await createTraining({ type: 'full', lastLayers: 1 });
    let computed = 0;
    const { backbone, head } = training.options.model;
    const counting: TextModel = {
      head,
      backbone: {
        ...backbone,
        embed: (batch, layout, pass) => {
          computed += batch.rows;
          return backbone.embed(batch, layout, pass);
        },
      },
    };
    const options = { ...training.options, model: counting };
    const frozen = freeze({ ...training, options }, folder.path, true);
    assert.ok(frozen);
    await runLoop({ ...options, frozen }); // two epochs and three evaluations of the same rows
    assert.equal(computed, 24);
    frozen.dispose();
    training.dispose();
  });

  it('leave no tensor behind', async () => {
    const training = await createTraining({ type: 'head-only' });
    const frozen = freeze(training, folder.path, true);
    assert.ok(frozen);
    const before = tf.memory().numTensors;
    await runLoop({ ...training.options, frozen });
    assert.equal(tf.memory().numTensors, before);
    frozen.dispose();
    training.dispose();
  });

  for (const method of [{ type: 'full' }, { type: 'lora', r: 2 }, { type: 'lora', r: 2, layersToTransform: [0] }]) {
    it(`are none where the first layer or the embeddings are trained (${JSON.stringify(method)})`, async () => {
      const training = await createTraining(method);
      assert.equal(freeze(training, folder.path, true), undefined);
      training.dispose();
    });
  }
});

describe('a store of hidden states', () => {
  const folder = temporaryFolder('states');
  after(() => {
    folder.remove();
  });
  const row = (index: number) => ({ ids: Int32Array.of(1, 2), labels: Int32Array.of(0), index });

  for (const [name, create] of [
    ['memory', () => createMemoryStore('in memory')],
    ['a file', () => createFileStore(folder.path, 'in a file')],
  ] as const) {
    it(`in ${name} gives back what was put in, row by row, and refuses a row it does not have`, () => {
      const store = create();
      const [first, second] = [row(0), row(0)];
      store.write(first, Float32Array.of(1, 2, 3));
      store.write(second, Float32Array.of(4));
      assert.deepEqual(store.read(first), Float32Array.of(1, 2, 3));
      assert.deepEqual(store.read(second), Float32Array.of(4));
      assert.equal(store.has(row(0)), false);
      assert.throws(() => store.read(row(0)), /Nothing was kept for row 0/);
      store.close();
    });
  }

  it('takes its file away when it closes', () => {
    const store = createFileStore(folder.path, 'in a file');
    assert.equal(readdirSync(folder.path).length, 1);
    store.close();
    assert.deepEqual(existsSync(folder.path) && readdirSync(folder.path), []);
  });
});
