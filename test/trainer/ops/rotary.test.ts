import assert from 'node:assert/strict';
import { createRotaryTables, rotary, rotaryComposite } from '../../../trainer/ops/rotary';
import * as tf from '../../../trainer/tensors';
import { assertClose, randomBlock, randomInteger, seededRandom } from '../numbers';
import { VARIANTS, assertLikeComposite, differentiate, read, useWasm } from '../on-backends';

describe('createRotaryTables', () => {
  it('holds cos and sin of position · theta^(-2 j / rotated), exact to the last bit at long positions', () => {
    const { cos, sin } = createRotaryTables({ positions: 50_001, rotated: 4, theta: 10_000 });
    assert.deepEqual(cos.shape, [50_001, 2]);
    const [c, s] = [read(cos).subarray(100_000), read(sin).subarray(100_000)];
    // Position 50,000; frequencies 1 and 1 / 100.
    assert.deepEqual([...c], [Math.cos(50_000), Math.cos(500)].map(Math.fround));
    assert.deepEqual([...s], [Math.sin(50_000), Math.sin(500)].map(Math.fround));
    tf.dispose([cos, sin]);
  });

  it('refuses an odd number of elements', () => {
    assert.throws(() => createRotaryTables({ positions: 1, rotated: 3, theta: 1e4 }), /3 elements of a head cannot be paired/);
  });
});

describe('rotary', () => {
  it('turns (x0, x2) and (x1, x3) of a head of four, by hand', async () => {
    await useWasm();
    const y = tf.tidy(() => {
      const tables = createRotaryTables({ positions: 8, rotated: 4, theta: 100 }); // frequencies 1 and 1 / 10
      return read(rotary(tf.tensor2d([[1, 2, 3, 4]]), tables, tf.tensor1d([7], 'int32'), 1));
    });
    const [c, s, c10, s10] = [Math.cos(7), Math.sin(7), Math.cos(0.7), Math.sin(0.7)];
    assertClose(y, [c - 3 * s, 2 * c10 - 4 * s10, 3 * c + s, 4 * c10 + 2 * s10], 1e-6, 'rotary');
  });

  for (const [tokens, heads, size, rotated] of [
    [1, 1, 2, 2],
    [3, 2, 6, 6],
    [5, 3, 10, 4], // partial
    [7, 1, 7, 2], // an odd head, mostly left alone
    [17, 4, 32, 32],
    [33, 2, 34, 30],
    [130, 12, 64, 64],
  ] as const) {
    it(`agrees with its composite for ${tokens} tokens, ${heads} heads of ${size}, ${rotated} turned`, async () => {
      const random = seededRandom(tokens * size + rotated);
      const positions = Int32Array.from({ length: tokens }, () => randomInteger(random, 40));
      const options = { positions: 40, rotated, theta: 10_000 };
      await assertLikeComposite({
        inputs: [randomBlock(random, tokens, heads * size)],
        fused: (x) => rotary(x as tf.Tensor2D, createRotaryTables(options), tf.tensor1d(positions, 'int32'), heads),
        composite: (x) => rotaryComposite(x as tf.Tensor2D, createRotaryTables(options), tf.tensor1d(positions, 'int32'), heads),
        tolerance: 1e-6,
        what: 'rotary',
      });
    });
  }

  it('keeps the length of a vector, and its gradient turns back: grad(turned) = x for Σ y² / 2', async () => {
    for (const variant of VARIANTS) {
      await useWasm(variant);
      const { values, shape } = randomBlock(seededRandom(3), 5, 12);
      const back = tf.tidy(() => {
        const tables = createRotaryTables({ positions: 9, rotated: 12, theta: 50 });
        const positions = tf.tensor1d([0, 8, 3, 3, 1], 'int32');
        const turn = (x: tf.Tensor) => rotary(x as tf.Tensor2D, tables, positions, 1);
        return read(tf.grad((x: tf.Tensor) => tf.mul(tf.sum(tf.square(turn(x))), 0.5))(tf.tensor(values, shape)));
      });
      assertClose(back, values, 1e-6, 'gradient');
    }
  });

  it('keeps NaN and infinity within their pair', async () => {
    await useWasm();
    const y = tf.tidy(() => {
      const tables = createRotaryTables({ positions: 3, rotated: 4, theta: 100 });
      return read(rotary(tf.tensor2d([[NaN, 1, 2, Infinity]]), tables, tf.tensor1d([2], 'int32'), 1));
    });
    assert.deepEqual([...y], [NaN, -Infinity, NaN, Infinity]);
  });

  it('gives no rows for no tokens', async () => {
    await useWasm();
    const { value } = differentiate(
      (x) => rotary(x as tf.Tensor2D, createRotaryTables({ positions: 1, rotated: 4, theta: 1e4 }), tf.tensor1d([], 'int32'), 2),
      [{ shape: [0, 8], values: new Float32Array() }],
    );
    assert.equal(value.length, 0);
  });

  for (const wrong of [-1, 3]) {
    it(`refuses the position ${wrong} with tables of 3`, async () => {
      await useWasm();
      const turn = () => {
        const tables = createRotaryTables({ positions: 3, rotated: 2, theta: 1e4 });
        return rotary(tf.ones([1, 2]), tables, tf.tensor1d([wrong], 'int32'), 1);
      };
      assert.throws(() => tf.tidy(turn), new RegExp(`Position ${wrong} is not from 0 to 2`));
    });
  }

  it('refuses tables wider than a head, and heads that do not divide x', () => {
    tf.tidy(() => {
      const tables = createRotaryTables({ positions: 3, rotated: 6, theta: 1e4 });
      const positions = tf.tensor1d([0], 'int32');
      assert.throws(() => rotary(tf.ones([1, 8]), tables, positions, 2), /x \[1, 8\], cos \[3, 3\].*and 2 heads do not fit/);
      assert.throws(() => rotary(tf.ones([1, 8]), tables, positions, 3), /3 heads do not fit/);
    });
  });
});
