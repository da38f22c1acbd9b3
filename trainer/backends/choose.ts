/**
 * Chooses what computes: the fastest rung of the ladder that works on this machine. Every rung is probed, never assumed,
 * and what was refused is returned with its reason, for the panel and for `temper doctor`.
 */
import { availableParallelism } from 'node:os';
import { RunFailure, type BackendName, type RunConfig } from '../../protocol';
import { accelerationPlaces } from '../acceleration/places';
import * as tf from '../tensors';
import { loadTensorFlow } from './tensorflow/load';
import type { KernelBuild } from './wasm/kernel-functions';
import { registerWasmBackend } from './wasm/register';
import { loadWebGpu } from './webgpu/load';

export interface BackendReport {
  readonly name: BackendName;
  readonly usable: boolean;
  /** Why it is usable, or why not. */
  readonly reason: string;
}

export interface ChosenBackend {
  readonly name: BackendName;
  readonly threads: number;
  readonly refused: readonly { readonly name: string; readonly reason: string }[];
}

export interface BackendRequest {
  readonly backend: RunConfig['backend'];
  readonly threads: number | undefined;
  /** Where a user's own @tensorflow/tfjs-node would be installed. */
  readonly projectDir: string;
}

/** What the builds of the wasm kernels compute with. */
const vectorsOf: Record<KernelBuild, string> = {
  wide: '256-bit vectors',
  relaxed: '128-bit vectors with fused multiply-add',
  simd: '128-bit vectors',
};

/** From fastest to slowest. `cpu` is for tests on toy shapes: it is taken when asked for by name only. */
const ladder: readonly BackendName[] = ['tensorflow-gpu', 'webgpu', 'tensorflow', 'wasm'];

/** Starts the chosen backend and makes it TensorFlow.js's current one. @throws RunFailure 'backend-missing' */
export async function chooseBackend(request: BackendRequest): Promise<ChosenBackend> {
  const candidates = request.backend === 'auto' ? ladder : [request.backend];
  const refused: { name: string; reason: string }[] = [];
  for (const name of candidates) {
    const report = await startBackend(name, request);
    if (report.usable) return { name, threads: threadsOf(name, request.threads), refused };
    refused.push({ name, reason: report.reason });
  }
  throw noBackend(refused);
}

/** Tries every rung, for `temper doctor`. The one started last stays current. */
export async function reportBackends(request: BackendRequest): Promise<BackendReport[]> {
  const reports: BackendReport[] = [];
  for (const name of [...ladder, 'cpu'] as const) reports.push(await startBackend(name, request));
  return reports;
}

export function threadsOf(name: BackendName, wanted: number | undefined): number {
  return name === 'wasm' ? (wanted ?? Math.min(8, availableParallelism())) : 1;
}

/** Starts it and lets it compute a gradient that is known by hand. */
export async function startBackend(name: BackendName, request: BackendRequest): Promise<BackendReport> {
  try {
    const reason = await start(name, request);
    await selfTest();
    return { name, usable: true, reason };
  } catch (thrown) {
    return { name, usable: false, reason: thrown instanceof Error ? thrown.message : String(thrown) };
  }
}

/** Makes the backend current and says what was found. */
async function start(name: BackendName, { backend, projectDir, threads }: BackendRequest): Promise<string> {
  switch (name) {
    case 'tensorflow-gpu':
      await loadTensorFlow('@tensorflow/tfjs-node-gpu', projectDir);
      return 'TensorFlow with CUDA';
    case 'tensorflow':
      await loadTensorFlow('@tensorflow/tfjs-node', projectDir);
      return 'TensorFlow on the processor';
    case 'webgpu':
      return loadWebGpu({ places: accelerationPlaces(projectDir), acceptSoftware: backend === 'webgpu' });
    case 'wasm': {
      const count = threadsOf(name, threads);
      const { build } = registerWasmBackend({ threads: count });
      await tf.setBackend('wasm');
      return `built in, ${count} ${count === 1 ? 'thread' : 'threads'}, ${vectorsOf[build]}`;
    }
    case 'cpu':
      await tf.setBackend('cpu');
      return 'plain JavaScript, for tests on small shapes';
    default:
      return name satisfies never;
  }
}

/** d/dW of sum(x W) is known by hand: [[1], [2]] for x = [[1, 2]]. */
async function selfTest(): Promise<void> {
  const weight = tf.tensor2d([[3], [4]]);
  const x = tf.tensor2d([[1, 2]]);
  const gradient = tf.grad((w: tf.Tensor) => tf.sum(tf.matMul(x, w as tf.Tensor2D)))(weight); // grad passes the tensor it was given
  const found = [...(await gradient.data())];
  tf.dispose([weight, x, gradient]);
  if (found.join() !== '1,2') throw new Error(`its self-test gave ${found.join(', ')} instead of 1, 2`);
}

function noBackend(refused: readonly { name: string; reason: string }[]): RunFailure {
  const reasons = refused.map(({ name, reason }) => `${name}: ${reason}`).join('; ');
  return new RunFailure({
    code: 'backend-missing',
    message: `No backend could be started (${reasons}).`,
    hint: 'Set "backend" to "auto", or run `temper doctor`.',
  });
}
