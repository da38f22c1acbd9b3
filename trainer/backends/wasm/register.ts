/** Makes Temper's wasm backend known to TensorFlow.js: every cpu kernel, the hot ones replaced, and our own. */
import * as tf from '../../tensors';
import { FUSED_KERNELS } from '../../ops/fused';
import type { FusedKernel } from '../../ops/fused';
import { activateGradKernel, activateKernel } from './fused/activation';
import { attentionGradKernel, attentionKernel, biasedAttentionGradKernel } from './fused/attention';
import { crossEntropyGradKernel, crossEntropyKernel } from './fused/cross-entropy';
import { denseKernel, lowRankDenseGradKernel, lowRankDenseKernel } from './fused/dense';
import { dropoutKernel } from './fused/dropout';
import { embeddingGradKernel, embeddingKernel } from './fused/embedding';
import { swigluGradKernel, swigluKernel } from './fused/gated';
import {
  linearCrossEntropyGradKernel,
  linearCrossEntropyKernel,
  linearCrossEntropyWeightGradKernel,
} from './fused/linear-cross-entropy';
import { denseNf4GradKernel, denseNf4Kernel, dequantizeNf4Kernel } from './fused/nf4';
import {
  layerNormGammaGradKernel,
  layerNormGradKernel,
  layerNormKernel,
  rmsNormGammaGradKernel,
  rmsNormGradKernel,
  rmsNormKernel,
} from './fused/norm';
import { adamWKernel, sumOfSquaresKernel } from './fused/optimizer';
import { joinRowsKernel } from './fused/join-rows';
import { prependToRowsKernel, withoutFirstKernel } from './fused/prepend-to-rows';
import { rotaryKernel } from './fused/rotary';
import { KernelCall } from './kernel-call';
import type { HeapKernel, Replacement } from './kernel-call';
import { detectKernelBuild } from './detect-build';
import type { KernelBuild } from './kernel-functions';
import { BINARY_OPERATIONS, binary } from './stock/binary';
import { cast } from './stock/cast';
import { gather, unsortedSegmentSum } from './stock/gather';
import { batchMatMul } from './stock/mat-mul';
import { sum } from './stock/sum';
import { transpose } from './stock/transpose';
import { WasmBackend } from './wasm-backend';

/** Kernels of TensorFlow.js that we replace, under its names. */
const REPLACEMENTS: ReadonlyMap<string, Replacement> = new Map([
  ['BatchMatMul', batchMatMul],
  ...Object.entries(BINARY_OPERATIONS).map(([name, operation]): [string, Replacement] => [name, binary(operation)]),
  ['Cast', cast],
  ['GatherV2', gather],
  ['Sum', sum],
  ['Transpose', transpose],
  ['UnsortedSegmentSum', unsortedSegmentSum],
]);

const FUSED: Record<FusedKernel, HeapKernel> = {
  [FUSED_KERNELS.dense]: denseKernel,
  [FUSED_KERNELS.lowRankDense]: lowRankDenseKernel,
  [FUSED_KERNELS.lowRankDenseGrad]: lowRankDenseGradKernel,
  [FUSED_KERNELS.activate]: activateKernel,
  [FUSED_KERNELS.activateGrad]: activateGradKernel,
  [FUSED_KERNELS.swiglu]: swigluKernel,
  [FUSED_KERNELS.swigluGrad]: swigluGradKernel,
  [FUSED_KERNELS.layerNorm]: layerNormKernel,
  [FUSED_KERNELS.addLayerNorm]: layerNormKernel,
  [FUSED_KERNELS.layerNormGrad]: layerNormGradKernel,
  [FUSED_KERNELS.layerNormGammaGrad]: layerNormGammaGradKernel,
  [FUSED_KERNELS.rmsNorm]: rmsNormKernel,
  [FUSED_KERNELS.addRmsNorm]: rmsNormKernel,
  [FUSED_KERNELS.rmsNormGrad]: rmsNormGradKernel,
  [FUSED_KERNELS.rmsNormGammaGrad]: rmsNormGammaGradKernel,
  [FUSED_KERNELS.rotary]: rotaryKernel,
  [FUSED_KERNELS.attention]: attentionKernel,
  [FUSED_KERNELS.attentionGrad]: attentionGradKernel,
  [FUSED_KERNELS.biasedAttention]: attentionKernel,
  [FUSED_KERNELS.biasedAttentionGrad]: biasedAttentionGradKernel,
  [FUSED_KERNELS.embedding]: embeddingKernel,
  [FUSED_KERNELS.embeddingGrad]: embeddingGradKernel,
  [FUSED_KERNELS.prependToRows]: prependToRowsKernel,
  [FUSED_KERNELS.withoutFirst]: withoutFirstKernel,
  [FUSED_KERNELS.joinRows]: joinRowsKernel,
  [FUSED_KERNELS.crossEntropy]: crossEntropyKernel,
  [FUSED_KERNELS.crossEntropyGrad]: crossEntropyGradKernel,
  [FUSED_KERNELS.linearCrossEntropy]: linearCrossEntropyKernel,
  [FUSED_KERNELS.linearCrossEntropyGrad]: linearCrossEntropyGradKernel,
  [FUSED_KERNELS.linearCrossEntropyWeightGrad]: linearCrossEntropyWeightGradKernel,
  [FUSED_KERNELS.denseNf4]: denseNf4Kernel,
  [FUSED_KERNELS.denseNf4Grad]: denseNf4GradKernel,
  [FUSED_KERNELS.dequantizeNf4]: dequantizeNf4Kernel,
  [FUSED_KERNELS.dropout]: dropoutKernel,
  [FUSED_KERNELS.adamW]: adamWKernel,
  [FUSED_KERNELS.sumOfSquares]: sumOfSquaresKernel,
};

export interface WasmOptions {
  threads: number;
  /** Most bytes of the heap; the default is what 32-bit addresses reach, almost 4 GiB. */
  limitBytes?: number;
  /** The default is the fastest build that this process can run. */
  build?: KernelBuild;
  /** What TensorFlow.js calls the backend; the default is `wasm`. */
  name?: string;
}

/**
 * Registers the backend; `tf.setBackend(name)` then makes it current. Registered again under one name, the former
 * backend is ended, and its tensors with it. Throws when the kernels are not built or the process cannot run them.
 */
export function registerWasmBackend({
  threads,
  limitBytes,
  build = detectKernelBuild(),
  name = 'wasm',
}: WasmOptions): WasmBackend {
  const backend = new WasmBackend({ threads, build, ...(limitBytes === undefined ? {} : { limitBytes }) });
  if (name in tf.engine().registryFactory) tf.removeBackend(name);
  tf.registerBackend(name, () => backend);
  // The registry outlives a backend.
  if (tf.getKernelsForBackend(name).length === 0) registerKernels(name);
  return backend;
}

function registerKernels(backendName: string): void {
  for (const config of tf.getKernelsForBackend('cpu')) {
    const replacement = REPLACEMENTS.get(config.kernelName);
    const kernelFunc = replacement ? replaceKernel(replacement, config.kernelFunc) : config.kernelFunc;
    tf.registerKernel({ ...config, backendName, kernelFunc });
  }
  for (const [kernelName, kernel] of Object.entries(FUSED)) {
    tf.registerKernel({ kernelName, backendName, kernelFunc: (params) => kernel(readCall(params)) });
  }
}

function replaceKernel(replacement: Replacement, cpuKernel: tf.KernelFunc): tf.KernelFunc {
  return (params) => replacement(readCall(params)) ?? cpuKernel(params);
}

type KernelParams = Parameters<tf.KernelFunc>[0];

function readCall({ backend, inputs, attrs }: KernelParams): KernelCall {
  if (!(backend instanceof WasmBackend)) throw new Error('A kernel of the wasm backend was called for another one.');
  return new KernelCall(backend, inputs, attrs ?? {});
}
