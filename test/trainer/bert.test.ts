/** The model by itself. That its numbers are PyTorch's is shown in test/golden; here is what must hold for any weights. */
import assert from 'node:assert/strict';
import { createRandom, type Random } from '../../dataset/seeded-random';
import { packBatch, type EncodedRow } from '../../trainer/batches';
import type { Adapter } from '../../trainer/methods/method';
import { attachMethod } from '../../trainer/methods/registry';
import type { LoadedModel } from '../../trainer/model-folder';
import { computeLogits } from '../../trainer/models/run-backbone';
import * as tf from '../../trainer/tensors';
import type { TinyModelOptions } from './tiny-model';
import { loadTiny, startBackend } from './tiny-training';

const rows: EncodedRow[] = [
  [2, 7, 8, 9, 10, 11, 3],
  [2, 20, 3],
  [2, 30, 31, 32, 3],
].map((ids, index) => ({ ids: Int32Array.from(ids), labels: Int32Array.of(0), index }));

describe('BERT', () => {
  before(() => startBackend('cpu'));
  let model: LoadedModel;
  let adapter: Adapter;
  async function load(options: TinyModelOptions = {}): Promise<void> {
    model = await loadTiny(['a', 'b', 'c'], options);
    adapter = attachMethod({ type: 'full' }, { ...model, modelDir: '', random: createRandom(0) });
  }
  afterEach(() => {
    adapter.dispose();
  });

  function logits(some: readonly EncodedRow[], random?: Random): number[][] {
    return tf.tidy(() => computeLogits(model, packBatch(some).batch, { tuning: adapter, random }).arraySync());
  }

  it('gives one score per row and label', async () => {
    await load();
    assert.deepEqual(
      logits(rows).map(({ length }) => length),
      [3, 3, 3],
    );
  });

  it('gives a row the same bits alone and beside others', async () => {
    await load();
    const together = logits(rows);
    rows.forEach((row, index) => {
      assert.deepEqual(logits([row]).flat(), together[index], `row ${index} alone`);
    });
  });

  it('sees the order of the tokens', async () => {
    await load();
    const turned = { labels: Int32Array.of(0), index: 0, ids: Int32Array.of(2, 11, 10, 9, 8, 7, 3) };
    assert.notDeepEqual(logits([turned]), logits(rows.slice(0, 1)));
  });

  it('has dropout behind the embeddings, behind each of two sublayers a layer and in front of the head, while training only', async () => {
    await load({ dropout: 0.1 });
    const random = countingRandom();
    const trained = logits(rows, random);
    assert.equal(random.draws(), 1 + 2 * 2 + 1);
    assert.notDeepEqual(trained, logits(rows));
    assert.deepEqual(logits(rows), logits(rows));
  });

  it('takes the dropout in front of the head from classifier_dropout where the configuration has it', async () => {
    await load({ dropout: 0.1, config: { classifier_dropout: 0 } });
    const random = countingRandom();
    logits(rows, random);
    assert.equal(random.draws(), 1 + 2 * 2);
  });

  it('draws no random number when the configuration has no dropout', async () => {
    await load();
    const random = countingRandom();
    assert.deepEqual(logits(rows, random), logits(rows));
    assert.equal(random.draws(), 0);
  });
});

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
