/** Runs tensor computations on the cpu backend, which is the reference, and on the wasm backend in its variants. */
import type { KernelBuild } from '../../trainer/backends/wasm/kernel-functions';
import { registerWasmBackend } from '../../trainer/backends/wasm/register';
import type { WasmBackend } from '../../trainer/backends/wasm/wasm-backend';
import * as tf from '../../trainer/tensors';
import { assertClose, randomBlock, seededRandom } from './numbers';
import type { Block } from './numbers';

export interface Variant {
  build: KernelBuild;
  threads: number;
}

/** Every build, alone or with a worker. */
export const VARIANTS: readonly Variant[] = [
  { build: 'wide', threads: 2 },
  { build: 'relaxed', threads: 1 },
  { build: 'relaxed', threads: 2 },
  { build: 'simd', threads: 2 },
];

const registered = new Map<string, WasmBackend>();

/** Makes the variant current; registered on first use, under a name of its own. */
export async function useWasm({ build, threads }: Variant = { build: 'relaxed', threads: 2 }): Promise<WasmBackend> {
  const name = `test-wasm-${build}-${threads}`;
  const backend = registered.get(name) ?? registerWasmBackend({ build, threads, name });
  registered.set(name, backend);
  await tf.setBackend(name);
  return backend;
}

export type TensorFunction = (...inputs: tf.Tensor[]) => tf.Tensor;

/** What a function of float32 tensors gives on the current backend, and what Σ f · weights gives as gradients. */
export interface Outcome {
  value: Float32Array;
  gradients: Float32Array[];
}

/** On the current backend. The weights of the sum are drawn from a fixed seed, so that outcomes can be compared. */
export function differentiate(f: TensorFunction, inputs: readonly Block[]): Outcome {
  return tf.tidy(() => {
    const tensors = inputs.map(({ values, shape }) => tf.tensor(values, shape, 'float32'));
    const value = f(...tensors);
    const weights = randomBlock(seededRandom(99), ...value.shape);
    const dy = tf.tensor(weights.values, weights.shape, 'float32');
    const gradients = tf.grads((...args: tf.Tensor[]) => f(...args))(tensors, dy);
    return { value: read(value), gradients: gradients.map(read) };
  });
}

export function read(tensor: tf.Tensor): Float32Array {
  return Float32Array.from(tensor.dataSync<'float32'>());
}

export interface Comparison {
  inputs: readonly Block[];
  /** Runs on every variant of the wasm backend. */
  fused: TensorFunction;
  /** Runs on the cpu backend. */
  composite: TensorFunction;
  tolerance: number;
  what: string;
}

/** Value and all gradients of the fused op against its composite on the cpu backend. */
export async function assertLikeComposite({ inputs, fused, composite, tolerance, what }: Comparison): Promise<void> {
  await tf.setBackend('cpu');
  const expected = differentiate(composite, inputs);
  for (const variant of VARIANTS) {
    await useWasm(variant);
    const actual = differentiate(fused, inputs);
    const where = `${what} (${variant.build}, ${variant.threads} threads)`;
    assertClose(actual.value, expected.value, tolerance, `${where}, value`);
    actual.gradients.forEach((gradient, i) => {
      assertClose(gradient, expected.gradients[i] ?? [], tolerance, `${where}, gradient ${i}`);
    });
  }
}

/** How often each kernel runs on the current backend while `f` does. */
export async function countKernels(f: () => void): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  const profile = await tf.profile(() => {
    tf.tidy(f);
    return tf.scalar(0);
  });
  for (const { name } of profile.kernels) counts.set(name, (counts.get(name) ?? 0) + 1);
  tf.dispose(profile.result);
  return counts;
}
