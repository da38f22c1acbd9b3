/** Gives tfjs-node's backend Temper's kernels, built on TensorFlow's own operations. */
import { FUSED_KERNELS, hasKernel, type FusedKernel } from '../../ops/fused';
import * as tf from '../../tensors';
import { NativeCall, type NativeKernel } from './kernel-call';
import { activateGradKernel, activateKernel } from './fused/activation';
import { attentionGradKernel, attentionKernel } from './fused/attention';
import { crossEntropyGradKernel, crossEntropyKernel } from './fused/cross-entropy';
import { denseKernel, lowRankDenseGradKernel, lowRankDenseKernel } from './fused/dense';
import { dropoutKernel } from './fused/dropout';
import { embeddingGradKernel, embeddingKernel } from './fused/embedding';
import { layerNormGammaGradKernel, layerNormGradKernel, layerNormKernel } from './fused/layer-norm';
import { adamWKernel, sumOfSquaresKernel } from './fused/optimizer';
import { requireNativeBackend } from './native';
import { Programs } from './program';

const BACKEND_NAME = 'tensorflow';

/** What is not here runs as its composite. */
const KERNELS: Partial<Record<FusedKernel, NativeKernel>> = {
  [FUSED_KERNELS.dense]: denseKernel,
  [FUSED_KERNELS.lowRankDense]: lowRankDenseKernel,
  [FUSED_KERNELS.lowRankDenseGrad]: lowRankDenseGradKernel,
  [FUSED_KERNELS.activate]: activateKernel,
  [FUSED_KERNELS.activateGrad]: activateGradKernel,
  [FUSED_KERNELS.layerNorm]: layerNormKernel,
  [FUSED_KERNELS.addLayerNorm]: layerNormKernel,
  [FUSED_KERNELS.layerNormGrad]: layerNormGradKernel,
  [FUSED_KERNELS.layerNormGammaGrad]: layerNormGammaGradKernel,
  [FUSED_KERNELS.attention]: attentionKernel,
  [FUSED_KERNELS.attentionGrad]: attentionGradKernel,
  [FUSED_KERNELS.embedding]: embeddingKernel,
  [FUSED_KERNELS.embeddingGrad]: embeddingGradKernel,
  [FUSED_KERNELS.crossEntropy]: crossEntropyKernel,
  [FUSED_KERNELS.crossEntropyGrad]: crossEntropyGradKernel,
  [FUSED_KERNELS.dropout]: dropoutKernel,
  [FUSED_KERNELS.adamW]: adamWKernel,
  [FUSED_KERNELS.sumOfSquares]: sumOfSquaresKernel,
};

/** The backend must be current. @throws Error when this tfjs-node is not built as the kernels need it */
export function registerTensorFlowKernels(): void {
  if (hasKernel(FUSED_KERNELS.dense)) return;
  const native = requireNativeBackend(tf.backend());
  const programs = new Programs(native);
  for (const [kernelName, kernel] of Object.entries(KERNELS)) {
    tf.registerKernel({
      kernelName,
      backendName: BACKEND_NAME,
      kernelFunc: ({ inputs, attrs }) => kernel(new NativeCall(native, programs, inputs, attrs ?? {})),
    });
  }
}
