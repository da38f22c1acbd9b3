/** What the wasm module exports: every kernel of the backend. Addresses are bytes, counts and distances are floats. */
export { activate, activateGrad } from './activation';
export { adamW, adamWRows } from './adamw';
export { attention, attentionGrad, attentionScratchFloats, attentionWindowKeys } from './attention';
export { crossEntropyGrad, softmaxStatistics } from './cross-entropy';
export { binary, dropout } from './elementwise';
export { gatherRows, scatterAddRows } from './embedding';
export { swiglu, swigluGrad } from './gated';
export { gemm, gemmBatch, gemmPacked, gemmScratchBytes } from './gemm';
export { packB, packedFloats, tileColumns, tileRows } from './gemm-pack';
export { addSoftmaxStatistics, linearCrossEntropyGrad } from './linear-cross-entropy';
export { nf4Dequantize } from './nf4';
export { layerNorm, layerNormGammaGrad, layerNormGrad } from './normalization';
export { columnSums, rowSums, sumOfSquares } from './reductions';
export { rmsNorm, rmsNormGammaGrad, rmsNormGrad } from './rms-norm';
export { rotary } from './rotary';
export { repeatColumn, transpose, transposeStrided } from './transpose';
