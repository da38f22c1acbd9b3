import assert from 'node:assert/strict';
import { activate, activateComposite } from '../../../trainer/ops/activate';
import type { Activation } from '../../../trainer/ops/activate';
import * as tf from '../../../trainer/tensors';
import { assertClose, randomBlock, seededRandom } from '../numbers';
import { VARIANTS, assertLikeComposite, differentiate, read, useWasm } from '../on-backends';

const KINDS: readonly Activation[] = ['gelu', 'gelu_new', 'gelu_pytorch_tanh', 'quick_gelu', 'relu', 'silu', 'tanh'];

/** The definitions in double precision. */
const DEFINITIONS: Record<Activation, (x: number) => number> = {
  gelu: (x) => (x / 2) * (1 + erf(x / Math.SQRT2)),
  gelu_new: geluTanh,
  gelu_pytorch_tanh: geluTanh,
  quick_gelu: (x) => x / (1 + Math.exp(-1.702 * x)),
  relu: (x) => Math.max(x, 0),
  silu: (x) => x / (1 + Math.exp(-x)),
  tanh: Math.tanh,
};

describe('activate', () => {
  for (const kind of KINDS) {
    it(`${kind} follows its definition from -12 to 12`, async () => {
      const grid = Float32Array.from({ length: 2401 }, (_, i) => (i - 1200) / 100);
      for (const variant of VARIANTS) {
        await useWasm(variant);
        const y = tf.tidy(() => read(activate(tf.tensor2d(grid, [1, grid.length]), kind)));
        assertClose(y, [...grid].map(DEFINITIONS[kind]), 1e-6, kind);
      }
    });

    it(`${kind} has the slope of its definition, by finite differences`, async () => {
      const grid = Float32Array.from({ length: 161 }, (_, i) => (i - 80) / 10 + 0.03);
      for (const variant of VARIANTS) {
        await useWasm(variant);
        const slope = tf.tidy(() =>
          read(tf.grad((x: tf.Tensor) => activate(x as tf.Tensor2D, kind))(tf.tensor2d(grid, [1, grid.length]))),
        );
        const difference = (x: number) => (DEFINITIONS[kind](x + 1e-5) - DEFINITIONS[kind](x - 1e-5)) / 2e-5;
        assertClose(slope, [...grid].map(difference), 2e-6, kind);
      }
    });

    for (const rows of [1, 3, 5, 17, 33]) {
      it(`${kind} agrees with its composite for ${rows} rows of 7`, async () => {
        await assertLikeComposite({
          inputs: [randomBlock(seededRandom(rows), rows, 7)],
          fused: (x) => activate(x as tf.Tensor2D, kind),
          composite: (x) => activateComposite(x as tf.Tensor2D, kind),
          tolerance: 2e-6,
          what: kind,
        });
      });
    }

    it(`${kind} keeps NaN, and goes to infinity with x`, async () => {
      for (const variant of VARIANTS) {
        await useWasm(variant);
        const y = tf.tidy(() => read(activate(tf.tensor2d([[NaN, Infinity, 200, -200, NaN]]), kind)));
        const saturates = kind === 'tanh';
        assertClose(y, [NaN, saturates ? 1 : Infinity, saturates ? 1 : 200, saturates ? -1 : 0, NaN], 1e-6, kind);
      }
    });
  }

  it('gives nothing for no rows', async () => {
    await useWasm();
    const outcome = differentiate((x) => activate(x as tf.Tensor2D, 'gelu'), [{ shape: [0, 5], values: new Float32Array() }]);
    assert.equal(outcome.value.length, 0);
  });
});

function geluTanh(x: number): number {
  return (x / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
}

/** By the Taylor series within ±3 and the continued fraction of erfc outside: double precision, no code of ours. */
function erf(x: number): number {
  if (Math.abs(x) > 3) return Math.sign(x) * (1 - erfcByFraction(Math.abs(x)));
  let term = x;
  let sum = x;
  for (let n = 1; n < 100; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

function erfcByFraction(x: number): number {
  let fraction = x;
  for (let k = 60; k > 0; k--) fraction = x + k / 2 / fraction;
  return Math.exp(-x * x) / (fraction * Math.sqrt(Math.PI));
}
