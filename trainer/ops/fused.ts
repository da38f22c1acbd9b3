/**
 * How an op finds a fused kernel, and how that kernel is differentiated. An op runs its kernel where the active
 * backend has it, and its composite of plain TensorFlow.js operations everywhere else.
 *
 * Gradients are given per input as thunks. TensorFlow.js calls only those of inputs that depend on a trained variable,
 * so the gradient of a frozen weight is never computed.
 */
import * as tf from '../tensors';

/** Names under which a backend registers Temper's kernels; inputs and attributes stand with the op that runs them. */
export const FUSED_KERNELS = {
  dense: 'TemperDense',
  lowRankDense: 'TemperLowRankDense',
  lowRankDenseGrad: 'TemperLowRankDenseGrad',
  activate: 'TemperActivate',
  activateGrad: 'TemperActivateGrad',
  swiglu: 'TemperSwiglu',
  swigluGrad: 'TemperSwigluGrad',
  layerNorm: 'TemperLayerNorm',
  addLayerNorm: 'TemperAddLayerNorm',
  layerNormGrad: 'TemperLayerNormGrad',
  layerNormGammaGrad: 'TemperLayerNormGammaGrad',
  rmsNorm: 'TemperRmsNorm',
  addRmsNorm: 'TemperAddRmsNorm',
  rmsNormGrad: 'TemperRmsNormGrad',
  rmsNormGammaGrad: 'TemperRmsNormGammaGrad',
  rotary: 'TemperRotary',
  attention: 'TemperAttention',
  attentionGrad: 'TemperAttentionGrad',
  biasedAttention: 'TemperBiasedAttention',
  biasedAttentionGrad: 'TemperBiasedAttentionGrad',
  embedding: 'TemperEmbedding',
  embeddingGrad: 'TemperEmbeddingGrad',
  prependToRows: 'TemperPrependToRows',
  withoutFirst: 'TemperWithoutFirst',
  joinRows: 'TemperJoinRows',
  crossEntropy: 'TemperCrossEntropy',
  crossEntropyGrad: 'TemperCrossEntropyGrad',
  linearCrossEntropy: 'TemperLinearCrossEntropy',
  linearCrossEntropyGrad: 'TemperLinearCrossEntropyGrad',
  linearCrossEntropyWeightGrad: 'TemperLinearCrossEntropyWeightGrad',
  denseNf4: 'TemperDenseNf4',
  denseNf4Grad: 'TemperDenseNf4Grad',
  dequantizeNf4: 'TemperDequantizeNf4',
  dropout: 'TemperDropout',
  adamW: 'TemperAdamW',
  sumOfSquares: 'TemperSumOfSquares',
} as const;

export type FusedKernel = (typeof FUSED_KERNELS)[keyof typeof FUSED_KERNELS];

/** Whether the active backend has this kernel. */
export function hasKernel(kernel: FusedKernel): boolean {
  // Typed as always there, but undefined where the backend lacks the kernel.
  const found = tf.getKernel(kernel, tf.getBackend()) as tf.KernelConfig | undefined;
  return found !== undefined;
}

type Gradient<Saved extends string> = (
  dy: tf.Tensor,
  saved: Readonly<Record<Saved, tf.Tensor>>,
  attributes: tf.NamedAttrMap,
) => Record<string, () => tf.Tensor>;

/** Registers the gradient of a one-output kernel; `saves` names the inputs that the backward pass needs again. */
export function registerFusedGradient<Saved extends string>(
  kernel: FusedKernel,
  saves: readonly Saved[],
  gradient: Gradient<Saved>,
): void {
  tf.registerGradient({
    kernelName: kernel,
    inputsToSave: [...saves],
    gradFunc: (dy, saved, attributes) => {
      const entries = saves.map((name, i) => [name, saved[i]]);
      // The engine saves exactly the inputs named above, in that order; `dy` is one tensor as there is one output.
      const named = Object.fromEntries(entries) as Record<Saved, tf.Tensor>;
      return gradient(dy as tf.Tensor, named, attributes);
    },
  });
}
