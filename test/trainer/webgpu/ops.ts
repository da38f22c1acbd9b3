/**
 * Runs in a process of its own, like compute.ts: every kernel of ours for webgpu and, on cpu, the composite that defines
 * it, at awkward sizes; and the composites of the other ops on both. Writes both outcomes to the file named on the command line.
 */
import { writeFileSync } from 'node:fs';
import { chooseBackend } from '../../../trainer/backends/choose';
import { activate, activateComposite, type Activation } from '../../../trainer/ops/activate';
import { adamWStep, adamWStepComposite, type AdamWStep } from '../../../trainer/ops/adamw';
import { dropout, dropoutComposite } from '../../../trainer/ops/dropout';
import { layerNorm, layerNormComposite } from '../../../trainer/ops/layer-norm';
import * as tf from '../../../trainer/tensors';
import { randomBlock, seededRandom, type Block } from '../numbers';
import { composites } from './composites';

export interface Compared {
  readonly what: string;
  /** Values and every gradient, one behind the other. */
  readonly cpu: readonly (readonly number[])[];
  readonly webgpu: readonly (readonly number[])[];
}

type Compute = () => Promise<number[][]>;
interface Case {
  readonly what: string;
  readonly fused: Compute;
  readonly composite: Compute;
}

type TensorFunction = (...inputs: tf.Tensor[]) => tf.Tensor;

const kinds: readonly Activation[] = ['gelu', 'gelu_new', 'quick_gelu', 'relu', 'silu', 'tanh'];
/** Less than a workgroup, exactly one, and more than one by a bit. */
const sizes: readonly (readonly [number, number])[] = [
  [1, 1],
  [3, 5],
  [2, 64],
  [67, 130],
];
const epsilon = 1e-12;
const dropoutRate = 0.3;

const kernelCases: readonly Case[] = sizes.flatMap(([rows, columns]) => {
  const [x, residual, gamma, beta] = [[rows, columns], [rows, columns], [columns], [columns]].map((shape, index) =>
    randomBlock(seededRandom(columns + index), ...shape),
  ) as [Block, Block, Block, Block]; // as many as there are shapes
  const of = (what: string, inputs: readonly Block[], fused: TensorFunction, composite: TensorFunction): Case => ({
    what: `${what} of [${rows}, ${columns}]`,
    fused: () => differentiate(fused, inputs),
    composite: () => differentiate(composite, inputs),
  });
  const norm = (compute: typeof layerNorm) => (a: tf.Tensor, b: tf.Tensor, c: tf.Tensor, d?: tf.Tensor) =>
    compute(a as tf.Tensor2D, b as tf.Tensor1D, c as tf.Tensor1D, epsilon, d as tf.Tensor2D | undefined); // shapes as above
  const seed = Math.floor(seededRandom(5).next() * 2 ** 32);
  return [
    ...kinds.map((kind) =>
      of(
        kind,
        [x],
        (a) => activate(a as tf.Tensor2D, kind),
        (a) => activateComposite(a as tf.Tensor2D, kind),
      ),
    ),
    of(
      'dropout',
      [x],
      (a) => dropout(a as tf.Tensor2D, dropoutRate, seededRandom(5)),
      (a) => dropoutComposite(a as tf.Tensor2D, dropoutRate, seed),
    ),
    of('layer norm', [x, gamma, beta], norm(layerNorm), norm(layerNormComposite)),
    of('layer norm with a residual', [x, gamma, beta, residual], norm(layerNorm), norm(layerNormComposite)),
    {
      what: `three AdamW steps of [${rows}, ${columns}]`,
      fused: () => stepThrice(adamWStep, x, residual),
      composite: () => stepThrice(adamWStepComposite, x, residual),
    },
  ];
});

const cases: readonly Case[] = [
  ...kernelCases,
  ...composites.map(({ what, inputs, compute }) => {
    const run = () => differentiate((...tensors) => compute(...(tensors as tf.Tensor2D[])), inputs); // all inputs are matrices
    return { what, fused: run, composite: run };
  }),
];

async function compareAll(projectDir: string): Promise<Compared[]> {
  await chooseBackend({ backend: 'cpu', threads: 1, projectDir });
  const onCpu: number[][][] = [];
  for (const { composite } of cases) onCpu.push(await composite());
  await chooseBackend({ backend: 'webgpu', threads: 1, projectDir });
  tf.env().set('WEBGPU_CPU_FORWARD', false); // else tensors as small as ours stay on the processor
  const compared: Compared[] = [];
  for (const [index, { what, fused }] of cases.entries()) compared.push({ what, cpu: onCpu[index] ?? [], webgpu: await fused() });
  return compared;
}

/** The value, and the gradients of Σ f · weights with weights from a fixed seed. */
async function differentiate(f: TensorFunction, inputs: readonly Block[]): Promise<number[][]> {
  const results = tf.tidy(() => {
    const tensors = inputs.map(({ values, shape }) => tf.tensor(values, shape, 'float32'));
    const value = f(...tensors);
    const weights = randomBlock(seededRandom(99), ...value.shape);
    return [value, ...tf.grads((...args: tf.Tensor[]) => f(...args))(tensors, tf.tensor(weights.values, weights.shape))];
  });
  return readAndDispose(results);
}

/** Reads in between, as a checkpoint does: what was read must not be taken for what is there afterwards. */
async function stepThrice(step: (update: AdamWStep) => void, start: Block, slope: Block): Promise<number[][]> {
  const variable = (values: Float32Array) => tf.tidy(() => tf.variable(tf.tensor(values, start.shape)));
  const zeros = () => variable(new Float32Array(start.values.length));
  const state = { parameter: variable(start.values), firstMoment: zeros(), secondMoment: zeros() };
  const gradient = tf.tensor(slope.values, slope.shape);
  const settings = { learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.1, gradientScale: 0.7 };
  const between: number[][] = [];
  for (let count = 1; count <= 3; count++) {
    step({ ...state, gradient, step: count, ...settings });
    between.push([...(await state.parameter.data())]);
  }
  gradient.dispose();
  return [...between, ...(await readAndDispose(Object.values(state)))];
}

async function readAndDispose(tensors: readonly tf.Tensor[]): Promise<number[][]> {
  const values: number[][] = [];
  for (const tensor of tensors) values.push([...(await tensor.data())]);
  tf.dispose([...tensors]);
  return values;
}

const [, , projectDir, output] = process.argv;
if (projectDir !== undefined && output !== undefined) {
  void compareAll(projectDir).then((compared) => {
    writeFileSync(output, JSON.stringify(compared));
  });
}
