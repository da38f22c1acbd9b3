import assert from 'node:assert/strict';
import { dropout, dropoutComposite } from '../../../trainer/ops/dropout';
import * as tf from '../../../trainer/tensors';
import { randomBlock, seededRandom } from '../numbers';
import { assertLikeComposite, read, useWasm } from '../on-backends';

describe('dropout', () => {
  for (const [rows, columns] of [
    [1, 1],
    [3, 5],
    [17, 7],
    [200, 400],
  ] as const) {
    it(`drops the same elements as its composite for [${rows}, ${columns}], in value and gradient`, async () => {
      const seed = 4_000_000_001;
      await assertLikeComposite({
        inputs: [randomBlock(seededRandom(1), rows, columns)],
        fused: (x) => dropout(x as tf.Tensor2D, 0.25, { next: () => seed / 2 ** 32 }),
        composite: (x) => dropoutComposite(x as tf.Tensor2D, 0.25, seed),
        tolerance: 1e-7,
        what: 'dropout',
      });
    });
  }

  it('drops the wanted share, and scales what it keeps by 1 / (1 - rate)', async () => {
    await useWasm();
    const random = seededRandom(7);
    for (const rate of [0.1, 0.5, 0.9]) {
      const y = tf.tidy(() => read(dropout(tf.ones([300, 300]), rate, random)));
      const dropped = y.filter((v) => v === 0).length / y.length;
      assert.ok(Math.abs(dropped - rate) < 0.005, `${dropped} dropped at rate ${rate}`);
      assert.ok(y.every((v) => v === 0 || v === Math.fround(1 / (1 - rate))));
    }
  });

  it('draws masks that are as unlike as chance makes them, along rows and from call to call', async () => {
    await useWasm();
    const random = seededRandom(8);
    const draw = () => tf.tidy(() => read(dropout(tf.ones([1, 100_000]), 0.5, random)));
    const [a, b] = [draw(), draw()];
    const agree = a.filter((v, i) => v === b[i]).length / a.length;
    const neighbours = a.filter((v, i) => v === a[i + 1]).length / a.length;
    assert.ok(Math.abs(agree - 0.5) < 0.01 && Math.abs(neighbours - 0.5) < 0.01, `${agree}, ${neighbours}`);
  });

  it('is the identity at rate 0 and draws nothing then', () => {
    const x = tf.ones<tf.Rank.R2>([2, 2]);
    const neverDrawn = { next: () => assert.fail('drew a number') };
    assert.equal(dropout(x, 0, neverDrawn), x);
    x.dispose();
  });

  it('draws one number per call, whatever the size', () => {
    let drawn = 0;
    const random = { next: () => ++drawn / 10 };
    tf.tidy(() => dropout(dropout(tf.ones([50, 50]), 0.1, random), 0.1, random));
    assert.equal(drawn, 2);
  });

  it('refuses a rate of 1', () => {
    assert.throws(() => dropout(tf.ones([1, 1]), 1, seededRandom(1)), /rate must lie in \[0, 1\)/);
  });
});
