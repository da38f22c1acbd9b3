import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { denseComposite } from '../../../trainer/ops/dense';
import {
  createNf4Weight,
  denseNf4,
  denseNf4Composite,
  dequantizeNf4,
  disposeNf4Weight,
  readNf4Weight,
} from '../../../trainer/ops/nf4';
import { NF4_MAP, createDynamicMap, dequantizeNf4Range, quantizeNf4 } from '../../../trainer/ops/nf4-format';
import type { Nf4Data } from '../../../trainer/ops/nf4-format';
import * as tf from '../../../trainer/tensors';
import { assertClose, randomBlock, seededRandom } from '../numbers';
import { VARIANTS, assertLikeComposite, countKernels, differentiate, read, useWasm } from '../on-backends';

/** Written by test/golden/make_nf4_fixtures.py with bitsandbytes. */
const FIXTURE = 'test/golden/fixtures/nf4.safetensors';
const CASES = ['wide', 'straddling', 'odd', 'extremes'] as const;

const headerSchema = z.record(
  z.string(),
  z.object({
    dtype: z.string().optional(),
    shape: z.array(z.number()).default([]),
    data_offsets: z.tuple([z.number(), z.number()]).optional(),
  }),
);
const stateSchema = z.object({
  quant_type: z.literal('nf4'),
  blocksize: z.literal(64),
  nested_blocksize: z.literal(256),
  nested_offset: z.number(),
});

interface Golden {
  values: Float32Array;
  dequantized: Float32Array;
  data: Nf4Data;
}

describe('NF4 as bitsandbytes lays it out', () => {
  const tensors = readFixture();

  for (const name of CASES) {
    const { values, dequantized, data } = readCase(tensors, name);

    it(`has the same codes, maps, scales of scales and offset (${name})`, () => {
      const ours = quantizeNf4(values, data.rows, data.columns);
      assertClose(ours.weight, data.weight, 0, 'codes');
      assertClose(ours.absmax, data.absmax, 0, 'absmax');
      assertClose(ours.quantMap, data.quantMap, 0, 'quant_map');
      assertClose(ours.nestedQuantMap, data.nestedQuantMap, 0, 'nested_quant_map');
      assertClose(ours.nestedAbsmax, data.nestedAbsmax, 0, 'nested_absmax');
      assert.equal(ours.nestedOffset, data.nestedOffset);
    });

    it(`dequantises its parts to the same numbers, in JavaScript and in every build (${name})`, async () => {
      assertClose(dequantizeNf4Range(data, 0, values.length), dequantized, 0, 'JavaScript');
      for (const variant of VARIANTS) {
        await useWasm(variant);
        const weight = createNf4Weight(data);
        const found = tf.tidy(() => read(dequantizeNf4(weight)));
        assertClose(found, dequantized, 0, variant.build);
        disposeNf4Weight(weight);
      }
    });
  }
});

describe('quantizeNf4', () => {
  it('keeps each code of the map, times the scale of its block', () => {
    const scales = [3, 0.5];
    const values = Float32Array.from({ length: 128 }, (_, i) => (NF4_MAP[i % 16] ?? NaN) * (scales[Math.floor(i / 64)] ?? NaN));
    const data = quantizeNf4(values, 2, 64);
    const codes = [...data.weight].flatMap((byte) => [byte >> 4, byte & 15]);
    assert.deepEqual(
      codes,
      Array.from({ length: 128 }, (_, i) => i % 16),
    );
    assertClose(dequantizeNf4Range(data, 0, 128), values, 0.01, 'values'); // the smaller scale is a code of -0.993 for -1
  });

  it('is off by at most half the widest gap of the map, in units of the scale', () => {
    const { values } = randomBlock(seededRandom(8), 70, 70);
    const back = dequantizeNf4Range(quantizeNf4(values, 70, 70), 0, 4900);
    const worst = values.reduce((most, value, i) => Math.max(most, Math.abs(value - (back[i] ?? NaN)) / 2), 0);
    assert.ok(worst < (1 - 0.6962) / 2 + 0.01, `${worst}`);
    assert.ok(worst > 0.05, `${worst}: 4 bits cannot be that exact`);
  });

  it('has a dynamic map of 256 sorted values from -0.993 to 1 with an exact zero', () => {
    const map = createDynamicMap();
    assert.deepEqual([map.length, map[127], map[255]], [256, 0, 1]);
    assert.ok(map.every((value, i) => i === 0 || value > (map[i - 1] ?? NaN)));
  });

  it('refuses what is not finite, and a number of values that is not the shape', () => {
    assert.throws(() => quantizeNf4(Float32Array.of(1, NaN), 1, 2), /a weight must be finite, but value 1 is NaN/);
    assert.throws(() => quantizeNf4(Float32Array.of(1, -Infinity), 1, 2), /value 1 is -Infinity/);
    assert.throws(() => quantizeNf4(Float32Array.of(1, 2), 3, 1), /2 values are not 3 · 1/);
  });
});

describe('denseNf4', () => {
  for (const [rows, width, out] of [
    [1, 1, 1],
    [3, 5, 7],
    [5, 64, 8],
    [17, 33, 130],
    [2, 70, 33],
    [3, 135, 302], // the second thread starts at an odd element
    [9, 1000, 300], // several blocks of rows
  ] as const) {
    it(`agrees with its composite for [${rows}, ${width}] and a weight [${out}, ${width}]`, async () => {
      const random = seededRandom(rows * width + out);
      const data = quantizeNf4(randomBlock(random, out, width).values, out, width);
      await assertLikeComposite({
        inputs: [randomBlock(random, rows, width), randomBlock(random, out)],
        fused: (x, bias) => denseNf4(x as tf.Tensor2D, createNf4Weight(data), bias as tf.Tensor1D),
        composite: (x, bias) => denseNf4Composite(x as tf.Tensor2D, createNf4Weight(data), bias as tf.Tensor1D),
        tolerance: 1e-4, // sums of up to 1,000 products
        what: 'denseNf4',
      });
    });
  }

  it('is a dense layer with the dequantised weight, without a bias too', async () => {
    await useWasm();
    const data = quantizeNf4(randomBlock(seededRandom(1), 9, 20).values, 9, 20);
    const values = dequantizeNf4Range(data, 0, 180);
    const x = randomBlock(seededRandom(2), 3, 20);
    const [expected, actual] = [
      differentiate((t) => denseComposite(t as tf.Tensor2D, tf.tensor2d(values, [9, 20])), [x]),
      differentiate((t) => denseNf4(t as tf.Tensor2D, createNf4Weight(data)), [x]),
    ];
    assertClose(actual.value, expected.value, 2e-6, 'value');
    assertClose(actual.gradients[0] ?? [], expected.gradients[0] ?? [], 2e-6, 'gradient');
  });

  it('takes half a byte and a 64th per parameter, and never a whole weight of floats', async () => {
    const backend = await useWasm();
    const [out, width] = [1024, 2048];
    const before = backend.stats().usedBytes;
    const weight = createNf4Weight(quantizeNf4(new Float32Array(out * width).fill(0.5), out, width));
    const x = tf.tidy(() => tf.variable(tf.ones<tf.Rank.R2>([2, width])));
    const step = () => {
      const { value, grads } = tf.variableGrads(() => tf.sum(denseNf4(x, weight)), [x]);
      assertClose(read(value), [2 * out * width * 0.5], 1e-6, 'sum');
      tf.dispose([value, grads]);
    };
    step();
    const held = backend.stats().usedBytes - before;
    assert.ok(held < out * width * (0.5 + 1 / 64) + 200_000, `${held} bytes are held`);
    backend.heap.resetPeak();
    step();
    const peak = backend.stats().peakBytes - before - held;
    assert.ok(peak < (out * width * 4) / 4, `${peak} bytes of scratch for a weight of ${out * width * 4}`);
    tf.dispose(x);
    disposeNf4Weight(weight);
    assert.equal(backend.stats().usedBytes, before);
  });

  it('gives nothing for no rows', async () => {
    await useWasm();
    const data = quantizeNf4(randomBlock(seededRandom(1), 3, 2).values, 3, 2);
    const { value, gradients } = differentiate(
      (x) => denseNf4(x as tf.Tensor2D, createNf4Weight(data)),
      [{ shape: [0, 2], values: new Float32Array() }],
    );
    assert.deepEqual([value.length, gradients[0]?.length], [0, 0]);
  });

  it('spoils with NaN only the row that holds it', async () => {
    await useWasm();
    const data = quantizeNf4(randomBlock(seededRandom(1), 3, 2).values, 3, 2);
    const y = tf.tidy(() =>
      read(
        denseNf4(
          tf.tensor2d([
            [NaN, 1],
            [1, 2],
          ]),
          createNf4Weight(data),
        ),
      ),
    );
    assert.deepEqual([...y].map(Number.isNaN), [true, true, true, false, false, false]);
  });

  it('runs nothing backwards for an input without a gradient', async () => {
    await useWasm();
    const data = quantizeNf4(randomBlock(seededRandom(1), 3, 2).values, 3, 2);
    const bias = tf.variable(tf.zeros<tf.Rank.R1>([3]));
    const counts = await countKernels(() => {
      tf.variableGrads(() => tf.sum(denseNf4(tf.ones([1, 2]), createNf4Weight(data), bias)), [bias]);
    });
    assert.equal(counts.get('TemperDenseNf4'), 1);
    assert.equal(counts.get('TemperDenseNf4Grad') ?? 0, 0);
    bias.dispose();
  });

  it('reads back what it was given', async () => {
    await useWasm();
    const data = quantizeNf4(randomBlock(seededRandom(1), 30, 32).values, 30, 32);
    const weight = createNf4Weight(data);
    const back = readNf4Weight(weight);
    assert.deepEqual(back.weight.subarray(0, data.weight.length), data.weight);
    assert.deepEqual(back.absmax.subarray(0, data.absmax.length), data.absmax);
    assert.equal(back.nestedOffset, data.nestedOffset);
    disposeNf4Weight(weight);
  });

  it('refuses an input that does not fit', () => {
    tf.tidy(() => {
      const weight = createNf4Weight(quantizeNf4(new Float32Array(6), 3, 2));
      assert.throws(() => denseNf4(tf.zeros([1, 3]), weight), /x \[1, 3\], bias none do not fit a weight \[3, 2\]/);
    });
  });
});

function readFixture(): (name: string) => Uint8Array {
  const bytes = readFileSync(FIXTURE);
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  const header = headerSchema.parse(JSON.parse(bytes.toString('utf8', 8, start)));
  return (name) => {
    const [begin, end] = header[name]?.data_offsets ?? assert.fail(`${FIXTURE} has no ${name}`);
    return Uint8Array.from(bytes.subarray(start + begin, start + end));
  };
}

function readCase(tensors: (name: string) => Uint8Array, name: string): Golden {
  const floats = (part: string) => new Float32Array(tensors(`${name}.${part}`).buffer);
  const json: unknown = JSON.parse(Buffer.from(tensors(`${name}.weight.quant_state.bitsandbytes__nf4`)).toString());
  const { nested_offset: nestedOffset } = stateSchema.parse(json);
  const [rows = 0, columns = 0] = z.object({ shape: z.array(z.number()) }).parse(json).shape;
  const data = {
    rows,
    columns,
    weight: tensors(`${name}.weight`),
    absmax: tensors(`${name}.weight.absmax`),
    quantMap: floats('weight.quant_map'),
    nestedAbsmax: floats('weight.nested_absmax'),
    nestedQuantMap: floats('weight.nested_quant_map'),
    nestedOffset,
  };
  return { values: floats('values'), dequantized: floats('dequantized'), data };
}
