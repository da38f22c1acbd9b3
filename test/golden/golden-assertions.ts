/** How computed numbers are held against a fixture's. */
import assert from 'node:assert/strict';
import type { Adapter } from '../../trainer/methods/method';
import type { Gradients } from '../../trainer/optimizer';
import type { NamedTensor, NamedTensors } from '../../trainer/safetensors';
import type { StepResult } from '../../trainer/step';
import type { Tensor } from '../../trainer/tensors';

interface ExpectedSteps {
  readonly losses?: readonly number[] | undefined;
  readonly gradNorms?: readonly number[] | undefined;
  readonly learningRates?: readonly number[] | undefined;
  readonly withoutGradient: readonly string[];
  readonly indeterminate: Readonly<Record<string, readonly [number, number]>>;
}

export function assertClose(name: string, found: Tensor, expected: NamedTensor, tolerance: number): void {
  assert.deepEqual(found.shape, expected.shape, `shape of ${name}`);
  const difference = largestDifference(Float32Array.from(found.dataSync<'float32'>()), expected.values);
  assert.ok(difference <= tolerance, `${name} differs by ${difference}`);
}

/** Every trained parameter's gradient, relative to the largest element of it. */
export async function assertRelativelyClose(
  adapter: Adapter,
  gradients: Gradients,
  expected: NamedTensors,
  transposed: ReadonlySet<string>,
  tolerance: number,
): Promise<void> {
  let compared = 0;
  for (const [name, variable] of adapter.trained) {
    const golden = expected.get(`gradient.${name}`);
    const gradient = gradients[variable.name];
    if (golden === undefined) continue;
    assert.ok(gradient, `${name} has no gradient`);
    compared++;
    const found = asInFile(name, { shape: gradient.shape, values: Float32Array.from(await gradient.data()) }, transposed);
    const scale = Math.max(...golden.values.map(Math.abs), 1e-3);
    const difference = largestDifference(found.values, golden.values) / scale;
    assert.ok(difference <= tolerance, `the gradient of ${name} differs by ${difference} of its largest element`);
  }
  const golden = [...expected.keys()].filter((name) => name.startsWith('gradient.'));
  assert.equal(compared, golden.length, 'every gradient of the fixture belongs to a trained parameter');
}

function asInFile(name: string, tensor: NamedTensor, transposed: ReadonlySet<string>): NamedTensor {
  if (!transposed.has(name.replace(/\.weight$/, ''))) return tensor;
  const [rows = 0, columns = 0] = tensor.shape;
  const values = Float32Array.from(
    tensor.values,
    (_, index) => tensor.values[(index % rows) * columns + Math.floor(index / rows)] ?? NaN,
  );
  return { shape: [columns, rows], values };
}

/** Losses, norms and rates of every step, and the parameters after those steps of which the fixture has them. */
export async function assertSteps(
  adapter: Adapter,
  expected: ExpectedSteps,
  tensors: NamedTensors,
  takeStep: (step: number) => Promise<StepResult>,
): Promise<void> {
  const { losses = [], gradNorms = [], learningRates = [] } = expected;
  assert.ok(losses.length >= 20, 'the fixture has twenty steps');
  for (const [index, loss] of losses.entries()) {
    const step = index + 1;
    const result = await takeStep(step);
    assert.ok(result.applied);
    const { facts } = result;
    assert.ok(Math.abs(facts.loss - loss) <= 1e-4, `loss of step ${step}: ${facts.loss} against ${loss}`);
    const norm = gradNorms[index] ?? NaN;
    assert.ok(Math.abs(facts.gradNorm - norm) <= 1e-3 * norm, `norm of step ${step}: ${facts.gradNorm} against ${norm}`);
    const rate = learningRates[index] ?? NaN;
    assert.ok(Math.abs(facts.learningRate - rate) < 1e-12, `rate of step ${step}: ${facts.learningRate} against ${rate}`);
    await assertParameters(adapter, expected, tensors, step);
  }
}

async function assertParameters(adapter: Adapter, expected: ExpectedSteps, tensors: NamedTensors, step: number): Promise<void> {
  const collected = await adapter.collectTensors();
  for (const [key, golden] of tensors) {
    if (!key.startsWith(`step${step}.`)) continue;
    const name = key.slice(`step${step}.`.length);
    const found = collected.get(name) ?? assert.fail(`${name} is not among what is written`);
    assert.deepEqual(found.shape, golden.shape, name);
    const [begin, end] = expected.indeterminate[name] ?? [0, 0];
    const keep = (values: Float32Array) => values.map((value, index) => (index >= begin && index < end ? 0 : value));
    const difference = largestDifference(keep(found.values), keep(golden.values));
    assert.ok(difference <= 1e-4, `${name} differs by ${difference} after ${step} steps`);
  }
}

function largestDifference(found: Float32Array, expected: Float32Array): number {
  assert.equal(found.length, expected.length);
  let largest = 0;
  for (const [index, value] of found.entries()) {
    const difference = Math.abs(value - (expected[index] ?? NaN));
    if (!(difference <= largest)) largest = difference; // NaN counts
  }
  return largest;
}
