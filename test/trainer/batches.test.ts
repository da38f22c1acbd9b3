import assert from 'node:assert/strict';
import { createRandom } from '../../dataset/seeded-random';
import { createEpochBatches, createEvaluationBatches, packBatch, type EncodedRow } from '../../trainer/batches';
import { randomInteger, seededRandom } from './numbers';

const random = seededRandom(3);
/** 500 rows of 2 to 60 tokens. */
const rows: EncodedRow[] = Array.from({ length: 500 }, (_, index) => ({
  ids: new Int32Array(2 + randomInteger(random, 59)).fill(9),
  labels: Int32Array.of(index % 3),
  index,
}));

const indicesOf = (batches: readonly EncodedRow[][]) => batches.map((batch) => batch.map(({ index }) => index));
const longestOf = (batch: readonly EncodedRow[]) => Math.max(...batch.map(({ ids }) => ids.length));

describe('the batches of an epoch', () => {
  const batches = createEpochBatches(rows, 16, createRandom(1));

  it('hold every row exactly once', () => {
    const all = indicesOf(batches).flat();
    assert.equal(all.length, 500);
    assert.equal(new Set(all).size, 500);
  });

  it('are full but for one', () => {
    const sizes = batches.map((batch) => batch.length).toSorted((a, b) => b - a);
    assert.deepEqual(sizes, [...Array.from({ length: 31 }, () => 16), 4]);
  });

  it('begin with the one that has the longest row, so that memory runs out at once or never', () => {
    assert.equal(longestOf(batches[0] ?? []), Math.max(...batches.map(longestOf)));
  });

  it('are the same for the same seed and different for another', () => {
    assert.deepEqual(indicesOf(createEpochBatches(rows, 16, createRandom(1))), indicesOf(batches));
    assert.notDeepEqual(indicesOf(createEpochBatches(rows, 16, createRandom(2))), indicesOf(batches));
  });

  it('differ from epoch to epoch, as the random source goes on', () => {
    const source = createRandom(1);
    assert.deepEqual(indicesOf(createEpochBatches(rows, 16, source)), indicesOf(batches));
    assert.notDeepEqual(indicesOf(createEpochBatches(rows, 16, source)), indicesOf(batches));
  });

  it('hold rows of like length', () => {
    const padded = batches.reduce((sum, batch) => sum + batch.length * longestOf(batch), 0);
    const tokens = rows.reduce((sum, { ids }) => sum + ids.length, 0);
    assert.ok(padded / tokens < 1.1, `${padded} places for ${tokens} tokens`);
  });

  it('are shuffled: rows do not come in the order of their lengths', () => {
    const lengths = batches.slice(1).map(longestOf);
    assert.notDeepEqual(
      lengths,
      lengths.toSorted((a, b) => b - a),
    );
  });

  it('leave the rows as they were', () => {
    assert.deepEqual(
      rows.map(({ index }) => index),
      Array.from({ length: 500 }, (_, index) => index),
    );
  });

  it('are none for no rows', () => {
    assert.deepEqual(createEpochBatches([], 16, createRandom(1)).flat(), []);
  });
});

describe('the batches of an evaluation', () => {
  it('hold every row once, longest first, and no chance is involved', () => {
    const batches = createEvaluationBatches(rows, 64);
    const lengths = batches.flat().map(({ ids }) => ids.length);
    assert.deepEqual(
      lengths,
      lengths.toSorted((a, b) => b - a),
    );
    assert.equal(new Set(indicesOf(batches).flat()).size, 500);
    assert.deepEqual(indicesOf(createEvaluationBatches(rows.toReversed(), 64)), indicesOf(batches));
  });
});

describe('a batch', () => {
  it('holds its rows one behind the other, without padding', () => {
    const { batch, labels, indices } = packBatch([
      { ids: Int32Array.of(2, 11, 3), labels: Int32Array.of(1), index: 40 },
      { ids: Int32Array.of(2, 12, 13, 14, 3), labels: Int32Array.of(0), index: 7 },
    ]);
    assert.deepEqual([...batch.ids], [2, 11, 3, 2, 12, 13, 14, 3]);
    assert.deepEqual([...batch.starts], [0, 3, 8]);
    assert.equal(batch.rows, 2);
    assert.deepEqual([...labels], [1, 0]);
    assert.deepEqual(indices, [40, 7]);
  });
});
