import assert from 'node:assert/strict';
import { embedding, embeddingComposite } from '../../../trainer/ops/embedding';
import { firstToken, maxPool, meanPool, weighTokens } from '../../../trainer/ops/pool';
import * as tf from '../../../trainer/tensors';
import { assertClose, randomBlock, seededRandom } from '../numbers';
import { assertLikeComposite, countKernels, differentiate, read, useWasm } from '../on-backends';

describe('embedding', () => {
  for (const width of [1, 3, 8, 17, 50]) {
    it(`agrees with its composite for rows of ${width}, ids repeated`, async () => {
      const ids = [4, 0, 4, 4, 2, 8, 0];
      await assertLikeComposite({
        inputs: [randomBlock(seededRandom(width), 9, width)],
        fused: (table) => embedding(table as tf.Tensor2D, tf.tensor1d(ids, 'int32')),
        composite: (table) => embeddingComposite(table as tf.Tensor2D, tf.tensor1d(ids, 'int32')),
        tolerance: 1e-6,
        what: 'embedding',
      });
    });
  }

  it('gives no rows for no ids, and a gradient of zeros', async () => {
    await useWasm();
    const outcome = differentiate(
      (table) => embedding(table as tf.Tensor2D, tf.tensor1d([], 'int32')),
      [randomBlock(seededRandom(1), 3, 2)],
    );
    assert.equal(outcome.value.length, 0);
    assert.deepEqual([...(outcome.gradients[0] ?? [])], [0, 0, 0, 0, 0, 0]);
  });

  for (const wrong of [-1, 3, 2 ** 31 - 1]) {
    it(`refuses the id ${wrong} for a table of 3 rows`, async () => {
      await useWasm();
      const lookUp = () => tf.tidy(() => embedding(tf.ones([3, 2]), tf.tensor1d([0, wrong], 'int32')));
      assert.throws(lookUp, new RegExp(`Token id ${wrong} is not from 0 to 2`));
    });
  }

  it('makes no gradient for a frozen table', async () => {
    await useWasm();
    const table = tf.ones<tf.Rank.R2>([3, 2]);
    const scale = tf.variable(tf.scalar(2));
    const counts = await countKernels(() => {
      tf.variableGrads(() => tf.sum(tf.mul(embedding(table, tf.tensor1d([1], 'int32')), scale)), [scale]);
    });
    assert.equal(counts.get('TemperEmbeddingGrad') ?? 0, 0);
    tf.dispose([table, scale]);
  });
});

describe('firstToken', () => {
  it('takes the first token of each row, and gives its gradient back to it', async () => {
    await useWasm();
    const x = randomBlock(seededRandom(3), 6, 5);
    const outcome = differentiate((tokens) => firstToken(tokens as tf.Tensor2D, Int32Array.of(0, 1, 4, 6)), [x]);
    const rows = [0, 1, 4].map((token) => [...x.values.subarray(token * 5, token * 5 + 5)]);
    assert.deepEqual([...outcome.value], rows.flat());
    const untouched = [2, 3, 5].flatMap((token) => [
      ...(outcome.gradients[0] ?? new Float32Array()).subarray(token * 5, token * 5 + 5),
    ]);
    assert.deepEqual(untouched, new Array(15).fill(0));
  });
});

describe('meanPool', () => {
  it('averages the tokens of each row, by hand; a row without one gives zeros', async () => {
    await useWasm();
    const tokens = [
      [1, 2],
      [3, 4],
      [5, 6],
      [7, 8],
      [9, 10],
    ];
    const pooled = tf.tidy(() => read(meanPool(tf.tensor2d(tokens), Int32Array.of(0, 2, 2, 5))));
    assertClose(pooled, [2, 3, 0, 0, 7, 8], 1e-6, 'meanPool');
  });
});

describe('maxPool', () => {
  it('takes the largest of each element in a row, and gives the gradient to where it was', async () => {
    await useWasm();
    const values = Float32Array.of(1, 9, 3, 4, -5, -6, -7, -2);
    const outcome = differentiate((x) => maxPool(x as tf.Tensor2D, Int32Array.of(0, 2, 4)), [{ values, shape: [4, 2] }]);
    assert.deepEqual([...outcome.value], [3, 9, -5, -2]);
    const gradient = [...(outcome.gradients[0] ?? [])];
    assert.deepEqual(
      gradient.map((value) => value !== 0),
      [false, true, true, false, true, false, false, true],
    );
  });
});

describe('weighTokens', () => {
  it('weighs a token by its place in its row and the length of the row', async () => {
    await useWasm();
    const x = tf.tensor2d([1, 10, 100, 1000], [4, 1]);
    const pooled = read(weighTokens(x, Int32Array.of(0, 1, 4), (place, length) => (place + 1) * length));
    assert.deepEqual([...pooled], [1, 3 * (10 + 2 * 100 + 3 * 1000)]);
  });
});
