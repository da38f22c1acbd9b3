/** Frequencies in both spellings, by hand and as transformers has them; and tables that live as long as their pass. */
import assert from 'node:assert/strict';
import { z } from 'zod';
import { createRotation, ropeFields, ropeFrequencies } from '../../../trainer/models/rope';
import * as tf from '../../../trainer/tensors';
import { assertClose } from '../numbers';
import { startBackend } from '../tiny-training';

const schema = z.object(ropeFields);
const frequencies = (config: unknown, headSize: number, usualTheta?: number) =>
  ropeFrequencies({ ...schema.parse(config), max_position_embeddings: 131_072 }, headSize, usualTheta);

describe('ropeFrequencies', () => {
  const plain = [1, 1 / 10, 1 / 100, 1 / 1000];

  it('falls from 1 by powers of theta, which is 10,000 where nobody says otherwise', () => {
    assertClose(frequencies({}, 8), plain, 1e-12, 'none');
    assertClose(frequencies({ rope_scaling: null }, 8), plain, 1e-12, 'null');
    assertClose(frequencies({ rope_parameters: { rope_type: 'default', rope_theta: 10_000 } }, 8), plain, 1e-12, 'transformers 5');
    assertClose(frequencies({ rope_theta: 10_000, rope_scaling: { type: 'default' } }, 8, 50), plain, 1e-12, 'transformers 4');
    assertClose(frequencies({}, 8, 16), [1, 1 / 2, 1 / 4, 1 / 8], 1e-12, "a model's own");
  });

  it('turns slower by the factor of linear scaling, in every spelling', () => {
    const slower = plain.map((frequency) => frequency / 4);
    assertClose(frequencies({ rope_scaling: { type: 'linear', factor: 4 } }, 8), slower, 1e-12, 'the oldest');
    assertClose(frequencies({ rope_scaling: { rope_type: 'linear', factor: 4 } }, 8), slower, 1e-12, 'transformers 4');
    const parameters = { rope_type: 'linear', factor: 4, rope_theta: 10_000 };
    assertClose(frequencies({ rope_parameters: parameters }, 8), slower, 1e-12, 'transformers 5');
  });

  it("gives Llama 3.2's as transformers computes them", () => {
    // modeling_rope_utils._compute_llama3_parameters of transformers 5.23, head of 32 elements
    const expected = [
      1.0, 0.440366626, 0.193922758, 0.0853971019, 0.0376060307, 0.0165604409, 0.00729266508, 0.00321144611, 0.000429556705, 1.94616387e-5, 8.57025589e-6, 3.77405445e-6, 1.66196742e-6, 7.31874934e-7, 3.22293289e-7, 1.41927202e-7,
    ];
    const scaling = { rope_type: 'llama3', factor: 32, low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 8192 };
    const computed = frequencies({ rope_theta: 500_000, rope_scaling: scaling }, 32);
    computed.forEach((frequency, pair) => {
      assert.ok(Math.abs(frequency / (expected[pair] ?? NaN) - 1) < 1e-6, `pair ${pair}: ${frequency} against ${expected[pair]}`);
    });
    assert.deepEqual(frequencies({ rope_parameters: { ...scaling, rope_theta: 500_000 } }, 32), computed);
  });

  it('turns a part of each head where rotary is partial', () => {
    assertClose(frequencies({ partial_rotary_factor: 0.5 }, 16), plain, 1e-12, 'half of 16');
    assertClose(frequencies({ rope_parameters: { partial_rotary_factor: 0.25, rope_theta: 10_000 } }, 32), plain, 1e-12, 'a quarter of 32');
  });

  it('refuses what it cannot compute, by name', () => {
    for (const type of ['yarn', 'dynamic', 'longrope'])
      for (const config of [{ rope_scaling: { type, factor: 2 } }, { rope_parameters: { rope_type: type, factor: 2 } }])
        assert.throws(() => frequencies(config, 8), { message: new RegExp(`rope type .*${type}.* is not supported; these are: default, linear, llama3`) });
  });
});

describe('createRotation', () => {
  before(() => startBackend('wasm'));
  const turn = (positions: Int32Array, rotate = createRotation(Float64Array.of(1, 0.01))) =>
    rotate(tf.tensor2d([1, 2, 3, 4, 1, 2, 3, 4], [2, 4]), positions, 1);

  it('turns each token by its position, wherever the positions begin', () => {
    for (const positions of [Int32Array.of(0, 3), Int32Array.of(4001, 4000), Int32Array.of(70_000, 12)]) {
      const expected = [...positions].flatMap((position) => {
        const [c, s, slowC, slowS] = [Math.cos(position), Math.sin(position), Math.cos(position / 100), Math.sin(position / 100)];
        return [c - 3 * s, 2 * slowC - 4 * slowS, 3 * c + s, 4 * slowC + 2 * slowS];
      });
      tf.tidy(() => {
        assertClose(turn(positions).dataSync<'float32'>(), expected, 2e-6, String(positions));
      });
    }
  });

  it('gives a token the same bits whatever stands beside it', () => {
    const bits = (positions: Int32Array, token: number) => tf.tidy(() => [...turn(positions).dataSync<'float32'>().slice(4 * token, 4 * token + 4)]);
    assert.deepEqual(bits(Int32Array.of(300, 5), 0), bits(Int32Array.of(0, 300), 1));
  });

  it('makes its tables once for all layers of a pass, and anew in the next', () => {
    const rotate = createRotation(Float64Array.of(1, 0.01));
    const positions = Int32Array.of(2, 3);
    const before = tf.memory().numTensors;
    const passes = [1, 2].map(() =>
      tf.tidy(() => {
        turn(positions, rotate);
        const first = tf.memory().numTensors;
        const y = turn(positions, rotate);
        assert.equal(tf.memory().numTensors - first, 2, 'an input and an output');
        return [...y.dataSync<'float32'>()];
      }),
    );
    assert.deepEqual(passes[0], passes[1]);
    assert.equal(tf.memory().numTensors, before);
  });
});
