/** TEMPER_FUZZ_SEED=… and TEMPER_FUZZ_ROUNDS=… draw other problems, or more of them. */
import assert from 'node:assert/strict';
import { FUSED_KERNELS } from '../../../trainer/ops/fused';
import * as tf from '../../../trainer/tensors';
import { assertClose, randomInteger, seededRandom } from '../numbers';
import type { Block } from '../numbers';
import type { Random } from '../../../trainer/ops/dropout';
import { VARIANTS, differentiate, read, useWasm } from '../on-backends';
import type { Outcome, TensorFunction } from '../on-backends';
import { PROBLEMS } from './fuzz-problems';
import type { Problem } from './fuzz-problems';

const SEED = Number(process.env['TEMPER_FUZZ_SEED'] ?? 1);
const ROUNDS = Number(process.env['TEMPER_FUZZ_ROUNDS'] ?? 12);

/** Kernels of TensorFlow.js that the backend replaces. */
const REPLACED = [
  'Add',
  'BatchMatMul',
  'Cast',
  'GatherV2',
  'Multiply',
  'RealDiv',
  'Sub',
  'Sum',
  'Transpose',
  'UnsortedSegmentSum',
];

describe('every operation of the wasm backend, fuzzed', () => {
  const ran = new Set<string>();

  Object.entries(PROBLEMS).forEach(([name, draw], index) => {
    it(`${name} agrees with its reference for ${ROUNDS} random shapes`, async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const seed = SEED * 1_000_000 + round * 1000 + index;
        const random = seededRandom(seed);
        await requireLikeReference(draw(random), round, `seed ${seed}, ${name}`, ran);
      }
    });

    it(`${name} has NaN and infinity where its reference has them`, async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const seed = SEED * 1_000_000 + 500_000 + round * 1000 + index;
        const random = seededRandom(seed);
        const problem = draw(random);
        const inputs = problem.inputs.map((block) => sprinkle(random, block, problem.specials));
        await requireSameSpecials({ ...problem, inputs }, round, `seed ${seed}, ${name}`);
      }
    });
  });

  it('ran every kernel of ours', () => {
    const missing = [...Object.values(FUSED_KERNELS), ...REPLACED].filter((kernel) => !ran.has(kernel));
    assert.deepEqual(missing, []);
  });
});

/** Value and gradients, in the variant whose turn it is. */
async function requireLikeReference(problem: Problem, round: number, where: string, ran: Set<string>): Promise<void> {
  const { tolerance = 2e-5 } = problem;
  await tf.setBackend('cpu');
  const expected = evaluate(problem, problem.composite);
  const variant = VARIANTS[round % VARIANTS.length] ?? assert.fail();
  await useWasm(variant);
  const actual = recordKernels(ran, () => evaluate(problem, problem.fused));
  const what = `${where} ${describeInputs(problem)}, ${variant.build}, ${variant.threads} threads`;
  assertClose(actual.value, expected.value, tolerance, `${what}, value`);
  actual.gradients.forEach((gradient, i) => {
    assertClose(gradient, expected.gradients[i] ?? [], tolerance, `${what}, gradient ${i}`);
  });
}

/** Of the value only: two ways to differentiate one function may differ where it is not finite. */
async function requireSameSpecials(problem: Problem, round: number, where: string): Promise<void> {
  await tf.setBackend('cpu');
  const expected = evaluate({ ...problem, hasGradient: false }, problem.composite).value;
  const variant = VARIANTS[round % VARIANTS.length] ?? assert.fail();
  await useWasm(variant);
  const actual = evaluate({ ...problem, hasGradient: false }, problem.fused).value;
  const what = `${where} ${describeInputs(problem)}, ${variant.build}, ${variant.threads} threads`;
  assertClose(actual, expected, problem.tolerance ?? 2e-5, what);
}

function evaluate({ inputs, hasGradient = true }: Problem, f: TensorFunction): Outcome {
  if (hasGradient) return differentiate(f, inputs);
  const run = () => read(f(...inputs.map(({ values, shape }) => tf.tensor(values, shape, 'float32'))));
  return { value: tf.tidy(run), gradients: [] };
}

/** Adds the names of the kernels that ran. */
function recordKernels<T>(ran: Set<string>, f: () => T): T {
  const engine = tf.engine();
  const original = engine.runKernel.bind(engine);
  const recording: typeof original = (name, inputs, attributes) => {
    ran.add(name);
    return original(name, inputs, attributes);
  };
  engine.runKernel = recording;
  try {
    return f();
  } finally {
    engine.runKernel = original;
  }
}

/** Some elements become NaN or infinite, a copy. */
function sprinkle(random: Random, { values, shape }: Block, specials: readonly number[] = [NaN, Infinity, -Infinity]): Block {
  const copy = Float32Array.from(values);
  for (let n = 1 + randomInteger(random, 3); n > 0 && copy.length > 0; n--) {
    copy[randomInteger(random, copy.length)] = specials[randomInteger(random, specials.length)] ?? NaN;
  }
  return { values: copy, shape };
}

function describeInputs({ inputs, options }: Problem): string {
  const shapes = inputs.map(({ shape }) => `[${shape.join(', ')}]`).join(' ');
  return options === undefined ? shapes : `${shapes} (${options})`;
}
