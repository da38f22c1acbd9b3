import assert from 'node:assert/strict';
import { swiglu, swigluComposite } from '../../../trainer/ops/gated';
import * as tf from '../../../trainer/tensors';
import { assertClose, randomBlock, seededRandom } from '../numbers';
import { VARIANTS, assertLikeComposite, countKernels, differentiate, read, useWasm } from '../on-backends';

describe('swiglu', () => {
  it('is gate / (1 + e^-gate) · up, with the slopes of both, in double precision', async () => {
    const gates = Float32Array.from({ length: 241 }, (_, i) => (i - 120) / 10);
    const ups = Float32Array.from({ length: 241 }, (_, i) => ((i * 7) % 11) - 5);
    const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
    const weights = randomBlock(seededRandom(99), 1, 241).values; // as `differentiate` draws them
    const expect = (f: (gate: number, up: number, weight: number) => number) =>
      [...gates].map((gate, i) => f(gate, ups[i] ?? NaN, weights[i] ?? NaN));
    for (const variant of VARIANTS) {
      await useWasm(variant);
      const { value, gradients } = differentiate(
        (gate, up) => swiglu(gate as tf.Tensor2D, up as tf.Tensor2D),
        [gates, ups].map((values) => ({ shape: [1, 241], values })),
      );
      assertClose(
        value,
        expect((gate, up) => gate * sigmoid(gate) * up),
        1e-6,
        'value',
      );
      const slope = (x: number) => sigmoid(x) * (1 + x * (1 - sigmoid(x)));
      assertClose(
        gradients[0] ?? [],
        expect((gate, up, weight) => weight * up * slope(gate)),
        2e-6,
        'gate',
      );
      assertClose(
        gradients[1] ?? [],
        expect((gate, _, weight) => weight * gate * sigmoid(gate)),
        2e-6,
        'up',
      );
    }
  });

  for (const [rows, width] of [
    [1, 1],
    [3, 5],
    [1, 8],
    [5, 9],
    [17, 33],
    [300, 301],
  ] as const) {
    it(`agrees with its composite for [${rows}, ${width}]`, async () => {
      const random = seededRandom(rows * width);
      await assertLikeComposite({
        inputs: [randomBlock(random, rows, width), randomBlock(random, rows, width)],
        fused: (gate, up) => swiglu(gate as tf.Tensor2D, up as tf.Tensor2D),
        composite: (gate, up) => swigluComposite(gate as tf.Tensor2D, up as tf.Tensor2D),
        tolerance: 2e-6,
        what: 'swiglu',
      });
    });
  }

  it('keeps NaN of either factor, goes to infinity, and vanishes for gates far below zero', async () => {
    for (const variant of VARIANTS) {
      await useWasm(variant);
      const gates = tf.tensor2d([[NaN, 1, Infinity, 200, -200]]);
      const ups = tf.tensor2d([[1, NaN, 2, -1, 3]]);
      assert.deepEqual([...tf.tidy(() => read(swiglu(gates, ups)))], [NaN, NaN, Infinity, -200, -0]);
      tf.dispose([gates, ups]);
    }
  });

  it('gives nothing for no rows', async () => {
    await useWasm();
    const empty = { shape: [0, 5], values: new Float32Array() };
    const { value } = differentiate((gate, up) => swiglu(gate as tf.Tensor2D, up as tf.Tensor2D), [empty, empty]);
    assert.equal(value.length, 0);
  });

  it('runs one kernel each way', async () => {
    await useWasm();
    const gate = tf.variable(tf.ones<tf.Rank.R2>([2, 3]));
    const up = tf.variable(tf.ones<tf.Rank.R2>([2, 3]));
    const counts = await countKernels(() => {
      tf.variableGrads(() => tf.sum(swiglu(gate, up)), [gate, up]);
    });
    assert.equal(counts.get('TemperSwiglu'), 1);
    assert.equal(counts.get('TemperSwigluGrad'), 1);
    assert.equal(counts.get('Sigmoid') ?? 0, 0);
    tf.dispose([gate, up]);
  });

  it('refuses factors of different shapes', () => {
    assert.throws(
      () => tf.tidy(() => swiglu(tf.ones([1, 2]), tf.ones([2, 1]))),
      /gate \[1, 2\], up \[2, 1\] must have one shape/,
    );
  });
});
